//! Written by `cargo xtask codegen`: changes of the table tasks.

fn main() -> std::process::ExitCode {
    runtime::serve_handler(&tasks::follow_tasks::handler())
}
