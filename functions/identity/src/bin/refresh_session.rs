//! Written by `cargo xtask codegen`: POST /api/v1/auth/refresh.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::refresh_session::endpoint())
}
