//! `FLOW_CROSSES_SCOPE`: a flow leads from node to node of the process, or of one sub-process.

use domain::text::Text;

use super::{Findings, Subject, about_flow};

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    let scope_of = |id: &str| {
        let node = subject.graph.find(id).and_then(|no| subject.graph.node(no));
        node.map(|node| node.parent)
    };
    for flow in &subject.document.flows {
        let (Some(from), Some(to)) = (scope_of(&flow.from), scope_of(&flow.to)) else {
            continue;
        };
        if from != to {
            let diagnostic = about_flow(
                "FLOW_CROSSES_SCOPE",
                flow,
                format!(
                    "`{}` and `{}` do not stand in the same sub-process.",
                    flow.from, flow.to
                ),
                format!("`{}` 与 `{}` 不在同一个子流程中。", flow.from, flow.to),
            );
            found.push(diagnostic.suggest(Text::new(
                "End inside of the sub-process and go on behind it; to leave it early, throw an `error` or `escalation` that a boundary event catches.",
                "请在子流程内结束，再从其后继续；如需提前离开，请抛出由边界事件捕获的 `error` 或 `escalation`。",
            )));
        } else if from != flow.parent {
            found.push(about_flow(
                "FLOW_CROSSES_SCOPE",
                flow,
                format!("This flow belongs to the `flows` where `{}` stands.", flow.from),
                format!("此连线应写在 `{}` 所在的 `flows` 中。", flow.from),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rules::testing::{process, sub};

    #[test]
    fn flows_stay_in_their_scope() {
        let pass = json!({"id": "pass", "type": "exclusiveGateway"});
        process(
            sub("s", pass.clone(), &["start-s > pass > end"]),
            &["start > s > end"],
            &[
                "UNREACHABLE_NODE /nodes/2/nodes/1 (end-s)",
                "FLOW_CROSSES_SCOPE /nodes/2/flows/1 (pass)",
            ],
        );
        process(
            sub("s", pass, &["start-s > pass"]),
            &["start > s > end", "pass > end-s"],
            &["FLOW_CROSSES_SCOPE /flows/2 (pass)"],
        );
    }
}
