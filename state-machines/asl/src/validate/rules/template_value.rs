//! In a payload template of JSONPath the value of a name that ends in `.$` is a text.

use serde_json::Value;

use crate::diagnostic::join;
use crate::types::QueryLanguage;
use crate::validate::document::Document;
use crate::validate::report::Findings;

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for state in &document.states {
        if state.language != QueryLanguage::JSONPath {
            continue;
        }
        for field in [
            "Parameters",
            "ResultSelector",
            "ItemSelector",
            "Assign",
            "Credentials",
            "ItemReader",
            "ItemBatcher",
            "ResultWriter",
        ] {
            if let Some(template) = state.fields.get(field) {
                look(template, field, &mut |at, message| {
                    findings.error(document.at(state, at), message)
                });
            }
        }
    }
}

fn look(value: &Value, at: &str, tell: &mut dyn FnMut(&str, &str)) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if let Some(short) = name.strip_suffix(".$") {
                    if !value.is_string() {
                        tell(
                            &join(at, name),
                            "the value of a name that ends in '.$' is a path or an intrinsic function",
                        );
                    }
                    if fields.contains_key(short) {
                        tell(&join(at, name), "the same name stands here without '.$'");
                    }
                }
                if value.is_object() || value.is_array() {
                    look(value, &join(at, name), tell);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items
                .iter()
                .enumerate()
                .filter(|(_, item)| item.is_object() || item.is_array())
            {
                look(item, &format!("{at}/{index}"), tell);
            }
        }
        _ => {}
    }
}
