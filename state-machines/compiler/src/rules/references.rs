//! `UNKNOWN_FORM`: the form that the workflow names is not there.

use domain::diagnostic::Diagnostic;
use domain::text::Text;

use super::{Findings, Subject, with};
use crate::suggest::did_you_mean;

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    let Some(form) = &subject.document.form else {
        return;
    };
    if subject.schema.is_none() {
        let diagnostic = Diagnostic::error(
            "UNKNOWN_FORM",
            "/form",
            Text::new(
                format!("There is no published form `{form}`."),
                format!("没有已发布的表单 `{form}`。"),
            ),
        );
        found.push(with(diagnostic, did_you_mean(form, subject.catalog.form_keys())));
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::check;

    #[test]
    fn the_form_is_in_the_catalog() {
        check(&[("/form", "\"claims\"")], &["UNKNOWN_FORM /form"]);
    }
}
