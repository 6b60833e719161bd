//! Written by `cargo xtask codegen`: POST /api/v1/auth/login.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::login::endpoint())
}
