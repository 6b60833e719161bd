//! Cells: what they take, and what is said about what is none.

use serde_json::{Value, json};

use super::super::unary::read;
use super::{one, run, table};

/// For each cell the values for which it holds, and those for which it does not. `""` at the top stands for a field
/// that is not there.
#[test]
fn what_holds() {
    let absent = || Value::Null;
    let cells: [(&str, Value, Value); 24] = [
        ("-", json!([1, "a", null, [1], {}]), json!([])),
        ("5", json!([5, 5.0]), json!(["5", null, true, [5], 4])),
        ("-5", json!([-5]), json!([5])),
        ("1.5e2, .5", json!([150, 0.5]), json!([1.5])),
        ("\"a\"", json!(["a"]), json!(["A", 1, null, ["a"]])),
        (
            "\"a, \\\"b\\\"\", \"\\u00e9\"",
            json!(["a, \"b\"", "é"]),
            json!(["a"]),
        ),
        ("true", json!([true]), json!([false, 1, "true", null])),
        ("false", json!([false]), json!([true, 0, "", null])),
        ("null", json!([null]), json!([0, "", false, [], {}])),
        ("< 5", json!([4, -1]), json!([5, "4", null, [1], {"a": 1}, true])),
        ("<= 5", json!([5]), json!([5.1])),
        ("> 5", json!([6]), json!([5, "6"])),
        (">=5", json!([5]), json!([4])),
        ("= \"x\"", json!(["x"]), json!(["y", null, 1])),
        ("!= \"x\"", json!(["y", ""]), json!(["x", null, 1])),
        ("!= null", json!([1, "", false, []]), json!([null])),
        ("!= true", json!([false]), json!([true, null, "x"])),
        ("[1..5]", json!([1, 5]), json!([0, 6, "3", null])),
        ("]1..5[", json!([2]), json!([1, 5])),
        ("(1..5)", json!([2]), json!([1, 5])),
        ("[\"a\"..\"c\"[", json!(["a", "bzz"]), json!(["c", 1, null])),
        (
            "[date(\"2026-01-01\")..date(\"2026-12-31\")]",
            json!(["2026-01-01", "2026-06-30"]),
            json!(["2027-01-01", 2026, null]),
        ),
        ("1, > 10, \"a\", null", json!([1, 11, "a", null]), json!([2, "b"])),
        (
            "not( 3, \"a\", [5..7], null )",
            json!([4, "b", true, []]),
            json!([3, "a", 6, null]),
        ),
    ];
    for (cell, yes, no) in cells {
        let tables = table(&one("FIRST", &[(cell, "true"), ("-", "false")]));
        let read = read(cell).unwrap();
        let check = |value: &Value, expected: bool| {
            let mut data = vec![json!({"x": value})];
            if *value == absent() {
                data.push(json!({}));
            }
            for data in data {
                assert_eq!(read.holds(data.get("x")), expected, "{cell} {data}");
                let said = run(&tables, &data).unwrap();
                assert_eq!(said, json!({"y": expected}), "{cell} {data}");
            }
        };
        yes.as_array()
            .unwrap()
            .iter()
            .for_each(|value| check(value, true));
        no.as_array()
            .unwrap()
            .iter()
            .for_each(|value| check(value, false));
    }
}

#[test]
fn what_orders_does_not_hold_for_another_type_and_so_its_not_does() {
    let table = table(&one("FIRST", &[("not(< 5)", "1")]));
    for data in [json!({}), json!({"x": null}), json!({"x": "a"}), json!({"x": 5})] {
        assert_eq!(run(&table, &data), Ok(json!({"y": 1})), "{data}");
    }
}

#[test]
fn what_is_no_cell_is_told_with_its_place() {
    let cells = [
        ("", 1, Some("-")),
        ("  ", 3, Some("-")),
        ("high", 1, Some("\"high\"")),
        ("\"a\", high ", 6, Some("\"high\"")),
        ("急, \"b\"", 1, Some("\"急\"")),
        ("\"急\" x", 5, None),
        ("5 6", 3, None),
        ("5,", 3, None),
        ("- , 5", 1, None),
        ("<", 2, None),
        ("< true", 3, None),
        ("> null", 3, None),
        ("\"open", 1, None),
        ("\"\\x\"", 1, None),
        ("[1..", 5, None),
        ("[1..5x]", 6, None),
        ("[1,5]", 3, None),
        ("[1..5", 6, None),
        ("[5..1]", 1, None),
        ("[1..1[", 1, None),
        ("[1..\"b\"]", 1, None),
        ("not 5", 5, None),
        ("not(5", 6, None),
        ("not(5), 6", 7, None),
        ("not(-)", 5, None),
        ("date(\"2026-13-01\")", 6, None),
        ("date(\"2026-1-1\")", 6, None),
        ("date(2026)", 6, None),
        ("1e999", 1, None),
        ("'a'", 1, None),
        ("?", 1, None),
    ];
    for (cell, at, meant) in cells {
        let error = read(cell).expect_err(cell);
        assert_eq!(
            (error.at, error.meant.as_deref()),
            (at, meant),
            "{cell}: {error:?}"
        );
        assert_ne!(error.en, error.zh);
    }
}
