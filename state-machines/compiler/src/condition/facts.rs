//! What the form's schema says about the values of one field.

use serde_json::Value;

use super::kind::{Kinds, Shape};
use super::schema::{self, Property};

/// Wider than the truth where the schema is not understood.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Facts {
    pub(crate) number: bool,
    /// Its numbers are whole.
    pub(crate) integer: bool,
    pub(crate) string: bool,
    pub(crate) boolean: bool,
    /// Null, or nothing at all.
    pub(crate) null: bool,
    pub(crate) other: bool,
    /// The only values that it can have.
    pub(crate) values: Option<Vec<Value>>,
    /// The limits of its numbers, and whether each is itself allowed.
    pub(crate) low: Option<(f64, bool)>,
    pub(crate) high: Option<(f64, bool)>,
}

impl Facts {
    /// Of a field, and of what is in it.
    pub(crate) fn of(root: Option<&Value>, path: &[&str]) -> Self {
        let shape = root.and_then(|root| find(root, path)).unwrap_or(Shape::ANY);
        let number = |name: &str| shape.schema.and_then(|schema| schema.get(name)?.as_f64());
        let limit = |closed: &str, open: &str| {
            let open = number(open).map(|limit| (limit, false));
            open.or_else(|| Some((number(closed)?, true)))
        };
        let is_integer = |schema: &Value| schema.get("type").is_some_and(|name| name == "integer");
        Self {
            number: shape.kinds.meets(Kinds::NUMBER),
            integer: shape.schema.is_some_and(is_integer),
            string: shape.kinds.meets(Kinds::STRING),
            boolean: shape.kinds.meets(Kinds::BOOLEAN),
            null: shape.kinds.meets(Kinds::NULL | Kinds::MISSING),
            other: shape.kinds.meets(Kinds::ARRAY | Kinds::OBJECT),
            values: shape.values.map(<[Value]>::to_vec),
            low: limit("minimum", "exclusiveMinimum"),
            high: limit("maximum", "exclusiveMaximum"),
        }
    }

    pub(crate) fn allows(&self, number: f64) -> bool {
        let above = |(limit, closed): (f64, bool)| number > limit || (closed && number >= limit);
        let below = |(limit, closed): (f64, bool)| number < limit || (closed && number <= limit);
        self.low.is_none_or(above) && self.high.is_none_or(below)
    }
}

fn find<'s>(root: &'s Value, path: &[&str]) -> Option<Shape<'s>> {
    let mut shape = schema::shape(root, root, 0);
    let mut missing = Kinds::NONE;
    for (depth, name) in path.iter().enumerate() {
        // A path through a list gives all that its entries have.
        if depth > 0 && shape.kinds.meets(Kinds::ARRAY) {
            return None;
        }
        let Property::Known(found) = schema::property(root, shape.schema?, name) else {
            return None;
        };
        missing = missing | (found.kinds & (Kinds::NULL | Kinds::MISSING));
        shape = found;
    }
    let lacks = if missing.is_none() {
        Kinds::NONE
    } else {
        Kinds::MISSING
    };
    Some(Shape {
        kinds: shape.kinds | lacks,
        ..shape
    })
}
