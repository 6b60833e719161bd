//! The words of the language: BPMN's own names, and which of them are refused.

use domain::text::Text;

use crate::suggest::did_you_mean;

/// What the compiler does with a node type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Built,
    /// BPMN has it, PFlow means to, the compiler does not yet.
    Planned,
    /// BPMN has it and PFlow will not: its meaning cannot be kept.
    Closed(&'static Closed),
    Unknown,
}

/// A node type of the closed list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Closed {
    node_type: &'static str,
    pub(crate) code: &'static str,
    /// Why, and what to write instead.
    pub(crate) en: &'static str,
    pub(crate) zh: &'static str,
}

pub(crate) const NODE_TYPES: [&str; 17] = [
    "startEvent",
    "endEvent",
    "userTask",
    "serviceTask",
    "sendTask",
    "receiveTask",
    "scriptTask",
    "businessRuleTask",
    "exclusiveGateway",
    "parallelGateway",
    "inclusiveGateway",
    "eventBasedGateway",
    "intermediateCatchEvent",
    "intermediateThrowEvent",
    "boundaryEvent",
    "subProcess",
    "callActivity",
];

const PLANNED: [&str; 2] = ["task", "manualTask"];

const CLOSED: [Closed; 3] = [
    Closed {
        node_type: "complexGateway",
        code: "COMPLEX_GATEWAY",
        en: "A complex gateway has no meaning that all agree on; use `inclusiveGateway`, or a `businessRuleTask` before a gateway.",
        zh: "复杂网关没有公认一致的语义；请使用 `inclusiveGateway`，或在网关前放置 `businessRuleTask`。",
    },
    Closed {
        node_type: "transaction",
        code: "TRANSACTION",
        en: "Nothing commits across services; use a `subProcess` and undo what was done with `compensation`.",
        zh: "跨服务无法提交事务；请使用 `subProcess`，并用 `compensation` 撤销已完成的工作。",
    },
    Closed {
        node_type: "adHocSubProcess",
        code: "AD_HOC",
        en: "A sub-process without an order cannot be checked; use a `subProcess` with flows.",
        zh: "没有顺序的子流程无法检查；请使用带连线的 `subProcess`。",
    },
];

/// Names that people give to variants of a type, and how the language writes them.
const OTHERWISE: [(&str, &str); 11] = [
    ("errorEndEvent", "`endEvent` + `error`"),
    ("escalationEndEvent", "`endEvent` + `escalation`"),
    ("terminateEndEvent", "`endEvent` + `terminate`"),
    ("messageEndEvent", "`endEvent` + `message`"),
    ("signalEndEvent", "`endEvent` + `signal`"),
    ("compensationEndEvent", "`endEvent` + `compensation`"),
    ("messageEvent", "`intermediateCatchEvent` + `message`"),
    ("timerEvent", "`intermediateCatchEvent` + `timer`"),
    ("linkEvent", "`intermediateThrowEvent` + `link`"),
    ("eventSubProcess", "`subProcess` + `triggeredByEvent`"),
    ("multiInstance", "`subProcess` + `multiInstance`"),
];

pub(crate) fn standing(node_type: &str) -> Standing {
    if NODE_TYPES.contains(&node_type) {
        return Standing::Built;
    }
    if PLANNED.contains(&node_type) {
        return Standing::Planned;
    }
    CLOSED
        .iter()
        .find(|closed| closed.node_type == node_type)
        .map_or(Standing::Unknown, Standing::Closed)
}

/// How a type that the language does not have is probably written in it.
pub(crate) fn meant(node_type: &str) -> Option<Text> {
    match OTHERWISE.iter().find(|(name, _)| *name == node_type) {
        Some((_, written)) => Some(Text::new(
            format!("Write {written}."),
            format!("请写作 {written}。"),
        )),
        None => did_you_mean(node_type, NODE_TYPES),
    }
}

/// Whether a node of this type is an activity: it can be repeated, and events can be attached to it.
pub(crate) fn is_activity(node_type: &str) -> bool {
    node_type.ends_with("Task") || matches!(node_type, "subProcess" | "callActivity")
}

/// Attributes that the language will have, by where they stand. They are refused as not
/// supported yet, not as unknown: who wrote them made no mistake.
pub(crate) fn is_planned_attribute(place: Place, name: &str) -> bool {
    let planned: &[&str] = match place {
        Place::Definition => &["variables", "onCancel"],
        Place::UserTask => &["cc", "weights", "sequence"],
        Place::ServiceTask => &["timeout"],
        Place::Due => &["remind"],
        Place::Other => &[],
    };
    planned.contains(&name)
}

/// Where an attribute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Definition,
    UserTask,
    ServiceTask,
    Due,
    Other,
}
