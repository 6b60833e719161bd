//! Lean AWS clients: credentials and region from the environment, one TLS stack (ring), Amazon's own roots only.
//! The SDK's defaults cost a hundred times the instructions at a cold start.

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::SdkConfig;

use crate::config::Aws;

/// Amazon Root CA 1 to 4: what every AWS endpoint's certificate chains to.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

#[derive(Debug, Clone)]
pub struct Clients {
    pub dynamodb: aws_sdk_dynamodb::Client,
    pub sqs: aws_sdk_sqs::Client,
    pub sfn: aws_sdk_sfn::Client,
}

impl Clients {
    pub fn new(config: &SdkConfig) -> Self {
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            sqs: aws_sdk_sqs::Client::new(config),
            sfn: aws_sdk_sfn::Client::new(config),
        }
    }
}

/// What the clients share. `http` is the way to the endpoint: [`http_client`], but in tests, which count and cut calls.
pub fn sdk_config(aws: &Aws, http: SharedHttpClient) -> SdkConfig {
    let credentials = Credentials::new(
        &aws.access_key_id,
        &aws.secret_access_key.0,
        aws.session_token.as_ref().map(|token| token.0.clone()),
        None,
        "environment",
    );
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(aws.region.clone()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http);
    config.set_endpoint_url(aws.endpoint_url.clone());
    config.build()
}

/// The connector that all clients share.
pub fn http_client() -> SharedHttpClient {
    let roots = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
    let builder = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring));
    match TlsContext::builder().with_trust_store(roots).build() {
        Ok(context) => builder.tls_context(context).build_https(),
        // Cannot be: the roots are part of the program.
        Err(_) => builder.build_https(),
    }
}
