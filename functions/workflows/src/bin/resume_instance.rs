//! Written by `cargo xtask codegen`: POST /api/v1/instances/{id}/resume.

fn main() -> std::process::ExitCode {
    runtime::serve(&workflows::resume_instance::endpoint())
}
