//! Written by `cargo xtask codegen`: GET /api/v1/forms/{key}/versions/{version}.

fn main() -> std::process::ExitCode {
    runtime::serve(&forms::get_form_version::endpoint())
}
