//! Conditions and other expressions: JSONata over the instance's data, as far as Step Functions runs it (JSONata
//! 2.0.6).

mod call;
mod check;
mod facts;
mod functions;
mod kind;
mod operators;
mod schema;

use std::collections::BTreeSet;

use domain::diagnostic::Severity;
use domain::text::Text;
use serde_json::Value;

pub(crate) use facts::Facts;
pub(crate) use schema::field_names;

/// Longer ones are decision tables in disguise, and the machine holds every condition once per branch.
const LONGEST: usize = 2000;

/// What the names in an expression may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'k> {
    /// The form's; without one, every field is believed.
    pub(crate) schema: Option<&'k Value>,
    /// What the definition itself sets, of any type.
    pub(crate) variables: &'k BTreeSet<String>,
}

/// What an expression is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Gives<'g> {
    Truth,
    Text,
    Anything,
    /// A value for this field of the form, or a variable.
    Field(&'g str),
}

/// What one expression says.
#[derive(Debug, Default)]
pub(crate) struct Analysis {
    /// The fields of the form whose values it reads; without a form, all names.
    pub(crate) reads: BTreeSet<String>,
    pub(crate) problems: Vec<Problem>,
    /// It reads variables, of which no types are known.
    reads_variables: bool,
}

/// What is wrong with an expression; the rule that asked knows where it stands.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) code: &'static str,
    pub(crate) severity: Severity,
    pub(crate) message: Text,
    pub(crate) suggestion: Option<Text>,
}

impl Problem {
    fn error(code: &'static str, en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: Text::new(en, zh),
            suggestion: None,
        }
    }

    fn warning(code: &'static str, en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, en, zh)
        }
    }

    fn suggest(mut self, suggestion: Option<Text>) -> Self {
        self.suggestion = suggestion;
        self
    }
}

/// Reads an expression against what is known of the data.
pub(crate) fn analyse(source: &str, known: Known<'_>, gives: Gives<'_>) -> Analysis {
    let mut analysis = Analysis::default();
    if source.trim().is_empty() {
        analysis.problems.push(Problem::error(
            "CONDITION_SYNTAX",
            "The expression is empty.",
            "表达式为空。",
        ));
    } else if source.chars().count() > LONGEST {
        analysis.problems.push(Problem::error(
            "CONDITION_TOO_LONG",
            format!("The expression is longer than {LONGEST} characters."),
            format!("表达式超过 {LONGEST} 个字符。"),
        ));
    } else {
        match jsonata_core::parser::parse(source) {
            Ok(tree) => check::check(&tree, known, gives, &mut analysis),
            Err(error) => analysis.problems.push(Problem::error(
                "CONDITION_SYNTAX",
                format!("The expression is not JSONata: {error}."),
                format!("表达式不是合法的 JSONata：{error}。"),
            )),
        }
    }
    // Guesses help nobody while something is known to be wrong, or nothing is known at all.
    let errors = |problem: &Problem| problem.severity == Severity::Error;
    if known.schema.is_none() || analysis.problems.iter().any(errors) {
        analysis.problems.retain(errors);
    }
    if analysis.reads_variables {
        analysis
            .problems
            .retain(|problem| problem.code != "CONDITION_MAY_FAIL");
    }
    analysis
        .problems
        .dedup_by(|next, before| next.message == before.message);
    analysis
}

/// The fields that an expression reads which is known to be right.
pub(crate) fn reads(source: &str) -> BTreeSet<String> {
    let mut analysis = Analysis::default();
    let known = Known {
        schema: None,
        variables: &BTreeSet::new(),
    };
    if let Ok(tree) = jsonata_core::parser::parse(source) {
        check::check(&tree, known, Gives::Anything, &mut analysis);
    }
    analysis.reads
}

#[cfg(test)]
mod tests;
