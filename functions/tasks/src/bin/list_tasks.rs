//! Written by `cargo xtask codegen`: GET /api/v1/tasks.

fn main() -> std::process::ExitCode {
    runtime::serve(&tasks::list_tasks::endpoint())
}
