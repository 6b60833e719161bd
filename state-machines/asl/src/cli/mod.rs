mod mock;
mod table;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use asl::simulate::simulate;
use asl::types::StateMachine;
use asl::{Diagnostic, ExecutionContext, HistoryEvent, Machine, Severity, Timestamp, validate};
use clap::{Parser, Subcommand, ValueEnum};
use serde_json::{Value, json};

#[derive(Parser)]
#[command(
    name = "asl",
    version,
    about = "Validates, runs, draws and replays state machines of Amazon States Language"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Tells everything that is wrong with a definition
    Validate {
        file: PathBuf,
        /// Check as an express state machine
        #[arg(long)]
        express: bool,
        /// Print the diagnostics as JSON
        #[arg(long)]
        json: bool,
    },
    /// Runs a definition in virtual time and prints its history
    Run {
        file: PathBuf,
        /// The input: JSON, or @FILE
        #[arg(long, default_value = "{}")]
        input: String,
        /// What tasks answer: {"State": [{"output": …} or {"error": …, "cause": …} or {"timeout": true}]}
        #[arg(long)]
        mock: Option<PathBuf>,
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
        /// Where everything random comes from
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Draws a definition
    Graph {
        file: PathBuf,
        #[arg(long, value_enum, default_value_t = Drawing::Mermaid)]
        format: Drawing,
    },
    /// Runs a recorded execution again and prints the history that it emits
    Replay { file: PathBuf },
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Table,
    Json,
}

#[derive(Clone, Copy, ValueEnum)]
enum Drawing {
    Mermaid,
    Svg,
}

pub(crate) fn main() -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    let result = match Arguments::parse().command {
        Command::Validate { file, express, json } => check(&mut out, &file, express, json),
        Command::Run {
            file,
            input,
            mock,
            format,
            seed,
        } => run(&mut out, &file, &input, mock.as_deref(), format, seed),
        Command::Graph { file, format } => draw(&mut out, &file, format),
        Command::Replay { file } => replay(&mut out, &file),
    };
    // A reader that has seen enough (`| head`) is no error.
    match result {
        Err(error) if is_broken_pipe(&error) => Ok(ExitCode::SUCCESS),
        other => other,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

fn read(file: &Path) -> anyhow::Result<String> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn machine(file: &Path) -> anyhow::Result<StateMachine> {
    StateMachine::parse(&read(file)?).with_context(|| format!("{} is no definition", file.display()))
}

fn resolve(definition: &StateMachine) -> anyhow::Result<Machine> {
    Machine::new(definition).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(Diagnostic::to_string).collect();
        anyhow::anyhow!("the definition cannot run:\n{}", lines.join("\n"))
    })
}

fn check(out: &mut impl Write, file: &Path, express: bool, as_json: bool) -> anyhow::Result<ExitCode> {
    let kind = if express {
        validate::MachineType::Express
    } else {
        validate::MachineType::Standard
    };
    let diagnostics = validate::text(&read(file)?, kind);
    if as_json {
        writeln!(out, "{}", serde_json::to_string_pretty(&diagnostics)?)?;
    } else {
        for diagnostic in &diagnostics {
            writeln!(out, "{diagnostic}")?;
        }
    }
    let errors = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .count();
    if !as_json {
        writeln!(out, "{errors} errors, {} warnings", diagnostics.len() - errors)?;
    }
    Ok(if errors == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn run(
    out: &mut impl Write,
    file: &Path,
    input: &str,
    mock: Option<&Path>,
    format: Format,
    seed: u64,
) -> anyhow::Result<ExitCode> {
    let definition = machine(file)?;
    let machine = resolve(&definition)?;
    let input = match input.strip_prefix('@') {
        Some(file) => read(Path::new(file))?,
        None => input.to_owned(),
    };
    let input: Value = serde_json::from_str(&input).context("the input is not JSON")?;
    let mut world = match mock {
        Some(file) => mock::Mock::parse(&read(file)?).context("the mock is not of its form")?,
        None => mock::Mock::default(),
    };
    let name = file
        .file_stem()
        .map_or("machine".into(), |name| name.to_string_lossy().into_owned());
    let context = ExecutionContext {
        id: format!("arn:aws:states:us-east-1:111111111111:execution:{name}:run"),
        name: "run".to_owned(),
        role_arn: Some("arn:aws:iam::111111111111:role/asl".to_owned()),
        started: Timestamp::from_milliseconds(1_767_225_600_000),
        state_machine_id: format!("arn:aws:states:us-east-1:111111111111:stateMachine:{name}"),
        state_machine_name: name,
        redrive_count: Some(0),
        seed,
    };
    let run = simulate(&machine, input, context, &mut world);
    match format {
        Format::Table => table::print(out, &run.history)?,
        Format::Json => {
            let events: Vec<Value> = run.history.iter().map(HistoryEvent::to_json).collect();
            writeln!(
                out,
                "{}",
                serde_json::to_string_pretty(&json!({"events": events}))?
            )?;
        }
    }
    match run.outcome {
        Some(asl::Outcome::Succeeded { .. }) => Ok(ExitCode::SUCCESS),
        Some(_) => Ok(ExitCode::FAILURE),
        None => {
            let open: Vec<&str> = run
                .execution
                .open_tasks(&machine)
                .map(|(_, state)| state)
                .collect();
            bail!(
                "the execution waits for {} (give answers by --mock)",
                open.join(", ")
            )
        }
    }
}

fn draw(out: &mut impl Write, file: &Path, format: Drawing) -> anyhow::Result<ExitCode> {
    let definition = machine(file)?;
    let text = match format {
        Drawing::Mermaid => asl::graph::mermaid(&definition),
        Drawing::Svg => asl::graph::svg(&definition),
    };
    write!(out, "{text}")?;
    Ok(ExitCode::SUCCESS)
}

fn replay(out: &mut impl Write, file: &Path) -> anyhow::Result<ExitCode> {
    let recording: Value = serde_json::from_str(&read(file)?).context("the recording is not JSON")?;
    match asl::replay::replay(&recording) {
        Ok(events) => {
            writeln!(out, "{}", serde_json::to_string_pretty(&events)?)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(problems) => {
            let lines: Vec<String> = problems.iter().map(Diagnostic::to_string).collect();
            bail!("the recording cannot be replayed:\n{}", lines.join("\n"))
        }
    }
}
