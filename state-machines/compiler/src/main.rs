//! `compiler FILE` compiles a definition and prints its state machine, or what is wrong with it.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Parser;
use compiler::{Catalog, Compiled, compile, excerpt, parse, svg};
use domain::diagnostic::Diagnostic;
use domain::text::Language;
use serde_json::Value;

/// Compiles workflow definitions to state machines.
#[derive(Debug, Parser)]
struct Arguments {
    /// The definition. Forms (`*.form.json`), roles, functions and workflows (`catalog.json`) are those of its folder.
    #[arg(required_unless_present = "regenerate")]
    file: Option<PathBuf>,
    /// The prefix of the deployment's function names; the placeholder stays where there is none.
    #[arg(long)]
    function_prefix: Option<String>,
    /// A role that the definition may name.
    #[arg(long = "role")]
    roles: Vec<String>,
    /// A function that the definition may call.
    #[arg(long = "function")]
    functions: Vec<String>,
    /// A published workflow that the definition may call.
    #[arg(long = "workflow")]
    workflows: Vec<String>,
    /// Diagnostics in Chinese.
    #[arg(long)]
    zh: bool,
    /// Draws the definition as SVG instead; also one that cannot be compiled.
    #[arg(long)]
    svg: bool,
    /// Writes the state machines of all predefined workflows.
    #[arg(long)]
    regenerate: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    if arguments.regenerate {
        regenerate(arguments.zh)?;
    }
    match &arguments.file {
        Some(file) => one(file, &arguments),
        None => Ok(ExitCode::SUCCESS),
    }
}

fn one(file: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    if arguments.svg {
        return draw(file, &text, arguments.zh);
    }
    let mut catalog = catalog_of(file.parent().unwrap_or(Path::new(".")))?;
    for role in &arguments.roles {
        catalog = catalog.role(role);
    }
    for function in &arguments.functions {
        catalog = catalog.function(function);
    }
    for workflow in &arguments.workflows {
        catalog = catalog.workflow(workflow);
    }
    match compile(&text, &catalog) {
        Ok(compiled) => {
            show(file, &text, compiled.warnings(), arguments.zh)?;
            let machine = match &arguments.function_prefix {
                Some(prefix) => compiled.machine(prefix),
                None => compiled.template(),
            };
            writeln!(std::io::stdout(), "{machine}")?;
            Ok(ExitCode::SUCCESS)
        }
        Err(found) => {
            show(file, &text, &found, arguments.zh)?;
            Ok(ExitCode::FAILURE)
        }
    }
}

fn draw(file: &Path, text: &str, zh: bool) -> anyhow::Result<ExitCode> {
    match parse(text) {
        Ok(document) => {
            let language = if zh { Language::Zh } else { Language::En };
            write!(std::io::stdout(), "{}", svg(&document, language))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(found) => {
            show(file, text, &found, zh)?;
            Ok(ExitCode::FAILURE)
        }
    }
}

fn show(file: &Path, text: &str, found: &[Diagnostic], zh: bool) -> std::io::Result<()> {
    let language = if zh { Language::Zh } else { Language::En };
    let mut out = std::io::stderr().lock();
    for diagnostic in found {
        writeln!(
            out,
            "{}",
            excerpt(&file.display().to_string(), text, diagnostic, language)
        )?;
    }
    Ok(())
}

fn regenerate(zh: bool) -> anyhow::Result<()> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let catalog = catalog_of(&home.join("definitions"))?;
    for (definitions, machines) in [
        ("definitions", "generated"),
        ("recording/definitions", "recording/machines"),
    ] {
        for file in json_files(&home.join(definitions))? {
            let Some(name) = definition_name(&file) else {
                continue;
            };
            let text = fs::read_to_string(&file)?;
            let compiled: Compiled = match compile(&text, &catalog) {
                Ok(compiled) => compiled,
                Err(found) => {
                    show(&file, &text, &found, zh)?;
                    bail!("{name} does not compile");
                }
            };
            let machine = format!("{machines}/{name}.asl.json");
            fs::write(home.join(&machine), format!("{}\n", compiled.template()))?;
            writeln!(std::io::stdout(), "wrote state-machines/{machine}")?;
        }
    }
    Ok(())
}

/// The name of a definition's file without its ending; none for forms and the catalog.
fn definition_name(file: &Path) -> Option<&str> {
    let name = file.file_name()?.to_str()?.strip_suffix(".json")?;
    (name != "catalog" && !name.ends_with(".form")).then_some(name)
}

fn json_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn catalog_of(folder: &Path) -> anyhow::Result<Catalog> {
    let mut catalog = Catalog::new();
    for file in json_files(folder)? {
        let name = file
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let is_catalog = name == "catalog.json";
        if !is_catalog && !name.ends_with(".form.json") {
            continue;
        }
        let text = fs::read_to_string(&file)?;
        let value: Value =
            serde_json::from_str(&text).with_context(|| format!("{} is not JSON", file.display()))?;
        if is_catalog {
            catalog = names(&value, "roles").fold(catalog, Catalog::role);
            catalog = names(&value, "functions").fold(catalog, Catalog::function);
            catalog = names(&value, "workflows").fold(catalog, Catalog::workflow);
        } else if let (Some(Value::String(key)), Some(schema)) = (value.get("key"), value.get("schema")) {
            catalog = catalog.form(key, schema.clone());
        }
    }
    Ok(catalog)
}

fn names<'v>(value: &'v Value, member: &str) -> impl Iterator<Item = &'v str> {
    value
        .get(member)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}
