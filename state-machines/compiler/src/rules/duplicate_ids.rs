//! `DUPLICATE_ID`: two nodes with one id.

use super::{Findings, Subject, about_node, at};

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for (no, node) in subject.graph.nodes() {
        let Some(first) = subject.graph.find(&node.id).filter(|first| *first != no) else {
            continue;
        };
        let pointer = subject.graph.node(first).map_or("", |first| &first.pointer);
        let diagnostic = about_node(
            "DUPLICATE_ID",
            node,
            format!("The id `{}` is taken by {pointer}.", node.id),
            format!("id `{}` 已被 {pointer} 使用。", node.id),
        );
        found.push(at(diagnostic, "id"));
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::check;

    #[test]
    fn the_second_node_with_an_id_is_told() {
        check(
            &[("/nodes/-", r#"{"id": "end", "type": "endEvent"}"#)],
            &["DUPLICATE_ID /nodes/6/id (end)"],
        );
    }
}
