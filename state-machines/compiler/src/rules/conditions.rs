//! `CONDITION_…`, `UNKNOWN_FIELD`: conditions are JSONata that runs everywhere, over fields that the form has.

use domain::diagnostic::Diagnostic;

use super::{Findings, Subject};
use crate::condition::analyse;

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for flow in &subject.document.flows {
        let Some(condition) = &flow.when else { continue };
        let analysis = analyse(condition, subject.schema);
        for problem in analysis.problems {
            found.push(Diagnostic {
                code: problem.code.to_owned(),
                severity: problem.severity,
                pointer: crate::pointer::join(&flow.pointer, "when"),
                node: Some(flow.from.clone()),
                message: problem.message,
                suggestion: problem.suggestion,
            });
        }
        found.reads.extend(analysis.reads);
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::check;

    #[test]
    fn what_is_wrong_with_a_condition_is_told_at_the_flow() {
        check(
            &[("/flows/3/when", "\"amount > \"")],
            &["CONDITION_SYNTAX /flows/3/when (size)"],
        );
        check(
            &[("/flows/3/when", "\"ammount > 1\"")],
            &["UNKNOWN_FIELD /flows/3/when (size)"],
        );
        check(
            &[("/flows/3/when", "\"note > 1\"")],
            &["CONDITION_TYPE /flows/3/when (size)"],
        );
    }
}
