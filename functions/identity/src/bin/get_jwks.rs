//! Written by `cargo xtask codegen`: GET /api/v1/auth/jwks.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::get_jwks::endpoint())
}
