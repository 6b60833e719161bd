//! Written by `cargo xtask codegen`: GET /api/v1/roles.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::list_roles::endpoint())
}
