//! Hit policies.

use serde_json::{Value, json};

use super::{one, run, table};

fn gives(decision: &Value, data: Value, expected: Value) {
    assert_eq!(run(&table(decision), &data), Ok(expected), "{decision} {data}");
}

fn fails(decision: &Value, data: Value, code: &str) {
    let error = run(&table(decision), &data).unwrap_err();
    assert!(error.contains(code), "{error}");
}

#[test]
fn single_hits() {
    let rules = [
        ("> 5", "\"big\""),
        ("> 8", "\"huge\""),
        ("< 0", "-x"),
        ("null", "x"),
    ];
    let first = one("FIRST", &rules);
    gives(&first, json!({"x": 9}), json!({"y": "big"}));
    gives(&first, json!({"x": -2}), json!({"y": 2}));
    gives(&first, json!({"x": 3}), json!({}));
    // The rule matches, and what it gives has no value.
    gives(&first, json!({}), json!({}));
    gives(&first, json!({"x": null}), json!({"y": null}));
    let unique = one("UNIQUE", &rules);
    gives(&unique, json!({"x": 6}), json!({"y": "big"}));
    fails(
        &unique,
        json!({"x": 9}),
        "DECISION_NOT_UNIQUE: these rules match: [1,2]",
    );
    let any = one("ANY", &rules);
    gives(&any, json!({"x": 6}), json!({"y": "big"}));
    fails(&any, json!({"x": 9}), "DECISION_NOT_ANY");
    let same = one("ANY", &[("> 5", "[1, {\"a\": x}]"), ("> 8", "[1, {\"a\": 9}]")]);
    gives(&same, json!({"x": 9}), json!({"y": [1, {"a": 9}]}));
    let mut priority = one("PRIORITY", &rules[..2]);
    gives(&priority, json!({"x": 9}), json!({"y": "big"}));
    priority["outputs"][0]["values"] = json!(["huge", "big"]);
    gives(&priority, json!({"x": 9}), json!({"y": "huge"}));
}

#[test]
fn defaults_are_for_no_match_at_all() {
    for policy in ["UNIQUE", "FIRST", "ANY", "PRIORITY"] {
        let mut table = one(policy, &[("> 5", "x"), ("null", "nothing")]);
        table["outputs"][0]["default"] = json!("x & \"!\"");
        gives(&table, json!({"x": 1}), json!({"y": "1!"}));
        gives(&table, json!({"x": 6}), json!({"y": 6}));
        gives(&table, json!({}), json!({}));
    }
}

#[test]
fn an_output_that_does_not_count_is_not_evaluated() {
    let table = one("FIRST", &[("null", "0"), ("-", "x + 1")]);
    gives(&table, json!({"x": null}), json!({"y": 0}));
}

#[test]
fn multiple_hits() {
    let rules = [
        ("> 5", "\"a\""),
        ("> 8", "x"),
        ("\"l\"", "list"),
        ("> 7", "\"a\""),
    ];
    for policy in ["RULE ORDER", "COLLECT"] {
        let table = one(policy, &rules);
        gives(&table, json!({"x": 9}), json!({"y": ["a", 9, "a"]}));
        gives(&table, json!({"x": 6}), json!({"y": ["a"]}));
        gives(&table, json!({"x": 1}), json!({"y": []}));
        gives(&table, json!({"x": "l", "list": [1]}), json!({"y": [[1]]}));
        gives(&table, json!({"x": "l", "list": []}), json!({"y": [[]]}));
        gives(
            &table,
            json!({"x": "l", "list": [[1, 2]]}),
            json!({"y": [[[1, 2]]]}),
        );
        gives(&table, json!({"x": "l", "list": null}), json!({"y": [null]}));
        gives(&table, json!({"x": "l"}), json!({"y": []}));
    }
    let mut order = one(
        "OUTPUT ORDER",
        &[("> 5", "\"a\""), ("> 6", "\"b\""), ("> 7", "\"a\"")],
    );
    order["outputs"][0]["values"] = json!(["b", "a"]);
    gives(&order, json!({"x": 8}), json!({"y": ["b", "a", "a"]}));
    gives(&order, json!({"x": 6}), json!({"y": ["a"]}));
}

#[test]
fn aggregations() {
    let rules = [("> 5", "2"), ("> 8", "x * 2"), ("> 6", "2"), ("> 7", "missing")];
    for (aggregation, nine, six, none) in [
        ("SUM", json!({"y": 22}), json!({"y": 2}), json!({"y": 0})),
        ("MIN", json!({"y": 2}), json!({"y": 2}), json!({})),
        ("MAX", json!({"y": 18}), json!({"y": 2}), json!({})),
        ("COUNT", json!({"y": 4}), json!({"y": 1}), json!({"y": 0})),
    ] {
        let mut table = one("COLLECT", &rules);
        table["aggregation"] = json!(aggregation);
        gives(&table, json!({"x": 9}), nine);
        gives(&table, json!({"x": 6}), six);
        gives(&table, json!({"x": 1}), none);
    }
}

#[test]
fn several_inputs_and_outputs() {
    let table = json!({
        "inputs": [{"expression": "amount * ($rate := 2; $rate)"}, {"expression": "person.country"}],
        "outputs": [{"name": "level"}, {"name": "who \"decides\"", "default": "\"nobody\""}],
        "rules": [
            {"when": ["> 10", "\"CN\", \"DE\""], "then": ["\"high\"", "person.name"]},
            {"when": ["<= 10", "-"], "then": ["\"low\"", "/* not yet */ null"]},
        ],
    });
    let person = json!({"country": "DE", "name": "Eva"});
    gives(
        &table,
        json!({"amount": 6, "person": person}),
        json!({"level": "high", "who \"decides\"": "Eva"}),
    );
    gives(
        &table,
        json!({"amount": 5, "person": person}),
        json!({"level": "low", "who \"decides\"": null}),
    );
    gives(&table, json!({"amount": 6}), json!({"who \"decides\"": "nobody"}));
    gives(&table, json!({}), json!({"who \"decides\"": "nobody"}));
}

#[test]
fn a_table_may_be_long() {
    let cells: Vec<(String, String)> = (0..500).map(|n| (n.to_string(), format!("x + {n}"))).collect();
    let rules: Vec<(&str, &str)> = cells
        .iter()
        .map(|(when, then)| (when.as_str(), then.as_str()))
        .collect();
    for policy in ["FIRST", "UNIQUE", "ANY"] {
        gives(&one(policy, &rules), json!({"x": 499}), json!({"y": 998}));
    }
    gives(&one("COLLECT", &rules), json!({"x": 499}), json!({"y": [998]}));
}
