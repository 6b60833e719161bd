//! Written by `cargo xtask codegen`: GET /api/v1/ticket-types/{key}.

fn main() -> std::process::ExitCode {
    runtime::serve(&workflows::get_ticket_type::endpoint())
}
