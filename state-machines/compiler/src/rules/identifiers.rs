//! `BAD_ID`, `NAME_TOO_LONG`: keys and ids are names in URLs, stored keys and state machines.

use domain::diagnostic::Diagnostic;
use domain::id::{Key, NodeId};
use domain::text::{Language, Text};

use super::{Findings, Subject, about_node, at};
use crate::document::Node;

/// The longest id. A state's name may have 80 characters, and the compiler adds to ids.
const LONGEST_ID: usize = 64;
/// The longest name that people read, in characters.
const LONGEST_NAME: usize = 200;

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    let document = subject.document;
    if Key::parse(document.key.as_str()).is_err() {
        found.push(Diagnostic::error(
            "BAD_ID",
            "/key",
            Text::new(
                "A key is lower-case words of letters and digits joined by '-', at most 64 characters.",
                "key 由小写字母和数字组成的单词用 '-' 连接，最多 64 个字符。",
            ),
        ));
    }
    name_length(document.name.as_ref(), "/name", None, found);
    for node in &document.nodes {
        id(node, found);
        let pointer = crate::pointer::join(&node.pointer, "name");
        name_length(node.name.as_ref(), &pointer, Some(&node.id), found);
    }
    for flow in &document.flows {
        let pointer = crate::pointer::join(&flow.pointer, "name");
        name_length(flow.name.as_ref(), &pointer, Some(&flow.from), found);
    }
}

fn id(node: &Node, found: &mut Findings) {
    if node.id.chars().count() > LONGEST_ID {
        let diagnostic = about_node(
            "NAME_TOO_LONG",
            node,
            format!("The id is longer than {LONGEST_ID} characters."),
            format!("id 超过 {LONGEST_ID} 个字符。"),
        );
        found.push(at(diagnostic, "id"));
    } else if NodeId::parse(node.id.as_str()).map_or(true, |id| id.is_implied()) {
        let diagnostic = about_node(
            "BAD_ID",
            node,
            "An id is made of letters, digits, '-', '_' and '.'.",
            "id 只能由字母、数字、'-'、'_' 和 '.' 组成。",
        );
        found.push(at(diagnostic, "id"));
    }
}

fn name_length(name: Option<&Text>, pointer: &str, node: Option<&str>, found: &mut Findings) {
    let length = |language| name.map_or(0, |name| name.get(language).chars().count());
    if length(Language::En).max(length(Language::Zh)) > LONGEST_NAME {
        let mut diagnostic = Diagnostic::error(
            "NAME_TOO_LONG",
            pointer,
            Text::new(
                format!("The name is longer than {LONGEST_NAME} characters."),
                format!("名称超过 {LONGEST_NAME} 个字符。"),
            ),
        );
        diagnostic.node = node.map(str::to_owned);
        found.push(diagnostic);
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::check;

    #[test]
    fn keys_ids_and_names_have_their_form() {
        let long = format!("\"{}\"", "x".repeat(201));
        check(&[("/key", "\"Expense Claim\"")], &["BAD_ID /key"]);
        check(&[("/key", "\"\"")], &["BAD_ID /key"]);
        check(&[("/name", &long)], &["NAME_TOO_LONG /name"]);
        check(
            &[("/nodes/1/name", &long)],
            &["NAME_TOO_LONG /nodes/1/name (ask)"],
        );
        check(
            &[("/flows/5/name", &long)],
            &["NAME_TOO_LONG /flows/5/name (pay)"],
        );
        check(
            &[
                ("/nodes/4/id", "\"the end\""),
                ("/flows/4/to", "\"the end\""),
                ("/flows/5/to", "\"the end\""),
            ],
            &["BAD_ID /nodes/4/id (the end)"],
        );
        let id = format!("\"{}\"", "x".repeat(65));
        check(
            &[("/nodes/4/id", &id), ("/flows/4/to", &id), ("/flows/5/to", &id)],
            &[&format!("NAME_TOO_LONG /nodes/4/id ({})", "x".repeat(65))],
        );
    }
}
