//! Written by `cargo xtask codegen`: POST /api/v1/signals.

fn main() -> std::process::ExitCode {
    runtime::serve(&events::send_signal::endpoint())
}
