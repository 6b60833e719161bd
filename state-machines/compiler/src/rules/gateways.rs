//! `GATEWAY_WITHOUT_DEFAULT`, `MANY_DEFAULTS`, `MISSING_CONDITION`, `DEFAULT_WITH_CONDITION`: an exclusive
//! or inclusive gateway always knows where to go.

use super::{Findings, Subject, about_flow, about_node, at};
use crate::document::Kind;
use domain::text::Text;

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for (no, node) in subject.graph.nodes() {
        let flows = subject.graph.written(no);
        let decides = flows.len() > 1 || flows.iter().any(|flow| flow.when.is_some());
        if !matches!(node.kind, Kind::Exclusive | Kind::Inclusive) || !decides {
            continue;
        }
        let defaults = flows.iter().filter(|flow| flow.default);
        for further in defaults.clone().skip(1) {
            let diagnostic = about_flow(
                "MANY_DEFAULTS",
                further,
                format!("`{}` has a default flow already.", node.id),
                format!("`{}` 已有默认连线。", node.id),
            );
            found.push(at(diagnostic, "default"));
        }
        let open: Vec<_> = flows
            .iter()
            .filter(|flow| !flow.default && flow.when.is_none())
            .collect();
        if defaults.count() == 0 {
            let diagnostic = about_node(
                "GATEWAY_WITHOUT_DEFAULT",
                node,
                format!("`{}` goes nowhere when no condition holds.", node.id),
                format!("当没有条件成立时，`{}` 无路可走。", node.id),
            );
            found.push(diagnostic.suggest(Text::new(
                "Give one of its flows `\"default\": true` instead of `when`.",
                "请将其中一条连线的 `when` 换成 `\"default\": true`。",
            )));
            // The one flow without a condition is what the suggestion is about.
            if open.len() == 1 {
                continue;
            }
        }
        for flow in open {
            found.push(about_flow(
                "MISSING_CONDITION",
                flow,
                "This flow needs `when`, since its gateway has several.",
                "网关有多条连线，此连线需要 `when`。",
            ));
        }
        for flow in flows.iter().filter(|flow| flow.default && flow.when.is_some()) {
            let diagnostic = about_flow(
                "DEFAULT_WITH_CONDITION",
                flow,
                "The default flow is taken when nothing else is; it has no `when`.",
                "默认连线在其他条件都不成立时使用，不能有 `when`。",
            );
            found.push(at(diagnostic, "when"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::check;

    #[test]
    fn inclusive_gateways_are_the_same() {
        check(
            &[
                ("/nodes/2/type", "\"inclusiveGateway\""),
                ("/flows/4/default", "false"),
            ],
            &["GATEWAY_WITHOUT_DEFAULT /nodes/2 (size)"],
        );
        check(&[("/nodes/2/type", "\"inclusiveGateway\"")], &[]);
    }

    #[test]
    fn one_flow_is_the_default_and_the_others_have_conditions() {
        check(
            &[("/flows/4/default", "false")],
            &["GATEWAY_WITHOUT_DEFAULT /nodes/2 (size)"],
        );
        check(
            &[(
                "/flows/4",
                r#"{"from": "size", "to": "end", "when": "amount < 10"}"#,
            )],
            &["GATEWAY_WITHOUT_DEFAULT /nodes/2 (size)"],
        );
        check(
            &[("/flows/-", r#"{"from": "size", "to": "no", "default": true}"#)],
            &["MANY_DEFAULTS /flows/6/default (size)"],
        );
        check(
            &[("/flows/-", r#"{"from": "size", "to": "no"}"#)],
            &["MISSING_CONDITION /flows/6 (size)"],
        );
        check(
            &[("/flows/4/when", "\"amount < 10\"")],
            &["DEFAULT_WITH_CONDITION /flows/4/when (size)"],
        );
    }

    #[test]
    fn a_gateway_that_only_joins_needs_neither() {
        check(
            &[
                ("/flows/3", r#"{"from": "size", "to": "pay", "default": true}"#),
                ("/flows/4", r#"{"from": "pay", "to": "end"}"#),
                ("/flows/5", r#"{"from": "pay", "to": "end", "name": "x"}"#),
            ],
            &[
                "MANY_OUTGOING_FLOWS /flows/5 (pay)",
                "DUPLICATE_FLOW /flows/5 (pay)",
            ],
        );
    }
}
