//! A function's `main`: everything is built once, then requests or events come in.

use std::process::ExitCode;

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::Value;
use tower::ServiceBuilder;

use crate::app::App;
use crate::clients::{Clients, http_client_of, sdk_config};
use crate::config::Config;
use crate::connect;
use crate::endpoint::Endpoint;
use crate::envelope::chain;
use crate::handler::Handler;
use crate::middleware::without_trailing_slash;
use crate::request::Operation;

/// Serves one endpoint as a Lambda function behind an HTTP API.
pub fn serve(endpoint: &Endpoint) -> ExitCode {
    run(&endpoint.operation, async |app| {
        let router = endpoint.router(&app);
        lambda_http::run(
            ServiceBuilder::new()
                .map_request(without_trailing_slash)
                .service(router),
        )
        .await
    })
}

/// Serves one event handler as a Lambda function.
pub fn serve_handler(handler: &Handler) -> ExitCode {
    run(&handler.operation, async |app| {
        let function = service_fn(async |event: LambdaEvent<Value>| {
            let request_id = event.context.request_id;
            handler
                .invoke(app.clone(), event.payload, request_id)
                .await
                .map_err(Diagnostic::from)
        });
        lambda_runtime::run(function).await
    })
}

fn run(operation: &Operation, serve: impl AsyncFnOnce(App) -> Result<(), lambda_runtime::Error>) -> ExitCode {
    crate::log::start(&log_filter());
    let outcome = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(lambda_runtime::Error::from)
        .and_then(|runtime| {
            let config = Config::from_env()?;
            let clients = Clients::new(&sdk_config(&config.aws, http_client_of(&config.aws)?));
            let aws = config.aws.clone();
            let app = App::new(config, clients.clone())?;
            runtime.block_on(async {
                connect::open(&clients, &aws, &operation.grants).await;
                serve(app).await
            })
        });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = chain(error.as_ref()), "the function cannot run");
            ExitCode::FAILURE
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "needed before the configuration, to tell what is wrong with it"
)]
fn log_filter() -> String {
    std::env::var("PFLOW_LOG").unwrap_or_default()
}
