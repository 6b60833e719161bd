//! Random tables on random data: the compiled expression gives what the token game gives.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Map, Value, json};

use crate::decision::analysis::{Finding, analyse};
use crate::decision::tests::{run, table};
use crate::decision::unary::{self, Cell};
use crate::tests::game::decide;

const CELLS: [&str; 28] = [
    "-",
    "3",
    "-1",
    "\"a\"",
    "\"a, b\"",
    "true",
    "false",
    "null",
    "< 3",
    "<= 3",
    "> 3",
    ">= 2.5",
    "= 3",
    "!= 3",
    "!= \"a\"",
    "!= null",
    "[1..5]",
    "]1..5[",
    "(3..4]",
    "[\"a\"..\"b\"[",
    "> \"a\"",
    "1, 2, 3",
    "\"a\", > 4, null",
    "not(3)",
    "not(< 3, \"a\")",
    "not(null)",
    "not([2..4], true)",
    "date(\"2026-01-01\")",
];

const LITERALS: [&str; 6] = ["1", "2", "-3", "\"x\"", "true", "null"];
const THEN: [&str; 12] = [
    "1",
    "2",
    "-3",
    "\"x\"",
    "true",
    "null",
    "x",
    "y",
    "missing",
    "[x, 1]",
    "{\"a\": x}",
    "list",
];
const NUMBERS: [&str; 4] = ["1", "2.5", "-3", "missing"];

fn value() -> impl Strategy<Value = Option<Value>> {
    let values = [
        json!(3),
        json!(2),
        json!(4.5),
        json!(-1),
        json!("a"),
        json!("a, b"),
        json!("2026-01-01"),
        json!("3"),
        json!(true),
        json!(false),
        json!(null),
        json!([3]),
        json!([]),
        json!({"a": 1}),
    ];
    proptest::option::weighted(0.9, select(values.to_vec()))
}

fn data() -> impl Strategy<Value = Map<String, Value>> {
    let list = select(vec![json!([]), json!([1]), json!([[1, 2]]), json!("one")]);
    (value(), value(), list).prop_map(|(x, y, list)| {
        let named = [("x", x), ("y", y), ("list", Some(list))];
        let present = named
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)));
        present.collect()
    })
}

fn policy() -> impl Strategy<Value = (&'static str, Option<&'static str>)> {
    select(vec![
        ("UNIQUE", None),
        ("ANY", None),
        ("FIRST", None),
        ("PRIORITY", None),
        ("RULE ORDER", None),
        ("OUTPUT ORDER", None),
        ("COLLECT", None),
        ("COLLECT", Some("SUM")),
        ("COLLECT", Some("MIN")),
        ("COLLECT", Some("MAX")),
        ("COLLECT", Some("COUNT")),
    ])
}

/// Of the columns that a policy allows, with the outputs that it allows.
fn decision() -> impl Strategy<Value = Value> {
    (policy(), 1..4_usize, 1..3_usize, any::<bool>()).prop_flat_map(
        |((policy, aggregation), inputs, outputs, default)| {
            let ranks = matches!(policy, "PRIORITY" | "OUTPUT ORDER");
            let outputs = if aggregation.is_some() { 1 } else { outputs };
            let then = match aggregation {
                Some("SUM" | "MIN" | "MAX") => NUMBERS.to_vec(),
                // What is known to be null is one of no list of values.
                _ if ranks => LITERALS[..5].to_vec(),
                _ => THEN.to_vec(),
            };
            let rule = (
                proptest::collection::vec(select(CELLS.to_vec()), inputs),
                proptest::collection::vec(select(then), outputs),
            );
            proptest::collection::vec(rule, 1..6).prop_map(move |rules| {
                let columns: Vec<Value> = ["x", "y", "$count(list)"][..inputs]
                    .iter()
                    .map(|one| json!({"expression": one}))
                    .collect();
                let output = |no: usize| {
                    let mut output = json!({"name": format!("out{no}")});
                    if ranks {
                        output["values"] = json!(["x", -3, true, 2, 1]);
                    }
                    if default {
                        output["default"] = json!("2");
                    }
                    output
                };
                let rules: Vec<Value> = rules
                    .iter()
                    .map(|(when, then)| json!({"when": when, "then": then}))
                    .collect();
                let mut table = json!({
                    "hitPolicy": policy, "inputs": columns,
                    "outputs": (0..outputs).map(output).collect::<Vec<_>>(), "rules": rules,
                });
                if let Some(aggregation) = aggregation {
                    table["aggregation"] = json!(aggregation);
                }
                table
            })
        },
    )
}

/// What is set; an error is its code.
fn compiled(decision: &Value, data: &Map<String, Value>) -> Result<Value, String> {
    run(&table(decision), &Value::Object(data.clone())).map_err(|error| code(&error))
}

fn code(error: &str) -> String {
    ["DECISION_NOT_UNIQUE", "DECISION_NOT_ANY"]
        .into_iter()
        .find(|code| error.contains(code))
        .unwrap_or(error)
        .to_owned()
}

fn floats(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.into_iter().map(floats).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (name, floats(value)))
            .collect(),
        other => other,
    }
}

fn check<T: std::fmt::Debug>(
    strategy: impl Strategy<Value = T>,
    test: impl Fn(T) -> Result<(), TestCaseError>,
) {
    let mut runner = TestRunner::new(Config {
        cases: 2000,
        failure_persistence: None,
        ..Config::default()
    });
    if let Err(error) = runner.run(&strategy, test) {
        panic!("{error}");
    }
}

#[test]
fn compiled_tables_mean_what_the_game_says() {
    check((decision(), data()), |(decision, data)| {
        let expected = decide(&decision, &data);
        let expected = expected.map(|set| floats(set.into_iter().collect::<Map<_, _>>().into()));
        let given = compiled(&decision, &data).map(floats);
        prop_assert_eq!(given, expected);
        Ok(())
    });
}

/// The cells of each column, where `x` and `y` are all that is asked.
fn columns() -> impl Strategy<Value = Vec<Vec<&'static str>>> {
    (1..6_usize).prop_flat_map(|rules| {
        let column = proptest::collection::vec(select(CELLS.to_vec()), rules);
        proptest::collection::vec(column, 2)
    })
}

/// Whether the column asks about values of this type; one that asks nothing takes them all.
fn is_asked(cells: &[Cell], value: Option<&Value>) -> bool {
    let text = format!("{cells:?}");
    let kind = match value {
        None | Some(Value::Null) => "Null",
        Some(Value::Bool(_)) => "Bool(",
        Some(Value::Number(_)) => "Number(",
        Some(Value::String(_)) => "Text(",
        Some(_) => "a list",
    };
    text.contains(kind) || cells.iter().all(|cell| *cell == Cell::Anything)
}

#[test]
fn what_is_not_found_does_not_happen() {
    check((columns(), data()), |(columns, data)| {
        let rule = |no: usize| json!({"when": [columns[0][no], columns[1][no]], "then": ["1"]});
        let rules: Vec<Value> = (0..columns[0].len()).map(rule).collect();
        let written = json!({
            "inputs": [{"expression": "x"}, {"expression": "y"}], "outputs": [{"name": "z"}], "rules": rules,
        });
        let found = analyse(&table(&written), None);
        let read = |cells: &Vec<&str>| cells.iter().map(|cell| unary::read(cell).unwrap()).collect();
        let cells: Vec<Vec<Cell>> = columns.iter().map(read).collect();
        let values = [data.get("x"), data.get("y")];
        let holds = |no: &usize| {
            cells
                .iter()
                .zip(values)
                .all(|(column, value)| column[*no].holds(value))
        };
        let matching: Vec<usize> = (0..columns[0].len()).filter(holds).collect();
        for rule in &matching {
            let never = |one: &Finding| matches!(one, Finding::Never { rule: no, .. } if no == rule);
            prop_assert!(!found.iter().any(never), "{written} {data:?} {found:?}");
        }
        if cells
            .iter()
            .zip(values)
            .all(|(column, value)| is_asked(column, value))
        {
            let gap = found.iter().any(|one| matches!(one, Finding::Gap { .. }));
            prop_assert!(gap || !matching.is_empty(), "{written} {data:?} {found:?}");
            let overlap = |rule: &usize| {
                found
                    .iter()
                    .any(|one| matches!(one, Finding::Overlap { rules: (_, no), .. } if no == rule))
            };
            prop_assert!(
                matching.iter().skip(1).all(overlap),
                "{written} {data:?} {found:?}"
            );
        }
        Ok(())
    });
}
