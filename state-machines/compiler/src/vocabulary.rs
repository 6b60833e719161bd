//! The words of the language: BPMN's own names, and which of them are built.

/// What the compiler does with a node type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Built,
    /// BPMN has it, PFlow means to, the compiler does not yet.
    Planned,
    Unknown,
}

pub(crate) const BUILT: [&str; 5] = [
    "startEvent",
    "endEvent",
    "userTask",
    "serviceTask",
    "exclusiveGateway",
];

/// BPMN 2.0's other flow nodes, and the names that people give to its variants.
const PLANNED: [&str; 24] = [
    "adHocSubProcess",
    "boundaryEvent",
    "businessRuleTask",
    "callActivity",
    "complexGateway",
    "errorEndEvent",
    "escalationEndEvent",
    "eventBasedGateway",
    "eventSubProcess",
    "inclusiveGateway",
    "intermediateCatchEvent",
    "intermediateThrowEvent",
    "linkEvent",
    "manualTask",
    "messageEvent",
    "multiInstance",
    "parallelGateway",
    "receiveTask",
    "scriptTask",
    "sendTask",
    "subProcess",
    "task",
    "terminateEndEvent",
    "transaction",
];

pub(crate) fn standing(node_type: &str) -> Standing {
    if BUILT.contains(&node_type) {
        Standing::Built
    } else if PLANNED.contains(&node_type) {
        Standing::Planned
    } else {
        Standing::Unknown
    }
}

pub(crate) fn node_types() -> impl Iterator<Item = &'static str> {
    BUILT.into_iter().chain(PLANNED)
}

/// Attributes that the language will have, by where they stand. They are refused as not
/// supported yet, not as unknown: who wrote them made no mistake.
pub(crate) fn is_planned_attribute(place: Place, name: &str) -> bool {
    let planned: &[&str] = match place {
        Place::Definition => &["variables", "onCancel"],
        Place::End => &["error", "escalation", "terminate", "message", "signal", "link"],
        Place::UserTask | Place::ServiceTask => &[
            "multiInstance",
            "compensation",
            "boundary",
            "input",
            "output",
            "http",
            "queue",
            "timeout",
            "cc",
            "weights",
            "sequence",
        ],
        Place::Due => &["calendar", "then", "at", "remind"],
        Place::Start => &["timer", "message", "signal"],
        Place::Gateway | Place::Flow | Place::Other => &[],
    };
    planned.contains(&name)
}

/// Where an attribute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Definition,
    Start,
    End,
    UserTask,
    ServiceTask,
    Gateway,
    Flow,
    Due,
    Other,
}
