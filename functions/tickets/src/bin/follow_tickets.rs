//! Written by `cargo xtask codegen`: changes of the table tickets.

fn main() -> std::process::ExitCode {
    runtime::serve_handler(&tickets::follow_tickets::handler())
}
