//! Decision tables.

use serde_json::Value;

use super::attributes::Attributes;
use super::values::{expression, required_expression, required_label, some_entries};
use crate::decision::{Aggregation, Decision, HitPolicy, Input, Output, Rule};
use crate::pointer;
use crate::vocabulary::Place;

/// None where anything is wrong with it.
pub(super) fn read(attributes: &mut Attributes<'_, '_>) -> Option<Box<Decision>> {
    attributes.require("decision");
    let mut table = attributes.nested("decision", Place::Other)?;
    let before = table.told();
    for list in ["inputs", "outputs", "rules"] {
        table.require(list);
    }
    let hit_policy = hit_policy(&mut table);
    let inputs = entries(&mut table, "inputs", input);
    let outputs = entries(&mut table, "outputs", output);
    let rules = entries(&mut table, "rules", rule);
    // The widths are those of the text, also where an entry is wrong.
    let width = |value: Option<&Value>| value.and_then(Value::as_array).map(Vec::len);
    let widths = (width(table.take("inputs")), width(table.take("outputs")));
    for rule in &rules {
        check_width(&mut table, rule, ("when", rule.when.len()), widths.0);
        check_width(&mut table, rule, ("then", rule.then.len()), widths.1);
    }
    let decision = Decision {
        pointer: table.at().to_owned(),
        hit_policy,
        inputs,
        outputs,
        rules,
    };
    let is_whole = table.told() == before;
    let found = table.told();
    table.finish();
    (is_whole && attributes.told() == found).then(|| Box::new(decision))
}

fn hit_policy(table: &mut Attributes<'_, '_>) -> HitPolicy {
    let policies = [
        ("UNIQUE", HitPolicy::Unique),
        ("ANY", HitPolicy::Any),
        ("FIRST", HitPolicy::First),
        ("PRIORITY", HitPolicy::Priority),
        ("RULE ORDER", HitPolicy::RuleOrder),
        ("OUTPUT ORDER", HitPolicy::OutputOrder),
        ("COLLECT", HitPolicy::Collect(None)),
    ];
    let aggregations = [
        ("SUM", Aggregation::Sum),
        ("MIN", Aggregation::Min),
        ("MAX", Aggregation::Max),
        ("COUNT", Aggregation::Count),
    ];
    let policy = table.word("hitPolicy", &policies).unwrap_or(HitPolicy::Unique);
    let aggregation = table.word("aggregation", &aggregations);
    if matches!(policy, HitPolicy::Collect(_)) {
        return HitPolicy::Collect(aggregation);
    }
    if table.has("aggregation") {
        let at = table.pointer("aggregation");
        table.bad_value(
            &at,
            (
                "Only the hit policy COLLECT has an aggregation.",
                "只有命中策略 COLLECT 可以有 aggregation。",
            ),
        );
    }
    policy
}

/// The entries that could be read; the list must not be empty.
fn entries<T>(
    table: &mut Attributes<'_, '_>,
    name: &'static str,
    read: fn(&mut Attributes<'_, '_>) -> Option<T>,
) -> Vec<T> {
    let mut entries = Vec::new();
    for (i, value) in some_entries(table, name).into_iter().flatten().enumerate() {
        if let Some(mut entry) = table.entry(name, i, value) {
            entries.extend(read(&mut entry));
            entry.finish();
        }
    }
    entries
}

fn input(entry: &mut Attributes<'_, '_>) -> Option<Input> {
    entry.name();
    Some(Input {
        pointer: entry.at().to_owned(),
        expression: required_expression(entry, "expression")?,
    })
}

fn output(entry: &mut Attributes<'_, '_>) -> Option<Output> {
    let name = required_label(entry, "name");
    let at = entry.pointer("values");
    let mut values = Vec::new();
    for (i, value) in some_entries(entry, "values").into_iter().flatten().enumerate() {
        match value {
            Value::String(_) | Value::Number(_) | Value::Bool(_) => values.push(value.clone()),
            _ => entry.bad_value(
                &pointer::index(&at, i),
                (
                    "A value is a string, a number, true or false.",
                    "取值必须是字符串、数字、true 或 false。",
                ),
            ),
        }
    }
    Some(Output {
        pointer: entry.at().to_owned(),
        default: expression(entry, "default"),
        values,
        name: name?,
    })
}

fn rule(entry: &mut Attributes<'_, '_>) -> Option<Rule> {
    let when = cells(entry, "when");
    let then = cells(entry, "then");
    Some(Rule {
        pointer: entry.at().to_owned(),
        when: when?,
        then: then?,
    })
}

/// A list of strings; None where one is something else.
fn cells(entry: &mut Attributes<'_, '_>, name: &'static str) -> Option<Vec<String>> {
    entry.require(name);
    let list = entry.list(name)?;
    let at = entry.pointer(name);
    let mut cells = Vec::with_capacity(list.len());
    for (i, value) in list.iter().enumerate() {
        match value.as_str() {
            Some(cell) => cells.push(cell.to_owned()),
            None => entry.wrong_type(&pointer::index(&at, i), name, ("strings", "字符串列表")),
        }
    }
    (cells.len() == list.len()).then_some(cells)
}

fn check_width(
    table: &mut Attributes<'_, '_>,
    rule: &Rule,
    (name, cells): (&str, usize),
    columns: Option<usize>,
) {
    let Some(columns) = columns.filter(|columns| *columns != cells) else {
        return;
    };
    let at = pointer::join(&rule.pointer, name);
    table.bad_value(
        &at,
        (
            &format!("`{name}` has {cells} entries; the table has {columns} columns for it."),
            &format!("`{name}` 有 {cells} 项，而表格有 {columns} 列。"),
        ),
    );
}
