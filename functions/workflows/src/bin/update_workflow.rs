//! Written by `cargo xtask codegen`: PUT /api/v1/workflows/{key}.

fn main() -> std::process::ExitCode {
    runtime::serve(&workflows::update_workflow::endpoint())
}
