//! `CONDITION_…`, `UNKNOWN_FIELD`: conditions and other expressions are JSONata that runs everywhere, over fields that
//! the form has and variables that are set somewhere.

use std::borrow::Cow;
use std::collections::BTreeSet;

use domain::diagnostic::Diagnostic;

use super::{Findings, Subject};
use crate::condition::{Known, analyse};
use crate::document::Node;
use crate::expressions::{Data, Expression, of_flow, of_node};

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for node in &subject.document.nodes {
        for expression in of_node(node) {
            let variables = match expression.data {
                Data::Around => subject.variables.at(subject.document, node, false),
                Data::Inside => subject.variables.at(subject.document, node, true),
                Data::AfterIteration => subject.variables.at_completion(subject.document, node),
                Data::Called => Cow::default(),
            };
            one(subject, &expression, &variables, &node.id, found);
        }
    }
    for flow in &subject.document.flows {
        let Some(expression) = of_flow(flow) else { continue };
        let source: Option<&Node> = subject
            .graph
            .find(&flow.from)
            .and_then(|no| subject.graph.node(no));
        let variables = source.map(|node| subject.variables.at(subject.document, node, false));
        one(
            subject,
            &expression,
            &variables.unwrap_or_default(),
            &flow.from,
            found,
        );
    }
}

fn one(
    subject: &Subject<'_>,
    expression: &Expression<'_>,
    variables: &BTreeSet<String>,
    node: &str,
    found: &mut Findings,
) {
    let is_ours = expression.data != Data::Called;
    let known = Known {
        schema: subject.schema.filter(|_| is_ours),
        variables,
    };
    let analysis = analyse(expression.source, known, expression.gives);
    for problem in analysis.problems {
        // What is unknown may be set by what could not be read.
        if problem.code == "UNKNOWN_FIELD" && subject.variables.is_partial {
            continue;
        }
        found.push(Diagnostic {
            code: problem.code.to_owned(),
            severity: problem.severity,
            pointer: expression.pointer.clone(),
            node: Some(node.to_owned()),
            message: problem.message,
            suggestion: problem.suggestion,
        });
    }
    if is_ours {
        found.reads.extend(analysis.reads);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rules::testing::{check, process, sub};

    #[test]
    fn what_is_wrong_with_a_condition_is_told_at_the_flow() {
        check(
            &[("/flows/3/when", "\"amount > \"")],
            &["CONDITION_SYNTAX /flows/3/when (size)"],
        );
        check(
            &[("/flows/3/when", "\"ammount > 1\"")],
            &["UNKNOWN_FIELD /flows/3/when (size)"],
        );
        check(
            &[("/flows/3/when", "\"note > 1\"")],
            &["CONDITION_TYPE /flows/3/when (size)"],
        );
    }

    #[test]
    fn every_expression_is_read_where_it_stands() {
        process(
            json!([
                {"id": "a", "type": "scriptTask", "script": {"total": "amount *", "note": "amount"}},
                {"id": "b", "type": "serviceTask", "http": {
                    "method": "GET", "url": "amount", "headers": {"X-A": "("}, "body": "nothing"}},
                {"id": "c", "type": "serviceTask", "queue": {"name": "q", "body": "nothing"}},
                {"id": "d", "type": "sendTask", "message": {
                    "name": "m", "correlation": "amount", "data": {"x": "nothing"}}},
                {"id": "e", "type": "receiveTask", "message": {"name": "m", "correlation": "amount"}},
                {"id": "f", "type": "intermediateCatchEvent", "timer": {"timeDate": {"expression": "amount"}}},
                {"id": "g", "type": "callActivity", "calledElement": "payout",
                    "in": {"x": "nothing"}, "out": {"y": "anything_of_it", "z": "("}},
                {"id": "done", "type": "endEvent", "signal": {"name": "s", "data": {"x": "nothing"}}},
            ]),
            &["start > a > b > c > d > e > f > g > done"],
            &[
                "UNREACHABLE_NODE /nodes/1 (end)",
                "CONDITION_SYNTAX /nodes/2/script/total (a)",
                "CONDITION_TYPE /nodes/2/script/note (a)",
                "CONDITION_TYPE /nodes/3/http/url (b)",
                "CONDITION_SYNTAX /nodes/3/http/headers/X-A (b)",
                "UNKNOWN_FIELD /nodes/3/http/body (b)",
                "UNKNOWN_FIELD /nodes/4/queue/body (c)",
                "CONDITION_TYPE /nodes/5/message/correlation (d)",
                "UNKNOWN_FIELD /nodes/5/message/data/x (d)",
                "CONDITION_TYPE /nodes/6/message/correlation (e)",
                "CONDITION_TYPE /nodes/7/timer/timeDate/expression (f)",
                "UNKNOWN_FIELD /nodes/8/in/x (g)",
                "CONDITION_SYNTAX /nodes/8/out/z (g)",
                "UNKNOWN_FIELD /nodes/9/signal/data/x (done)",
            ],
        );
    }

    #[test]
    fn variables_are_known_and_elements_only_inside() {
        let each = |body: &str| {
            json!({"id": "each", "type": "serviceTask", "queue": {"name": "q", "body": body},
                "multiInstance": {"collection": "items", "element": "item",
                    "completionCondition": "nrOfCompletedInstances = 2 and total > 1",
                    "output": {"totals": "item.price"}}})
        };
        let script = json!({"id": "sum", "type": "scriptTask", "script": {"total": "$sum(totals)"}});
        process(json!([each("item"), script]), &["start > each > sum > end"], &[]);
        process(
            json!([each("loopCounter"), {"id": "sum", "type": "scriptTask", "script": {"total": "item"}}]),
            &["start > each > sum > end"],
            &[
                "UNKNOWN_FIELD /nodes/2/queue/body (each)",
                "UNKNOWN_FIELD /nodes/3/script/total (sum)",
            ],
        );
        let mut around = sub("all", script, &["start-all > sum > end-all"]);
        around["multiInstance"] = json!({"collection": "items", "element": "totals"});
        process(around, &["start > all > end"], &[]);
    }
}
