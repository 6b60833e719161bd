//! Whether the rules of a table overlap, leave gaps or can never match: all that its cells tell apart, tried out.

mod domain;
#[cfg(test)]
mod tests;

use serde_json::Value;

use super::literal::{literal, same};
use super::unary::{self, Cell};
use super::{Decision, HitPolicy, Rule};
use crate::condition::Facts;
use domain::{Sample, samples};

/// Larger tables are not tried out.
const MOST_COMBINATIONS: usize = 100_000;

/// What is found; rules by their place in the list.
#[derive(Debug, PartialEq)]
pub(crate) enum Finding {
    /// Both match.
    Overlap { rules: (usize, usize), example: String },
    /// No rule matches.
    Gap { example: String },
    /// Earlier rules match wherever it does, or nothing does.
    Never { rule: usize, covered: bool },
}

/// All of them; nothing where the cells do not tell, since the inputs depend on each other.
pub(crate) fn analyse(table: &Decision, schema: Option<&Value>) -> Vec<Finding> {
    let Some(columns) = columns(table, schema) else {
        return Vec::new();
    };
    let combinations = columns
        .iter()
        .try_fold(1_usize, |all, column| all.checked_mul(column.classes.len()));
    if combinations.is_none_or(|all| all > MOST_COMBINATIONS) {
        return Vec::new();
    }
    let mut seen = Seen::new(table);
    let mut at = vec![0; columns.len()];
    loop {
        seen.point(&columns, &at);
        if !advance(&mut at, &columns) {
            return seen.findings();
        }
    }
}

/// An input with what its cells tell apart.
struct Column<'t> {
    name: &'t str,
    classes: Vec<Class>,
}

/// Values for which the same cells hold.
struct Class {
    sample: Sample,
    /// For each rule, whether its cell holds.
    holds: Vec<bool>,
}

fn columns<'t>(table: &'t Decision, schema: Option<&Value>) -> Option<Vec<Column<'t>>> {
    let paths: Vec<Option<Vec<&str>>> = table.inputs.iter().map(|input| path(&input.expression)).collect();
    let independent = |(i, path): (usize, &Option<Vec<&str>>)| {
        let Some(path) = path else { return false };
        let mut others = paths.iter().take(i).flatten();
        !others.any(|other| other.starts_with(path) || path.starts_with(other))
    };
    if paths.len() > 1 && !paths.iter().enumerate().all(independent) {
        return None;
    }
    let mut columns = Vec::with_capacity(paths.len());
    for (no, (input, path)) in table.inputs.iter().zip(&paths).enumerate() {
        let cell = |rule: &Rule| unary::read(rule.when.get(no)?).ok();
        let cells: Vec<Cell> = table.rules.iter().map(cell).collect::<Option<_>>()?;
        let facts = match path {
            Some(path) => Facts::of(schema, path),
            None => Facts::of(None, &[]),
        };
        columns.push(Column {
            name: &input.expression,
            classes: classes(&cells, &facts),
        });
    }
    Some(columns)
}

/// The names of `a.b.c`; None for any other expression.
fn path(expression: &str) -> Option<Vec<&str>> {
    let is_name = |name: &&str| {
        let starts = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        starts && name.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    let words = ["true", "false", "null", "and", "or", "in"];
    let names: Vec<&str> = expression.trim().split('.').map(str::trim).collect();
    names
        .iter()
        .all(|name| is_name(name) && !words.contains(name))
        .then_some(names)
}

fn classes(cells: &[Cell], facts: &Facts) -> Vec<Class> {
    let all: Vec<&Cell> = cells.iter().collect();
    let mut classes: Vec<Class> = Vec::new();
    for sample in samples(&all, facts) {
        let holds: Vec<bool> = cells.iter().map(|cell| cell.holds(Some(&sample.value))).collect();
        let like = |class: &&mut Class| class.holds == holds;
        match classes.iter_mut().find(like) {
            Some(class) if class.sample.expected || !sample.expected => {}
            Some(class) => class.sample = sample,
            None => classes.push(Class { sample, holds }),
        }
    }
    classes
}

/// To the next combination; false after the last.
fn advance(at: &mut [usize], columns: &[Column<'_>]) -> bool {
    for (place, column) in at.iter_mut().zip(columns) {
        *place += 1;
        if *place < column.classes.len() {
            return true;
        }
        *place = 0;
    }
    false
}

struct Seen<'t> {
    table: &'t Decision,
    /// Whether a rule ever matches, and whether it ever does so first.
    matches: Vec<(bool, bool)>,
    gap: Option<String>,
    /// For each rule an earlier one that matches with it.
    overlaps: Vec<Option<(usize, String)>>,
}

impl<'t> Seen<'t> {
    fn new(table: &'t Decision) -> Self {
        Self {
            table,
            matches: vec![(false, false); table.rules.len()],
            gap: None,
            overlaps: vec![None; table.rules.len()],
        }
    }

    fn point(&mut self, columns: &[Column<'_>], at: &[usize]) {
        let classes = || {
            columns
                .iter()
                .zip(at)
                .filter_map(|(column, at)| column.classes.get(*at))
        };
        if classes().count() < columns.len() {
            return;
        }
        let holds = |rule: &usize| classes().all(|class| class.holds.get(*rule) == Some(&true));
        let matching: Vec<usize> = (0..self.table.rules.len()).filter(holds).collect();
        for (place, rule) in matching.iter().enumerate() {
            if let Some(seen) = self.matches.get_mut(*rule) {
                seen.0 = true;
                seen.1 |= place == 0;
            }
        }
        if classes().all(|class| class.sample.expected) {
            self.expected_point(&matching, || example(columns, at));
        }
    }

    fn expected_point(&mut self, matching: &[usize], example: impl Fn() -> String) {
        let Some((first, others)) = matching.split_first() else {
            self.gap.get_or_insert_with(example);
            return;
        };
        for rule in others {
            let excludes = excludes(self.table, *first, *rule);
            if let Some(overlap) = self.overlaps.get_mut(*rule).filter(|_| excludes) {
                overlap.get_or_insert_with(|| (*first, example()));
            }
        }
    }

    fn findings(self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let policy = self.table.hit_policy;
        let is_single = matches!(
            policy,
            HitPolicy::Unique | HitPolicy::Any | HitPolicy::First | HitPolicy::Priority
        );
        let lacks_default = self.table.outputs.iter().any(|output| output.default.is_none());
        if let Some(example) = self.gap.filter(|_| is_single && lacks_default) {
            findings.push(Finding::Gap { example });
        }
        for (rule, overlap) in self.overlaps.into_iter().enumerate() {
            findings.extend(overlap.map(|(first, example)| Finding::Overlap {
                rules: (first, rule),
                example,
            }));
        }
        for (rule, (ever, first)) in self.matches.into_iter().enumerate() {
            let covered = ever && !first && policy == HitPolicy::First;
            if !ever || covered {
                findings.push(Finding::Never { rule, covered });
            }
        }
        findings
    }
}

/// Whether two rules must not match together.
fn excludes(table: &Decision, one: usize, other: usize) -> bool {
    match table.hit_policy {
        HitPolicy::Unique => true,
        HitPolicy::Any => match (table.rules.get(one), table.rules.get(other)) {
            (Some(one), Some(other)) => one
                .then
                .iter()
                .zip(&other.then)
                .any(|(one, other)| differ(one, other)),
            _ => false,
        },
        _ => false,
    }
}

/// Whether two outputs are known to differ.
fn differ(one: &str, other: &str) -> bool {
    match (literal(one), literal(other)) {
        (Some(one), Some(other)) => !same(&one, &other),
        _ => false,
    }
}

/// `amount = 5, currency = "CNY"`; columns that tell nothing apart are left out.
fn example(columns: &[Column<'_>], at: &[usize]) -> String {
    let telling = columns
        .iter()
        .zip(at)
        .filter(|(column, _)| column.classes.len() > 1);
    let value = |(column, at): (&Column<'_>, &usize)| {
        let class = column.classes.get(*at)?;
        Some(format!("{} = {}", column.name.trim(), class.sample.value))
    };
    telling.filter_map(value).collect::<Vec<_>>().join(", ")
}
