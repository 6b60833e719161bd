//! `UNKNOWN_FIELD`: a task's field permissions name fields of the form.

use super::{Findings, Subject, about_node, at, with};
use crate::condition::field_names;
use crate::document::Kind;
use crate::suggest::did_you_mean;

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    let Some(schema) = subject.schema else { return };
    let names = field_names(schema);
    for node in &subject.document.nodes {
        let Kind::User(task) = &node.kind else { continue };
        for (field, _) in task
            .fields
            .iter()
            .filter(|(field, _)| !names.contains(field.as_str()))
        {
            let diagnostic = about_node(
                "UNKNOWN_FIELD",
                node,
                format!("The form has no field `{field}`."),
                format!("表单没有字段 `{field}`。"),
            );
            let suggestion = did_you_mean(field, names.iter().copied());
            found.push(with(at(at(diagnostic, "fields"), field), suggestion));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::check;

    #[test]
    fn permissions_are_for_fields_of_the_form() {
        check(
            &[("/nodes/1/fields", r#"{"amount": "read", "not/e": "write"}"#)],
            &["UNKNOWN_FIELD /nodes/1/fields/not~1e (ask)"],
        );
    }
}
