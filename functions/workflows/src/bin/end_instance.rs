//! Written by `cargo xtask codegen`: messages of the queue executions.

fn main() -> std::process::ExitCode {
    runtime::serve_handler(&workflows::end_instance::handler())
}
