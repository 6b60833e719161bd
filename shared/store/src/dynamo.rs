//! The few ways in which items are read and written. The aggregates' files say what, this one says how.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Put, PutRequest, ReturnValue, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, WriteRequest,
};
use domain::page::Page;
use domain::{Error, Result};

use crate::cursor;
use crate::item::{Item, Stored, from_item, text};
use crate::keys::ItemKey;
use crate::table::{INDEX, INDEX_PARTITION_KEY, INDEX_SORT_KEY, PARTITION_KEY, SORT_KEY, Table};

pub(crate) const IS_NEW: &str = "attribute_not_exists(pk)";
/// DynamoDB's limit for one `BatchWriteItem`.
const BATCH: usize = 25;

/// Access to the tables of one deployment.
#[derive(Debug, Clone)]
pub struct Store {
    client: Client,
    prefix: String,
}

/// Which part of a list is asked for.
#[derive(Debug, Clone)]
pub struct PageRequest {
    pub limit: u32,
    pub cursor: Option<String>,
}

/// What came of a conditional write.
#[derive(Debug)]
pub(crate) enum Written {
    /// Done; the item as it is now, where it was asked for.
    Done(Item),
    /// The condition did not hold; the item as it stands, if there is one.
    Refused(Option<Item>),
}

impl Store {
    pub fn new(client: Client, prefix: impl Into<String>) -> Self {
        Self {
            client,
            prefix: prefix.into(),
        }
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    pub(crate) fn name(&self, table: Table) -> String {
        table.name(&self.prefix)
    }

    /// Reads see all earlier writes: half a read unit more, and no surprise.
    pub(crate) async fn get<T: Stored>(&self, table: Table, key: &ItemKey) -> Result<Option<T>> {
        let answer = self
            .client
            .get_item()
            .table_name(self.name(table))
            .key(PARTITION_KEY, text(&key.pk))
            .key(SORT_KEY, text(&key.sk))
            .consistent_read(true)
            .send()
            .await
            .map_err(|e| aws_error("read an item", e))?;
        answer.item.map(from_item).transpose()
    }

    /// Writes an item that must not be there yet. False: it is.
    pub(crate) async fn put_new(&self, table: Table, item: Item) -> Result<bool> {
        let put = self
            .client
            .put_item()
            .table_name(self.name(table))
            .set_item(Some(item));
        match put.condition_expression(IS_NEW).send().await {
            Ok(_) => Ok(true),
            Err(e)
                if matches!(
                    e.as_service_error(),
                    Some(PutItemError::ConditionalCheckFailedException(_))
                ) =>
            {
                Ok(false)
            }
            Err(e) => Err(aws_error("write an item", e)),
        }
    }

    /// Writes an item, whatever was there.
    pub(crate) async fn put(&self, table: Table, item: Item) -> Result<()> {
        let put = self
            .client
            .put_item()
            .table_name(self.name(table))
            .set_item(Some(item));
        put.send()
            .await
            .map(|_| ())
            .map_err(|e| aws_error("write an item", e))
    }

    /// Removes an item, whether or not it is there.
    pub(crate) async fn delete(&self, table: Table, key: &ItemKey) -> Result<()> {
        self.client
            .delete_item()
            .table_name(self.name(table))
            .key(PARTITION_KEY, text(&key.pk))
            .key(SORT_KEY, text(&key.sk))
            .send()
            .await
            .map(|_| ())
            .map_err(|e| aws_error("remove an item", e))
    }

    pub(crate) fn update(&self, table: Table, key: &ItemKey) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(self.name(table))
            .key(PARTITION_KEY, text(&key.pk))
            .key(SORT_KEY, text(&key.sk))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }

    /// All of it or nothing. `Ok(Err(reasons))` where a condition did not hold.
    pub(crate) async fn transact(
        &self,
        writes: Vec<TransactWriteItem>,
    ) -> Result<std::result::Result<(), Vec<CancellationReason>>> {
        match self
            .client
            .transact_write_items()
            .set_transact_items(Some(writes))
            .send()
            .await
        {
            Ok(_) => Ok(Ok(())),
            Err(e) => match e.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled))
                    if cancelled
                        .cancellation_reasons()
                        .iter()
                        .any(|r| r.code() == Some("ConditionalCheckFailed")) =>
                {
                    Ok(Err(cancelled.cancellation_reasons().to_vec()))
                }
                _ => Err(aws_error("write items together", e)),
            },
        }
    }

    /// Writes items by key, whatever was there: for rows whose content follows from their key.
    pub(crate) async fn put_all(&self, table: Table, items: Vec<Item>) -> Result<()> {
        let name = self.name(table);
        for chunk in items.chunks(BATCH) {
            let mut left = chunk
                .iter()
                .map(|item| write(item.clone()))
                .collect::<Result<Vec<_>>>()?;
            while !left.is_empty() {
                let answer = self
                    .client
                    .batch_write_item()
                    .request_items(&name, left)
                    .send()
                    .await
                    .map_err(|e| aws_error("write items", e))?;
                left = answer
                    .unprocessed_items
                    .and_then(|mut left| left.remove(&name))
                    .unwrap_or_default();
            }
        }
        Ok(())
    }

    /// One page of the items of a partition whose sort keys begin with `prefix` (empty: all), in order.
    pub(crate) async fn query<T: Stored>(
        &self,
        table: Table,
        pk: &str,
        prefix: &str,
        page: &PageRequest,
    ) -> Result<Page<T>> {
        let start = page
            .cursor
            .as_deref()
            .map(|cursor| cursor::open(cursor, pk))
            .transpose()?;
        let mut query = self
            .client
            .query()
            .table_name(self.name(table))
            .expression_attribute_values(":pk", text(pk))
            .limit(limit(page))
            .consistent_read(true)
            .set_exclusive_start_key(start);
        query = match prefix {
            // DynamoDB refuses an empty text for a key, also to begin with.
            "" => query.key_condition_expression("pk = :pk"),
            prefix => query
                .key_condition_expression("pk = :pk AND begins_with(sk, :sk)")
                .expression_attribute_values(":sk", text(prefix)),
        };
        let answer = query.send().await.map_err(|e| aws_error("read a list", e))?;
        page_of(answer.items.unwrap_or_default(), answer.last_evaluated_key)
    }

    /// All items of a partition whose sort keys begin with `prefix`: for partitions that are short by nature.
    pub(crate) async fn query_all<T: Stored>(&self, table: Table, pk: &str, prefix: &str) -> Result<Vec<T>> {
        let mut items = Vec::new();
        let mut page = PageRequest {
            limit: 1000,
            cursor: None,
        };
        loop {
            let found = self.query(table, pk, prefix, &page).await?;
            items.extend(found.items);
            match found.next_cursor {
                Some(cursor) => page.cursor = Some(cursor),
                None => return Ok(items),
            }
        }
    }

    /// One page of a partition of the index. Lags behind the writes by a moment.
    pub(crate) async fn query_index<T: Stored>(
        &self,
        table: Table,
        partition: &str,
        order: Order,
        page: &PageRequest,
    ) -> Result<Page<T>> {
        let start = page
            .cursor
            .as_deref()
            .map(|cursor| cursor::open_index(cursor, partition))
            .transpose()?;
        let answer = self
            .client
            .query()
            .table_name(self.name(table))
            .index_name(INDEX)
            .key_condition_expression("gsi1pk = :pk")
            .expression_attribute_values(":pk", text(partition))
            .limit(limit(page))
            .scan_index_forward(order == Order::Ascending)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|e| aws_error("read a list", e))?;
        page_of(answer.items.unwrap_or_default(), answer.last_evaluated_key)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Ascending,
    /// Newest first, where the sort key is a time.
    Descending,
}

/// Sends an update and tells a refused condition from a fault.
pub(crate) async fn conditional(update: UpdateItemFluentBuilder) -> Result<Written> {
    match update.send().await {
        Ok(answer) => Ok(Written::Done(answer.attributes.unwrap_or_default())),
        Err(e) => match e.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                Ok(Written::Refused(refused.item.clone()))
            }
            _ => Err(aws_error("change an item", e)),
        },
    }
}

/// A put in a transaction, of an item that must not be there yet.
pub(crate) fn new_in(table: String, item: Item) -> Result<TransactWriteItem> {
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(item))
        .condition_expression(IS_NEW)
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .build()
        .map_err(|e| Error::internal("build a write", e))?;
    Ok(TransactWriteItem::builder().put(put).build())
}

fn write(item: Item) -> Result<WriteRequest> {
    let put = PutRequest::builder()
        .set_item(Some(item))
        .build()
        .map_err(|e| Error::internal("build a write", e))?;
    Ok(WriteRequest::builder().put_request(put).build())
}

fn page_of<T: Stored>(items: Vec<Item>, last: Option<Item>) -> Result<Page<T>> {
    Ok(Page {
        items: items.into_iter().map(from_item).collect::<Result<_>>()?,
        next_cursor: last.as_ref().map(cursor::seal),
    })
}

fn limit(page: &PageRequest) -> i32 {
    i32::try_from(page.limit).unwrap_or(i32::MAX)
}

/// Throttling and lost connections may pass; the rest is a fault of ours.
pub fn aws_error<E, R>(doing: &'static str, error: SdkError<E, R>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let throttled = error.code().is_some_and(|code| {
        matches!(
            code,
            "ThrottlingException"
                | "ProvisionedThroughputExceededException"
                | "RequestLimitExceeded"
                | "TransactionInProgressException"
                | "TooManyRequestsException"
        )
    });
    if throttled {
        Error::Unavailable(doing)
    } else {
        Error::internal(doing, Box::new(error))
    }
}

pub(crate) fn key_attributes(item: &Item) -> impl Iterator<Item = (&str, &str)> {
    [PARTITION_KEY, SORT_KEY, INDEX_PARTITION_KEY, INDEX_SORT_KEY]
        .into_iter()
        .filter_map(|name| {
            Some((
                name,
                item.get(name)
                    .and_then(|value: &AttributeValue| value.as_s().ok())?
                    .as_str(),
            ))
        })
}
