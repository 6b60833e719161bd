//! The platform under test: a gateway of its own in this process, with tables, queues and machines of its own at the AWS
//! endpoint that `cargo xtask test` starts; or a deployment of its own, without a gateway.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::unreachable,
    reason = "a test that cannot go on panics"
)]

pub mod bank;
pub mod binary;
pub mod client;
pub mod deployment;
pub mod functions;
pub mod fuse;
pub mod language;
pub mod machine;
pub mod mortal;
pub mod needs;
pub mod objects;
pub mod outside;
pub mod people;
pub mod platform;
pub mod process;
pub mod stage;

use std::net::Ipv4Addr;
use std::path::PathBuf;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use domain::id::{TenantId, UserId, Username};
use domain::permission::Permission;
use local::home::Listen;
use local::{Endpoint, Options, administrator};
use runtime::Caller;
use runtime::config::{Aws, SecretText};

pub use client::{Answer, Client};
pub use people::Story;
pub use platform::Platform;

pub const ADMIN_PASSWORD: &str = "administrator-1";

/// A platform that nobody else sees.
#[derive(Debug)]
pub struct TestApp {
    pub platform: Platform,
    pub client: Client,
    data: PathBuf,
}

impl TestApp {
    /// As it runs: requests are served, queues and streams are followed.
    pub async fn start() -> Self {
        if let Some(url) = deployment::template_url() {
            return Self::deploy(&url).await;
        }
        let mut app = Self::start_with(|http| http).await;
        app.platform.follow().await;
        app
    }

    /// Requests are served; events are the test's to deliver. `around` may put something between the clients and the AWS
    /// endpoint.
    pub async fn start_with(around: impl FnOnce(SharedHttpClient) -> SharedHttpClient) -> Self {
        Self::start_at(endpoint(), around).await
    }

    /// As it runs, with an endpoint that other processes reach as well.
    pub async fn start_open() -> Self {
        let endpoint = match endpoint() {
            Endpoint::Own { .. } => Endpoint::Own {
                listen: Some(Listen::new(Ipv4Addr::LOCALHOST.into(), 0, false)),
            },
            other => other,
        };
        let mut app = Self::start_at(endpoint, |http| http).await;
        app.platform.follow().await;
        app
    }

    async fn start_at(endpoint: Endpoint, around: impl FnOnce(SharedHttpClient) -> SharedHttpClient) -> Self {
        assert!(deployment::template_url().is_none(), "{}", platform::NO_GATEWAY);
        let (prefix, data) = places();
        let options = Options {
            port: 0,
            data: data.clone(),
            prefix,
            endpoint,
            region: "us-east-1".to_owned(),
            access_key_id: "test".to_owned(),
            secret_access_key: "test".to_owned(),
            admin_password: Some(ADMIN_PASSWORD.to_owned()),
            time_zone: None,
        };
        let platform = local::Platform::start_with(options, around)
            .await
            .expect("the platform starts");
        Self::on(Platform::here(platform), data)
    }

    async fn deploy(template_url: &str) -> Self {
        let Endpoint::Other(endpoint) = endpoint() else {
            unreachable!("the platform is deployed to another endpoint than this process")
        };
        let (prefix, data) = places();
        let stack = deployment::Stack::create(template_url, &endpoint, &prefix).await;
        // As `cargo xtask deploy` makes the first one.
        let made = administrator::create(&stack.app.store, Some(ADMIN_PASSWORD), |_| Ok(())).await;
        made.expect("the administrator is made");
        Self::on(Platform::deployed(stack), data)
    }

    fn on(platform: Platform, data: PathBuf) -> Self {
        let client = Client::new(format!("{}/api/v1", platform.address));
        Self {
            platform,
            client,
            data,
        }
    }

    /// Somebody whose token allows exactly this, whether or not there is such a user.
    pub fn bearer(&self, tenant: &str, user: &str, permissions: &[Permission]) -> Client {
        let caller = Caller {
            user: UserId::parse(user).unwrap(),
            tenant: TenantId::parse(tenant).unwrap(),
            username: Username::parse("somebody").unwrap(),
            roles: Vec::new(),
            permissions: permissions.to_vec(),
        };
        let token = runtime::token::sign(&self.platform.app.config, caller, runtime::clock::now()).unwrap();
        self.client.with_token(token)
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

/// What leads the names of a platform that nobody else sees, and a folder for it.
fn places() -> (String, PathBuf) {
    // The end of a UUID of version 7 is random.
    let id: String = uuid::Uuid::now_v7()
        .simple()
        .to_string()
        .chars()
        .skip(22)
        .collect();
    (
        format!("t{id}-"),
        std::env::temp_dir().join(format!("pflow-test-{id}")),
    )
}

/// An endpoint on this machine that checks no credentials.
pub fn aws_at(endpoint_url: &str, region: &str) -> Aws {
    Aws {
        region: region.to_owned(),
        access_key_id: "test".to_owned(),
        secret_access_key: SecretText("test".to_owned()),
        session_token: None,
        endpoint_url: Some(endpoint_url.to_owned()),
        ca_bundle: None,
    }
}

/// The AWS endpoint of the tests: their own process, unless `PFLOW_TEST_ENDPOINT` names another.
#[expect(clippy::disallowed_methods, reason = "the tests' own configuration")]
pub fn endpoint() -> Endpoint {
    match std::env::var("PFLOW_TEST_ENDPOINT") {
        Ok(url) if !url.is_empty() => Endpoint::Other(url),
        _ => Endpoint::Own { listen: None },
    }
}
