//! Written by `cargo xtask codegen`: GET /api/v1/workflows/{key}.

fn main() -> std::process::ExitCode {
    runtime::serve(&workflows::get_workflow::endpoint())
}
