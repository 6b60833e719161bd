//! Written by `cargo xtask codegen`: GET /api/v1/ticket-types.

fn main() -> std::process::ExitCode {
    runtime::serve(&workflows::list_ticket_types::endpoint())
}
