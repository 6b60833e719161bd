//! The platform as it is deployed: each test has a CloudFormation stack of its own, at the endpoint that
//! `cargo xtask test --deployed` starts. Nothing of the gateway runs.

use std::collections::HashMap;
use std::thread;
use std::time::Duration;

use aws_sdk_cloudformation::Client as CloudFormation;
use aws_sdk_cloudformation::types::{Capability, Parameter, Stack as Description, StackStatus};
use aws_smithy_types::Blob;
use local::clients::GatewayClients;
use local::provision::QueueUrls;
use local::secrets::Secrets;
use runtime::App;
use runtime::clients::{Clients, http_client, sdk_config};
use runtime::config::{Aws, Config};
use runtime::grant::Queue;
use serde_json::Value;

/// What API Gateway adds to every answer, its own and a function's; no function does.
pub const ANSWERED_BY_API_GATEWAY: &str = "apigw-requestid";

/// The one function that is told all, the key that signs tokens included.
const ISSUER: &str = "login";

/// Where the transformed template is, if the platform is tested as deployed.
#[expect(clippy::disallowed_methods, reason = "the tests' own configuration")]
pub fn template_url() -> Option<String> {
    std::env::var("PFLOW_TEST_TEMPLATE_URL")
        .ok()
        .filter(|url| !url.is_empty())
}

/// How long anything may take that is waited for. As deployed, the function that looks for what is due runs each minute, and
/// some wait for it twice.
pub fn patience(seconds: u64) -> Duration {
    let ticks = if template_url().is_some() { 130 } else { 0 };
    Duration::from_secs(seconds + ticks)
}

/// A deployment. Dropping it deletes it.
#[derive(Debug)]
pub struct Stack {
    name: String,
    aws: Aws,
    /// Where its API answers, without the path's beginning `/api/v1`.
    pub address: String,
    pub app: App,
    pub clients: GatewayClients,
    pub queue_urls: QueueUrls,
}

impl Stack {
    /// As an operator deploys it: with new keys, and a prefix that no other deployment has.
    pub async fn create(template_url: &str, endpoint: &str, prefix: &str) -> Self {
        let aws = crate::aws_at(endpoint, "us-east-1");
        let name = format!("{prefix}stack");
        let address = address(endpoint, &deploy(&aws, &name, template_url, prefix).await);
        let sdk = sdk_config(&aws, http_client());
        let clients = GatewayClients::new(&sdk);
        let config = configuration(&aws, variables(&clients, prefix).await);
        let queue_urls = queue_urls(&clients, prefix).await;
        let app = App::new(config, Clients::new(&sdk)).unwrap();
        Self {
            name,
            aws,
            address,
            app,
            clients,
            queue_urls,
        }
    }

    /// By the Lambda API; of a function that fails the error's name.
    pub(crate) async fn invoke(&self, function: &str, event: &Value) -> Result<Value, String> {
        let name = format!("{}{function}", self.app.config.prefix);
        let invoked = self.clients.lambda.invoke().function_name(name);
        let answer = invoked
            .payload(Blob::new(event.to_string()))
            .send()
            .await
            .unwrap();
        let payload = answer.payload().map(Blob::as_ref).unwrap_or_default();
        let payload: Value = serde_json::from_slice(payload).unwrap();
        match answer.function_error() {
            None => Ok(payload),
            Some(_) => Err(payload["errorType"].as_str().unwrap_or_default().to_owned()),
        }
    }
}

impl Drop for Stack {
    /// So that its functions' processes end with the test. In a runtime of its own: the test's may be of any kind.
    fn drop(&mut self) {
        let (aws, name) = (self.aws.clone(), self.name.clone());
        let delete = move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let deletion = cloudformation(&aws).delete_stack().stack_name(name).send();
            // What goes wrong here is not what the test is about; the endpoint does not outlive the run.
            runtime.block_on(deletion).is_ok()
        };
        let _ = thread::spawn(delete).join();
    }
}

fn cloudformation(aws: &Aws) -> CloudFormation {
    CloudFormation::new(&sdk_config(aws, http_client()))
}

async fn deploy(aws: &Aws, name: &str, template_url: &str, prefix: &str) -> Description {
    let keys = Secrets::generate().unwrap();
    let parameters = [
        ("Prefix", prefix),
        ("TokenPublicKey", &keys.token_public_key),
        ("TokenPrivateKey", &keys.token_private_key),
        ("SubmissionKey", &keys.submission_key),
        ("DeletionProtection", "false"),
        ("LogLevel", "warn"),
    ];
    let parameters = parameters.map(|(key, value)| {
        Parameter::builder()
            .parameter_key(key)
            .parameter_value(value)
            .build()
    });
    let cloudformation = cloudformation(aws);
    let created = cloudformation
        .create_stack()
        .stack_name(name)
        .template_url(template_url)
        .set_parameters(Some(parameters.to_vec()))
        .capabilities(Capability::CapabilityIam);
    created.send().await.expect("the stack is taken");
    loop {
        let described = cloudformation
            .describe_stacks()
            .stack_name(name)
            .send()
            .await
            .unwrap();
        let stack = described.stacks.unwrap_or_default().remove(0);
        match stack.stack_status() {
            Some(StackStatus::CreateInProgress) => tokio::time::sleep(Duration::from_millis(50)).await,
            Some(StackStatus::CreateComplete) => return stack,
            _ => unreachable!("{}", failures(&cloudformation, name).await),
        }
    }
}

/// What of a stack could not be made, and why.
async fn failures(cloudformation: &CloudFormation, name: &str) -> String {
    let events = cloudformation
        .describe_stack_events()
        .stack_name(name)
        .send()
        .await
        .unwrap();
    let told = events.stack_events().iter().filter_map(|event| {
        let why = event.resource_status_reason()?;
        Some(format!(
            "{}: {why}",
            event.logical_resource_id().unwrap_or_default()
        ))
    });
    told.collect::<Vec<_>>().join("\n")
}

/// Where this machine reaches what the output `ApiUrl` names: `https://<id>.execute-api.<region>.<suffix>`.
fn address(endpoint: &str, stack: &Description) -> String {
    let mut outputs = stack.outputs().iter();
    let url = outputs
        .find(|output| output.output_key() == Some("ApiUrl"))
        .unwrap()
        .output_value()
        .unwrap();
    let id = url.strip_prefix("https://").unwrap().split('.').next().unwrap();
    format!("{endpoint}/_aws/execute-api/{id}/$default")
}

async fn variables(clients: &GatewayClients, prefix: &str) -> HashMap<String, String> {
    let function = clients
        .lambda
        .get_function_configuration()
        .function_name(format!("{prefix}{ISSUER}"));
    let environment = function.send().await.unwrap().environment.unwrap();
    environment.variables.unwrap()
}

/// As the deployed function reads it.
fn configuration(aws: &Aws, variables: HashMap<String, String>) -> Config {
    let read = Config::read(|name| match name {
        "AWS_REGION" => Some(aws.region.clone()),
        "AWS_ACCESS_KEY_ID" => Some(aws.access_key_id.clone()),
        "AWS_SECRET_ACCESS_KEY" => Some(aws.secret_access_key.0.clone()),
        "AWS_ENDPOINT_URL" => aws.endpoint_url.clone(),
        _ => variables.get(name).cloned(),
    });
    read.unwrap()
}

async fn queue_urls(clients: &GatewayClients, prefix: &str) -> QueueUrls {
    let mut urls = QueueUrls::new();
    for queue in Queue::ALL {
        let found = clients
            .sqs
            .get_queue_url()
            .queue_name(queue.name(prefix))
            .send()
            .await
            .unwrap();
        urls.insert(*queue, found.queue_url.unwrap());
    }
    urls
}
