//! Written by `cargo xtask codegen`: POST /api/v1/auth/logout.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::end_session::endpoint())
}
