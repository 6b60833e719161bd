//! `UNKNOWN_OUTCOME`, `MISSING_OUTCOME`, `DUPLICATE_OUTCOME`, `FLOW_WITHOUT_OUTCOME`, `MANY_DEFAULTS`,
//! `MANY_OUTGOING_FLOWS`: every outcome of a task leads somewhere, to one place.

use std::collections::BTreeSet;

use domain::text::Text;

use super::{Findings, Subject, about_flow, about_node, at, with};
use crate::document::{Flow, Kind, Node, UserTask};
use crate::suggest::did_you_mean;

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for (no, node) in subject.graph.nodes() {
        let Kind::User(task) = &node.kind else { continue };
        declared(node, task, found);
        // Left once, whatever each iteration says.
        if node.multi_instance.is_some() {
            continue;
        }
        let flows = subject.graph.written(no);
        if flows.iter().any(|flow| flow.outcome.is_some() || flow.default) {
            split(node, task, flows, found);
        } else {
            for flow in flows.iter().skip(1) {
                let diagnostic = about_flow(
                    "MANY_OUTGOING_FLOWS",
                    flow,
                    format!(
                        "Several flows lead out of `{}` and none names an outcome.",
                        node.id
                    ),
                    format!("`{}` 有多条出去的连线，却都没有指明结果。", node.id),
                );
                found.push(diagnostic.suggest(Text::new(
                    "Give each of them an `outcome`.",
                    "请为每条连线指明 `outcome`。",
                )));
            }
        }
    }
}

fn declared(node: &Node, task: &UserTask, found: &mut Findings) {
    let mut seen = BTreeSet::new();
    for (i, outcome) in task.outcomes.iter().enumerate() {
        if !seen.insert(outcome) {
            let mut diagnostic = about_node(
                "DUPLICATE_OUTCOME",
                node,
                format!("The outcome `{outcome}` is named twice."),
                format!("结果 `{outcome}` 出现了两次。"),
            );
            diagnostic.pointer = format!("{}/outcomes/{i}", node.pointer);
            found.push(diagnostic);
        }
    }
}

fn split(node: &Node, task: &UserTask, flows: &[&Flow], found: &mut Findings) {
    let mut taken = BTreeSet::new();
    let mut defaults = 0;
    let mut unsure = task.outcomes.is_empty();
    for flow in flows {
        match &flow.outcome {
            Some(outcome) if !taken.insert(outcome) => {
                let diagnostic = about_flow(
                    "DUPLICATE_OUTCOME",
                    flow,
                    format!("The outcome `{outcome}` has a flow already."),
                    format!("结果 `{outcome}` 已有连线。"),
                );
                found.push(at(diagnostic, "outcome"));
            }
            Some(outcome) if !task.outcomes.contains(outcome) && !task.outcomes.is_empty() => {
                unsure = true;
                let diagnostic = about_flow(
                    "UNKNOWN_OUTCOME",
                    flow,
                    format!("`{}` has no outcome `{outcome}`.", node.id),
                    format!("`{}` 没有结果 `{outcome}`。", node.id),
                );
                let known = task.outcomes.iter().map(String::as_str);
                found.push(with(at(diagnostic, "outcome"), did_you_mean(outcome, known)));
            }
            Some(_) if flow.default => {
                let diagnostic = about_flow(
                    "DEFAULT_WITH_CONDITION",
                    flow,
                    "The default flow is taken by the outcomes that have no flow; it names none itself.",
                    "默认连线用于没有连线的结果，自身不能指明结果。",
                );
                found.push(at(diagnostic, "outcome"));
            }
            Some(_) => {}
            None if flow.default => defaults += 1,
            None => {
                unsure = true;
                let diagnostic = about_flow(
                    "FLOW_WITHOUT_OUTCOME",
                    flow,
                    "Other flows of this task name an outcome; this one does not.",
                    "该任务的其他连线指明了结果，此连线没有。",
                );
                found.push(diagnostic.suggest(Text::new(
                    "Name its `outcome`, or give it `\"default\": true` for the outcomes that have no flow.",
                    "请指明 `outcome`，或用 `\"default\": true` 表示其余结果。",
                )));
            }
        }
    }
    if defaults > 1 {
        found.push(about_node(
            "MANY_DEFAULTS",
            node,
            format!("`{}` has several default flows.", node.id),
            format!("`{}` 有多条默认连线。", node.id),
        ));
    }
    // What is missing may be what another flow misspells.
    if defaults == 0 && !unsure {
        missing(node, task, &taken, found);
    }
}

fn missing(node: &Node, task: &UserTask, taken: &BTreeSet<&String>, found: &mut Findings) {
    for outcome in task.outcomes.iter().filter(|outcome| !taken.contains(outcome)) {
        found.push(about_node(
            "MISSING_OUTCOME",
            node,
            format!("No flow out of `{}` is for the outcome `{outcome}`.", node.id),
            format!("`{}` 的结果 `{outcome}` 没有连线。", node.id),
        ));
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::check;

    #[test]
    fn each_outcome_has_one_flow() {
        check(
            &[("/flows/2/outcome", "\"rejekt\"")],
            &["UNKNOWN_OUTCOME /flows/2/outcome (ask)"],
        );
        check(
            &[("/nodes/1/outcomes", r#"["approve", "reject", "later"]"#)],
            &["MISSING_OUTCOME /nodes/1 (ask)"],
        );
        check(
            &[("/nodes/1/outcomes", r#"["approve", "reject", "approve"]"#)],
            &["DUPLICATE_OUTCOME /nodes/1/outcomes/2 (ask)"],
        );
        check(
            &[(
                "/flows/-",
                r#"{"from": "ask", "to": "end", "outcome": "approve"}"#,
            )],
            &["DUPLICATE_OUTCOME /flows/6/outcome (ask)"],
        );
        check(
            &[("/flows/2", r#"{"from": "ask", "to": "no"}"#)],
            &["FLOW_WITHOUT_OUTCOME /flows/2 (ask)"],
        );
        check(
            &[
                ("/flows/1", r#"{"from": "ask", "to": "size"}"#),
                ("/flows/2", r#"{"from": "ask", "to": "no"}"#),
            ],
            &["MANY_OUTGOING_FLOWS /flows/2 (ask)"],
        );
    }

    #[test]
    fn a_default_flow_takes_the_rest() {
        check(
            &[
                ("/nodes/1/outcomes", r#"["approve", "reject", "later"]"#),
                ("/flows/2", r#"{"from": "ask", "to": "no", "default": true}"#),
            ],
            &[],
        );
        check(
            &[("/flows/2/default", "true")],
            &["DEFAULT_WITH_CONDITION /flows/2/outcome (ask)"],
        );
    }
}
