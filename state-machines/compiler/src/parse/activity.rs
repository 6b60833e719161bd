//! What activities have in common, and those that are no tasks.

use super::attributes::Attributes;
use super::values::{assignments, expression, label, required_expression};
use crate::document::{CallActivity, MultiInstance};
use crate::vocabulary::Place;

pub(super) fn multi_instance(attributes: &mut Attributes<'_, '_>) -> Option<MultiInstance> {
    let mut inner = attributes.nested("multiInstance", Place::Other)?;
    let collection = required_expression(&mut inner, "collection");
    let element = label(&mut inner, "element");
    let sequential = inner.boolean("sequential").unwrap_or_default();
    let completion_condition = expression(&mut inner, "completionCondition");
    let output = assignments(&mut inner, "output");
    inner.finish();
    Some(MultiInstance {
        collection: collection?,
        element,
        sequential,
        completion_condition,
        output,
    })
}

/// None: it calls nothing.
pub(super) fn call(attributes: &mut Attributes<'_, '_>) -> Option<CallActivity> {
    attributes.require("calledElement");
    let called_element = attributes.string("calledElement");
    let input = assignments(attributes, "in");
    let output = assignments(attributes, "out");
    let status = label(attributes, "status");
    Some(CallActivity {
        called_element: called_element?.to_owned(),
        input,
        output,
        status,
    })
}

/// Whether it is an event sub-process. Its nodes and flows are read by [`scope`](super::scope).
pub(super) fn sub_process(attributes: &mut Attributes<'_, '_>) -> bool {
    for list in ["nodes", "flows"] {
        attributes.require(list);
        attributes.list(list);
    }
    attributes.boolean("triggeredByEvent").unwrap_or_default()
}
