//! The clients that only the gateway needs: on AWS, event source mappings and the template do their work.

use aws_sdk_dynamodbstreams::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use runtime::clients::Clients;
use runtime::config::Aws;

#[derive(Debug, Clone)]
pub struct GatewayClients {
    pub dynamodb: aws_sdk_dynamodb::Client,
    pub streams: aws_sdk_dynamodbstreams::Client,
    pub sqs: aws_sdk_sqs::Client,
    pub sfn: aws_sdk_sfn::Client,
    pub events: aws_sdk_eventbridge::Client,
    pub lambda: aws_sdk_lambda::Client,
}

macro_rules! client {
    ($sdk:ident, $aws:expr, $http:expr) => {{
        let credentials = Credentials::new(
            &$aws.access_key_id,
            &$aws.secret_access_key.0,
            None,
            None,
            "environment",
        );
        let mut config = $sdk::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new($aws.region.clone()))
            .credentials_provider(credentials)
            .http_client($http.clone());
        config.set_endpoint_url($aws.endpoint_url.clone());
        $sdk::Client::from_conf(config.build())
    }};
}

impl GatewayClients {
    pub fn new(aws: &Aws, http: &SharedHttpClient) -> Self {
        let shared = Clients::with_http(aws, http.clone());
        Self {
            dynamodb: shared.dynamodb,
            sqs: shared.sqs,
            sfn: shared.sfn,
            streams: client!(aws_sdk_dynamodbstreams, aws, http),
            events: client!(aws_sdk_eventbridge, aws, http),
            lambda: client!(aws_sdk_lambda, aws, http),
        }
    }
}
