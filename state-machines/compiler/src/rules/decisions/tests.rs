use domain::diagnostic::Severity;
use serde_json::{Value, json};

use crate::rules::testing::{catalog, process, sound};

/// What is said about a table in the sound workflow: `code pointer`, the pointer from the table on, `?` before warnings.
fn check(decision: Value, expected: &[&str]) {
    let mut definition = sound();
    definition["nodes"][3] = json!({"id": "pay", "type": "businessRuleTask", "decision": decision});
    let document = crate::parse(&definition.to_string()).unwrap();
    let catalog = catalog();
    let subject = crate::rules::Subject::new(&document, &catalog);
    let mut found = crate::rules::Findings::default();
    super::check(&subject, &mut found);
    let said: Vec<String> = found
        .diagnostics
        .iter()
        .map(|one| {
            assert_eq!(one.node.as_deref(), Some("pay"));
            let mark = if one.severity == Severity::Warning {
                "?"
            } else {
                ""
            };
            let at = one.pointer.strip_prefix("/nodes/3/decision").unwrap();
            format!("{mark}{} {at}", one.code)
        })
        .collect();
    assert_eq!(said, expected, "{decision} {found:?}");
}

fn table(policy: &str, rules: &[(&str, &str)]) -> Value {
    let rules: Vec<Value> = rules
        .iter()
        .map(|(when, then)| json!({"when": [when, "-"], "then": [then]}))
        .collect();
    json!({
        "hitPolicy": policy,
        "inputs": [{"expression": "amount"}, {"expression": "currency"}],
        "outputs": [{"name": "level", "default": "\"low\""}],
        "rules": rules,
    })
}

#[test]
fn sound_tables() {
    check(table("UNIQUE", &[("> 5", "\"high\""), ("<= 5", "note")]), &[]);
    check(table("RULE ORDER", &[("> 5", "1"), ("> 3", "\"a\"")]), &[]);
}

#[test]
fn cells() {
    check(
        table("UNIQUE", &[("> 5", "1"), ("", "1"), (">", "1")]),
        &[
            "DECISION_SYNTAX /rules/1/when/0",
            "DECISION_SYNTAX /rules/2/when/0",
        ],
    );
    let mut quotes = table("UNIQUE", &[("> 5", "1")]);
    quotes["rules"][0]["when"][1] = json!("CNY");
    check(quotes, &["DECISION_SYNTAX /rules/0/when/1"]);
}

#[test]
fn outputs() {
    let mut twice = table("UNIQUE", &[("> 5", "1")]);
    twice["outputs"] = json!([{"name": "a"}, {"name": "a"}]);
    twice["rules"][0]["then"] = json!(["1", "2"]);
    check(twice, &["DUPLICATE_OUTPUT /outputs/1/name"]);
    let mut values = table("UNIQUE", &[("> 5", "\"hihg\""), ("<= 5", "note")]);
    values["outputs"][0]["values"] = json!(["high", "medium"]);
    check(
        values.clone(),
        &[
            "DECISION_VALUES /rules/0/then/0",
            "DECISION_VALUES /outputs/0/default",
        ],
    );
    for policy in ["PRIORITY", "OUTPUT ORDER"] {
        check(table(policy, &[("> 5", "1")]), &["DECISION_VALUES /outputs"]);
        values["hitPolicy"] = json!(policy);
        values["outputs"][0]["values"] = json!(["hihg", "low"]);
        check(values.clone(), &["DECISION_VALUES /rules/1/then/0"]);
    }
}

#[test]
fn aggregations() {
    for (aggregation, expected) in [
        ("SUM", &["DECISION_AGGREGATION /rules/1/then/0"][..]),
        ("MIN", &["DECISION_AGGREGATION /rules/1/then/0"]),
        ("MAX", &["DECISION_AGGREGATION /rules/1/then/0"]),
        ("COUNT", &[]),
    ] {
        let mut collect = table("COLLECT", &[("> 5", "1"), ("> 6", "\"a\""), ("> 7", "amount")]);
        collect["aggregation"] = json!(aggregation);
        check(collect.clone(), expected);
        collect["outputs"] = json!([{"name": "a"}, {"name": "b"}]);
        collect["rules"] = json!([{"when": ["-", "-"], "then": ["1", "2"]}]);
        check(collect, &["DECISION_AGGREGATION /outputs"]);
    }
}

#[test]
fn the_table_as_a_whole() {
    check(
        table("UNIQUE", &[("> 5", "1"), ("> 7", "1")]),
        &["DECISION_OVERLAP /rules/1"],
    );
    check(
        table("ANY", &[("> 5", "1"), ("> 7", "2"), ("> 8", "1")]),
        &["DECISION_OVERLAP /rules/1"],
    );
    check(
        table("FIRST", &[("> 5", "1"), ("> 7", "2")]),
        &["?DECISION_RULE_NEVER_MATCHES /rules/1"],
    );
    check(
        table("FIRST", &[("\"5\"", "1"), ("-", "2")]),
        &["?DECISION_RULE_NEVER_MATCHES /rules/0"],
    );
    let mut gap = table("FIRST", &[("> 5", "1")]);
    gap["outputs"][0] = json!({"name": "level"});
    check(gap, &["?DECISION_GAP "]);
    check(table("FIRST", &[("> 5", "1")]), &[]);
}

#[test]
fn expressions() {
    let table = json!({
        "id": "level", "type": "businessRuleTask",
        "decision": {
            "hitPolicy": "FIRST",
            "inputs": [{"expression": "ammount"}, {"expression": "level"}],
            "outputs": [{"name": "level", "default": "amount >"}, {"name": "note"}],
            "rules": [{"when": ["1", "2"], "then": ["$now(", "amount"]}],
        },
    });
    process(
        json!([table]),
        &["start > level > end"],
        &[
            "UNKNOWN_FIELD /nodes/2/decision/inputs/0/expression (level)",
            "CONDITION_SYNTAX /nodes/2/decision/outputs/0/default (level)",
            "CONDITION_SYNTAX /nodes/2/decision/rules/0/then/0 (level)",
            "CONDITION_TYPE /nodes/2/decision/rules/0/then/1 (level)",
            "DECISION_GAP /nodes/2/decision (level)",
        ],
    );
}
