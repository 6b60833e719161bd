//! Written by `cargo xtask codegen`: every minute.

fn main() -> std::process::ExitCode {
    runtime::serve_handler(&events::fire_timers::handler())
}
