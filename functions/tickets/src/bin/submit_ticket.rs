//! Written by `cargo xtask codegen`: POST /api/v1/tickets/submissions.

fn main() -> std::process::ExitCode {
    runtime::serve(&tickets::submit_ticket::endpoint())
}
