//! Lean AWS clients: credentials and region from the environment, one TLS stack (ring), Amazon's own roots only.
//! The SDK's defaults cost a hundred times the instructions at a cold start.

use std::sync::{Arc, LazyLock};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::SdkConfig;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::config::Aws;

/// Amazon Root CA 1 to 4: what every AWS endpoint's certificate chains to.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

#[derive(Debug, Clone)]
pub struct Clients {
    pub dynamodb: aws_sdk_dynamodb::Client,
    pub sqs: Lazy<aws_sdk_sqs::Client>,
    pub sfn: Lazy<aws_sdk_sfn::Client>,
}

/// A client that is built when it is first used: building one costs a tenth of a cold start, and most functions need one alone.
pub type Lazy<C> = Arc<LazyLock<C, Box<dyn FnOnce() -> C + Send>>>;

impl Clients {
    pub fn new(config: &SdkConfig) -> Self {
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            sqs: lazy(config, aws_sdk_sqs::Client::new),
            sfn: lazy(config, aws_sdk_sfn::Client::new),
        }
    }
}

fn lazy<C: 'static>(config: &SdkConfig, build: fn(&SdkConfig) -> C) -> Lazy<C> {
    let config = config.clone();
    Arc::new(LazyLock::new(Box::new(move || build(&config))))
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
    connector(TrustStore::empty().with_pem_certificate(AMAZON_ROOTS))
}

/// The same, which also trusts the certificates in the file `AWS_CA_BUNDLE`, as behind a proxy that looks into TLS.
///
/// # Errors
///
/// The file cannot be read, or is not one of certificates in PEM.
pub fn http_client_of(aws: &Aws) -> Result<SharedHttpClient, BundleError> {
    let Some(path) = &aws.ca_bundle else {
        return Ok(http_client());
    };
    let pem = std::fs::read(path).map_err(|cause| BundleError::Unreadable(path.clone(), cause))?;
    let sound = certificates(&pem).ok_or_else(|| BundleError::Unsound(path.clone()))?;
    let roots = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
    tracing::info!(path, certificates = sound, "also trusts what AWS_CA_BUNDLE names");
    Ok(connector(roots.with_pem_certificate(pem)))
}

/// Why `AWS_CA_BUNDLE` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    #[error("AWS_CA_BUNDLE: {0} cannot be read")]
    Unreadable(String, #[source] std::io::Error),
    #[error("AWS_CA_BUNDLE: {0} is not a file of certificates in PEM")]
    Unsound(String),
}

/// How many there are, if all can be roots. The connector panics at others.
fn certificates(pem: &[u8]) -> Option<usize> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .ok()?;
    let sound = !found.is_empty()
        && found
            .iter()
            .all(|der| webpki::anchor_from_trusted_cert(der).is_ok());
    sound.then_some(found.len())
}

fn connector(roots: TrustStore) -> SharedHttpClient {
    let builder = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring));
    match TlsContext::builder().with_trust_store(roots).build() {
        Ok(context) => builder.tls_context(context).build_https(),
        // Cannot be: the roots have been read.
        Err(_) => builder.build_https(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_certificates_and_nothing_else() {
        let amazon = std::str::from_utf8(AMAZON_ROOTS).unwrap();
        let of_something_else = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let cut: String = amazon.chars().take(500).collect();
        for (pem, expected) in [
            (amazon.to_owned(), Some(4)),
            (String::new(), None),
            ("no certificate".to_owned(), None),
            (of_something_else.to_owned(), None),
            (format!("{amazon}{of_something_else}"), None),
            (cut, None),
        ] {
            assert_eq!(certificates(pem.as_bytes()), expected, "{pem}");
        }
    }
}
