//! Written by `cargo xtask codegen`: GET /api/v1/users/{id}.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::get_user::endpoint())
}
