//! Written by `cargo xtask codegen`: GET /api/v1/tickets/submissions/{id}.

fn main() -> std::process::ExitCode {
    runtime::serve(&tickets::get_submission::endpoint())
}
