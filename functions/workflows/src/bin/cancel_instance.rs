//! Written by `cargo xtask codegen`: POST /api/v1/instances/{id}/cancel.

fn main() -> std::process::ExitCode {
    runtime::serve(&workflows::cancel_instance::endpoint())
}
