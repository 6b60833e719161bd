//! `DUPLICATE_CATCH`: of two events that wait for the same at one place, nobody knows which occurs.

use std::collections::BTreeMap;

use super::{Findings, Subject, about_node};
use crate::document::{Event, Kind, Node};

/// What two events have in common that wait for the same.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Caught<'d> {
    Error(Option<&'d str>),
    Escalation(Option<&'d str>),
    Message(&'d str, Option<&'d str>),
    Signal(&'d str),
    Compensation,
}

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    let mut seen = BTreeMap::new();
    for node in &subject.document.nodes {
        let places = match &node.kind {
            Kind::Boundary(boundary) => {
                let activity = subject.graph.find(&boundary.attached_to);
                let caught = caught(&boundary.event, boundary.interrupting);
                Vec::from_iter(activity.zip(caught).map(|(no, caught)| ((0, Some(no)), caught)))
            }
            Kind::Start(Some(start)) => {
                let sub_process = node.parent.and_then(|no| subject.graph.node(no));
                let caught = caught(&start.event, start.interrupting);
                let place = sub_process.map(|sub_process| (1, sub_process.parent));
                Vec::from_iter(place.zip(caught))
            }
            // Behind a gateway of events.
            Kind::Catch(event) => {
                let into = subject.graph.find(&node.id).map(|no| subject.graph.incoming(no));
                let gateways = into.into_iter().flatten().filter(|edge| {
                    let from = subject.graph.node(edge.node);
                    from.is_some_and(|from| matches!(from.kind, Kind::EventBased))
                });
                let places = gateways.map(|edge| (2, Some(edge.node)));
                places
                    .filter_map(|place| Some((place, caught(event, true)?)))
                    .collect()
            }
            _ => continue,
        };
        for key in places {
            match seen.get(&key) {
                None => drop(seen.insert(key, node)),
                Some(first) => told(node, first, found),
            }
        }
    }
}

fn told(node: &Node, first: &Node, found: &mut Findings) {
    found.push(about_node(
        "DUPLICATE_CATCH",
        node,
        format!("`{}` catches the same at the same place already.", first.id),
        format!("`{}` 已在同一位置捕获相同的内容。", first.id),
    ));
}

fn caught(event: &Event, interrupting: bool) -> Option<Caught<'_>> {
    match event {
        Event::Error { code } => Some(Caught::Error(code.as_deref())),
        Event::Escalation { code } => Some(Caught::Escalation(code.as_deref())),
        Event::Message(message) => Some(Caught::Message(&message.name, message.correlation.as_deref())),
        // All that listen to a signal get it, but only one can interrupt.
        Event::Signal { name, .. } => interrupting.then_some(Caught::Signal(name)),
        Event::Compensation { .. } => Some(Caught::Compensation),
        Event::None | Event::Timer(_) | Event::Link { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::rules::testing::{event_sub, process, sub};

    #[test]
    fn two_boundary_events_are_for_different_things() {
        let name = |name: &str| json!({"name": name});
        for (event, first, second, same) in [
            ("error", json!({"code": "A"}), json!({"code": "A"}), true),
            ("error", json!({}), json!({}), true),
            ("error", json!({"code": "A"}), json!({}), false),
            ("escalation", json!({"code": "A"}), json!({"code": "A"}), true),
            ("message", name("a"), name("a"), true),
            ("message", name("a"), name("b"), false),
            (
                "message",
                json!({"name": "a", "correlation": "note"}),
                name("a"),
                false,
            ),
            ("signal", name("a"), name("a"), true),
            (
                "timer",
                json!({"timeDuration": "PT1H"}),
                json!({"timeDuration": "PT1H"}),
                false,
            ),
        ] {
            let on = |id: &str, attached: &str, what: &Value| json!({"id": id, "type": "boundaryEvent", "attachedTo": attached, event: what});
            let s = || {
                [
                    sub("s", json!([]), &["start-s > end-s"]),
                    sub("t", json!([]), &["start-t > end-t"]),
                ]
            };
            let [one, two] = s();
            let expected: &[&str] = if same {
                &["DUPLICATE_CATCH /nodes/5 (y)"]
            } else {
                &[]
            };
            let flows = ["start > s > t > end", "x > end", "y > end"];
            process(
                json!([one, two, on("x", "s", &first), on("y", "s", &second)]),
                &flows,
                expected,
            );
            let [one, two] = s();
            process(
                json!([one, two, on("x", "s", &first), on("y", "t", &second)]),
                &flows,
                &[],
            );
        }
    }

    #[test]
    fn so_are_two_event_sub_processes_and_two_events_behind_a_gateway() {
        let on =
            |id: &str, event: Value| event_sub(id, event, json!([]), &[&format!("start-{id} > end-{id}")]);
        let failed = json!({"error": {"code": "A"}});
        process(
            json!([on("a", failed.clone()), on("b", failed)]),
            &["start > end"],
            &["DUPLICATE_CATCH /nodes/3/nodes/0 (start-b)"],
        );
        let beside = json!({"signal": {"name": "s"}, "interrupting": false});
        process(
            json!([on("a", beside.clone()), on("b", beside)]),
            &["start > end"],
            &[],
        );
        let paid =
            |id: &str| json!({"id": id, "type": "intermediateCatchEvent", "message": {"name": "paid"}});
        process(
            json!([{"id": "g", "type": "eventBasedGateway"}, paid("a"), paid("b")]),
            &["start > g > a > end", "g > b > end"],
            &["DUPLICATE_CATCH /nodes/4 (b)"],
        );
    }
}
