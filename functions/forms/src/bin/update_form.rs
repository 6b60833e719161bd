//! Written by `cargo xtask codegen`: PUT /api/v1/forms/{key}.

fn main() -> std::process::ExitCode {
    runtime::serve(&forms::update_form::endpoint())
}
