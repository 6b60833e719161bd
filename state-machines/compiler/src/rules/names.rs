//! `BAD_NAME`, `BAD_CODE`: variables, messages, signals, errors and escalations have names that others can write.

use domain::id::NodeId;

use super::{Findings, Subject, about_node};
use crate::condition::field_names;
use crate::document::{EndEvent, Event, Kind, Node, Sent, Throw, Thrown};
use crate::pointer::join;
use crate::variables::set_by;

/// The longest name and code, in characters.
const LONGEST: usize = 64;

/// JSONata reads these as values and operators.
const WORDS: [&str; 6] = ["true", "false", "null", "and", "or", "in"];

/// Errors of the services that run machines.
const RESERVED: [&str; 2] = ["States.", "Lambda."];

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    let fields = subject.schema.map(field_names).unwrap_or_default();
    for node in &subject.document.nodes {
        for (pointer, name) in set_by(node) {
            // A form may have any fields.
            if !fields.contains(name) {
                variable(node, pointer, name, found);
            }
        }
        let many = node.multi_instance.as_ref();
        if let Some(element) = many.and_then(|many| many.element.as_ref()) {
            let pointer = join(&join(&node.pointer, "multiInstance"), "element");
            variable(node, pointer, element, found);
        }
        match &node.kind {
            Kind::Send(throw) => sent(node, throw, found),
            Kind::End(end) => match &end.event {
                Some(EndEvent::Send(throw)) => sent(node, throw, found),
                Some(EndEvent::Error { code }) => error_code(node, "error", code, found),
                Some(EndEvent::Escalation { code }) => error_code(node, "escalation", code, found),
                _ => {}
            },
            Kind::Throw(Thrown::Escalation { code }) => error_code(node, "escalation", code, found),
            Kind::Catch(event) => caught(node, event, found),
            Kind::Boundary(boundary) => caught(node, &boundary.event, found),
            Kind::Start(Some(start)) => caught(node, &start.event, found),
            _ => {}
        }
    }
}

fn sent(node: &Node, throw: &Throw, found: &mut Findings) {
    match &throw.what {
        Sent::Message { name, .. } => event_name(node, "message", name, found),
        Sent::Signal { name } => event_name(node, "signal", name, found),
        Sent::Nothing => {}
    }
}

fn caught(node: &Node, event: &Event, found: &mut Findings) {
    match event {
        Event::Message(message) => event_name(node, "message", &message.name, found),
        Event::Signal { name, .. } => event_name(node, "signal", name, found),
        Event::Error { code: Some(code) } => error_code(node, "error", code, found),
        Event::Escalation { code: Some(code) } => error_code(node, "escalation", code, found),
        _ => {}
    }
}

fn variable(node: &Node, pointer: String, name: &str, found: &mut Findings) {
    let is_letter = |letter: char| letter.is_alphanumeric() || letter == '_';
    let is_name = name.chars().all(is_letter)
        && !name.starts_with(char::is_numeric)
        && !name.is_empty()
        && name.chars().count() <= LONGEST;
    if is_name && !WORDS.contains(&name) {
        return;
    }
    let mut diagnostic = about_node(
        "BAD_NAME",
        node,
        format!(
            "`{name}` cannot be a variable: letters, digits and '_', no digit first, at most {LONGEST}, and none of true, false, null, and, or, in."
        ),
        format!(
            "`{name}` 不能作为变量名：只能由字母、数字和 '_' 组成，不能以数字开头，最多 {LONGEST} 个字符，且不能是 true、false、null、and、or、in。"
        ),
    );
    diagnostic.pointer = pointer;
    found.push(diagnostic);
}

fn event_name(node: &Node, event: &str, name: &str, found: &mut Findings) {
    if NodeId::parse(name).is_ok() && name.chars().count() <= LONGEST {
        return;
    }
    let mut diagnostic = about_node(
        "BAD_NAME",
        node,
        format!("`{name}` is not made of letters, digits, '-', '_' and '.' only."),
        format!("`{name}` 只能由字母、数字、'-'、'_' 和 '.' 组成。"),
    );
    diagnostic.pointer = join(&join(&node.pointer, event), "name");
    found.push(diagnostic);
}

fn error_code(node: &Node, event: &str, code: &str, found: &mut Findings) {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter);
    let is_code = code.starts_with(|first: char| first.is_ascii_alphabetic())
        && code.chars().all(is_letter)
        && code.chars().count() <= LONGEST;
    let (en, zh) = if !is_code {
        (
            format!(
                "`{code}` is no code: a letter, then letters, digits, '_', '.' and '-', at most {LONGEST}."
            ),
            format!(
                "`{code}` 不是合法的代码：以字母开头，由字母、数字、'_'、'.' 和 '-' 组成，最多 {LONGEST} 个字符。"
            ),
        )
    } else if RESERVED.iter().any(|prefix| code.starts_with(prefix)) {
        (
            "Codes that begin with `States.` or `Lambda.` are those of the machine itself.".to_owned(),
            "以 `States.` 或 `Lambda.` 开头的代码为状态机保留。".to_owned(),
        )
    } else {
        return;
    };
    let mut diagnostic = about_node("BAD_CODE", node, en, zh);
    diagnostic.pointer = join(&join(&node.pointer, event), "code");
    found.push(diagnostic);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rules::testing::process;

    #[test]
    fn variables_have_names() {
        for (name, is_good) in [
            ("total", true),
            ("总额_2", true),
            ("2nd", false),
            ("a b", false),
            ("a.b", false),
            ("a-b", false),
            ("null", false),
            ("and", false),
            // A field of the form.
            ("amount", true),
        ] {
            let at = format!("BAD_NAME /nodes/2/script/{name} (a)");
            let expected: &[&str] = if is_good { &[] } else { &[&at] };
            process(
                json!({"id": "a", "type": "scriptTask", "script": {name: "1"}}),
                &["start > a > end"],
                expected,
            );
        }
    }

    #[test]
    fn every_way_to_set_a_variable_is_looked_at() {
        process(
            json!([
                {"id": "a", "type": "serviceTask", "lambda": "create-payment", "writes": ["ok", "a b"]},
                {"id": "b", "type": "receiveTask", "message": {"name": "m", "writes": ["a b"]},
                    "multiInstance": {"collection": "items", "element": "a b", "output": {"a b": "1"}}},
                {"id": "c", "type": "callActivity", "calledElement": "payout", "out": {"a b": "x"}, "status": "a b"},
            ]),
            &["start > a > b > c > end"],
            &[
                "BAD_NAME /nodes/2/writes/1 (a)",
                "BAD_NAME /nodes/3/message/writes/0 (b)",
                "BAD_NAME /nodes/3/multiInstance/output/a b (b)",
                "BAD_NAME /nodes/3/multiInstance/element (b)",
                "BAD_NAME /nodes/4/out/a b (c)",
                "BAD_NAME /nodes/4/status (c)",
            ],
        );
    }

    #[test]
    fn messages_signals_and_errors_have_names() {
        process(
            json!([
                {"id": "a", "type": "sendTask", "message": {"name": "a b"}},
                {"id": "b", "type": "intermediateCatchEvent", "signal": {"name": "a/b"}},
                {"id": "c", "type": "serviceTask", "lambda": "create-payment"},
                {"id": "d", "type": "boundaryEvent", "attachedTo": "c", "error": {"code": "States.ALL"}},
                {"id": "e", "type": "boundaryEvent", "attachedTo": "c", "error": {"code": "2much"}},
                {"id": "f", "type": "boundaryEvent", "attachedTo": "c", "error": {"code": "NoFunds"}},
            ]),
            &["start > a > b > c > end", "d > end", "e > end", "f > end"],
            &[
                "BAD_NAME /nodes/2/message/name (a)",
                "BAD_NAME /nodes/3/signal/name (b)",
                "BAD_CODE /nodes/5/error/code (d)",
                "BAD_CODE /nodes/6/error/code (e)",
            ],
        );
    }
}
