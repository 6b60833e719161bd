//! The clients that only the gateway needs: on AWS, event source mappings and the template do their work.

use aws_types::SdkConfig;
use runtime::clients::Clients;

#[derive(Debug, Clone)]
pub struct GatewayClients {
    pub dynamodb: aws_sdk_dynamodb::Client,
    pub streams: aws_sdk_dynamodbstreams::Client,
    pub sqs: aws_sdk_sqs::Client,
    pub sfn: aws_sdk_sfn::Client,
    pub events: aws_sdk_eventbridge::Client,
    pub lambda: aws_sdk_lambda::Client,
}

impl GatewayClients {
    pub fn new(config: &SdkConfig) -> Self {
        let Clients { dynamodb, sqs, sfn } = Clients::new(config);
        Self {
            dynamodb,
            sqs,
            sfn,
            streams: aws_sdk_dynamodbstreams::Client::new(config),
            events: aws_sdk_eventbridge::Client::new(config),
            lambda: aws_sdk_lambda::Client::new(config),
        }
    }
}
