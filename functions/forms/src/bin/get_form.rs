//! Written by `cargo xtask codegen`: GET /api/v1/forms/{key}.

fn main() -> std::process::ExitCode {
    runtime::serve(&forms::get_form::endpoint())
}
