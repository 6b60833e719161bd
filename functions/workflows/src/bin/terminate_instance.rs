//! Written by `cargo xtask codegen`: POST /api/v1/instances/{id}/terminate.

fn main() -> std::process::ExitCode {
    runtime::serve(&workflows::terminate_instance::endpoint())
}
