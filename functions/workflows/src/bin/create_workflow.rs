//! Written by `cargo xtask codegen`: POST /api/v1/workflows.

fn main() -> std::process::ExitCode {
    runtime::serve(&workflows::create_workflow::endpoint())
}
