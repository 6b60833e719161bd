//! `WHEN_WITHOUT_GATEWAY`, `OUTCOME_WITHOUT_TASK`, `DEFAULT_WITHOUT_CHOICE`: attributes of a flow that mean
//! nothing where they stand.

use domain::text::Text;

use super::{Findings, Subject, about_flow, at};
use crate::document::{Flow, Kind};

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for flow in &subject.document.flows {
        let source = subject
            .graph
            .find(&flow.from)
            .and_then(|no| subject.graph.node(no));
        let repeats = source.is_some_and(|node| node.multi_instance.is_some());
        match source.map(|node| &node.kind) {
            None | Some(Kind::Refused) => {}
            Some(Kind::Exclusive | Kind::Inclusive) => outcome(flow, ELSEWHERE, found),
            Some(Kind::User(_)) if repeats => {
                outcome(flow, OF_MANY, found);
                when(flow, BETWEEN, found);
                default(flow, found);
            }
            Some(Kind::User(_)) => when(flow, BETWEEN, found),
            Some(kind) => {
                outcome(flow, ELSEWHERE, found);
                let is_parallel = matches!(kind, Kind::Parallel);
                when(flow, if is_parallel { INSTEAD } else { BETWEEN }, found);
                default(flow, found);
            }
        }
    }
}

const BETWEEN: (&str, &str) = (
    "Put an `exclusiveGateway` in between.",
    "请在中间放置 `exclusiveGateway`。",
);
const INSTEAD: (&str, &str) = ("Make it an `inclusiveGateway`.", "请改用 `inclusiveGateway`。");

fn when(flow: &Flow, (en, zh): (&str, &str), found: &mut Findings) {
    if flow.when.is_some() {
        let diagnostic = about_flow(
            "WHEN_WITHOUT_GATEWAY",
            flow,
            "Only the flows out of an exclusive or inclusive gateway have `when`.",
            "只有排他网关或包容网关出去的连线可以有 `when`。",
        );
        found.push(at(diagnostic, "when").suggest(Text::new(en, zh)));
    }
}

const ELSEWHERE: (&str, &str) = (
    "Only the flows out of a user task have `outcome`.",
    "只有用户任务出去的连线可以有 `outcome`。",
);
const OF_MANY: (&str, &str) = (
    "Each iteration has an outcome of its own; a task with `multiInstance` is left once, by one flow.",
    "每次迭代有各自的结果；带 `multiInstance` 的任务只从一条连线离开一次。",
);

fn outcome(flow: &Flow, (en, zh): (&str, &str), found: &mut Findings) {
    if flow.outcome.is_some() {
        let diagnostic = about_flow("OUTCOME_WITHOUT_TASK", flow, en, zh);
        found.push(at(diagnostic, "outcome"));
    }
}

fn default(flow: &Flow, found: &mut Findings) {
    if flow.default {
        let diagnostic = about_flow(
            "DEFAULT_WITHOUT_CHOICE",
            flow,
            "There is nothing to choose here, so no default.",
            "此处无可选择，不需要默认连线。",
        );
        found.push(at(diagnostic, "default"));
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::check;

    #[test]
    fn attributes_stand_where_they_mean_something() {
        check(
            &[("/flows/5/when", "\"amount > 1\"")],
            &["WHEN_WITHOUT_GATEWAY /flows/5/when (pay)"],
        );
        check(
            &[("/flows/1/when", "\"amount > 1\"")],
            &["WHEN_WITHOUT_GATEWAY /flows/1/when (ask)"],
        );
        check(
            &[("/flows/3/outcome", "\"approve\"")],
            &["OUTCOME_WITHOUT_TASK /flows/3/outcome (size)"],
        );
        check(
            &[("/nodes/2/type", "\"parallelGateway\"")],
            &[
                "WHEN_WITHOUT_GATEWAY /flows/3/when (size)",
                "DEFAULT_WITHOUT_CHOICE /flows/4/default (size)",
            ],
        );
        check(
            &[("/flows/0/default", "true")],
            &["DEFAULT_WITHOUT_CHOICE /flows/0/default (start)"],
        );
    }

    #[test]
    fn a_task_that_is_repeated_is_left_by_one_flow() {
        check(
            &[("/nodes/1/multiInstance", r#"{"collection": "items"}"#)],
            &[
                "OUTCOME_WITHOUT_TASK /flows/1/outcome (ask)",
                "MANY_OUTGOING_FLOWS /flows/2 (ask)",
                "OUTCOME_WITHOUT_TASK /flows/2/outcome (ask)",
            ],
        );
        check(
            &[
                ("/nodes/1/multiInstance", r#"{"collection": "items"}"#),
                ("/flows/1", r#"{"from": "ask", "to": "size"}"#),
                ("/flows/2", r#"{"from": "size", "to": "no", "when": "urgent"}"#),
            ],
            &[],
        );
    }
}
