use crate::rules::testing::check;
use crate::{compile, diagnose, is_no_definition, parse};
use domain::text::Language;
use proptest::prelude::*;
use serde_json::Value;

mod events;
mod language;

use crate::rules::testing::{catalog, sound};

#[test]
fn what_is_not_a_definition_is_told_apart() {
    for (text, code) in [
        ("", "NOT_JSON"),
        ("{", "NOT_JSON"),
        ("\u{feff}{}", "NOT_JSON"),
        ("{} {}", "NOT_JSON"),
        ("null", "NOT_A_DEFINITION"),
        ("[]", "NOT_A_DEFINITION"),
        ("\"key\"", "NOT_A_DEFINITION"),
        ("{}", "NOT_A_DEFINITION"),
        (r#"{"key": 7}"#, "NOT_A_DEFINITION"),
        (r#"{"key": null}"#, "NOT_A_DEFINITION"),
    ] {
        let found = diagnose(text, &catalog());
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert_eq!(found[0].code, code, "{text}");
        assert!(is_no_definition(&found));
    }
    let deep = format!("{}{}", "{\"key\":".repeat(5000), "}".repeat(5000));
    assert_eq!(diagnose(&deep, &catalog())[0].code, "NOT_JSON");
}

#[test]
fn an_unfinished_draft_is_a_definition() {
    let found = diagnose(r#"{"key": "draft"}"#, &catalog());
    assert!(!is_no_definition(&found));
    let said: Vec<String> = found
        .iter()
        .map(|one| format!("{} {}", one.code, one.message.get(Language::En)))
        .collect();
    assert_eq!(
        said,
        [
            "MISSING_ATTRIBUTE `form` is missing.",
            "MISSING_ATTRIBUTE `nodes` is missing.",
            "MISSING_ATTRIBUTE `flows` is missing.",
        ]
    );
}

#[test]
fn attributes_have_types() {
    check(&[("/name", "7")], &["WRONG_TYPE /name"]);
    check(&[("/name", r#"{"en": "x"}"#)], &["WRONG_TYPE /name"]);
    check(
        &[("/name", r#"{"en": "x", "zh": "y", "fr": "z"}"#)],
        &["WRONG_TYPE /name"],
    );
    check(&[("/form", "null")], &["WRONG_TYPE /form"]);
    check(&[("/nodes", "{}")], &["WRONG_TYPE /nodes"]);
    check(&[("/flows", "null")], &["WRONG_TYPE /flows"]);
    check(&[("/nodes/4", "7")], &["WRONG_TYPE /nodes/4"]);
    check(&[("/nodes/4/id", "7")], &["WRONG_TYPE /nodes/4/id"]);
    check(&[("/nodes/4/type", "[]")], &["WRONG_TYPE /nodes/4/type (end)"]);
    check(
        &[("/nodes/4", r#"{"id": "end"}"#)],
        &["MISSING_ATTRIBUTE /nodes/4 (end)"],
    );
    check(&[("/flows/0", "[]")], &["WRONG_TYPE /flows/0"]);
    check(&[("/flows/0/from", "1")], &["WRONG_TYPE /flows/0/from"]);
    check(
        &[("/flows/4/default", "\"yes\"")],
        &[
            "GATEWAY_WITHOUT_DEFAULT /nodes/2 (size)",
            "WRONG_TYPE /flows/4/default (size)",
        ],
    );
    check(
        &[("/flows/3/when", "5000")],
        &[
            "WRONG_TYPE /flows/3/when (size)",
            "MISSING_CONDITION /flows/3 (size)",
        ],
    );
}

#[test]
fn unknown_attributes_are_told_and_planned_ones_apart() {
    check(&[("/author", "\"me\"")], &["UNKNOWN_ATTRIBUTE /author"]);
    check(
        &[("/nodes/1/asign", "[]")],
        &["UNKNOWN_ATTRIBUTE /nodes/1/asign (ask)"],
    );
    check(
        &[("/nodes/0/form", "\"x\"")],
        &["UNKNOWN_ATTRIBUTE /nodes/0/form (start)"],
    );
    check(
        &[("/flows/0/a~1b", "1")],
        &["UNKNOWN_ATTRIBUTE /flows/0/a~01b (start)"],
    );
    check(
        &[("/nodes/1/due", r#"{"within": "PT1H", "in": 1}"#)],
        &["UNKNOWN_ATTRIBUTE /nodes/1/due/in (ask)"],
    );
    check(
        &[
            ("/nodes/1/cc", "[]"),
            ("/onCancel", "\"x\""),
            ("/variables", "{}"),
        ],
        &[
            "NOT_SUPPORTED_YET /onCancel",
            "NOT_SUPPORTED_YET /variables",
            "NOT_SUPPORTED_YET /nodes/1/cc (ask)",
        ],
    );
}

#[test]
fn tasks_are_read_word_by_word() {
    for (attribute, text, expected) in [
        ("assign", "[]", "BAD_VALUE /nodes/1/assign (ask)"),
        (
            "assign",
            r#"[{"starter": "boss"}]"#,
            "BAD_VALUE /nodes/1/assign/0 (ask)",
        ),
        (
            "assign",
            r#"[{"user": "u", "role": "r"}]"#,
            "BAD_VALUE /nodes/1/assign/0 (ask)",
        ),
        ("assign", "{}", "WRONG_TYPE /nodes/1/assign (ask)"),
        (
            "candidates",
            r#"[{"starter": "self"}]"#,
            "BAD_VALUE /nodes/1/candidates/0 (ask)",
        ),
        ("vote", "\"most\"", "BAD_VALUE /nodes/1/vote (ask)"),
        ("vote", r#"{"ratio": 0}"#, "BAD_VALUE /nodes/1/vote (ask)"),
        ("vote", r#"{"ratio": 1.5}"#, "BAD_VALUE /nodes/1/vote (ask)"),
        ("outcomes", "[]", "BAD_VALUE /nodes/1/outcomes (ask)"),
        (
            "outcomes",
            r#"["approve", ""]"#,
            "BAD_VALUE /nodes/1/outcomes/1 (ask)",
        ),
        (
            "fields",
            r#"{"note": "edit"}"#,
            "BAD_VALUE /nodes/1/fields/note (ask)",
        ),
        ("due", "\"PT1H\"", "WRONG_TYPE /nodes/1/due (ask)"),
        ("due", "{}", "MISSING_ATTRIBUTE /nodes/1/due (ask)"),
        (
            "due",
            r#"{"within": "PT1H", "calendar": "weekends"}"#,
            "BAD_VALUE /nodes/1/due/calendar (ask)",
        ),
        (
            "due",
            r#"{"within": "PT1H", "then": "escalte"}"#,
            "WRONG_TYPE /nodes/1/due/then (ask)",
        ),
        (
            "due",
            r#"{"within": "PT1H", "then": {"outcome": 1}}"#,
            "WRONG_TYPE /nodes/1/due/then (ask)",
        ),
        (
            "whenNoAssignee",
            "\"fail\"",
            "BAD_VALUE /nodes/1/whenNoAssignee (ask)",
        ),
        (
            "whenStarterIsAssignee",
            "true",
            "WRONG_TYPE /nodes/1/whenStarterIsAssignee (ask)",
        ),
    ] {
        check(&[(&format!("/nodes/1/{attribute}"), text)], &[expected]);
    }
    for (attribute, text, expected) in [
        ("retry", "3", "WRONG_TYPE /nodes/3/retry (pay)"),
        ("retry", "{}", "MISSING_ATTRIBUTE /nodes/3/retry (pay)"),
        (
            "retry",
            r#"{"attempts": 0}"#,
            "BAD_VALUE /nodes/3/retry/attempts (pay)",
        ),
        (
            "retry",
            r#"{"attempts": 2.5}"#,
            "WRONG_TYPE /nodes/3/retry/attempts (pay)",
        ),
        (
            "retry",
            r#"{"attempts": 2, "seconds": 999999}"#,
            "BAD_VALUE /nodes/3/retry/seconds (pay)",
        ),
    ] {
        check(&[(&format!("/nodes/3/{attribute}"), text)], &[expected]);
    }
    check(
        &[("/nodes/4/status", "\"done\"")],
        &["BAD_VALUE /nodes/4/status (end)"],
    );
    check(&[("/nodes/1/vote", r#"{"ratio": 0.5}"#)], &[]);
}

#[test]
fn a_slip_of_the_keyboard_gets_a_suggestion() {
    let text = sound().to_string().replace("create-payment", "create-paymnet");
    let found = diagnose(&text, &catalog());
    let suggestion = found[0].suggestion.as_ref().unwrap();
    assert_eq!(suggestion.get(Language::En), "Did you mean `create-payment`?");
    assert_eq!(suggestion.get(Language::Zh), "是不是 `create-payment`？");
}

#[test]
fn everything_is_told_at_once_in_the_order_of_the_text() {
    check(
        &[
            ("/key", "\"Big Key\""),
            ("/form", "\"clam\""),
            ("/nodes/1/vote", "7"),
            ("/nodes/3/lambda", "\"nothing\""),
            ("/flows/2/outcome", "\"no\""),
            ("/flows/3/when", "\"amount >\""),
            ("/extra", "1"),
        ],
        &[
            "UNKNOWN_ATTRIBUTE /extra",
            "BAD_ID /key",
            "UNKNOWN_FORM /form",
            "BAD_VALUE /nodes/1/vote (ask)",
            "UNKNOWN_FUNCTION /nodes/3/lambda (pay)",
            "UNKNOWN_OUTCOME /flows/2/outcome (ask)",
            "CONDITION_SYNTAX /flows/3/when (size)",
        ],
    );
}

#[test]
fn names_given_twice_are_refused() {
    let text = sound()
        .to_string()
        .replacen("\"key\":", "\"key\":\"x\",\"key\":", 1);
    let found = diagnose(&text, &catalog());
    assert_eq!((found.len(), found[0].code.as_str()), (1, "DUPLICATE_KEY"));
}

#[test]
fn diagnostics_have_an_end() {
    let text = format!(
        r#"{{"key": "k", "form": "claim", "flows": [], "nodes": [{}0]}}"#,
        "0,".repeat(5000)
    );
    let found = diagnose(&text, &catalog());
    assert_eq!(found.len(), 501);
    assert_eq!(found.last().unwrap().message.get(Language::En), "And 4501 more.");
}

/// Any JSON, made of the words of the language so that it gets past the first checks.
fn any_json() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "key",
        "name",
        "form",
        "nodes",
        "flows",
        "id",
        "type",
        "from",
        "to",
        "when",
        "default",
        "outcome",
        "startEvent",
        "endEvent",
        "userTask",
        "serviceTask",
        "exclusiveGateway",
        "parallelGateway",
        "subProcess",
        "boundaryEvent",
        "intermediateThrowEvent",
        "businessRuleTask",
        "timer",
        "message",
        "error",
        "decision",
        "rules",
        "inputs",
        "script",
        "multiInstance",
        "assign",
        "candidates",
        "vote",
        "ratio",
        "outcomes",
        "fields",
        "due",
        "within",
        "retry",
        "attempts",
        "lambda",
        "role",
        "amount > 5",
        "PT1H",
        "a",
        "claim",
        "",
        "approve",
        "en",
        "zh",
    ]);
    let leaf = prop_oneof![
        words.clone().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,5}".prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::vec((words.clone(), inner), 0..8).prop_map(|fields| fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gives_diagnostics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(compile(&String::from_utf8_lossy(&bytes), &catalog()).is_err());
    }

    #[test]
    fn any_json_gives_diagnostics(value in any_json()) {
        prop_assert!(compile(&value.to_string(), &catalog()).is_err());
        let _ = parse(&value.to_string());
    }

    #[test]
    fn any_json_in_the_place_of_a_part_gives_diagnostics(value in any_json(), place in 0_usize..200) {
        let mut definition = sound();
        let mut pointers = Vec::new();
        collect(&definition, String::new(), &mut pointers);
        let pointer = &pointers[place % pointers.len()];
        *definition.pointer_mut(pointer).unwrap() = value;
        let known = diagnose(&definition.to_string(), &catalog());
        prop_assert!(known.iter().all(|one| one.code != "NOT_COMPILED"), "{known:?}");
    }

    #[test]
    fn any_condition_gives_diagnostics(condition in "[a-z0-9$.()\\[\\]{}<>=!?:%*/&|~@#^\"'`, -]{0,40}") {
        let mut definition = sound();
        *definition.pointer_mut("/flows/3/when").unwrap() = Value::from(condition);
        let _ = diagnose(&definition.to_string(), &catalog());
    }
}

fn collect(value: &Value, at: String, pointers: &mut Vec<String>) {
    match value {
        Value::Array(list) => list
            .iter()
            .enumerate()
            .for_each(|(i, value)| collect(value, format!("{at}/{i}"), pointers)),
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, value)| collect(value, format!("{at}/{name}"), pointers)),
        _ => {}
    }
    pointers.push(at);
}
