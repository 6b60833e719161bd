use domain::diagnostic::Severity;
use serde_json::{Value, json};

use super::{Analysis, Gives, Known};

fn form() -> Value {
    json!({
        "type": "object",
        "required": ["amount", "urgent"],
        "$defs": {"money": {"type": "number"}},
        "properties": {
            "amount": {"type": "number"},
            "count": {"type": "integer"},
            "note": {"type": "string"},
            "urgent": {"type": "boolean"},
            "currency": {"enum": ["CNY", "EUR"]},
            "rate": {"type": ["number", "null"]},
            "budget": {"$ref": "#/$defs/money"},
            "金额": {"type": "number"},
            "unit price": {"type": "number"},
            "person": {"type": "object", "properties": {"age": {"type": "number"}}},
            "free": {"type": "object"},
            "items": {"type": "array", "items": {"type": "object", "properties": {
                "price": {"type": "number"}, "name": {"type": "string"}}}},
            "tags": {"type": "array", "items": {"type": "string"}},
            "anything": {},
        },
        "allOf": [{"if": {}, "then": {"properties": {"reason": {"type": "string"}}}}],
    })
}

fn analyse(condition: &str, schema: Option<&Value>) -> Analysis {
    let variables = ["total".to_owned(), "amount".to_owned()].into();
    let known = Known {
        schema,
        variables: &variables,
    };
    super::analyse(condition, known, Gives::Truth)
}

/// The codes that a condition gets, `?` before warnings, and the fields that it reads.
fn check(condition: &str, codes: &[&str], reads: &[&str]) {
    let form = form();
    let analysis = analyse(condition, Some(&form));
    let said: Vec<String> = analysis
        .problems
        .iter()
        .map(|one| {
            if one.severity == Severity::Warning {
                format!("?{}", one.code)
            } else {
                one.code.to_owned()
            }
        })
        .collect();
    assert_eq!(said, codes, "{condition}: {:?}", analysis.problems);
    assert_eq!(
        analysis.reads.iter().map(String::as_str).collect::<Vec<_>>(),
        reads,
        "{condition}"
    );
}

#[test]
fn sound_conditions_name_the_fields_that_they_read() {
    for (condition, reads) in [
        ("amount > 5000", vec!["amount"]),
        ("amount > 5000 and currency = \"CNY\"", vec!["amount", "currency"]),
        ("$.amount > 1", vec!["amount"]),
        ("金额 >= 1 or `unit price` < 2", vec!["unit price", "金额"]),
        ("amount * 2 + budget > 10", vec!["amount", "budget"]),
        ("urgent", vec!["urgent"]),
        ("$not(urgent)", vec!["urgent"]),
        ("currency in [\"CNY\", \"EUR\"]", vec!["currency"]),
        ("$exists(note) and $length(note) > 3", vec!["note"]),
        ("note ~> $contains(\"x\")", vec!["note"]),
        ("$sum(items.price) > 100", vec!["items"]),
        ("$sum(items.(price * 2)) > 100", vec!["items"]),
        ("$count(items[price > 5]) > 0", vec!["items"]),
        ("items[0].price > 5", vec!["items"]),
        ("person.age >= 18", vec!["person"]),
        ("\"x\" in tags", vec!["tags"]),
        (
            "$count($filter(items, function($i) { $i.price > 1 })) = 2",
            vec!["items"],
        ),
        ("($limit := budget; amount > $limit)", vec!["amount", "budget"]),
        ("urgent ? amount > 1 : amount > 2", vec!["amount", "urgent"]),
        ("reason = \"x\"", vec!["reason"]),
        ("rate = null", vec!["rate"]),
        ("$uppercase(note) = \"A\"", vec!["note"]),
        ("note & \"\" = \"x\"", vec!["note"]),
        ("$now() > note", vec!["note"]),
        ("true", vec![]),
    ] {
        if condition == "($limit := budget; amount > $limit)"
            || condition.starts_with("items[0]")
            || condition.contains("function(")
        {
            let form = form();
            let analysis = analyse(condition, Some(&form));
            assert!(
                analysis
                    .problems
                    .iter()
                    .all(|one| one.severity == Severity::Warning),
                "{condition}"
            );
            assert_eq!(
                analysis.reads.into_iter().collect::<Vec<_>>(),
                reads,
                "{condition}"
            );
        } else {
            check(condition, &[], &reads);
        }
    }
}

#[test]
fn what_does_not_parse() {
    for condition in [
        "",
        "  ",
        "amount >",
        "amount > > 1",
        "a; b",
        "(amount > 1",
        "\"open",
        "/* open",
        "amount > 1)",
    ] {
        check(condition, &["CONDITION_SYNTAX"], &[]);
    }
    check(
        &format!("amount > {}", "1".repeat(2000)),
        &["CONDITION_TOO_LONG"],
        &[],
    );
    check(
        &format!("{}urgent{}", "(".repeat(150), ")".repeat(150)),
        &["CONDITION_TOO_LONG"],
        &[],
    );
    check(
        &format!("urgent{}", " or urgent".repeat(150)),
        &["CONDITION_TOO_LONG"],
        &["urgent"],
    );
    check(&"(".repeat(1999), &["CONDITION_SYNTAX"], &[]);
}

#[test]
fn what_step_functions_does_not_run() {
    check("amount ?? 1 > 2", &["CONDITION_NOT_PORTABLE"], &["amount"]);
    check(
        "(urgent ?: true) = true",
        &["CONDITION_NOT_PORTABLE"],
        &["urgent"],
    );
    check("$$.amount > 1", &["CONDITION_NOT_PORTABLE"], &[]);
    check("$eval(note)", &["CONDITION_NOT_PORTABLE"], &["note"]);
    check("$states.input.data.amount > 1", &["CONDITION_NOT_PORTABLE"], &[]);
    check("$random() > 1", &["CONDITION_NOT_PORTABLE"], &[]);
    check("$today() = note", &["CONDITION_UNKNOWN_FUNCTION"], &["note"]);
    check("amout > 1", &["UNKNOWN_FIELD"], &["amout"]);
}

#[test]
fn what_hides_the_fields_that_it_reads() {
    for condition in ["$count(*) = 1", "$keys($) = \"a\"", "**.price = 1", "$exists($)"] {
        check(condition, &["CONDITION_READS_EVERYTHING"], &[]);
    }
    check("$string() = \"x\"", &["CONDITION_READS_EVERYTHING"], &[]);
}

#[test]
fn what_cannot_be_compared() {
    for condition in [
        "amount > \"5000\"",
        "note > 5",
        "urgent > 1",
        "currency = 5",
        "amount = \"5000\"",
        "amount != null",
        "note + 1 > 2",
        "-note = 1",
        "$length(amount) > 1",
        "$abs(note) = 1",
        "items > 5",
        "person = 5",
        "amount",
        "note",
        "\"yes\"",
        "amount + 1",
        "$uppercase(note)",
    ] {
        let form = form();
        let codes: Vec<&str> = analyse(condition, Some(&form))
            .problems
            .iter()
            .map(|one| one.code)
            .collect();
        assert_eq!(codes, ["CONDITION_TYPE"], "{condition}");
    }
}

#[test]
fn what_may_fail_or_never_hold_is_a_warning() {
    check("rate > 1", &["?CONDITION_MAY_FAIL"], &["rate"]);
    check("anything > 1", &["?CONDITION_MAY_FAIL"], &["anything"]);
    check("free.x > 1", &["?CONDITION_MAY_FAIL"], &["free"]);
    check("currency = \"EURO\"", &["?CONDITION_NEVER_TRUE"], &["currency"]);
}

#[test]
fn unknown_fields_are_told_where_the_form_names_its_fields() {
    check("person.agee = 1", &["UNKNOWN_FIELD"], &["person"]);
    check("free.anything = 1", &[], &["free"]);
    check("items.prise = 1", &["UNKNOWN_FIELD"], &["items"]);
}

#[test]
fn without_a_form_every_field_is_believed() {
    let analysis = analyse("whatever = 1", None);
    assert!(analysis.problems.is_empty());
}

#[test]
fn variables_are_known_and_of_any_type() {
    check("total > 1 and rate > 1", &[], &["rate"]);
    check("totl > 1", &["UNKNOWN_FIELD"], &["totl"]);
    check("person.total > 1", &["UNKNOWN_FIELD"], &["person"]);
    // A variable with the name of a field is that field.
    check("amount = \"1\"", &["CONDITION_TYPE"], &["amount"]);
}

#[test]
fn what_an_expression_gives_has_to_fit() {
    let form = form();
    for (source, gives, fits) in [
        ("amount", Gives::Anything, true),
        ("amount", Gives::Text, false),
        ("amount & \"\"", Gives::Text, true),
        ("total", Gives::Text, true),
        ("amount * 2", Gives::Field("count"), true),
        ("note", Gives::Field("count"), false),
        ("note", Gives::Field("total"), true),
        ("total", Gives::Field("count"), true),
    ] {
        let variables = ["total".to_owned()].into();
        let known = Known {
            schema: Some(&form),
            variables: &variables,
        };
        let problems = super::analyse(source, known, gives).problems;
        let codes: Vec<&str> = problems.iter().map(|one| one.code).collect();
        assert_eq!(codes.is_empty(), fits, "{source} {gives:?}: {codes:?}");
    }
}
