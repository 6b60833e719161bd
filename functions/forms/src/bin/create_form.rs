//! Written by `cargo xtask codegen`: POST /api/v1/forms.

fn main() -> std::process::ExitCode {
    runtime::serve(&forms::create_form::endpoint())
}
