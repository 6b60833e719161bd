//! An express machine waits for no job, no token and no activity.

use crate::types::StateType;
use crate::validate::MachineType;
use crate::validate::document::Document;
use crate::validate::report::Findings;

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    if document.machine_type != MachineType::Express {
        return;
    }
    for state in &document.states {
        let Some(resource) = state
            .text("Resource")
            .filter(|_| state.kind == Some(StateType::Task))
        else {
            continue;
        };
        for pattern in [".sync", ".waitForTaskToken"] {
            if resource.ends_with(pattern) || resource.ends_with(&format!("{pattern}:2")) {
                let message =
                    format!("Express state machine does not support '{pattern}' service integration");
                findings.error(document.at(state, "Resource"), message);
            }
        }
        if resource.contains(":activity:") {
            findings.error(
                document.at(state, "Resource"),
                "Express state machine does not support activities",
            );
        }
    }
    for scope in document.scopes.iter().filter(|scope| scope.distributed) {
        findings.error(
            document.scope_pointer(scope),
            "Express state machine does not support a distributed Map",
        );
    }
}
