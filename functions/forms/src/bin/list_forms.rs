//! Written by `cargo xtask codegen`: GET /api/v1/forms.

fn main() -> std::process::ExitCode {
    runtime::serve(&forms::list_forms::endpoint())
}
