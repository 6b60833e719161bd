//! Every state can be reached from the start of its scope.

use crate::validate::document::Document;
use crate::validate::report::Findings;

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    let mut reached = vec![false; document.states.len()];
    for scope in &document.scopes {
        let start = scope.fields.get("StartAt").and_then(serde_json::Value::as_str);
        let Some(start) = start.and_then(|start| scope.names.get(start)) else {
            // Where the start is wrong, everything would be told twice.
            scope.names.values().for_each(|index| mark(&mut reached, *index));
            continue;
        };
        let mut open = vec![*start];
        mark(&mut reached, *start);
        while let Some(state) = open.pop().and_then(|index| document.states.get(index)) {
            for (target, _) in state.targets() {
                let Some(index) = scope.names.get(target) else {
                    continue;
                };
                if reached.get(*index) == Some(&false) {
                    mark(&mut reached, *index);
                    open.push(*index);
                }
            }
        }
    }
    for (state, reached) in document.states.iter().zip(reached) {
        if !reached {
            findings.error(
                document.pointer(state),
                format!("the state '{}' is not reachable", state.name),
            );
        }
    }
}

fn mark(reached: &mut [bool], index: usize) {
    if let Some(reached) = reached.get_mut(index) {
        *reached = true;
    }
}
