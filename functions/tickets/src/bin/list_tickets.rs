//! Written by `cargo xtask codegen`: GET /api/v1/tickets.

fn main() -> std::process::ExitCode {
    runtime::serve(&tickets::list_tickets::endpoint())
}
