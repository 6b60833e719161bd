//! Hit policies and tests of decision tables.

use serde_json::{Value, json};

use super::map;
use crate::tests::game::table::decide;

/// A table with one input and one output, `level`; rules as `test: answer`.
fn table(policy: &str, rules: &[(&str, &str)]) -> Value {
    let rules = rules
        .iter()
        .map(|(when, then)| json!({"when": [when], "then": [then]}));
    let rules: Vec<Value> = rules.collect();
    json!({"hitPolicy": policy, "inputs": [{"expression": "amount"}],
        "outputs": [{"name": "level", "values": [3, 1, 2], "default": "0"}], "rules": rules})
}

fn level(table: &Value, amount: i64) -> Result<Value, String> {
    let set = decide(table, &map(json!({"amount": amount})))?;
    Ok(set
        .into_iter()
        .find(|(name, _)| name == "level")
        .map_or(Value::Null, |(_, value)| value))
}

#[test]
fn each_hit_policy_has_its_answer() {
    let rules = [("> 5", "1"), ("> 7", "2"), ("[8..9]", "3")];
    let of = |policy: &str, amount: i64| level(&table(policy, &rules), amount);
    assert_eq!(of("UNIQUE", 6), Ok(json!(1)));
    assert_eq!(of("UNIQUE", 8), Err("DECISION_NOT_UNIQUE".to_owned()));
    assert_eq!(of("ANY", 8), Err("DECISION_NOT_ANY".to_owned()));
    assert_eq!(of("FIRST", 8), Ok(json!(1)));
    assert_eq!(of("PRIORITY", 8), Ok(json!(3)));
    assert_eq!(of("RULE ORDER", 8), Ok(json!([1, 2, 3])));
    assert_eq!(of("OUTPUT ORDER", 8), Ok(json!([3, 1, 2])));
    assert_eq!(of("COLLECT", 10), Ok(json!([1, 2])));
    for (policy, none) in [("UNIQUE", json!(0)), ("FIRST", json!(0)), ("COLLECT", json!([]))] {
        assert_eq!(of(policy, 1), Ok(none), "{policy}");
    }
}

#[test]
fn aggregations_make_one_value() {
    let of = |aggregation: &str, amount: i64| {
        let mut table = table("COLLECT", &[("> 5", "1"), ("> 7", "2.5"), ("> 8", "4")]);
        table["aggregation"] = aggregation.into();
        level(&table, amount)
    };
    assert_eq!(of("SUM", 9), Ok(json!(7.5)));
    assert_eq!(of("MIN", 9), Ok(json!(1)));
    assert_eq!(of("MAX", 8), Ok(json!(2.5)));
    assert_eq!(of("COUNT", 9), Ok(json!(3)));
    assert_eq!(of("SUM", 0), Ok(json!(0)));
    assert_eq!(of("MAX", 0), Ok(Value::Null));
}

#[test]
fn tests_are_those_of_dmn() {
    let fits = |test: &str, amount: i64| level(&table("FIRST", &[(test, "1")]), amount) == Ok(json!(1));
    for (test, yes, no) in [
        ("-", vec![1, 2], vec![]),
        ("3", vec![3], vec![4]),
        ("3, 5", vec![3, 5], vec![4]),
        ("<= 3", vec![3], vec![4]),
        ("[3..5)", vec![3, 4], vec![2, 5]),
        ("]3..5]", vec![4, 5], vec![3, 6]),
        ("not(3, > 8)", vec![4], vec![3, 9]),
        ("amount", vec![7], vec![]),
    ] {
        assert!(yes.iter().all(|amount| fits(test, *amount)), "{test}");
        assert!(!no.iter().any(|amount| fits(test, *amount)), "{test}");
    }
    let texts = table("FIRST", &[("\"a, b\"", "1"), ("not(\"c\")", "2")]);
    let of = |note: Value| {
        decide(&texts, &map(json!({"amount": note}))).unwrap()[0]
            .1
            .clone()
    };
    assert_eq!(of(json!("a, b")), 1);
    assert_eq!(of(json!("b")), 2);
    assert_eq!(of(json!("c")), 0);
    assert_eq!(decide(&texts, &map(json!({}))).unwrap()[0].1, 2);
}
