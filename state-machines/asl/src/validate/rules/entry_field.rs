//! Retriers, catchers and choice rules have their own fields and no others.

use crate::validate::document::Document;
use crate::validate::report::Findings;

const RETRY: &[&str] = &[
    "ErrorEquals",
    "IntervalSeconds",
    "MaxAttempts",
    "BackoffRate",
    "MaxDelaySeconds",
    "JitterStrategy",
    "Comment",
];
const CATCH: &[&str] = &["ErrorEquals", "Next", "ResultPath", "Assign", "Output", "Comment"];

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for state in &document.states {
        for (list, allowed) in [("Retry", RETRY), ("Catch", CATCH)] {
            for (index, entry) in state.objects(list) {
                for name in entry.keys().filter(|name| !allowed.contains(&name.as_str())) {
                    findings.error(
                        document.at(state, &format!("{list}/{index}/{name}")),
                        format!("there is no field '{name}' here"),
                    );
                }
            }
            let items = state.fields.get(list).and_then(serde_json::Value::as_array);
            for (index, _) in items
                .into_iter()
                .flatten()
                .enumerate()
                .filter(|(_, item)| !item.is_object())
            {
                findings.error(
                    document.at(state, &format!("{list}/{index}")),
                    "an entry is an object",
                );
            }
        }
    }
}
