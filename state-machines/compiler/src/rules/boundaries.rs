//! `UNKNOWN_NODE`, `BOUNDARY_NOT_ON_ACTIVITY`, `BOUNDARY_CROSSES_SCOPE`, `BOUNDARY_ON_SERVICE`, `BOUNDARY_NEVER_OCCURS`: an
//! event is attached to an activity on which it can occur.

use domain::diagnostic::Severity;
use domain::text::Text;

use super::{Findings, Subject, about_node, at, with};
use crate::document::{Boundary, Event, Kind, Node};
use crate::suggest::did_you_mean;

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for node in &subject.document.nodes {
        let Kind::Boundary(boundary) = &node.kind else {
            continue;
        };
        let activity = subject.graph.find(&boundary.attached_to);
        match activity.and_then(|no| subject.graph.node(no)) {
            Some(activity) => one(node, boundary, activity, found),
            None if subject.document.is_partial => {}
            None => {
                let diagnostic = about_node(
                    "UNKNOWN_NODE",
                    node,
                    format!("There is no node `{}`.", boundary.attached_to),
                    format!("没有节点 `{}`。", boundary.attached_to),
                );
                let near = subject
                    .document
                    .nodes
                    .iter()
                    .filter(|other| other.parent == node.parent && can_have_events(other))
                    .map(|node| node.id.as_str());
                let suggestion = did_you_mean(&boundary.attached_to, near);
                found.push(with(at(diagnostic, "attachedTo"), suggestion));
            }
        }
    }
}

fn one(node: &Node, boundary: &Boundary, activity: &Node, found: &mut Findings) {
    if matches!(activity.kind, Kind::Refused) {
        return;
    }
    if !can_have_events(activity) {
        let diagnostic = about_node(
            "BOUNDARY_NOT_ON_ACTIVITY",
            node,
            format!(
                "`{}` is not a task, sub-process or call that a flow leads to.",
                activity.id
            ),
            format!("`{}` 不是由连线进入的任务、子流程或调用活动。", activity.id),
        );
        found.push(at(diagnostic, "attachedTo"));
    } else if activity.parent != node.parent {
        let diagnostic = about_node(
            "BOUNDARY_CROSSES_SCOPE",
            node,
            format!(
                "`{}` stands in another sub-process; its events stand beside it.",
                activity.id
            ),
            format!("`{}` 在另一个子流程中；边界事件必须与其活动并列。", activity.id),
        );
        found.push(at(diagnostic, "attachedTo"));
    } else {
        occurs(node, &boundary.event, activity, found);
    }
}

fn can_have_events(node: &Node) -> bool {
    node.is_activity && !node.kind.is_event_sub_process() && !node.kind.is_handler()
}

fn occurs(node: &Node, event: &Event, activity: &Node, found: &mut Findings) {
    let is_around = matches!(activity.kind, Kind::SubProcess { .. } | Kind::Call(_));
    let is_service = matches!(activity.kind, Kind::Service(_) | Kind::Send(_));
    let rests = is_around || matches!(activity.kind, Kind::User(_) | Kind::Catch(_));
    match event {
        Event::Timer(_) | Event::Message(_) | Event::Signal { .. } if !rests => {
            let diagnostic = about_node(
                "BOUNDARY_ON_SERVICE",
                node,
                format!(
                    "`{}` is finished before anything from outside is looked at.",
                    activity.id
                ),
                format!("`{}` 会先执行完毕，期间不处理外部事件。", activity.id),
            );
            found.push(diagnostic.suggest(Text::new(
                "Attach it to a sub-process around the task, or let the service answer by a message that a `receiveTask` waits for.",
                "请将其附着到包含该任务的子流程，或让服务以消息答复并由 `receiveTask` 等待。",
            )));
        }
        Event::Error { .. } if !is_around && !is_service => never(node, activity, found),
        Event::Escalation { .. } if !is_around => never(node, activity, found),
        _ => {}
    }
}

fn never(node: &Node, activity: &Node, found: &mut Findings) {
    let mut diagnostic = about_node(
        "BOUNDARY_NEVER_OCCURS",
        node,
        format!("`{}` raises nothing that this event could catch.", activity.id),
        format!("`{}` 不会引发此事件可捕获的内容。", activity.id),
    );
    diagnostic.severity = Severity::Warning;
    found.push(diagnostic);
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::rules::testing::{event_sub, process, sub};

    const EVENTS: [(&str, &str); 5] = [
        ("timer", r#"{"timeDuration": "PT1H"}"#),
        ("message", r#"{"name": "m"}"#),
        ("signal", r#"{"name": "s"}"#),
        ("error", "{}"),
        ("escalation", "{}"),
    ];

    /// What is said about an event on an activity `a`.
    fn on(activity: Value, event: (&str, &str), expected: &[&str]) {
        let mut boundary = json!({"id": "b", "type": "boundaryEvent", "attachedTo": "a"});
        boundary[event.0] = serde_json::from_str(event.1).unwrap();
        process(
            json!([activity, boundary]),
            &["start > a > end", "b > end"],
            expected,
        );
    }

    #[test]
    fn each_event_can_occur_on_its_activity() {
        let never: &[&str] = &["BOUNDARY_NEVER_OCCURS /nodes/3 (b)"];
        let service: &[&str] = &["BOUNDARY_ON_SERVICE /nodes/3 (b)"];
        let places = [
            json!({"id": "a", "type": "userTask", "assign": [{"starter": "self"}]}),
            json!({"id": "a", "type": "receiveTask", "message": {"name": "n"}}),
        ];
        let services = [
            json!({"id": "a", "type": "serviceTask", "lambda": "create-payment"}),
            json!({"id": "a", "type": "sendTask", "message": {"name": "n"}}),
        ];
        let passed = json!({"id": "a", "type": "scriptTask", "script": {"x": "1"}});
        let around = [
            sub("a", json!([]), &["start-a > end-a"]),
            json!({"id": "a", "type": "callActivity", "calledElement": "payout"}),
        ];
        for event in EVENTS {
            let (raised, escalated) = (event.0 == "error", event.0 == "escalation");
            for place in &places {
                on(
                    place.clone(),
                    event,
                    if raised || escalated { never } else { &[] },
                );
            }
            for one in &services {
                let expected = if escalated {
                    never
                } else if raised {
                    &[]
                } else {
                    service
                };
                on(one.clone(), event, expected);
            }
            on(
                passed.clone(),
                event,
                if raised || escalated { never } else { service },
            );
            for one in &around {
                on(one.clone(), event, &[]);
            }
        }
    }

    #[test]
    fn it_is_attached_to_an_activity_beside_it() {
        let b =
            json!({"id": "b", "type": "boundaryEvent", "attachedTo": "a", "timer": {"timeDuration": "PT1H"}});
        let at = "/nodes/2/attachedTo (b)";
        process(
            json!([b, {"id": "aa", "type": "receiveTask", "message": {"name": "n"}}]),
            &["start > aa > end", "b > end"],
            &[&format!("UNKNOWN_NODE {at}")],
        );
        process(
            json!([b, {"id": "a", "type": "intermediateCatchEvent", "message": {"name": "n"}}]),
            &["start > a > end", "b > end"],
            &[&format!("BOUNDARY_NOT_ON_ACTIVITY {at}")],
        );
        process(
            json!([
                b,
                event_sub(
                    "a",
                    json!({"signal": {"name": "x"}}),
                    json!([]),
                    &["start-a > end-a"]
                )
            ]),
            &["start > end", "b > end"],
            &[&format!("BOUNDARY_NOT_ON_ACTIVITY {at}")],
        );
        let inner = json!({"id": "a", "type": "receiveTask", "message": {"name": "n"}});
        process(
            json!([b, sub("s", inner, &["start-s > a > end-s"])]),
            &["start > s > end", "b > end"],
            &[&format!("BOUNDARY_CROSSES_SCOPE {at}")],
        );
    }
}
