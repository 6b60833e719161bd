//! Written by `cargo xtask codegen`: POST /api/v1/forms/{key}/publish.

fn main() -> std::process::ExitCode {
    runtime::serve(&forms::publish_form::endpoint())
}
