//! `NO_END`: an instance has to be able to end.

use domain::diagnostic::Diagnostic;
use domain::text::Text;

use super::{Findings, Subject};
use crate::document::Kind;

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    let nodes = &subject.document.nodes;
    let ends = nodes
        .iter()
        .any(|node| matches!(node.kind, Kind::End(_) | Kind::Refused));
    if !ends && !subject.document.is_partial {
        found.push(Diagnostic::error(
            "NO_END",
            "/nodes",
            Text::new("There is no `endEvent`.", "没有 `endEvent`。"),
        ));
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::check;

    #[test]
    fn there_is_an_end() {
        check(
            &[
                ("/nodes", r#"[{"id": "start", "type": "startEvent"}]"#),
                ("/flows", "[]"),
            ],
            &["NO_END /nodes", "NO_OUTGOING_FLOW /nodes/0 (start)"],
        );
    }
}
