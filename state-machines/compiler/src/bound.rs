//! The fewest transitions that a walk through a workflow can take, computed from the graph alone.
//!
//! Step Functions bills every state that is entered. What has to be one: each task, and one `Choice` wherever
//! anything is decided between two tasks; a `Choice` cannot end a machine, so one more where it leads to an end.

use crate::workflow::{Exit, Kind, Workflow};

/// The bound for a walk, given as the ids of all nodes entered, from the start event to an end.
pub fn fewest_transitions(workflow: &Workflow, walk: &[&str]) -> usize {
    let mut transitions = 0;
    let mut decided = false;
    for id in walk {
        let Some((_, node)) = workflow.nodes().find(|(_, node)| node.id == *id) else {
            continue;
        };
        let ways = match &node.kind {
            Kind::Place(place) => place.events.len() + usize::from(!matches!(node.exit, Exit::None)),
            _ => 1,
        };
        let decides = ways > 1 || matches!(node.exit, Exit::Outcomes(_) | Exit::Conditions { .. });
        match node.kind {
            Kind::Place(_) | Kind::Call(_) => {
                transitions += 1 + usize::from(decided);
                decided = decides;
            }
            Kind::Status(_) => transitions += if decided { 2 } else { 0 },
            _ => decided |= decides,
        }
    }
    // A machine has one state at least.
    transitions.max(1)
}
