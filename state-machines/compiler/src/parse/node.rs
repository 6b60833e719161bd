//! One entry of `nodes`.

use domain::diagnostic::Diagnostic;
use domain::text::Text;
use serde_json::Value;

use super::attributes::{Attributes, not_supported_yet};
use super::values::some_assignments;
use super::{activity, decision, event, service, task, throw};
use crate::document::{Kind, Node};
use crate::vocabulary::{Place, Standing, is_activity, meant, standing};

/// None where there is not even an id.
pub(super) fn read(
    value: &Value,
    at: String,
    parent: Option<usize>,
    found: &mut Vec<Diagnostic>,
) -> Option<Node> {
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
        Some("userTask") => Place::UserTask,
        Some("serviceTask") => Place::ServiceTask,
        _ => Place::Other,
    };
    let mut attributes = Attributes::new(fields, &at, place, found).about(id);
    for required in ["id", "type"] {
        attributes.require(required);
        attributes.string(required);
    }
    let id = id?;
    let node_type = node_type.unwrap_or_default();
    let is_activity = is_activity(node_type);
    let mut node = Node {
        pointer: at.clone(),
        id: id.to_owned(),
        name: attributes.name(),
        parent,
        is_activity,
        kind: Kind::Refused,
        multi_instance: None,
    };
    if standing(node_type) != Standing::Built {
        // Nobody knows which attributes a refused type has.
        if fields.get("type").is_some_and(Value::is_string) {
            attributes.tell(refused(&attributes.pointer("type"), id, node_type));
        }
        return Some(node);
    }
    node.kind = kind(&mut attributes, node_type);
    let is_triggered = matches!(
        node.kind,
        Kind::SubProcess {
            triggered_by_event: true
        }
    );
    if is_activity && !is_triggered {
        node.multi_instance = activity::multi_instance(&mut attributes);
    }
    attributes.finish();
    Some(node)
}

fn kind(attributes: &mut Attributes<'_, '_>, node_type: &str) -> Kind {
    match node_type {
        "startEvent" => Kind::Start(event::start(attributes)),
        "endEvent" => Kind::End(throw::end(attributes)),
        "userTask" => Kind::User(Box::new(task::read(attributes))),
        "serviceTask" => Kind::Service(Box::new(service::read(attributes))),
        "sendTask" => Kind::Send(throw::send_task(attributes)),
        "receiveTask" => Kind::Catch(event::catch(attributes, &["message"])),
        "intermediateCatchEvent" => {
            let definitions = ["timer", "message", "signal", "link"];
            Kind::Catch(event::catch(attributes, &definitions))
        }
        "intermediateThrowEvent" => throw::intermediate(attributes),
        "boundaryEvent" => event::boundary(attributes).map_or(Kind::Refused, Kind::Boundary),
        "scriptTask" => Kind::Script(some_assignments(attributes, "script")),
        "businessRuleTask" => Kind::Rule(decision::read(attributes)),
        "exclusiveGateway" => Kind::Exclusive,
        "parallelGateway" => Kind::Parallel,
        "inclusiveGateway" => Kind::Inclusive,
        "eventBasedGateway" => Kind::EventBased,
        "subProcess" => Kind::SubProcess {
            triggered_by_event: activity::sub_process(attributes),
        },
        "callActivity" => activity::call(attributes).map_or(Kind::Refused, |call| Kind::Call(Box::new(call))),
        _ => Kind::Refused,
    }
}

fn refused(at: &str, id: &str, node_type: &str) -> Diagnostic {
    match standing(node_type) {
        Standing::Planned => not_supported_yet(at, &format!("`{node_type}` (node `{id}`)")),
        Standing::Closed(closed) => Diagnostic::error(closed.code, at, Text::new(closed.en, closed.zh)),
        Standing::Built | Standing::Unknown => {
            let mut diagnostic = Diagnostic::error(
                "UNKNOWN_NODE_TYPE",
                at,
                Text::new(
                    format!("There is no node type `{node_type}`."),
                    format!("没有节点类型 `{node_type}`。"),
                ),
            );
            diagnostic.suggestion = meant(node_type);
            diagnostic
        }
    }
}
