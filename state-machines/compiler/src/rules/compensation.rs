//! `COMPENSATION_HANDLER`, `UNKNOWN_COMPENSATION`, `UNKNOWN_NODE`: what is undone has a task that undoes it.

use domain::text::Text;

use super::{Findings, Subject, about_node, at, with};
use crate::document::{EndEvent, Event, Kind, Node, Thrown};
use crate::suggest::did_you_mean;

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    if subject.document.is_partial {
        return;
    }
    for node in &subject.document.nodes {
        match &node.kind {
            Kind::Boundary(boundary) => {
                if let Event::Compensation { handler } = &boundary.event {
                    undone_by(subject, node, handler, found);
                }
            }
            Kind::End(end) => {
                if let Some(EndEvent::Compensation {
                    activity: Some(activity),
                }) = &end.event
                {
                    undoes(subject, node, activity, found);
                }
            }
            Kind::Throw(Thrown::Compensation {
                activity: Some(activity),
            }) => undoes(subject, node, activity, found),
            _ => {}
        }
    }
}

fn undone_by(subject: &Subject<'_>, node: &Node, handler: &str, found: &mut Findings) {
    let at_handler = |diagnostic| at(at(diagnostic, "compensation"), "handler");
    let Some(task) = subject.graph.find(handler).and_then(|no| subject.graph.node(no)) else {
        let diagnostic = about_node(
            "UNKNOWN_NODE",
            node,
            format!("There is no node `{handler}`."),
            format!("没有节点 `{handler}`。"),
        );
        let handlers = subject
            .document
            .nodes
            .iter()
            .filter(|node| node.kind.is_handler());
        let suggestion = did_you_mean(handler, handlers.map(|node| node.id.as_str()));
        found.push(with(at_handler(diagnostic), suggestion));
        return;
    };
    let is_right = task.kind.is_handler() && task.parent == node.parent && task.multi_instance.is_none();
    if !is_right && !matches!(task.kind, Kind::Refused) {
        let diagnostic = about_node(
            "COMPENSATION_HANDLER",
            node,
            format!(
                "`{handler}` is not a `serviceTask` with `isForCompensation` in the same scope, called once."
            ),
            format!("`{handler}` 不是同一范围内、带 `isForCompensation` 且只调用一次的 `serviceTask`。"),
        );
        found.push(at_handler(diagnostic).suggest(Text::new(
            "Give the task `\"isForCompensation\": true`, no flows and no `multiInstance`.",
            "请为该任务设置 `\"isForCompensation\": true`，并去掉连线和 `multiInstance`。",
        )));
    }
}

fn undoes(subject: &Subject<'_>, node: &Node, activity: &str, found: &mut Findings) {
    let has_handler = |id: &str| {
        subject.document.nodes.iter().any(|other| {
            matches!(&other.kind, Kind::Boundary(boundary)
                if boundary.attached_to == id && matches!(boundary.event, Event::Compensation { .. } | Event::None))
        })
    };
    let can_be_undone = |other: &Node| has_handler(&other.id) && lies_in(subject, other, node.parent);
    let target = subject.graph.find(activity).and_then(|no| subject.graph.node(no));
    if target.is_some_and(|target| matches!(target.kind, Kind::Refused) || can_be_undone(target)) {
        return;
    }
    let diagnostic = about_node(
        "UNKNOWN_COMPENSATION",
        node,
        format!("No activity `{activity}` in this scope has a boundary event with `compensation`."),
        format!("此范围内没有带 `compensation` 边界事件的活动 `{activity}`。"),
    );
    let undone = subject.document.nodes.iter().filter(|other| can_be_undone(other));
    let suggestion = did_you_mean(activity, undone.map(|node| node.id.as_str()));
    found.push(with(at(at(diagnostic, "compensation"), "activity"), suggestion));
}

/// Whether a node stands in a scope or in a sub-process of it.
fn lies_in(subject: &Subject<'_>, node: &Node, scope: Option<usize>) -> bool {
    let mut around = node.parent;
    loop {
        match around {
            around if around == scope => return true,
            None => return false,
            Some(no) => around = subject.graph.node(no).and_then(|node| node.parent),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::rules::testing::{process, sub};

    fn booking() -> [Value; 3] {
        [
            json!({"id": "book", "type": "serviceTask", "lambda": "create-payment"}),
            json!({"id": "undo", "type": "boundaryEvent", "attachedTo": "book", "compensation": {"handler": "cancel"}}),
            json!({"id": "cancel", "type": "serviceTask", "lambda": "create-payment", "isForCompensation": true}),
        ]
    }

    #[test]
    fn a_handler_undoes() {
        let [book, undo, cancel] = booking();
        let flows = ["start > book > end"];
        process(json!([book, undo, cancel]), &flows, &[]);
        process(
            json!([book, cancel]),
            &flows,
            &["UNREACHABLE_NODE /nodes/3 (cancel)"],
        );
        process(
            json!([book, undo]),
            &flows,
            &["UNKNOWN_NODE /nodes/3/compensation/handler (undo)"],
        );
        let mut plain = cancel.clone();
        plain["isForCompensation"] = false.into();
        process(
            json!([book, undo, plain]),
            &["start > book > cancel > end"],
            &["COMPENSATION_HANDLER /nodes/3/compensation/handler (undo)"],
        );
        process(
            json!([book, undo, sub("s", cancel, &["start-s > end-s"])]),
            &["start > book > s > end"],
            &["COMPENSATION_HANDLER /nodes/3/compensation/handler (undo)"],
        );
    }

    #[test]
    fn what_is_thrown_is_about_something_that_can_be_undone() {
        let [book, undo, cancel] = booking();
        let throw = |activity: &str| json!({"id": "back", "type": "intermediateThrowEvent", "compensation": {"activity": activity}});
        let flows = ["start > book > back > end"];
        process(json!([book, undo, cancel, throw("book")]), &flows, &[]);
        for wrong in ["bok", "back", "cancel"] {
            process(
                json!([book, undo, cancel, throw(wrong)]),
                &flows,
                &["UNKNOWN_COMPENSATION /nodes/5/compensation/activity (back)"],
            );
        }
        let inside = || sub("s", json!(booking()), &["start-s > book > end-s"]);
        process(json!([inside(), throw("book")]), &["start > s > back > end"], &[]);
        process(
            json!([
                book,
                undo,
                cancel,
                sub("s", throw("book"), &["start-s > back > end-s"])
            ]),
            &["start > book > s > end"],
            &["UNKNOWN_COMPENSATION /nodes/5/nodes/2/compensation/activity (back)"],
        );
    }
}
