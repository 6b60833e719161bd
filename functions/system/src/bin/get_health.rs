//! Written by `cargo xtask codegen`: GET /api/v1/healthz.

fn main() -> std::process::ExitCode {
    runtime::serve(&system::get_health::endpoint())
}
