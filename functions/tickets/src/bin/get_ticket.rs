//! Written by `cargo xtask codegen`: GET /api/v1/tickets/{id}.

fn main() -> std::process::ExitCode {
    runtime::serve(&tickets::get_ticket::endpoint())
}
