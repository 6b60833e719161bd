//! The platform under test: in this process, or as it is deployed.

use local::clients::GatewayClients;
use local::provision::QueueUrls;
use runtime::App;
use serde_json::Value;

use crate::deployment::Stack;

/// A test that needs one says so by [`crate::needs::lacks`].
pub(crate) const NO_GATEWAY: &str = "no gateway runs where the platform is tested as deployed";

#[derive(Debug)]
pub struct Platform {
    /// Of the test: what a function would have.
    pub app: App,
    pub clients: GatewayClients,
    pub queue_urls: QueueUrls,
    /// Where requests are answered, without the path's beginning `/api/v1`.
    pub address: String,
    runs: Runs,
}

#[derive(Debug)]
enum Runs {
    Here(Box<local::Platform>),
    /// Deleted when it is dropped.
    Deployed(Box<Stack>),
}

impl Platform {
    pub(crate) fn here(platform: local::Platform) -> Self {
        Self {
            app: platform.app.clone(),
            clients: platform.clients.clone(),
            queue_urls: platform.queue_urls.clone(),
            address: format!("http://{}", platform.address),
            runs: Runs::Here(Box::new(platform)),
        }
    }

    pub(crate) fn deployed(stack: Stack) -> Self {
        Self {
            app: stack.app.clone(),
            clients: stack.clients.clone(),
            queue_urls: stack.queue_urls.clone(),
            address: stack.address.clone(),
            runs: Runs::Deployed(Box::new(stack)),
        }
    }

    /// The gateway. Who asks for it is no test of a deployment ([`crate::needs`]).
    pub fn gateway(&self) -> &local::Platform {
        match &self.runs {
            Runs::Here(platform) => platform,
            Runs::Deployed(_) => unreachable!("{NO_GATEWAY}"),
        }
    }

    pub async fn follow(&mut self) {
        match &mut self.runs {
            Runs::Here(platform) => platform.follow().await,
            Runs::Deployed(_) => unreachable!("{NO_GATEWAY}"),
        }
    }

    /// Hands an event to a handler, where it runs; of one that fails the error's name.
    pub async fn invoke(&self, handler: &str, event: Value) -> Result<Value, String> {
        match &self.runs {
            Runs::Here(_) => {
                let handlers = functions::handlers();
                let found = handlers
                    .iter()
                    .find(|found| found.operation.id == handler)
                    .unwrap();
                let answer = found.invoke(self.app.clone(), event, "test".to_owned()).await;
                answer.map_err(|error| error.name.into_owned())
            }
            Runs::Deployed(stack) => stack.invoke(handler, &event).await,
        }
    }
}
