//! All stages in one call, with what the engine needs beside the machine.

use std::collections::BTreeSet;

use asl::types::StateMachine;
use domain::diagnostic::{Diagnostic, Severity};
use domain::text::Text;
use serde_json::Value;

use crate::catalog::Catalog;
use crate::emit::emit;
use crate::lower::{LARGEST_MACHINE, PREFIX, lower, lower_resume};
use crate::node::{ServiceTask, UserTask};
use crate::parse::{NOT_A_DEFINITION, NOT_JSON, read};
use crate::pointer::reading_order;
use crate::validate::check;
use crate::workflow::{Workflow, regions};

/// Nobody reads more, and an answer has to stay small.
const MOST_DIAGNOSTICS: usize = 500;

/// A definition that can be published.
#[derive(Debug, Clone)]
pub struct Compiled {
    pub workflow: Workflow,
    machine: StateMachine,
}

impl Compiled {
    /// The text of the state machine, calling functions whose names begin with `function_prefix`. The same
    /// definition and prefix give the same bytes.
    pub fn machine(&self, function_prefix: &str) -> String {
        prefixed(&self.machine, function_prefix)
    }

    /// As [`machine`](Self::machine) with the placeholder `${FunctionPrefix}`, indented for people.
    pub fn template(&self) -> String {
        self.machine.to_pretty_text()
    }

    /// The text of the machine that begins at a position: see `docs/machines-and-functions.md`.
    pub fn resume_machine(&self, function_prefix: &str) -> String {
        prefixed(&lower_resume(&self.workflow), function_prefix)
    }

    /// What a position is made of.
    pub fn regions(&self) -> Vec<domain::position::Region> {
        regions(&self.workflow)
    }

    pub fn state_machine(&self) -> &StateMachine {
        &self.machine
    }

    /// The fields of the form whose values travel through the machine.
    pub fn reads(&self) -> &BTreeSet<String> {
        &self.workflow.reads
    }

    pub fn user_tasks(&self) -> impl Iterator<Item = &UserTask> {
        self.workflow.user_tasks()
    }

    pub fn service_tasks(&self) -> impl Iterator<Item = ServiceTask> {
        self.workflow.service_tasks()
    }

    pub fn warnings(&self) -> &[Diagnostic] {
        &self.workflow.warnings
    }
}

fn prefixed(machine: &StateMachine, function_prefix: &str) -> String {
    let prefix = Value::from(function_prefix).to_string();
    let prefix = prefix.trim_matches('"');
    let call = r#""FunctionName":""#;
    // Quotes inside of strings are escaped, so this matches members only.
    emit(machine).replace(&format!("{call}{PREFIX}"), &format!("{call}{prefix}"))
}

/// Compiles a definition.
///
/// # Errors
///
/// Everything that is wrong with the text, of every stage at once, in the order of the text.
pub fn compile(text: &str, catalog: &Catalog) -> Result<Compiled, Vec<Diagnostic>> {
    let (document, mut found) = read(text);
    let Some(document) = document else {
        return Err(told(found));
    };
    let checked = check(&document, catalog);
    if !found.is_empty() {
        found.extend(checked.findings.diagnostics);
        return Err(told(found));
    }
    let mut workflow = checked.into_workflow().map_err(told)?;
    workflow.warnings = told(std::mem::take(&mut workflow.warnings));
    let machine = lower(&workflow);
    let size = emit(&machine).len();
    if size > LARGEST_MACHINE {
        return Err(vec![too_large(size)]);
    }
    Ok(Compiled { workflow, machine })
}

/// What is wrong with a definition, errors and warnings; also with an unfinished one.
pub fn diagnose(text: &str, catalog: &Catalog) -> Vec<Diagnostic> {
    match compile(text, catalog) {
        Ok(compiled) => compiled.workflow.warnings,
        Err(found) => found,
    }
}

/// Whether diagnostics say that the text is not a definition at all (not a JSON object with a `key`), so that
/// there is nothing to keep as a draft.
pub fn is_no_definition(found: &[Diagnostic]) -> bool {
    found
        .iter()
        .any(|one| one.code == NOT_JSON || one.code == NOT_A_DEFINITION)
}

fn told(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    found.sort_by_cached_key(|one| reading_order(&one.pointer));
    if found.len() > MOST_DIAGNOSTICS {
        // Errors first, so that none is hidden by warnings.
        found.sort_by_key(|one| one.severity != Severity::Error);
        let more = found.len() - MOST_DIAGNOSTICS;
        found.truncate(MOST_DIAGNOSTICS);
        found.push(Diagnostic::error(
            "TOO_MANY_DIAGNOSTICS",
            "",
            Text::new(format!("And {more} more."), format!("另有 {more} 条。")),
        ));
    }
    found
}

fn too_large(size: usize) -> Diagnostic {
    Diagnostic::error(
        "MACHINE_TOO_LARGE",
        "/nodes",
        Text::new(
            format!("The state machine would have {size} bytes; Step Functions takes {LARGEST_MACHINE}."),
            format!("生成的状态机有 {size} 字节；Step Functions 最多接受 {LARGEST_MACHINE} 字节。"),
        ),
    )
}

/// Compiles what is known to be right, whatever the rules say: a published version, whose roles and functions may be gone
/// by now. `reads` are the fields that it was found to read then.
///
/// # Errors
///
/// What makes it no definition at all.
pub fn compile_unchecked(text: &str, reads: BTreeSet<String>) -> Result<Compiled, Vec<Diagnostic>> {
    let (Some(document), found) = read(text) else {
        return Err(Vec::new());
    };
    if !found.is_empty() {
        return Err(found);
    }
    let graph = crate::graph::Graph::new(&document);
    let resolved = crate::resolve::resolve(&document, &graph, reads, Vec::new());
    let workflow = resolved.map_err(Option::unwrap_or_default)?;
    let machine = lower(&workflow);
    Ok(Compiled { workflow, machine })
}
