//! What the template creates on AWS, created through the same APIs: tables, queues with their dead-letter queues, the
//! rule for ended executions, and functions that call back to this process. Everything may be there already.

use std::collections::HashMap;

use anyhow::{Context, Result};
use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{Environment, FunctionCode, Runtime};
use aws_sdk_sqs::types::QueueAttributeName;
use runtime::Trigger;
use runtime::grant::Queue;
use store::Store;

use crate::clients::GatewayClients;

/// Seconds for which a received message is hidden from others: more than a handler may take.
const VISIBILITY_SECONDS: u32 = 60;
const DEAD_LETTERS_KEPT_SECONDS: u32 = 14 * 24 * 3600;
/// An archive without files: the code of functions that call back.
const EMPTY_ZIP: [u8; 22] = [
    b'P', b'K', 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];

/// URLs of the queues, by queue.
pub type QueueUrls = HashMap<Queue, String>;

pub async fn tables(clients: &GatewayClients, prefix: &str) -> Result<()> {
    let store = Store::new(clients.dynamodb.clone(), prefix);
    store.create_tables().await.context("cannot create the tables")
}

pub async fn queues(clients: &GatewayClients, prefix: &str) -> Result<QueueUrls> {
    let mut urls = QueueUrls::new();
    for queue in Queue::ALL {
        let dead = create_queue(
            clients,
            &queue.dead_letter_name(prefix),
            [(
                QueueAttributeName::MessageRetentionPeriod,
                DEAD_LETTERS_KEPT_SECONDS.to_string(),
            )],
        )
        .await?;
        let redrive = serde_json::json!({
            "deadLetterTargetArn": queue_arn(clients, &dead).await?,
            "maxReceiveCount": Queue::MAX_RECEIVES,
        });
        let url = create_queue(
            clients,
            &queue.name(prefix),
            [
                (
                    QueueAttributeName::VisibilityTimeout,
                    VISIBILITY_SECONDS.to_string(),
                ),
                (QueueAttributeName::RedrivePolicy, redrive.to_string()),
            ],
        )
        .await?;
        urls.insert(*queue, url);
    }
    Ok(urls)
}

async fn create_queue(
    clients: &GatewayClients,
    name: &str,
    attributes: impl IntoIterator<Item = (QueueAttributeName, String)>,
) -> Result<String> {
    let attributes = attributes.into_iter().collect();
    let created = clients
        .sqs
        .create_queue()
        .queue_name(name)
        .set_attributes(Some(attributes))
        .send()
        .await;
    let created = created.with_context(|| format!("cannot create the queue {name}"))?;
    created
        .queue_url
        .with_context(|| format!("the queue {name} has no URL"))
}

async fn queue_arn(clients: &GatewayClients, url: &str) -> Result<String> {
    let arn = QueueAttributeName::QueueArn;
    let attributes = clients
        .sqs
        .get_queue_attributes()
        .queue_url(url)
        .attribute_names(arn.clone())
        .send()
        .await?;
    let found = attributes
        .attributes()
        .and_then(|attributes| attributes.get(&arn))
        .cloned();
    found.with_context(|| format!("the queue {url} has no ARN"))
}

/// Sends status changes of our executions to their queue.
pub async fn rule(clients: &GatewayClients, prefix: &str, urls: &QueueUrls) -> Result<()> {
    let url = urls.get(&Queue::Executions).context("no queue for executions")?;
    let arn = queue_arn(clients, url).await?;
    let name = Queue::Executions.name(prefix);
    let pattern = serde_json::json!({
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {
            "status": ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"],
            "stateMachineArn": [{ "wildcard": format!("*:stateMachine:{prefix}*") }],
        },
    });
    let rule = clients
        .events
        .put_rule()
        .name(&name)
        .event_pattern(pattern.to_string());
    rule.send()
        .await
        .context("cannot create the rule for executions")?;
    let target = aws_sdk_eventbridge::types::Target::builder()
        .id("queue")
        .arn(arn)
        .build()?;
    clients
        .events
        .put_targets()
        .rule(&name)
        .targets(target)
        .send()
        .await
        .context("cannot set the rule's target")?;
    Ok(())
}

/// Creates the functions that state machines call. Each is a name; calls go to the URL that `url` says for it, or are
/// answered by the endpoint that this process is itself.
pub async fn functions(
    clients: &GatewayClients,
    prefix: &str,
    url: Option<&dyn Fn(&str) -> String>,
) -> Result<()> {
    for handler in functions::handlers()
        .iter()
        .filter(|handler| handler.trigger == Trigger::StateMachine)
    {
        let id = &handler.operation.id;
        let variables = url.map(|url| HashMap::from([("MINISTACK_LAMBDA_PROXY_URL".to_owned(), url(id))]));
        let environment = Environment::builder().set_variables(variables).build();
        let name = format!("{prefix}{id}");
        let created = clients
            .lambda
            .create_function()
            .function_name(&name)
            .runtime(Runtime::Providedal2023)
            .handler("bootstrap")
            .role("arn:aws:iam::000000000000:role/pflow")
            .timeout(i32::try_from(handler.timeout_seconds).unwrap_or(30))
            .code(FunctionCode::builder().zip_file(Blob::new(EMPTY_ZIP)).build())
            .environment(environment.clone())
            .send()
            .await;
        match created {
            Ok(_) => {}
            Err(e) if e.code() == Some("ResourceConflictException") => {
                let update = clients
                    .lambda
                    .update_function_configuration()
                    .function_name(&name);
                update
                    .environment(environment)
                    .send()
                    .await
                    .with_context(|| format!("cannot change {name}"))?;
            }
            Err(e) => return Err(e).with_context(|| format!("cannot create the function {name}")),
        }
    }
    Ok(())
}
