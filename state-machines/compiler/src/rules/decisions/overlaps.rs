//! Rules that match together, never, or leave a gap.

use domain::diagnostic::Diagnostic;
use domain::text::Text;

use super::super::{Findings, Subject};
use crate::decision::analysis::{Finding, analyse};
use crate::decision::{Decision, HitPolicy};
use crate::document::Node;

pub(super) fn check(subject: &Subject<'_>, node: &Node, table: &Decision, found: &mut Findings) {
    for finding in analyse(table, subject.schema) {
        found.push(diagnostic(table, finding).node(&node.id));
    }
}

fn diagnostic(table: &Decision, finding: Finding) -> Diagnostic {
    let at = |rule: usize| {
        let rule = table.rules.get(rule);
        rule.map_or_else(|| table.pointer.clone(), |rule| rule.pointer.clone())
    };
    match finding {
        Finding::Overlap {
            rules: (one, other),
            example,
        } => Diagnostic::error(
            "DECISION_OVERLAP",
            at(other),
            overlap(table.hit_policy, (one + 1, other + 1), &example),
        ),
        Finding::Gap { example } => Diagnostic::warning("DECISION_GAP", &table.pointer, gap(&example)),
        Finding::Never { rule, covered } => {
            Diagnostic::warning("DECISION_RULE_NEVER_MATCHES", at(rule), never(rule + 1, covered))
        }
    }
}

fn overlap(policy: HitPolicy, (one, other): (usize, usize), example: &str) -> Text {
    let (example_en, example_zh) = such_as(example);
    if policy == HitPolicy::Any {
        return Text::new(
            format!("Rules {one} and {other} both match and give different outputs{example_en}."),
            format!("规则 {one} 与规则 {other} 同时命中，但输出不同{example_zh}。"),
        );
    }
    Text::new(
        format!("Rules {one} and {other} both match{example_en}; with UNIQUE only one may."),
        format!("规则 {one} 与规则 {other} 同时命中{example_zh}；UNIQUE 只允许命中一条规则。"),
    )
}

fn gap(example: &str) -> Text {
    let (en, zh) = such_as(example);
    Text::new(
        format!("No rule matches{en}, and not every output has a default: the variable stays as it was."),
        format!("没有规则命中{zh}，且并非每个输出都有默认值：变量将保持原样。"),
    )
}

fn never(rule: usize, covered: bool) -> Text {
    if covered {
        return Text::new(
            format!("Rule {rule} never counts: earlier rules match wherever it does."),
            format!("规则 {rule} 永远不会生效：它命中时，前面的规则总会先命中。"),
        );
    }
    Text::new(
        format!("Rule {rule} never matches: the form has no such values."),
        format!("规则 {rule} 永远不会命中：表单中没有这样的值。"),
    )
}

/// An example may be empty: then it is so for everything.
fn such_as(example: &str) -> (String, String) {
    if example.is_empty() {
        return (String::new(), String::new());
    }
    (format!(", as for {example}"), format!("（例如 {example}）"))
}
