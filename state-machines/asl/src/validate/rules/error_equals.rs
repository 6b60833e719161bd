//! `ErrorEquals` lists names of errors; `States.ALL` stands alone and last.

use crate::validate::document::Document;
use crate::validate::report::Findings;

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for state in &document.states {
        for list in ["Retry", "Catch"] {
            let last = state.objects(list).last().map(|(index, _)| index);
            for (index, entry) in state.objects(list) {
                let Some(errors) = entry.get("ErrorEquals") else {
                    continue;
                };
                let mut tell = |message: &str| {
                    findings.error(
                        document.at(state, &format!("{list}/{index}/ErrorEquals")),
                        message,
                    );
                };
                let names: Option<Vec<&str>> = errors
                    .as_array()
                    .map(|names| names.iter().filter_map(serde_json::Value::as_str).collect());
                match names {
                    None => tell("ErrorEquals is an array of strings"),
                    Some(names)
                        if names.is_empty()
                            || errors.as_array().is_some_and(|all| all.len() != names.len()) =>
                    {
                        tell("ErrorEquals is an array of strings that is not empty");
                    }
                    Some(names) if names.contains(&"States.ALL") => {
                        if names.len() > 1 {
                            tell("States.ALL stands alone");
                        }
                        if last != Some(index) {
                            tell("States.ALL stands in the last entry");
                        }
                    }
                    Some(_) => {}
                }
            }
        }
    }
}
