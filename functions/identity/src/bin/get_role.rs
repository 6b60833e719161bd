//! Written by `cargo xtask codegen`: GET /api/v1/roles/{key}.

fn main() -> std::process::ExitCode {
    runtime::serve(&identity::get_role::endpoint())
}
