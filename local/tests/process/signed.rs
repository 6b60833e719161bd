//! Requests to the AWS endpoint as SDKs make them, with their signature.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use reqwest::Response;
use serde_json::{Value, json};

#[derive(Clone, Copy)]
pub(crate) enum Service {
    DynamoDb,
    Sqs,
    States,
    Events,
}

impl Service {
    /// What it is signed for, and what its targets begin with.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::DynamoDb => ("dynamodb", "DynamoDB_20120810"),
            Self::Sqs => ("sqs", "AmazonSQS"),
            Self::States => ("states", "AWSStepFunctions"),
            Self::Events => ("events", "AWSEvents"),
        }
    }
}

/// A client of the endpoint at a port of this machine.
#[derive(Clone)]
pub(crate) struct Aws {
    pub(crate) http: reqwest::Client,
    pub(crate) base: String,
    pub(crate) secret: String,
    /// How far its clock is from the right time, in seconds.
    pub(crate) skew: i64,
}

impl Aws {
    pub(crate) fn new(port: u16) -> Self {
        Self {
            http: reqwest::Client::new(),
            base: format!("http://127.0.0.1:{port}"),
            secret: "test".to_owned(),
            skew: 0,
        }
    }

    pub(crate) async fn json(&self, service: Service, operation: &str, body: Value) -> Response {
        let (name, prefix) = service.names();
        let target = format!("{prefix}.{operation}");
        let headers = [
            ("x-amz-target", target.as_str()),
            ("content-type", "application/x-amz-json-1.0"),
        ];
        self.send("POST", name, "/", &headers, body.to_string().into())
            .await
    }

    pub(crate) async fn rest(&self, method: &str, service: &str, path: &str, body: Vec<u8>) -> Response {
        self.send(method, service, path, &[], body).await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        service: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Response {
        let request = self.request(method, service, path, headers, body);
        self.http.execute(request).await.unwrap()
    }

    /// Signed, and not sent yet.
    pub(crate) fn request(
        &self,
        method: &str,
        service: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> reqwest::Request {
        let identity = Credentials::new("test", &self.secret, None, None, "test").into();
        let mut settings = SigningSettings::default();
        if service == "s3" {
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region("us-east-1")
            .name(service)
            .time(self.time())
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let url = format!("{}{path}", self.base);
        let signable =
            SignableRequest::new(method, &url, headers.iter().copied(), SignableBody::Bytes(&body)).unwrap();
        let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
        let mut request = self.http.request(method.parse().unwrap(), url).body(body);
        for (name, value) in headers.iter().copied().chain(instructions.headers()) {
            request = request.header(name, value);
        }
        request.build().unwrap()
    }

    fn time(&self) -> SystemTime {
        let now = runtime::clock::now().as_second() + self.skew;
        UNIX_EPOCH + Duration::from_secs(u64::try_from(now).unwrap())
    }
}

/// The table `tab`, as `CreateTable` takes it.
pub(crate) fn table() -> Value {
    json!({
        "TableName": "tab", "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
        "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
    })
}

/// The machine `m` that waits for hours, as `CreateStateMachine` takes it.
pub(crate) fn machine() -> Value {
    let definition =
        json!({ "StartAt": "W", "States": { "W": { "Type": "Wait", "Seconds": 36000, "End": true } } });
    json!({
        "name": "m", "definition": definition.to_string(), "roleArn": "arn:aws:iam::000000000000:role/r",
    })
}
