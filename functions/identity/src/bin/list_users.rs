//! Written by `cargo xtask codegen`: GET /api/v1/users.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::list_users::endpoint())
}
