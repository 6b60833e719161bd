//! `pflow export-to-aws`: the tables of this home into those of an account, where the template has made them.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, Select, WriteRequest};
use runtime::clients::{http_client, sdk_config};
use runtime::config::{Aws, SecretText};
use store::Table;

use crate::data::DataFolder;
use crate::home::OwnHome;

/// Items that DynamoDB takes at once.
const BATCH: usize = 25;
/// How often what was not taken is offered again.
const TRIES: u32 = 10;

type Item = HashMap<String, AttributeValue>;

/// The account.
#[derive(Debug)]
pub struct Target {
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: String,
    pub session_token: Option<String>,
    /// Another endpoint than AWS's own.
    pub endpoint: Option<String>,
}

/// Copies every table. The platform must not run here meanwhile, and should not there. Copying again is harmless.
pub async fn run(data: &Path, prefix: &str, target: Target, tell: impl Fn(&str)) -> Result<()> {
    ensure!(
        data.join("secrets.json").exists(),
        "there is no data in {}",
        data.display()
    );
    let folder = DataFolder::take(data)?;
    let own = OwnHome::open(folder.path(), &target.region, ("", ""), None).await?;
    own.functions.complete();
    let here = Aws {
        region: target.region.clone(),
        access_key_id: "test".to_owned(),
        secret_access_key: SecretText("test".to_owned()),
        session_token: None,
        endpoint_url: Some("http://127.0.0.1".to_owned()),
    };
    let here = Client::new(&sdk_config(&here, own.home.http_client()));
    let there = Aws {
        region: target.region,
        access_key_id: target.access_key_id,
        secret_access_key: SecretText(target.secret_access_key),
        session_token: target.session_token.map(SecretText),
        endpoint_url: target.endpoint,
    };
    let there = Client::new(&sdk_config(&there, http_client()));
    for table in Table::ALL {
        let name = table.name(prefix);
        let described = there.describe_table().table_name(&name).send().await;
        described.with_context(|| format!("the account has no table {name}: deploy the template first"))?;
    }
    for table in Table::ALL {
        let name = table.name(prefix);
        let count = copy(&here, &there, &name)
            .await
            .with_context(|| format!("cannot copy the table {name}"))?;
        tell(&format!("{name}: {count} items"));
    }
    Ok(())
}

async fn copy(here: &Client, there: &Client, table: &str) -> Result<usize> {
    let (mut count, mut start) = (0, None);
    loop {
        let page = here
            .scan()
            .table_name(table)
            .select(Select::AllAttributes)
            .set_exclusive_start_key(start)
            .send()
            .await?;
        let items = page.items.unwrap_or_default();
        count += items.len();
        for batch in items.chunks(BATCH) {
            write(there, table, batch).await?;
        }
        start = page.last_evaluated_key;
        if start.is_none() {
            return Ok(count);
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
