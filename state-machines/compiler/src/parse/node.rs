//! One entry of `nodes`.

use domain::diagnostic::Diagnostic;
use domain::text::Text;
use serde_json::Value;

use super::attributes::{Attributes, not_supported_yet};
use super::task;
use crate::document::{End, Kind, Node};
use crate::node::EndStatus;
use crate::suggest::did_you_mean;
use crate::vocabulary::{Place, Standing, node_types, standing};

/// None where there is not even an id.
pub(super) fn read(value: &Value, at: String, found: &mut Vec<Diagnostic>) -> Option<Node> {
    let Value::Object(fields) = value else {
        found.push(Diagnostic::error(
            "WRONG_TYPE",
            at,
            Text::new("A node must be an object.", "节点必须是对象。"),
        ));
        return None;
    };
    let id = fields.get("id").and_then(Value::as_str);
    let node_type = fields.get("type").and_then(Value::as_str);
    let place = match node_type {
        Some("startEvent") => Place::Start,
        Some("endEvent") => Place::End,
        Some("userTask") => Place::UserTask,
        Some("serviceTask") => Place::ServiceTask,
        Some("exclusiveGateway") => Place::Gateway,
        _ => Place::Other,
    };
    let mut attributes = Attributes::new(fields, &at, place, found).about(id);
    for required in ["id", "type"] {
        match fields.get(required) {
            None => attributes.missing(required),
            Some(_) => drop(attributes.string(required)),
        }
    }
    let id = id?;
    let name = attributes.name();
    let kind = match node_type.unwrap_or_default() {
        "" if fields.get("type").is_none_or(|given| !given.is_string()) => Kind::Refused,
        "startEvent" => Kind::Start(None),
        "endEvent" => Kind::End(End {
            status: status(&mut attributes),
            event: None,
        }),
        "userTask" => Kind::User(Box::new(task::user(&mut attributes))),
        "serviceTask" => {
            let elsewhere = fields.contains_key("http") || fields.contains_key("queue");
            if !elsewhere && !fields.contains_key("lambda") {
                attributes.missing("lambda");
            }
            Kind::Service(Box::new(task::service(&mut attributes)))
        }
        "exclusiveGateway" => Kind::Exclusive,
        other => {
            let at = attributes.pointer("type");
            attributes.tell(refused(&at, id, other));
            Kind::Refused
        }
    };
    // Nobody knows which attributes a refused type has.
    if !matches!(kind, Kind::Refused) {
        attributes.finish();
    }
    Some(Node {
        pointer: at,
        id: id.to_owned(),
        name,
        parent: None,
        kind,
        multi_instance: None,
    })
}

fn status(attributes: &mut Attributes<'_, '_>) -> EndStatus {
    let words = [
        ("completed", EndStatus::Completed),
        ("rejected", EndStatus::Rejected),
    ];
    attributes.word("status", &words).unwrap_or_default()
}

fn refused(at: &str, id: &str, node_type: &str) -> Diagnostic {
    if standing(node_type) == Standing::Planned {
        return not_supported_yet(at, &format!("`{node_type}` (node `{id}`)"));
    }
    let mut diagnostic = Diagnostic::error(
        "UNKNOWN_NODE_TYPE",
        at,
        Text::new(
            format!("`{node_type}` is not a node type of BPMN."),
            format!("`{node_type}` 不是 BPMN 的节点类型。"),
        ),
    );
    diagnostic.suggestion = did_you_mean(node_type, node_types());
    diagnostic
}
