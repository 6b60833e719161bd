//! Written by `cargo xtask codegen`: POST /api/v1/workflows/{key}/validate.

fn main() -> std::process::ExitCode {
    runtime::serve(&workflows::validate_workflow::endpoint())
}
