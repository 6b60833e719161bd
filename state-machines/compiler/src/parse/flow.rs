//! One entry of `flows`.

use domain::diagnostic::Diagnostic;
use domain::text::Text;
use serde_json::Value;

use super::attributes::Attributes;
use crate::document::{Flow, LooseEnd};
use crate::vocabulary::Place;

/// Where an end is missing, the other one.
pub(super) fn read(
    value: &Value,
    at: String,
    parent: Option<usize>,
    found: &mut Vec<Diagnostic>,
) -> Result<Flow, Option<LooseEnd>> {
    let Value::Object(fields) = value else {
        found.push(Diagnostic::error(
            "WRONG_TYPE",
            at,
            Text::new("A flow must be an object.", "连线必须是对象。"),
        ));
        return Err(None);
    };
    let from = fields.get("from").and_then(Value::as_str);
    let mut attributes = Attributes::new(fields, &at, Place::Other, found).about(from);
    for required in ["from", "to"] {
        attributes.require(required);
    }
    let from = attributes.string("from").map(str::to_owned);
    let to = attributes.string("to").map(str::to_owned);
    let name = attributes.name();
    let outcome = attributes.string("outcome").map(str::to_owned);
    let when = attributes.string("when").map(str::to_owned);
    let default = attributes.boolean("default").unwrap_or_default();
    attributes.finish();
    let (from, to) = match (from, to) {
        (Some(from), Some(to)) => (from, to),
        (from, to) => return Err(from.map(LooseEnd::From).or(to.map(LooseEnd::To))),
    };
    Ok(Flow {
        pointer: at,
        parent,
        from,
        to,
        outcome,
        when,
        default,
        name,
    })
}
