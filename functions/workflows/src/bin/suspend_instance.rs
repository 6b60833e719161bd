//! Written by `cargo xtask codegen`: POST /api/v1/instances/{id}/suspend.

fn main() -> std::process::ExitCode {
    runtime::serve(&workflows::suspend_instance::endpoint())
}
