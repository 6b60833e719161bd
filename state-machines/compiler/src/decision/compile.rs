//! A checked table as one JSONata expression over the data, which gives an object of the outputs that it sets.
//!
//! JSONata 2.0.6 throws where values of two types are ordered, so every ordering asks for the type first. It joins lists
//! that stand in a list and unwraps results of one entry, so lists are only made by `[…]`, which does neither to scalars.

use serde_json::Value;

use super::literal::{by_rank, literal};
use super::unary::{self, Bound, Cell, Constant, Test};
use super::{Aggregation, Decision, HitPolicy, Output, Rule};

/// Total on a checked table; in another one, what cannot be read does not match.
pub(crate) fn expression(table: &Decision) -> String {
    let rules = Rules::new(table);
    let mut steps = inputs(table, &rules);
    match table.hit_policy {
        HitPolicy::Unique | HitPolicy::First | HitPolicy::Priority => {
            steps.push(rules.matching());
            steps.push(format!("$hit := {}", hit(table.hit_policy)));
            let answers = rules.each(|no, rule| format!("$hit = {no} ? {}", answer(table, rule)));
            let default = defaults(table);
            steps.push(format!("$exists($hit) ? [{answers}][0] : {default}"));
        }
        HitPolicy::Any => {
            let answers = rules.each(|no, rule| format!("{} ? {}", rules.test(no), answer(table, rule)));
            steps.push(format!("$answers := [{answers}]"));
            steps.push(format!(
                "$count($distinct($answers)) > 1 ? $error({}) : $count($answers) = 0 ? {} : $answers[0]",
                string("DECISION_NOT_ANY: the rules that match give different outputs"),
                defaults(table),
            ));
        }
        HitPolicy::RuleOrder | HitPolicy::OutputOrder | HitPolicy::Collect(_) => {
            steps.push(rules.matching());
            let collected = collected(table, &rules);
            if collected.contains("$entry(") {
                steps.push(ENTRY.to_owned());
            }
            steps.push(collected);
        }
    }
    format!("({})", steps.join("; "))
}

/// A list that an output gives is one entry of the list of outputs.
const ENTRY: &str = "$entry := function($v) { $type($v) = \"array\" ? [[$v]] : $v }";

/// The rules in the order in which they count, with what each asks.
struct Rules<'t> {
    table: &'t Decision,
    cells: Vec<Vec<Option<Cell>>>,
    order: Vec<usize>,
}

impl<'t> Rules<'t> {
    fn new(table: &'t Decision) -> Self {
        let read = |rule: &Rule| rule.when.iter().map(|cell| unary::read(cell).ok()).collect();
        Self {
            table,
            cells: table.rules.iter().map(read).collect(),
            order: match table.hit_policy {
                HitPolicy::Priority | HitPolicy::OutputOrder => by_rank(table),
                _ => (0..table.rules.len()).collect(),
            },
        }
    }

    /// `write` of each rule with its number, as the entries of a list. People count rules from 1.
    fn each(&self, mut write: impl FnMut(usize, &'t Rule) -> String) -> String {
        let rules = self
            .order
            .iter()
            .filter_map(|no| Some((no, self.table.rules.get(*no)?)));
        let parts: Vec<String> = rules.map(|(no, rule)| write(no + 1, rule)).collect();
        parts.join(", ")
    }

    /// The numbers of those that match.
    fn matching(&self) -> String {
        let tests = self.each(|no, _| format!("{} ? {no}", self.test(no)));
        format!("$rules := [{tests}]")
    }

    fn test(&self, no: usize) -> String {
        let cells = self.cells.get(no - 1).into_iter().flatten().enumerate();
        let tests: Vec<String> = cells
            .filter_map(|(column, cell)| self::cell(column, cell.as_ref()))
            .collect();
        if tests.is_empty() {
            return "true".to_owned();
        }
        tests.join(" and ")
    }

    /// Whether some cell of the column asks for the type of its input.
    fn asks_type(&self, column: usize) -> bool {
        let cells = self.cells.iter().filter_map(|cells| cells.get(column)?.as_ref());
        let is_plain = |test: &Test| matches!(test, Test::Is(Constant::Bool(_) | Constant::Of(_)));
        cells.flat_map(Cell::tests).any(|test| !is_plain(test))
    }
}

fn inputs(table: &Decision, rules: &Rules<'_>) -> Vec<String> {
    let mut steps = Vec::new();
    for (column, input) in table.inputs.iter().enumerate() {
        steps.push(format!("$i{column} := {}", value(&input.expression)));
        if rules.asks_type(column) {
            steps.push(format!(
                "$t{column} := $exists($i{column}) ? $type($i{column}) : \"null\""
            ));
        }
    }
    steps
}

/// What has to hold for a cell; None: nothing.
fn cell(column: usize, cell: Option<&Cell>) -> Option<String> {
    match cell {
        None => Some("false".to_owned()),
        Some(Cell::Anything) => None,
        Some(Cell::OneOf(tests)) => Some(any(column, tests)),
        Some(Cell::NoneOf(tests)) => Some(format!("$not({})", any(column, tests))),
    }
}

fn any(column: usize, tests: &[Test]) -> String {
    let tests: Vec<String> = tests.iter().map(|one| test(column, one)).collect();
    match tests.as_slice() {
        [test] => test.clone(),
        tests => format!("({})", tests.join(" or ")),
    }
}

fn test(column: usize, test: &Test) -> String {
    let (input, kind) = (format!("$i{column}"), format!("$t{column}"));
    match test {
        Test::Is(Constant::Null) => format!("{kind} = \"null\""),
        Test::IsNot(Constant::Null) => format!("{kind} != \"null\""),
        Test::Is(Constant::Bool(bool)) => format!("{input} = {bool}"),
        Test::IsNot(Constant::Bool(bool)) => format!("({kind} = \"boolean\" and {input} != {bool})"),
        Test::Is(Constant::Of(bound)) => format!("{input} = {}", bound.to_json()),
        Test::IsNot(Constant::Of(bound)) => {
            format!("({kind} = {} and {input} != {})", kind_of(bound), bound.to_json())
        }
        Test::Order(order, bound) => {
            let symbol = order.symbol();
            format!(
                "({kind} = {} and {input} {symbol} {})",
                kind_of(bound),
                bound.to_json()
            )
        }
        Test::Between(low, high) => format!(
            "({kind} = {} and {input} {} {} and {input} {} {})",
            kind_of(&low.bound),
            low.order(true).symbol(),
            low.bound.to_json(),
            high.order(false).symbol(),
            high.bound.to_json(),
        ),
    }
}

fn kind_of(bound: &Bound) -> &'static str {
    match bound {
        Bound::Number(_) => "\"number\"",
        Bound::Text(_) => "\"string\"",
    }
}

/// The number of the one rule that counts.
fn hit(policy: HitPolicy) -> String {
    if policy != HitPolicy::Unique {
        return "$rules[0]".to_owned();
    }
    let message = string("DECISION_NOT_UNIQUE: these rules match: ");
    format!("$count($rules) > 1 ? $error({message} & $string($rules)) : $rules[0]")
}

/// An object leaves out what has no value, so the variable stays as it was.
fn answer(table: &Decision, rule: &Rule) -> String {
    object(table, |column, _| Some(value(rule.then.get(column)?)))
}

fn defaults(table: &Decision) -> String {
    object(table, |_, output| Some(value(output.default.as_ref()?)))
}

fn collected(table: &Decision, rules: &Rules<'_>) -> String {
    object(table, |column, _| {
        Some(match table.hit_policy {
            HitPolicy::Collect(Some(Aggregation::Count)) => "$count($rules)".to_owned(),
            HitPolicy::Collect(Some(Aggregation::Sum)) => format!("$sum([{}])", numbers(rules, column)),
            HitPolicy::Collect(Some(Aggregation::Min)) => format!("$min([{}])", numbers(rules, column)),
            HitPolicy::Collect(Some(Aggregation::Max)) => format!("$max([{}])", numbers(rules, column)),
            _ => format!("[{}]", entries(rules, column)),
        })
    })
}

fn numbers(rules: &Rules<'_>, column: usize) -> String {
    rules.each(|no, rule| format!("{no} in $rules ? {}", then(rule, column)))
}

fn entries(rules: &Rules<'_>, column: usize) -> String {
    rules.each(|no, rule| {
        let then = then(rule, column);
        if literal(&then).is_some() {
            format!("{no} in $rules ? {then}")
        } else {
            format!("{no} in $rules ? $entry({then})")
        }
    })
}

fn then(rule: &Rule, column: usize) -> String {
    rule.then
        .get(column)
        .map_or_else(|| "null".to_owned(), |then| value(then))
}

fn object(table: &Decision, mut member: impl FnMut(usize, &Output) -> Option<String>) -> String {
    let members = table.outputs.iter().enumerate().filter_map(|(column, output)| {
        let value = member(column, output)?;
        Some(format!("{}: {value}", string(&output.name)))
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
}

/// An author's expression; in parentheses, so that what it binds stays in it.
fn value(source: &str) -> String {
    match literal(source) {
        Some(literal) => literal.to_string(),
        None => format!("({})", source.trim()),
    }
}

fn string(text: &str) -> String {
    Value::from(text).to_string()
}
