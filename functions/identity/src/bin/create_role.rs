//! Written by `cargo xtask codegen`: POST /api/v1/roles.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::create_role::endpoint())
}
