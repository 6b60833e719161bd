//! Written by `cargo xtask codegen`: POST /api/v1/tasks/{id}/complete.

fn main() -> std::process::ExitCode {
    runtime::serve(&tasks::complete_task::endpoint())
}
