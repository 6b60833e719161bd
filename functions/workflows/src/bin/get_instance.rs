//! Written by `cargo xtask codegen`: GET /api/v1/instances/{id}.

fn main() -> std::process::ExitCode {
    runtime::serve(&workflows::get_instance::endpoint())
}
