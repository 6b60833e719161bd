//! Messages that wait in queues: submissions that were taken and are no tickets yet, events on their way, what others have
//! not fetched.

use anyhow::{Context, Result, bail};
use aws::Home;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, SendMessageBatchRequestEntry};

use super::Sides;

const BATCH: i32 = 10;
/// Longer than a copy takes: each message is seen once.
const HIDDEN_SECONDS: i32 = 12 * 3600;

/// Copies those of every queue. They stay here, too: who takes one twice does nothing the second time.
pub(super) async fn copy(sides: &Sides, home: &Home, tell: &impl Fn(&str)) -> Result<()> {
    let list = sides.here.sqs.list_queues().queue_name_prefix(&sides.prefix);
    let mut urls = list.into_paginator().items().send();
    while let Some(url) = urls.next().await {
        let url = url?;
        let name = url.rsplit('/').next().unwrap_or_default();
        // Whoever had received them does not run.
        home.release_messages(&url).await?;
        let copied = copy_queue(sides, &url, name).await;
        home.release_messages(&url).await?;
        let count = copied.with_context(|| format!("cannot copy the messages of the queue {name}"))?;
        if count > 0 {
            tell(&format!("{name}: {count} messages"));
        }
    }
    Ok(())
}

async fn copy_queue(sides: &Sides, here: &str, name: &str) -> Result<usize> {
    let (mut count, mut there) = (0, None);
    loop {
        let messages = receive(&sides.here.sqs, here).await?;
        if messages.is_empty() {
            return Ok(count);
        }
        // Asked for only where something waits: what nobody uses need not be there.
        let there = match &there {
            Some(url) => url,
            None => there.insert(queue_url(&sides.there.sqs, name).await?),
        };
        send(&sides.there.sqs, there, &messages).await?;
        count += messages.len();
    }
}

async fn queue_url(there: &Client, name: &str) -> Result<String> {
    let found = there.get_queue_url().queue_name(name).send().await;
    let found = found.context("the account has no such queue, and messages wait in it here")?;
    found.queue_url.context("the queue has no URL")
}

async fn receive(here: &Client, url: &str) -> Result<Vec<Message>> {
    let received = here
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(BATCH)
        .visibility_timeout(HIDDEN_SECONDS)
        .message_attribute_names("All")
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .send()
        .await?;
    Ok(received.messages.unwrap_or_default())
}

async fn send(there: &Client, url: &str, messages: &[Message]) -> Result<()> {
    let entries = messages.iter().enumerate().map(|(n, message)| {
        let system = |name| {
            let attributes = message.attributes.as_ref();
            attributes.and_then(|attributes| attributes.get(&name).cloned())
        };
        SendMessageBatchRequestEntry::builder()
            .id(n.to_string())
            .message_body(message.body().unwrap_or_default())
            .set_message_attributes(message.message_attributes.clone())
            .set_message_group_id(system(MessageSystemAttributeName::MessageGroupId))
            .set_message_deduplication_id(system(MessageSystemAttributeName::MessageDeduplicationId))
            .build()
    });
    let entries = entries.collect::<Result<Vec<_>, _>>()?;
    let sent = there
        .send_message_batch()
        .queue_url(url)
        .set_entries(Some(entries));
    let sent = sent.send().await?;
    match sent.failed.first() {
        Some(failed) => bail!(
            "the account has not taken a message: {} {}",
            failed.code,
            failed.message().unwrap_or_default()
        ),
        None => Ok(()),
    }
}
