//! `asl`: validates, runs, draws and replays state machines of Amazon States Language.

mod cli;

fn main() -> anyhow::Result<std::process::ExitCode> {
    cli::main()
}
