//! `UNKNOWN_LINK`, `LINK_CROSSES_SCOPE`, `DUPLICATE_LINK`: every link that is thrown is caught at one place of its scope.

use domain::diagnostic::Diagnostic;

use super::{Findings, Subject, about_node, at, with};
use crate::document::{Event, Kind, Node, Thrown};
use crate::graph::NodeNo;
use crate::suggest::did_you_mean;

/// Where a link of a scope leads to.
pub(super) fn catch(subject: &Subject<'_>, scope: Option<NodeNo>, name: &str) -> Option<NodeNo> {
    let mut nodes = subject.graph.within(scope);
    nodes
        .find(|(_, node)| caught(node) == Some(name))
        .map(|(no, _)| no)
}

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for (no, node) in subject.graph.nodes() {
        let caught_here = caught(node).filter(|name| catch(subject, node.parent, name) != Some(no));
        if let Some(name) = caught_here {
            found.push(about_link(
                "DUPLICATE_LINK",
                node,
                (
                    format!("The link `{name}` is caught elsewhere already."),
                    format!("链接 `{name}` 已在别处捕获。"),
                ),
            ));
        }
        let Kind::Throw(Thrown::Link { name }) = &node.kind else {
            continue;
        };
        if catch(subject, node.parent, name).is_none() && !subject.document.is_partial {
            found.push(nowhere(subject, node, name));
        }
    }
}

fn nowhere(subject: &Subject<'_>, node: &Node, name: &str) -> Diagnostic {
    let nodes = subject.document.nodes.iter();
    if nodes.clone().any(|node| caught(node) == Some(name)) {
        return about_link(
            "LINK_CROSSES_SCOPE",
            node,
            (
                format!("The link `{name}` is caught in another sub-process; links stay in theirs."),
                format!("链接 `{name}` 在另一个子流程中捕获；链接不能跨越子流程。"),
            ),
        );
    }
    let diagnostic = about_link(
        "UNKNOWN_LINK",
        node,
        (
            format!("No `intermediateCatchEvent` has the link `{name}`."),
            format!("没有 `intermediateCatchEvent` 使用链接 `{name}`。"),
        ),
    );
    let here = nodes.filter(|other| other.parent == node.parent);
    with(diagnostic, did_you_mean(name, here.filter_map(caught)))
}

fn caught(node: &Node) -> Option<&str> {
    match &node.kind {
        Kind::Catch(Event::Link { name }) => Some(name),
        _ => None,
    }
}

fn about_link(code: &str, node: &Node, (en, zh): (String, String)) -> Diagnostic {
    at(at(about_node(code, node, en, zh), "link"), "name")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::rules::testing::{process, sub};

    fn throw(id: &str, name: &str) -> Value {
        json!({"id": id, "type": "intermediateThrowEvent", "link": {"name": name}})
    }

    fn catch(id: &str, name: &str) -> Value {
        json!({"id": id, "type": "intermediateCatchEvent", "link": {"name": name}})
    }

    #[test]
    fn a_link_leads_to_one_place() {
        process(
            json!([throw("a", "x"), catch("b", "x"), throw("c", "x"), {"id": "g", "type": "exclusiveGateway"}]),
            &[
                "start > g > a {\"default\": true}",
                "g > c {\"when\": \"urgent\"}",
                "b > end",
            ],
            &[],
        );
        process(
            json!([throw("a", "x"), catch("b", "x"), catch("c", "x")]),
            &["start > a", "b > end", "c > end"],
            &[
                "UNREACHABLE_NODE /nodes/4 (c)",
                "DUPLICATE_LINK /nodes/4/link/name (c)",
            ],
        );
        process(
            json!([throw("a", "later"), catch("b", "latr")]),
            &["start > a", "b > end"],
            &[
                "UNREACHABLE_NODE /nodes/1 (end)",
                "UNKNOWN_LINK /nodes/2/link/name (a)",
                "UNREACHABLE_NODE /nodes/3 (b)",
            ],
        );
    }

    #[test]
    fn links_stay_in_their_scope() {
        process(
            json!([sub("s", throw("a", "x"), &["start-s > a"]), catch("b", "x")]),
            &["start > s > end", "b > end"],
            &[
                "UNREACHABLE_NODE /nodes/2/nodes/1 (end-s)",
                "LINK_CROSSES_SCOPE /nodes/2/nodes/2/link/name (a)",
                "UNREACHABLE_NODE /nodes/3 (b)",
            ],
        );
    }
}
