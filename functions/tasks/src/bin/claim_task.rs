//! Written by `cargo xtask codegen`: POST /api/v1/tasks/{id}/claim.

fn main() -> std::process::ExitCode {
    runtime::serve(&tasks::claim_task::endpoint())
}
