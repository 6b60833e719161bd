//! Written by `cargo xtask codegen`: GET /api/v1/workflow-schema.

fn main() -> std::process::ExitCode {
    runtime::serve(&workflows::get_workflow_schema::endpoint())
}
