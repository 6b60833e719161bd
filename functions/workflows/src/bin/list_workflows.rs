//! Written by `cargo xtask codegen`: GET /api/v1/workflows.

fn main() -> std::process::ExitCode {
    runtime::serve(&workflows::list_workflows::endpoint())
}
