//! `DECISION_…`, `DUPLICATE_OUTPUT`: decision tables can be read, and give one answer where they promise one.

mod overlaps;

use domain::diagnostic::Diagnostic;
use domain::text::Text;
use serde_json::Value;

use super::{Findings, Subject};
use crate::decision::literal::{literal, same};
use crate::decision::{Decision, HitPolicy, Output, unary};
use crate::document::{Kind, Node};
use crate::pointer::{index, join};
use crate::suggest::did_you_mean;

pub(crate) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for node in &subject.document.nodes {
        let Kind::Rule(Some(table)) = &node.kind else {
            continue;
        };
        let before = found.diagnostics.len();
        cells(node, table, found);
        names(node, table, found);
        values(node, table, found);
        aggregation(node, table, found);
        // What a table does as a whole is only known where its parts are right.
        if found.diagnostics.len() == before {
            overlaps::check(subject, node, table, found);
        }
    }
}

fn error(
    node: &Node,
    code: &str,
    pointer: String,
    en: impl Into<String>,
    zh: impl Into<String>,
) -> Diagnostic {
    Diagnostic::error(code, pointer, Text::new(en, zh)).node(&node.id)
}

fn cells(node: &Node, table: &Decision, found: &mut Findings) {
    for rule in &table.rules {
        for (column, cell) in rule.when.iter().enumerate() {
            let Err(wrong) = unary::read(cell) else { continue };
            let mut diagnostic = error(
                node,
                "DECISION_SYNTAX",
                index(&join(&rule.pointer, "when"), column),
                format!("{} (character {})", wrong.en, wrong.at),
                format!("{}（第 {} 个字符）", wrong.zh, wrong.at),
            );
            diagnostic.suggestion = wrong.meant.map(|meant| {
                Text::new(
                    format!("Did you mean `{meant}`?"),
                    format!("是否应为 `{meant}`？"),
                )
            });
            found.push(diagnostic);
        }
    }
}

fn names(node: &Node, table: &Decision, found: &mut Findings) {
    for (no, output) in table.outputs.iter().enumerate() {
        let mut earlier = table.outputs.iter().take(no);
        if earlier.any(|other| other.name == output.name) {
            let name = &output.name;
            found.push(error(
                node,
                "DUPLICATE_OUTPUT",
                join(&output.pointer, "name"),
                format!("The table has two outputs `{name}`."),
                format!("决策表有两个名为 `{name}` 的输出。"),
            ));
        }
    }
}

fn values(node: &Node, table: &Decision, found: &mut Findings) {
    let ranks = matches!(table.hit_policy, HitPolicy::Priority | HitPolicy::OutputOrder);
    if ranks && table.outputs.iter().all(|output| output.values.is_empty()) {
        found.push(error(
            node,
            "DECISION_VALUES",
            join(&table.pointer, "outputs"),
            "This hit policy ranks rules by their outputs: one of them needs `values`, the most important first.",
            "该命中策略按输出的优先级排列规则：至少一个输出需要 `values`，最重要的在前。",
        ));
    }
    for rule in &table.rules {
        for (column, (output, then)) in table.outputs.iter().zip(&rule.then).enumerate() {
            let at = || index(&join(&rule.pointer, "then"), column);
            found.diagnostics.extend(value(node, output, then, ranks, at));
        }
    }
    for output in &table.outputs {
        let at = || join(&output.pointer, "default");
        let default = output.default.iter();
        found
            .diagnostics
            .extend(default.filter_map(|default| value(node, output, default, false, at)));
    }
}

/// An output that is not in the list of its values.
fn value(
    node: &Node,
    output: &Output,
    expression: &str,
    ranks: bool,
    at: impl Fn() -> String,
) -> Option<Diagnostic> {
    if output.values.is_empty() {
        return None;
    }
    let name = &output.name;
    let Some(given) = literal(expression) else {
        return ranks.then(|| {
            error(
                node,
                "DECISION_VALUES",
                at(),
                format!("This hit policy ranks rules by `{name}`, so it has to be one of its `values`, written out."),
                format!("该命中策略按 `{name}` 排列规则，因此必须直接写出其 `values` 中的一个值。"),
            )
        });
    };
    if output.values.iter().any(|value| same(value, &given)) {
        return None;
    }
    let mut diagnostic = error(
        node,
        "DECISION_VALUES",
        at(),
        format!("`{given}` is not one of the `values` of `{name}`."),
        format!("`{given}` 不在 `{name}` 的 `values` 中。"),
    );
    let known = output.values.iter().filter_map(Value::as_str);
    diagnostic.suggestion = did_you_mean(given.as_str().unwrap_or_default(), known);
    Some(diagnostic)
}

fn aggregation(node: &Node, table: &Decision, found: &mut Findings) {
    let HitPolicy::Collect(Some(aggregation)) = table.hit_policy else {
        return;
    };
    if table.outputs.len() > 1 {
        found.push(error(
            node,
            "DECISION_AGGREGATION",
            join(&table.pointer, "outputs"),
            "A table with an aggregation has one output.",
            "使用聚合的决策表只能有一个输出。",
        ));
    }
    if !aggregation.takes_numbers() {
        return;
    }
    for rule in &table.rules {
        for (column, then) in rule.then.iter().enumerate() {
            if literal(then).is_some_and(|value| !value.is_number()) {
                found.push(error(
                    node,
                    "DECISION_AGGREGATION",
                    index(&join(&rule.pointer, "then"), column),
                    "The aggregation takes numbers only.",
                    "该聚合只能用于数字。",
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests;
