use serde_json::{Value, json};

use super::{Finding, analyse};
use crate::decision::tests::table;

fn form() -> Value {
    json!({
        "type": "object",
        "required": ["amount", "currency", "urgent", "count"],
        "properties": {
            "amount": {"type": "number", "minimum": 0},
            "count": {"type": "integer", "maximum": 10},
            "currency": {"enum": ["CNY", "EUR"]},
            "urgent": {"type": "boolean"},
            "note": {"type": "string"},
            "share": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        },
    })
}

/// The rules of a table written `cell | cell -> output`.
fn check(policy: &str, inputs: &[&str], rules: &[&str], expected: &[&str]) {
    let inputs: Vec<Value> = inputs.iter().map(|input| json!({"expression": input})).collect();
    let rule = |text: &&str| {
        let (when, then) = text.split_once("->").unwrap();
        let when: Vec<&str> = when.split('|').map(str::trim).collect();
        json!({"when": when, "then": [then.trim()]})
    };
    let rules: Vec<Value> = rules.iter().map(rule).collect();
    let written = json!({
        "hitPolicy": policy, "inputs": inputs, "outputs": [{"name": "y"}], "rules": rules,
    });
    let said: Vec<String> = analyse(&table(&written), Some(&form()))
        .into_iter()
        .map(|finding| match finding {
            Finding::Overlap {
                rules: (one, other),
                example,
            } => format!("{one} and {other}: {example}"),
            Finding::Gap { example } => format!("gap: {example}"),
            Finding::Never { rule, covered: true } => format!("{rule} is covered"),
            Finding::Never { rule, .. } => format!("{rule} never"),
        })
        .collect();
    assert_eq!(said, expected, "{written}");
}

#[test]
fn numbers() {
    check("UNIQUE", &["amount"], &["< 5 -> 1", ">= 5 -> 2"], &[]);
    check(
        "UNIQUE",
        &["amount"],
        &["<= 5 -> 1", ">= 5 -> 2"],
        &["0 and 1: amount = 5"],
    );
    check(
        "UNIQUE",
        &["amount"],
        &["< 5 -> 1", "> 5 -> 2"],
        &["gap: amount = 5"],
    );
    check(
        "UNIQUE",
        &["amount"],
        &["[0..5] -> 1", "(5..9] -> 2", "]9..20[ -> 3", ">= 20 -> 4"],
        &[],
    );
    check(
        "UNIQUE",
        &["amount"],
        &["[0..1] -> 1", ">= 2 -> 2"],
        &["gap: amount = 1.5"],
    );
    // Of a whole number there is none between.
    check(
        "UNIQUE",
        &["count"],
        &["< 2 -> 1", "[2..5] -> 2", "(5..6) -> 3", "[6..10] -> 4"],
        &["2 never"],
    );
    check(
        "UNIQUE",
        &["amount"],
        &["< 0 -> 1", "[0..9] -> 2", "> 9 -> 3"],
        &["0 never"],
    );
    check(
        "UNIQUE",
        &["amount"],
        &["- -> 1", "> 7 -> 2"],
        &["0 and 1: amount = 8"],
    );
    check("UNIQUE", &["share"], &["<= 0.5 -> 1", "> 0.5 -> 2"], &[]);
    check(
        "UNIQUE",
        &["share"],
        &["<= 0 -> 1", "(0..1] -> 2", "> 1 -> 3"],
        &["0 never", "2 never"],
    );
    check("UNIQUE", &["share"], &["[0.1..1] -> 1"], &["gap: share = 0.05"]);
}

#[test]
fn strings_and_truth() {
    check("UNIQUE", &["currency"], &["\"CNY\" -> 1", "\"EUR\" -> 2"], &[]);
    check(
        "UNIQUE",
        &["currency"],
        &["\"CNY\" -> 1"],
        &["gap: currency = \"EUR\""],
    );
    check(
        "UNIQUE",
        &["currency"],
        &["\"CNY\" -> 1", "not(\"CNY\", \"USD\") -> 2", "\"USD\" -> 3"],
        &["2 never"],
    );
    check(
        "UNIQUE",
        &["note"],
        &["\"a\" -> 1", "\"b\" -> 2"],
        &["gap: note = \"other\""],
    );
    check("UNIQUE", &["note"], &["\"a\" -> 1", "not(\"a\") -> 2"], &[]);
    check(
        "UNIQUE",
        &["note"],
        &["< \"b\" -> 1", "\"b\" -> 2"],
        &["gap: note = \"b \""],
    );
    check("UNIQUE", &["urgent"], &["true -> 1"], &["gap: urgent = false"]);
    check("UNIQUE", &["urgent"], &["true -> 1", "!= true -> 2"], &[]);
    check("UNIQUE", &["urgent"], &["> 1 -> 1", "- -> 2"], &["0 never"]);
}

#[test]
fn several_inputs() {
    check(
        "UNIQUE",
        &["amount", "currency"],
        &["> 5 | \"CNY\" -> 1", "> 5 | \"EUR\" -> 2", "<= 5 | - -> 3"],
        &[],
    );
    check(
        "UNIQUE",
        &["amount", "currency", "note"],
        &["> 5 | - | - -> 1", "- | \"EUR\" | - -> 2"],
        &[
            "gap: amount = 0, currency = \"CNY\"",
            "0 and 1: amount = 6, currency = \"EUR\"",
        ],
    );
    // These depend on each other, so what seems possible may not be.
    check(
        "UNIQUE",
        &["amount", "amount"],
        &["> 5 | - -> 1", "- | < 3 -> 2"],
        &[],
    );
    check(
        "UNIQUE",
        &["amount", "amount * 2"],
        &["> 5 | - -> 1", "- | < 3 -> 2"],
        &[],
    );
    check("UNIQUE", &["amount * 2"], &["> 5 -> 1", "<= 5 -> 2"], &[]);
}

#[test]
fn other_policies() {
    let rules = ["> 5 -> 1", "> 3 -> 2", "> 4 -> 2", "<= 3 -> x", "- -> x + 1"];
    check("FIRST", &["amount"], &rules, &["2 is covered", "4 is covered"]);
    check(
        "ANY",
        &["amount"],
        &rules,
        &["0 and 1: amount = 6", "0 and 2: amount = 6"],
    );
    check("RULE ORDER", &["amount"], &rules[..2], &[]);
    check("COLLECT", &["amount"], &["< 0 -> 1"], &["0 never"]);
    // What may be missing is what the last rule is for.
    check(
        "FIRST",
        &["note"],
        &["\"a\" -> 1", "not(\"a\", null) -> 2", "- -> 3"],
        &[],
    );
    check("PRIORITY", &["amount"], &["> 1 -> 2"], &["gap: amount = 0"]);
}

#[test]
fn what_is_too_large_or_cannot_be_read_is_not_tried_out() {
    let names: Vec<String> = (0..20).map(|n| format!("a{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let cells = vec!["1"; 20].join(" | ");
    check(
        "UNIQUE",
        &names,
        &[&format!("{cells} -> 1"), &format!("{cells} -> 2")],
        &[],
    );
    check("UNIQUE", &["amount"], &["<< -> 1", "- -> 2", "- -> 3"], &[]);
}
