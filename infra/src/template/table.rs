//! The tables.

use serde_json::{Value, json};
use store::Table;
use store::table::{EXPIRES_AT, INDEX, INDEX_PARTITION_KEY, INDEX_SORT_KEY, PARTITION_KEY, SORT_KEY};

use super::{Resources, environment, prefixed, reference};
use crate::function::logical;

pub(crate) fn logical_id(table: Table) -> String {
    format!("{}Table", logical(table.base_name()))
}

pub(super) fn add(resources: &mut Resources) {
    for table in Table::ALL {
        resources.add_retained(logical_id(*table), "AWS::DynamoDB::Table", properties(*table));
    }
}

fn properties(table: Table) -> Value {
    let mut attributes = vec![PARTITION_KEY, SORT_KEY];
    let mut properties = json!({
        "TableName": prefixed(table.base_name()),
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": key_schema(PARTITION_KEY, SORT_KEY),
        "TimeToLiveSpecification": { "AttributeName": EXPIRES_AT, "Enabled": true },
        "PointInTimeRecoverySpecification": { "PointInTimeRecoveryEnabled": true },
        "DeletionProtectionEnabled": reference(environment::DELETION_PROTECTION),
    });
    let mut set = |name: &str, value: Value| {
        if let Some(members) = properties.as_object_mut() {
            members.insert(name.to_owned(), value);
        }
    };
    if table.has_index() {
        attributes.extend([INDEX_PARTITION_KEY, INDEX_SORT_KEY]);
        let index = json!({
            "IndexName": INDEX,
            "KeySchema": key_schema(INDEX_PARTITION_KEY, INDEX_SORT_KEY),
            "Projection": { "ProjectionType": "ALL" },
        });
        set("GlobalSecondaryIndexes", json!([index]));
    }
    if table.has_stream() {
        let stream = json!({ "StreamViewType": "NEW_AND_OLD_IMAGES" });
        set("StreamSpecification", stream);
    }
    let attributes = attributes
        .into_iter()
        .map(|name| json!({ "AttributeName": name, "AttributeType": "S" }));
    set("AttributeDefinitions", attributes.collect());
    properties
}

fn key_schema(partition: &str, sort: &str) -> Value {
    json!([
        { "AttributeName": partition, "KeyType": "HASH" },
        { "AttributeName": sort, "KeyType": "RANGE" },
    ])
}
