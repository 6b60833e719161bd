//! Written by `cargo xtask codegen`: GET /api/v1/tasks/{id}.

fn main() -> std::process::ExitCode {
    runtime::serve(&tasks::get_task::endpoint())
}
