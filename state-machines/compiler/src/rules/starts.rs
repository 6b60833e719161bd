//! `NO_START`, `MANY_STARTS`: an instance begins at one place.

use domain::diagnostic::Diagnostic;
use domain::text::Text;

use super::{Findings, Subject, about_node};
use crate::document::Kind;

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    let mut starts = subject
        .document
        .nodes
        .iter()
        .filter(|node| matches!(node.kind, Kind::Start(_)));
    let first = starts.next();
    if first.is_none() && !subject.document.is_partial {
        found.push(Diagnostic::error(
            "NO_START",
            "/nodes",
            Text::new("There is no `startEvent`.", "没有 `startEvent`。"),
        ));
    }
    for other in starts {
        found.push(about_node(
            "MANY_STARTS",
            other,
            "A workflow has one `startEvent`; this is a further one.",
            "工作流只能有一个 `startEvent`，这是多余的一个。",
        ));
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::check;

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
}
