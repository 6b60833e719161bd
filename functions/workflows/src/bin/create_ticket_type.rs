//! Written by `cargo xtask codegen`: POST /api/v1/ticket-types.

fn main() -> std::process::ExitCode {
    runtime::serve(&workflows::create_ticket_type::endpoint())
}
