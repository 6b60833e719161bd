//! Tables: every item as it is, but that it names the account's state machines.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, Select, WriteRequest};
use store::Table;

use super::Sides;
use super::machines::Machines;

/// Items that DynamoDB takes at once.
const BATCH: usize = 25;
/// How often what was not taken is offered again.
const TRIES: u32 = 10;
/// Attributes that hold the ARN of a state machine.
const ARNS: [&str; 2] = ["state_machine", "machine"];

type Item = HashMap<String, AttributeValue>;

/// The account's tables are there, and nobody has worked with them yet: an item from here would go over a newer one.
pub(super) async fn check(sides: &Sides, over: bool) -> Result<()> {
    for table in Table::ALL {
        let name = table.name(&sides.prefix);
        let described = sides
            .there
            .dynamodb
            .describe_table()
            .table_name(&name)
            .send()
            .await;
        described.with_context(|| format!("the account has no table {name}: deploy the template first"))?;
        // There is an administrator as soon as somebody can sign in.
        if !over && *table != Table::Identity {
            let any = sides
                .there
                .dynamodb
                .scan()
                .table_name(&name)
                .limit(1)
                .send()
                .await;
            let any = any.with_context(|| format!("cannot read the table {name}"))?;
            ensure!(
                any.count == 0,
                "the account's table {name} is not empty: what is there would be written over. \
                 After an export that was cut off, --over goes on; after people have worked there, it loses their work"
            );
        }
    }
    Ok(())
}

pub(super) async fn copy(sides: &Sides, machines: &Machines, tell: &impl Fn(&str)) -> Result<()> {
    for table in Table::ALL {
        let name = table.name(&sides.prefix);
        let count = copy_table(sides, machines, &name)
            .await
            .with_context(|| format!("cannot copy the table {name}"))?;
        tell(&format!("{name}: {count} items"));
    }
    Ok(())
}

async fn copy_table(sides: &Sides, machines: &Machines, table: &str) -> Result<usize> {
    let (mut count, mut start) = (0, None);
    loop {
        let page = sides
            .here
            .dynamodb
            .scan()
            .table_name(table)
            .select(Select::AllAttributes)
            .set_exclusive_start_key(start)
            .send()
            .await?;
        let mut items = page.items.unwrap_or_default();
        items.iter_mut().for_each(|item| rename(item, machines));
        count += items.len();
        for batch in items.chunks(BATCH) {
            write(&sides.there.dynamodb, table, batch).await?;
        }
        start = page.last_evaluated_key;
        if start.is_none() {
            return Ok(count);
        }
    }
}

fn rename(item: &mut Item, machines: &Machines) {
    for name in ARNS {
        if let Some(AttributeValue::S(arn)) = item.get_mut(name) {
            *arn = machines.there(arn);
        }
    }
}

async fn write(there: &Client, table: &str, items: &[Item]) -> Result<()> {
    let requests = items.iter().map(|item| {
        let put = PutRequest::builder().set_item(Some(item.clone())).build()?;
        Ok(WriteRequest::builder().put_request(put).build())
    });
    let mut left = requests.collect::<Result<Vec<_>>>()?;
    for attempt in 0..TRIES {
        let written = there.batch_write_item().request_items(table, left).send().await?;
        left = written
            .unprocessed_items
            .unwrap_or_default()
            .remove(table)
            .unwrap_or_default();
        if left.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50 << attempt)).await;
    }
    bail!("{} items were not taken, {TRIES} times", left.len())
}
