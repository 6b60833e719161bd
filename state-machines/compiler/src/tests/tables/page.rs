//! The examples of `docs/decision-tables.md` are what the page says they are.

use serde_json::{Value, json};

use crate::decision::tests::{run, table};
use crate::tests::predefined::{catalog, home};
use crate::validate::check;

#[test]
fn the_examples_of_the_page_give_their_codes_and_results() {
    let page = std::fs::read_to_string(home().join("../docs/decision-tables.md")).unwrap();
    let mut last = Value::Null;
    let mut results = 0;
    for block in page.split("\n```json").skip(1) {
        let (info, rest) = block.split_once('\n').unwrap();
        let (text, _) = rest.split_once("\n```").unwrap();
        let value: Value = serde_json::from_str(text).unwrap();
        if info.trim() == "results" {
            check_results(&last, &value);
            results += 1;
        } else {
            let expected: Vec<&str> = info.split_whitespace().collect();
            assert_eq!(codes(&value), expected, "{text}");
            last = value;
        }
    }
    assert!(results >= 3);
}

fn codes(decision: &Value) -> Vec<String> {
    let definition = json!({
        "key": "decides", "form": "expense-claim",
        "nodes": [
            {"id": "start", "type": "startEvent"},
            {"id": "decide", "type": "businessRuleTask", "decision": decision},
            {"id": "end", "type": "endEvent"},
        ],
        "flows": [{"from": "start", "to": "decide"}, {"from": "decide", "to": "end"}],
    });
    let document = crate::parse(&definition.to_string()).unwrap();
    let found = check(&document, &catalog()).findings.diagnostics;
    found.into_iter().map(|one| one.code).collect()
}

fn check_results(decision: &Value, results: &Value) {
    let table = table(decision);
    for pair in results.as_array().unwrap() {
        assert_eq!(run(&table, &pair[0]), Ok(pair[1].clone()), "{decision}");
    }
}
