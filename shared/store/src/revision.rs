//! Changing an object only if it is still as it was read.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::{Error, Result};

use crate::item::{Item, number};

/// Puts an item over its own revision `seen`.
pub(crate) fn replace(table: String, item: Item, seen: u64) -> Result<TransactWriteItem> {
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(item))
        .condition_expression("revision = :seen")
        .expression_attribute_values(":seen", number(seen))
        .build()
        .map_err(|e| Error::internal("build a write", e))?;
    Ok(TransactWriteItem::builder().put(put).build())
}
