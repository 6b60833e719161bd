//! The operations of DynamoDB and its streams, each with whether it changes anything.

use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

macro_rules! operations {
    ($($name:literal $kind:ident $method:ident),+ $(,)?) => {
        /// Their names.
        pub const OPERATIONS: &[&str] = &[$($name),+];

        /// Whether what it did must be on the disk before it is answered.
        pub(super) fn writes(operation: &str) -> bool {
            match operation {
                $($name => Kind::$kind == Kind::Write,)+
                _ => false,
            }
        }

        /// Runs one operation on the database. `None`: there is none of this name.
        pub fn dispatch(db: &Database, operation: &str, body: &[u8]) -> Option<Result<String, DynoxideError>> {
            Some(match operation {
                $($name => run(body, |request| db.$method(request)),)+
                _ => return None,
            })
        }
    };
}

#[derive(PartialEq)]
enum Kind {
    Read,
    Write,
}

operations! {
    "BatchExecuteStatement" Write batch_execute_statement,
    "BatchGetItem" Read batch_get_item,
    "BatchWriteItem" Write batch_write_item,
    "CreateTable" Write create_table,
    "DeleteItem" Write delete_item,
    "DeleteTable" Write delete_table,
    "DescribeStream" Read describe_stream,
    "DescribeTable" Read describe_table,
    "DescribeTimeToLive" Read describe_time_to_live,
    "ExecuteStatement" Write execute_statement,
    "ExecuteTransaction" Write execute_transaction,
    "GetItem" Read get_item,
    "GetRecords" Read get_records,
    "GetShardIterator" Read get_shard_iterator,
    "ListStreams" Read list_streams,
    "ListTables" Read list_tables,
    "ListTagsOfResource" Read list_tags_of_resource,
    "PutItem" Write put_item,
    "Query" Read query,
    "Scan" Read scan,
    "TagResource" Write tag_resource,
    "TransactGetItems" Read transact_get_items,
    "TransactWriteItems" Write transact_write_items,
    "UntagResource" Write untag_resource,
    "UpdateItem" Write update_item,
    "UpdateTable" Write update_table,
    "UpdateTimeToLive" Write update_time_to_live,
}

fn run<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    action: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> Result<String, DynoxideError> {
    let request = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
    let answer = action(request)?;
    serde_json::to_string(&answer).map_err(|e| DynoxideError::InternalServerError(e.to_string()))
}

/// The engine marks in the text which of DynamoDB's errors it means.
fn unreadable(error: &serde_json::Error) -> DynoxideError {
    let text = error.to_string();
    let plain = text.split(" at line ").next().unwrap_or_default();
    for marker in ["VALIDATION_REQUEST:", "VALIDATION_AS_READ:", "VALIDATION:"] {
        if let Some(message) = plain.strip_prefix(marker) {
            return DynoxideError::ValidationException(message.to_owned());
        }
    }
    for marker in ["SERIALIZATION_AS_READ:", "SERIALIZATION:"] {
        if let Some(message) = plain.strip_prefix(marker) {
            return DynoxideError::SerializationException(message.to_owned());
        }
    }
    let invalid = [
        "missing field",
        "unknown variant",
        "invalid type: null",
        "Supplied AttributeValue",
    ];
    if invalid.iter().any(|what| plain.contains(what)) {
        DynoxideError::ValidationException(plain.to_owned())
    } else {
        DynoxideError::SerializationException(plain.to_owned())
    }
}
