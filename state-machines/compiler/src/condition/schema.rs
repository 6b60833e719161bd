//! The form's JSON Schema, as far as conditions need it: which fields there are and of which types.

use std::collections::BTreeSet;

use serde_json::Value;

use super::kind::{Kinds, Shape};

/// Schemas refer to themselves; nobody writes a condition this deep.
const DEEPEST: usize = 8;

/// What a schema knows about a property.
pub(super) enum Property<'s> {
    Known(Shape<'s>),
    /// The schema names its properties, and this is none of them.
    Unknown,
    /// The schema does not say.
    Open,
}

/// A property of the objects that `schema` describes; `root` resolves its references.
pub(super) fn property<'s>(root: &'s Value, schema: &'s Value, name: &str) -> Property<'s> {
    let mut found = None;
    let mut names_any = false;
    visit(root, schema, 0, &mut |part| {
        let Some(properties) = part.get("properties").and_then(Value::as_object) else {
            return;
        };
        names_any = true;
        if let Some(property) = properties.get(name) {
            let shape = shape(root, property, 0);
            let required = part.get("required").and_then(Value::as_array);
            let required = required.is_some_and(|names| names.iter().any(|one| one == name));
            let missing = if required { Kinds::NONE } else { Kinds::MISSING };
            let mut shape = Shape {
                kinds: shape.kinds | missing,
                ..shape
            };
            // Several parts may speak about one property; each narrows it.
            if let Some(Shape { kinds, .. }) = found {
                shape.kinds = shape.kinds & kinds;
            }
            found = Some(shape);
        }
    });
    match found {
        Some(shape) => Property::Known(shape),
        None if names_any => Property::Unknown,
        None => Property::Open,
    }
}

/// The names of all fields that a schema mentions.
pub(crate) fn field_names(root: &Value) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    visit(root, root, 0, &mut |part| {
        let properties = part.get("properties").and_then(Value::as_object);
        names.extend(
            properties
                .into_iter()
                .flat_map(|fields| fields.keys().map(String::as_str)),
        );
    });
    names
}

/// A schema with the parts that speak about the same value.
fn visit<'s>(root: &'s Value, schema: &'s Value, depth: usize, see: &mut impl FnMut(&'s Value)) {
    if depth > DEEPEST {
        return;
    }
    see(schema);
    if let Some(target) = reference(root, schema) {
        visit(root, target, depth + 1, see);
    }
    for list in ["allOf", "anyOf", "oneOf"] {
        for part in schema.get(list).and_then(Value::as_array).into_iter().flatten() {
            visit(root, part, depth + 1, see);
        }
    }
    for part in ["then", "else", "if"] {
        if let Some(part) = schema.get(part) {
            visit(root, part, depth + 1, see);
        }
    }
    let dependent = schema.get("dependentSchemas").and_then(Value::as_object);
    for part in dependent.into_iter().flat_map(|parts| parts.values()) {
        visit(root, part, depth + 1, see);
    }
}

fn reference<'s>(root: &'s Value, schema: &Value) -> Option<&'s Value> {
    let pointer = schema.get("$ref")?.as_str()?.strip_prefix('#')?;
    root.pointer(pointer)
}

/// What a schema says about a value, as far as it can be told at sight.
pub(super) fn shape<'s>(root: &'s Value, schema: &'s Value, depth: usize) -> Shape<'s> {
    if depth > DEEPEST {
        return Shape::ANY;
    }
    let mut kinds = Kinds::ANY.present();
    if let Some(types) = schema.get("type") {
        kinds = kinds & of_type(types);
    }
    let mut values = schema.get("enum").and_then(Value::as_array).map(Vec::as_slice);
    if let Some(constant) = schema.get("const") {
        values = Some(std::slice::from_ref(constant));
    }
    if let Some(values) = values {
        kinds = kinds
            & values
                .iter()
                .fold(Kinds::NONE, |kinds, value| kinds | Kinds::of(value));
    }
    for list in ["anyOf", "oneOf"] {
        if let Some(parts) = schema.get(list).and_then(Value::as_array) {
            let either = parts.iter().fold(Kinds::NONE, |kinds, part| {
                kinds | shape(root, part, depth + 1).kinds
            });
            kinds = kinds & either;
        }
    }
    let all = schema
        .get("allOf")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    for part in all.chain(reference(root, schema)) {
        let part = shape(root, part, depth + 1);
        kinds = kinds & part.kinds;
        values = values.or(part.values);
    }
    Shape {
        kinds,
        schema: Some(schema),
        values,
    }
}

/// What the entries of a list are.
pub(super) fn items<'s>(root: &'s Value, list: &Shape<'s>) -> Shape<'s> {
    match list.schema.and_then(|schema| schema.get("items")) {
        Some(items) => shape(root, items, 0),
        None => Shape::ANY,
    }
}

fn of_type(types: &Value) -> Kinds {
    match types {
        Value::String(name) => match name.as_str() {
            "number" | "integer" => Kinds::NUMBER,
            "string" => Kinds::STRING,
            "boolean" => Kinds::BOOLEAN,
            "null" => Kinds::NULL,
            "array" => Kinds::ARRAY,
            "object" => Kinds::OBJECT,
            _ => Kinds::ANY,
        },
        Value::Array(names) => names
            .iter()
            .fold(Kinds::NONE, |kinds, name| kinds | of_type(name)),
        _ => Kinds::ANY,
    }
}
