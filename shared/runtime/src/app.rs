//! What every handler works with: built once per process.

use std::sync::Arc;

use domain::Result;
use store::Store;

use crate::clients::{Clients, Lazy};
use crate::config::Config;
use crate::definitions::Definitions;
use crate::token::Verifier;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct App(Arc<Inner>);

#[derive(Debug)]
pub struct Inner {
    pub config: Config,
    pub store: Store,
    pub sqs: Lazy<aws_sdk_sqs::Client>,
    pub sfn: Lazy<aws_sdk_sfn::Client>,
    pub definitions: Definitions,
    pub verifier: Verifier,
}

impl App {
    pub fn new(config: Config, clients: Clients) -> Result<Self> {
        let store = Store::new(clients.dynamodb, config.prefix.clone());
        Ok(Self(Arc::new(Inner {
            definitions: Definitions::new(store.clone()),
            verifier: Verifier::new(&config)?,
            store,
            sqs: clients.sqs,
            sfn: clients.sfn,
            config,
        })))
    }
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
