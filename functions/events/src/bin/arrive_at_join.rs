//! Written by `cargo xtask codegen`: called by state machines.

fn main() -> std::process::ExitCode {
    runtime::serve_handler(&events::arrive_at_join::handler())
}
