//! Written by `cargo xtask codegen`: messages of the queue messages.

fn main() -> std::process::ExitCode {
    runtime::serve_handler(&events::receive_messages::handler())
}
