//! `NO_START`, `MANY_STARTS`, `START_WITH_EVENT`, `START_WITHOUT_EVENT`: the process and each sub-process begin at one
//! place; only an event sub-process waits for something there.

use domain::text::Text;

use super::{Findings, Scope, Subject, about_node, about_scope};
use crate::document::{Kind, Node};

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for scope in subject.scopes() {
        let nodes = subject.nodes_in(scope).map(|(_, node)| node);
        let mut starts = nodes.filter(|node| matches!(node.kind, Kind::Start(_)));
        let first = starts.next();
        if first.is_none() && !subject.document.is_partial {
            found.push(about_scope(
                "NO_START",
                scope,
                "There is no `startEvent`.",
                "没有 `startEvent`。",
            ));
        }
        first.into_iter().for_each(|start| event(scope, start, found));
        for other in starts {
            event(scope, other, found);
            found.push(about_node(
                "MANY_STARTS",
                other,
                "There is one `startEvent` in the process and in each sub-process; this is a further one.",
                "流程及每个子流程只能有一个 `startEvent`，这是多余的一个。",
            ));
        }
    }
}

fn event(scope: Scope<'_>, start: &Node, found: &mut Findings) {
    let triggered = scope.is_some_and(|(_, scope)| scope.kind.is_event_sub_process());
    let has_event = matches!(start.kind, Kind::Start(Some(_)));
    if has_event && !triggered {
        let diagnostic = about_node(
            "START_WITH_EVENT",
            start,
            "Only the start of an event sub-process waits for an event.",
            "只有事件子流程的开始节点可以等待事件。",
        );
        found.push(diagnostic.suggest(Text::new(
            "Put an `intermediateCatchEvent` behind the start, or give its sub-process `\"triggeredByEvent\": true`.",
            "请在开始节点之后放置 `intermediateCatchEvent`，或为子流程设置 `\"triggeredByEvent\": true`。",
        )));
    } else if !has_event && triggered {
        let diagnostic = about_node(
            "START_WITHOUT_EVENT",
            start,
            "The start of an event sub-process says what it waits for.",
            "事件子流程的开始节点必须指明等待的事件。",
        );
        found.push(diagnostic.suggest(Text::new(
            "Give it `timer`, `message`, `signal`, `error` or `escalation`.",
            "请设置 `timer`、`message`、`signal`、`error` 或 `escalation`。",
        )));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rules::testing::{check, event_sub, process, sub};

    #[test]
    fn there_is_one_start() {
        check(
            &[("/nodes", "[]"), ("/flows", "[]")],
            &["NO_START /nodes", "NO_END /nodes"],
        );
        check(
            &[
                ("/nodes/-", r#"{"id": "again", "type": "startEvent"}"#),
                ("/flows/-", r#"{"from": "again", "to": "ask"}"#),
            ],
            &["MANY_STARTS /nodes/6 (again)"],
        );
    }

    #[test]
    fn each_sub_process_has_its_own() {
        let nodes = |nodes| json!({"id": "s", "type": "subProcess", "nodes": nodes, "flows": []});
        process(
            sub("s", json!([]), &["start-s > end-s"]),
            &["start > s > end"],
            &[],
        );
        process(
            nodes(json!([])),
            &["start > s > end"],
            &["NO_START /nodes/2/nodes (s)", "NO_END /nodes/2/nodes (s)"],
        );
        let again = json!({"id": "again", "type": "startEvent"});
        process(
            sub("s", again, &["start-s > end-s", "again > end-s"]),
            &["start > s > end"],
            &["MANY_STARTS /nodes/2/nodes/2 (again)"],
        );
    }

    #[test]
    fn only_event_sub_processes_wait() {
        let signal = json!({"signal": {"name": "stop"}});
        let whole = ["start > end"];
        process(
            event_sub("s", signal.clone(), json!([]), &["start-s > end-s"]),
            &whole,
            &[],
        );
        process(
            event_sub("s", json!({}), json!([]), &["start-s > end-s"]),
            &whole,
            &["START_WITHOUT_EVENT /nodes/2/nodes/0 (start-s)"],
        );
        let mut plain = event_sub("s", signal, json!([]), &["start-s > end-s"]);
        plain["triggeredByEvent"] = false.into();
        process(
            plain,
            &["start > s > end"],
            &["START_WITH_EVENT /nodes/2/nodes/0 (start-s)"],
        );
        check(
            &[("/nodes/0/signal", r#"{"name": "go"}"#)],
            &["START_WITH_EVENT /nodes/0 (start)"],
        );
    }
}
