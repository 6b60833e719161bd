//! Written by `cargo xtask codegen`: POST /api/v1/users.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::create_user::endpoint())
}
