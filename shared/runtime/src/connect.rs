//! The connection that an operation's first call will need, opened before the first event is asked for. Most of a cold start is TLS,
//! and Lambda gives a function more CPU while it starts than it may have for its work.

use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::retry::RetryConfig;
use http::Uri;

use crate::clients::Clients;
use crate::config::Aws;
use crate::grant::{Grant, Resource};

/// Then the function starts without: its first call opens the connection.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    DynamoDb,
    Sqs,
    StepFunctions,
}

/// Opens a connection to the service that is likely to be called first. Nothing that comes of it matters: the first call tells.
pub(crate) async fn open(clients: &Clients, aws: &Aws, grants: &[Grant]) {
    let encrypted = aws
        .endpoint_url
        .as_ref()
        .is_none_or(|url| url.starts_with("https:"));
    if let Some(service) = first_called(grants)
        && encrypted
    {
        let _ = tokio::time::timeout(PATIENCE, ping(clients, service)).await;
    }
}

/// What is to be done is read from a table, if there is any.
fn first_called(grants: &[Grant]) -> Option<Service> {
    let services = grants.iter().map(|grant| match grant.resource {
        Resource::Table(_) => Service::DynamoDb,
        Resource::Queue(_) | Resource::OutgoingQueues => Service::Sqs,
        Resource::StateMachines => Service::StepFunctions,
    });
    services.min_by_key(|service| *service != Service::DynamoDb)
}

/// Through the service's own client, so that its endpoint is the one of later calls and the connection is kept for them. What
/// comes is not the answer to what the client thinks it has asked, and is not to be asked for again.
async fn ping(clients: &Clients, service: Service) {
    let once = RetryConfig::disabled();
    match service {
        Service::DynamoDb => {
            let call = clients.dynamodb.list_tables().customize().interceptor(Ping);
            let config = aws_sdk_dynamodb::config::Config::builder().retry_config(once);
            let _ = call.config_override(config).send().await;
        }
        Service::Sqs => {
            let call = clients.sqs.list_queues().customize().interceptor(Ping);
            let config = aws_sdk_sqs::config::Config::builder().retry_config(once);
            let _ = call.config_override(config).send().await;
        }
        Service::StepFunctions => {
            let call = clients.sfn.list_state_machines().customize().interceptor(Ping);
            let config = aws_sdk_sfn::config::Config::builder().retry_config(once);
            let _ = call.config_override(config).send().await;
        }
    }
}

/// Makes of a call what every AWS endpoint answers to anybody: `GET /ping`.
#[derive(Debug)]
struct Ping;

#[dyn_dispatch_hint]
impl Intercept for Ping {
    fn name(&self) -> &'static str {
        "Ping"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        let mut address = request.uri().parse::<Uri>()?.into_parts();
        address.path_and_query = Some("/ping".parse()?);
        let mut ping = HttpRequest::new(SdkBody::empty());
        ping.set_method("GET")?;
        ping.set_uri(Uri::from_parts(address)?)?;
        *request = ping;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use store::Table;

    use super::*;
    use crate::grant::{Queue, outgoing_queues, queue, state_machines, table};

    #[test]
    fn tables_are_read_first() {
        let reads = table(Table::Tickets, "GetItem");
        let sends = queue(Queue::Submissions, "SendMessage");
        for (grants, expected) in [
            (vec![], None),
            (vec![sends.clone(), reads], Some(Service::DynamoDb)),
            (vec![sends], Some(Service::Sqs)),
            (vec![outgoing_queues("SendMessage")], Some(Service::Sqs)),
            (
                vec![state_machines("StopExecution")],
                Some(Service::StepFunctions),
            ),
        ] {
            assert_eq!(first_called(&grants), expected, "{grants:?}");
        }
    }
}
