//! Written by `cargo xtask codegen`: POST /api/v1/workflows/{key}/publish.

fn main() -> std::process::ExitCode {
    runtime::serve(&workflows::publish_workflow::endpoint())
}
