//! Written by `cargo xtask codegen`: messages of the queue submissions.

fn main() -> std::process::ExitCode {
    runtime::serve_handler(&tickets::create_tickets::handler())
}
