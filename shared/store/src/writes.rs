//! What people wrote into an instance's data, told as often as it takes and written once.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use domain::id::TenantId;
use domain::task::Task;
use domain::{Error, Result};
use serde_json::Value;

use crate::dynamo::{Store, Written, conditional};
use crate::item::{self, Item, text};
use crate::keys;
use crate::table::Table;

/// Fields of one write: an expression of DynamoDB has at most 4 KB.
const MOST_FIELDS: usize = 50;

impl Store {
    /// Writes the fields that a decided place brings into its instance's data: each unless this or a later place has written
    /// it, since who repeats this may be late. One call, but where a later place has written some of them, and for very many.
    pub async fn instance_write_of(
        &self,
        tenant: &TenantId,
        place: &Task,
        written: &BTreeMap<String, Value>,
    ) -> Result<()> {
        let order = order(place);
        let mut left: BTreeMap<&String, &Value> = written.iter().collect();
        while !left.is_empty() {
            let some: Vec<_> = left
                .iter()
                .take(MOST_FIELDS)
                .map(|(field, value)| (*field, *value))
                .collect();
            let update = self
                .update(Table::Instances, &keys::instance(tenant, &place.id.instance))
                .expression_attribute_values(":order", text(&order));
            match conditional(newer(update, &some)).await? {
                Written::Done(_) => left.retain(|field, _| !some.iter().any(|(done, _)| done == field)),
                Written::Refused(Some(item)) => left.retain(|field, _| is_newer(&item, field, &order)),
                // Written by a stream: a moment later it is there.
                Written::Refused(None) => {
                    return Err(Error::Unavailable(
                        "write the data of an instance that is still being created",
                    ));
                }
            }
        }
        Ok(())
    }
}

/// Numbers rise along every way; of places with one number, iterations of one activity, the time decides.
fn order(place: &Task) -> String {
    let at = place
        .decided
        .as_ref()
        .map_or(place.opened_at, |decision| decision.at);
    format!("{:08}#{}", place.seq, keys::by_time(at, &place.id))
}

/// The attribute that tells who wrote a field last. Beside the data, because no map has to be there for it.
fn attribute(field: &str) -> String {
    format!("written.{field}")
}

fn is_newer(item: &Item, field: &str, order: &str) -> bool {
    let last = item.get(&attribute(field)).and_then(|last| last.as_s().ok());
    last.is_none_or(|last| last.as_str() < order)
}

fn newer(mut update: UpdateItemFluentBuilder, fields: &[(&String, &Value)]) -> UpdateItemFluentBuilder {
    let mut condition = "attribute_exists(pk)".to_owned();
    let mut sets = Vec::new();
    for (n, (field, value)) in fields.iter().enumerate() {
        condition.push_str(&format!(" AND (attribute_not_exists(#w{n}) OR #w{n} < :order)"));
        sets.push(format!("#d.#f{n} = :v{n}, #w{n} = :order"));
        update = update
            .expression_attribute_names(format!("#f{n}"), *field)
            .expression_attribute_names(format!("#w{n}"), attribute(field))
            .expression_attribute_values(format!(":v{n}"), item::json(value));
    }
    update
        .expression_attribute_names("#d", "data")
        .condition_expression(condition)
        .update_expression(format!("SET {}", sets.join(", ")))
}
