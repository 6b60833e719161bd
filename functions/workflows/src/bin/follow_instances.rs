//! Written by `cargo xtask codegen`: changes of the table instances.

fn main() -> std::process::ExitCode {
    runtime::serve_handler(&workflows::follow_instances::handler())
}
