//! The loop over a batch of messages: each handled on its own, the failed ones named, so that only they come again.

use std::future::Future;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use domain::Result;
use futures_util::future::join_all;

use crate::envelope::chain;
use crate::handler::FunctionError;
use crate::request;

/// Handles the messages of a batch side by side. What a message needs to be handled twice without harm is the caller's
/// to see to; what fails comes again, and after `Queue::MAX_RECEIVES` times goes to the dead-letter queue.
pub async fn each_message<F>(
    event: SqsEvent,
    handle: impl Fn(String) -> F,
) -> Result<SqsBatchResponse, FunctionError>
where
    F: Future<Output = Result<()>>,
{
    let handled = event.records.into_iter().map(|message| {
        let body = message.body.unwrap_or_default();
        let id = message.message_id.unwrap_or_default();
        let outcome = handle(body);
        async move {
            let error = outcome.await.err()?;
            let request_id = request::current().id;
            tracing::warn!(
                request_id,
                message_id = id,
                error = chain(&error),
                "message not handled"
            );
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            Some(failure)
        }
    });
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = join_all(handled).await.into_iter().flatten().collect();
    Ok(response)
}
