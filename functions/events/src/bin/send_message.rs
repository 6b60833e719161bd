//! Written by `cargo xtask codegen`: POST /api/v1/messages.

fn main() -> std::process::ExitCode {
    runtime::serve(&events::send_message::endpoint())
}
