//! Each rule has its page in `rules.md` and a fixture that breaks it, and nothing makes the validator panic.

use std::path::{Path, PathBuf};

use asl::types::StateMachine;
use asl::validate::{self, MachineType};
use asl::{Machine, Severity};
use proptest::prelude::*;
use serde_json::{Value, json};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules")
}

fn codes(text: &str, kind: MachineType) -> Vec<String> {
    validate::text(text, kind)
        .into_iter()
        .map(|diagnostic| diagnostic.code)
        .collect()
}

#[test]
fn every_rule_has_a_fixture_that_breaks_it() {
    for code in validate::codes() {
        if code == "DEFINITION_SIZE" {
            let long = format!("{{\"Comment\":\"{}\"}}", "x".repeat(validate::MAX_DEFINITION));
            assert_eq!(codes(&long, MachineType::Standard), [code]);
            continue;
        }
        let text = std::fs::read_to_string(folder().join(format!("{code}.json")))
            .unwrap_or_else(|error| panic!("{code}: {error}"));
        let kind = if code == "EXPRESS_INTEGRATION" {
            MachineType::Express
        } else {
            MachineType::Standard
        };
        let found = codes(&text, kind);
        assert!(
            found.iter().any(|found| found == code),
            "{code} is not among {found:?}"
        );
    }
}

/// A fixture breaks its rule and as few others as may be.
#[test]
fn what_fixtures_report() {
    let mut lines = Vec::new();
    for code in validate::codes().filter(|code| *code != "DEFINITION_SIZE") {
        let text = std::fs::read_to_string(folder().join(format!("{code}.json"))).unwrap();
        let kind = if code == "EXPRESS_INTEGRATION" {
            MachineType::Express
        } else {
            MachineType::Standard
        };
        for diagnostic in validate::text(&text, kind) {
            lines.push(format!("{code}: {diagnostic}"));
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn the_page_of_rules_lists_every_rule_once() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("rules.md")).unwrap();
    let listed: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    let known: Vec<&str> = validate::codes().collect();
    assert_eq!(listed, known);
}

#[test]
fn deep_and_odd_texts_are_diagnosed() {
    let deep = "[".repeat(100_000);
    let expression = format!("{{% {}1{} %}}", "(".repeat(5_000), ")".repeat(5_000));
    let machine = json!({"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"Type": "Pass", "Output": expression, "End": true}}});
    for text in [deep, machine.to_string(), "\u{0}".into(), String::new()] {
        let found = validate::text(&text, MachineType::Standard);
        assert!(
            found
                .iter()
                .any(|diagnostic| diagnostic.severity == Severity::Error)
        );
    }
}

/// Values that look like parts of definitions.
fn part() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "StartAt",
        "States",
        "Type",
        "Next",
        "End",
        "Choices",
        "Branches",
        "ItemProcessor",
        "Retry",
        "Catch",
        "ErrorEquals",
        "Parameters",
        "Output",
        "Assign",
        "Condition",
        "Variable",
        "And",
        "Not",
        "NumericEquals",
        "QueryLanguage",
        "Resource",
        "ResultPath",
        "Seconds",
        "Timestamp",
        "Items",
        "A",
        "B",
        "x.$",
    ]);
    let texts = prop::sample::select(vec![
        "Pass",
        "Task",
        "Choice",
        "Wait",
        "Map",
        "Parallel",
        "Fail",
        "Succeed",
        "A",
        "B",
        "$",
        "$.a[0]",
        "$.a[?(@.b",
        "$$",
        "JSONata",
        "{% $states.input.x %}",
        "{% ( %}",
        "States.Format('{}', $.a)",
        "States.ALL",
        "",
        "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "2020-01-01T00:00:00Z",
        "é\u{1F600}",
    ]);
    let leaf = prop_oneof![
        texts.prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..6).prop_map(|fields| Value::Object(
                fields
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect()
            )),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_diagnosed(text in ".{0,300}") {
        validate::text(&text, MachineType::Standard);
    }

    #[test]
    fn any_json_is_diagnosed_and_what_is_accepted_can_run(state in part(), other in part()) {
        let definition = json!({"StartAt": "A", "States": {"A": state, "B": other}});
        let errors = validate::value(&definition, MachineType::Standard)
            .into_iter()
            .filter(|diagnostic| diagnostic.severity == Severity::Error)
            .count();
        if let Ok(machine) = StateMachine::parse(&definition.to_string()) {
            let resolved = Machine::new(&machine);
            prop_assert!(errors > 0 || resolved.is_ok(), "{resolved:?} {definition}");
        } else {
            prop_assert!(errors > 0, "{definition}");
        }
    }

    #[test]
    fn any_path_and_expression_is_read_or_refused(text in "[$@.a-z0-9\\[\\]()*?'\"<>=&|!{}:~%^#/ -]{0,40}") {
        let _ = asl::path::Path::parse(&text);
        let definition = json!({
            "QueryLanguage": "JSONata", "StartAt": "A",
            "States": {"A": {"Type": "Pass", "Output": format!("{{% {text} %}}"), "End": true}},
        });
        validate::value(&definition, MachineType::Standard);
    }
}
