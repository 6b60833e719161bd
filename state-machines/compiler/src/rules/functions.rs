//! `MISSING_ATTRIBUTE`, `UNKNOWN_FUNCTION`: a service task calls a function that exists.

use super::{Findings, Subject, about_node, at, with};
use crate::document::Kind;
use crate::node::Service;
use crate::suggest::did_you_mean;

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for node in &subject.document.nodes {
        let Kind::Service(task) = &node.kind else { continue };
        let Some(Service::Lambda(lambda)) = &task.service else {
            continue;
        };
        if subject.catalog.has_function(lambda) {
            continue;
        }
        let diagnostic = about_node(
            "UNKNOWN_FUNCTION",
            node,
            format!("There is no function `{lambda}`."),
            format!("没有函数 `{lambda}`。"),
        );
        let known: Vec<String> = subject.catalog.functions().collect();
        let suggestion = did_you_mean(lambda, known.iter().map(String::as_str));
        found.push(with(at(diagnostic, "lambda"), suggestion));
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::check;

    #[test]
    fn the_function_is_in_the_catalog() {
        check(
            &[("/nodes/3/lambda", "\"create-payments\"")],
            &["UNKNOWN_FUNCTION /nodes/3/lambda (pay)"],
        );
        check(&[("/nodes/3/lambda", "\"create_payment\"")], &[]);
        check(
            &[("/nodes/3", r#"{"id": "pay", "type": "serviceTask"}"#)],
            &["MISSING_ATTRIBUTE /nodes/3 (pay)"],
        );
        check(
            &[(
                "/nodes/3",
                r#"{"id": "pay", "type": "serviceTask", "http": {"method": "GET", "url": "\"https://a.b\""}}"#,
            )],
            &[],
        );
    }
}
