//! `UNKNOWN_NODE`: a flow leads from or to a node that is not there.

use super::{Findings, Subject, about_flow, at, with};
use crate::suggest::did_you_mean;

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    // A node that could not be read may be the one that is meant.
    if subject.document.is_partial {
        return;
    }
    for flow in &subject.document.flows {
        for (attribute, id) in [("from", &flow.from), ("to", &flow.to)] {
            if subject.graph.find(id).is_some() {
                continue;
            }
            let diagnostic = about_flow(
                "UNKNOWN_NODE",
                flow,
                format!("There is no node `{id}`."),
                format!("没有节点 `{id}`。"),
            );
            let ids = subject.document.nodes.iter().map(|node| node.id.as_str());
            found.push(with(at(diagnostic, attribute), did_you_mean(id, ids)));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::check;

    #[test]
    fn both_ends_of_a_flow_exist() {
        check(
            &[("/flows/-", r#"{"from": "nowhere", "to": "nothing"}"#)],
            &[
                "UNKNOWN_NODE /flows/6/from (nowhere)",
                "UNKNOWN_NODE /flows/6/to (nowhere)",
            ],
        );
    }
}
