//! The types hold every definition that can be found, and give it back.

mod common;

use asl::types::{Catcher, Choice, ChoiceRule, Fail, QueryLanguage, Retrier, StateMachine, Succeed, Task};
use serde_json::{Value, json};

/// What comes out is what went in; `"End": false` says nothing and is left out.
fn without_idle_fields(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(name, value)| !(name == "End" && value == &json!(false)))
            .filter(|(name, value)| !((name == "Retry" || name == "Catch") && value == &json!([])))
            .map(|(name, value)| (name, without_idle_fields(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_idle_fields).collect(),
        other => other,
    }
}

#[test]
fn every_definition_of_the_corpora_survives_a_round_trip() {
    let Some(corpora) = common::corpora() else { return };
    let mut definitions = Vec::new();
    for (name, case) in common::json_files(&corpora.join("asl-histories/histories")) {
        definitions.push((name, case["definition"].clone()));
    }
    for (name, case) in common::json_files(&corpora.join("asl-definitions/workflows")) {
        definitions.push((name, case));
    }
    assert!(!definitions.is_empty());
    for (name, definition) in definitions {
        let text = definition.to_string();
        let machine = StateMachine::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let written: Value = serde_json::from_str(&machine.to_text()).unwrap();
        assert_eq!(written, without_idle_fields(definition), "{name}");
    }
}

#[test]
fn a_machine_is_pleasant_to_write() {
    let machine = StateMachine::new("Ask")
        .query_language(QueryLanguage::JSONata)
        .state(
            "Ask",
            Task {
                arguments: Some(json!({"FunctionName": "open_task", "Payload": {"token": "{% $states.context.Task.Token %}"}})),
                timeout_seconds: Some(3600.into()),
                retry: vec![Retrier { max_attempts: Some(2), ..Retrier::new(["Lambda.TooManyRequestsException"]) }],
                catch: vec![Catcher::new(["States.Timeout"], "Late")],
                next: Some("Decide".into()),
                ..Task::new("arn:aws:states:::lambda:invoke.waitForTaskToken")
            },
        )
        .state(
            "Decide",
            Choice {
                choices: vec![ChoiceRule::when("{% ($states.input.ok) = true %}", "Done")],
                default: Some("Late".into()),
                ..Choice::default()
            },
        )
        .state("Done", Succeed::default())
        .state("Late", Fail { error: Some("Late".into()), ..Fail::default() });
    insta::assert_snapshot!(machine.to_pretty_text());
    assert_eq!(StateMachine::parse(&machine.to_text()).unwrap(), machine);
}

#[test]
fn null_differs_from_absence_and_unknown_fields_stay() {
    let text = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","InputPath":null,"Result":null,"End":true,"Colour":"red"}},"X":[1]}"#;
    assert_eq!(StateMachine::parse(text).unwrap().to_text(), text);
}

#[test]
fn choice_rules_of_every_form_are_read() {
    let text = r#"{"StartAt":"A","States":{"A":{"Type":"Choice","Choices":[{"Comment":"c","Next":"B","And":[{"Variable":"$.a","IsPresent":true,"Comment":"d"},{"Not":{"Or":[{"Variable":"$.a","NumericLessThanPath":"$.b"}]},"Odd":1}]}]},"B":{"Type":"Succeed"}}}"#;
    assert_eq!(StateMachine::parse(text).unwrap().to_text(), text);
}
