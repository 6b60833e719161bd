//! Written by `cargo xtask codegen`: GET /api/v1/openapi.json.

fn main() -> std::process::ExitCode {
    runtime::serve(&system::get_openapi::endpoint())
}
