//! Putting it together: from options to a platform that serves.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use axum::Router;
use axum::ServiceExt;
use axum::body::Body;
use axum::extract::Request;
use axum::http::Uri;
use axum::response::IntoResponse;
use runtime::clients::{Clients, sdk_config};
use runtime::config::{self, Config};
use runtime::envelope::ApiError;
use runtime::grant::Queue;
use runtime::middleware::without_trailing_slash;
use runtime::{App, Handler, Trigger, endpoint};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tower::Layer;
use tower::ServiceExt as _;
use tower::util::MapRequestLayer;

use crate::aws::GatewayClients;
use crate::provision::{self, QueueUrls};
use crate::secrets::Secrets;
use crate::{administrator, invocations, queues, schedules, streams};

/// Bytes that API Gateway takes.
const LARGEST_BODY: usize = 10 * 1024 * 1024;

/// How a platform is to be started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Of the API; 0 for any that is free.
    pub port: u16,
    /// Where the installation's keys are kept.
    pub data: PathBuf,
    /// Leads the names of tables, queues, functions and state machines.
    pub prefix: String,
    pub endpoint_url: String,
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: String,
    /// Of the first administrator; made where it is not given.
    pub admin_password: Option<String>,
    /// In which working days are counted, as POSIX writes it; UTC where it is not given.
    pub time_zone: Option<String>,
}

/// A running platform. Dropping it stops it.
#[derive(Debug)]
pub struct Platform {
    pub app: App,
    /// Where the API is served.
    pub address: SocketAddr,
    /// The password that was made for the administrator, if one was made.
    pub admin_password: Option<String>,
    pub queue_urls: QueueUrls,
    pub clients: GatewayClients,
    tasks: JoinSet<()>,
}

impl Platform {
    /// Creates what is missing at the endpoint, then serves the API and the calls of state machines.
    pub async fn start(options: Options) -> Result<Self> {
        Self::start_with(options, runtime::clients::http_client()).await
    }

    /// With another way to the endpoint.
    pub async fn start_with(options: Options, http: SharedHttpClient) -> Result<Self> {
        // First, so that a port that is taken is told before anything is done.
        let listener = listen(options.port).await?;
        let calls = listen(0).await?;
        let address = listener.local_addr()?;
        let mut tasks = JoinSet::new();
        let gateway = Arc::new(OnceLock::new());
        tasks.spawn(serve(listener, when_ready(Arc::clone(&gateway))));
        let secrets = Secrets::of_folder(&options.data)?;
        let (clients, app, queue_urls) = provision(&options, &secrets, http).await?;
        let handlers = functions::handlers();
        provision::functions(&clients, &options.prefix, &handlers, calls.local_addr()?).await?;
        let admin_password =
            administrator::ensure(&app, options.admin_password.as_deref(), &options.data).await?;

        tasks.spawn(serve(calls, invocations::router(app.clone(), &handlers)));
        // Set once: nobody else does.
        let _ = gateway.set(endpoint::gateway(&functions::endpoints(), &app));
        Ok(Self {
            app,
            address,
            admin_password,
            queue_urls,
            clients,
            tasks,
        })
    }

    /// Polls the queues, follows the streams, runs the schedules. Apart from [`Self::start`], so that tests can deliver
    /// events themselves.
    pub fn follow(&mut self) {
        let prefix = self.app.config.prefix.clone();
        for handler in functions::handlers() {
            run_handler(
                &mut self.tasks,
                &self.app,
                &self.clients,
                &prefix,
                &self.queue_urls,
                handler,
            );
        }
    }

    /// Until a part of it ends, which none does by itself.
    pub async fn run(mut self) {
        self.tasks.join_next().await;
    }
}

async fn provision(
    options: &Options,
    secrets: &Secrets,
    http: SharedHttpClient,
) -> Result<(GatewayClients, App, QueueUrls)> {
    let sdk = sdk_config(&configuration(options, secrets, "")?.aws, http);
    let clients = GatewayClients::new(&sdk);
    provision::tables(&clients, &options.prefix)
        .await
        .with_context(|| format!("cannot use the AWS endpoint {}", options.endpoint_url))?;
    let urls = provision::queues(&clients, &options.prefix).await?;
    provision::rule(&clients, &options.prefix, &urls).await?;
    let submissions = urls
        .get(&Queue::Submissions)
        .context("no queue for submissions")?;
    let config = configuration(options, secrets, submissions)?;
    let app = App::new(config, Clients::new(&sdk))?;
    Ok((clients, app, urls))
}

/// The configuration that the template gives the functions on AWS.
fn configuration(options: &Options, secrets: &Secrets, submissions_queue_url: &str) -> Result<Config> {
    let config = Config::read(|name| {
        Some(match name {
            config::PREFIX => options.prefix.clone(),
            // Not known before the queues are there.
            config::SUBMISSIONS_QUEUE_URL if submissions_queue_url.is_empty() => "-".to_owned(),
            config::SUBMISSIONS_QUEUE_URL => submissions_queue_url.to_owned(),
            config::STATE_MACHINE_ROLE_ARN => {
                "arn:aws:iam::000000000000:role/pflow-state-machines".to_owned()
            }
            config::TOKEN_PUBLIC_KEY => secrets.token_public_key.clone(),
            config::TOKEN_PRIVATE_KEY => secrets.token_private_key.clone(),
            config::SUBMISSION_KEY => secrets.submission_key.clone(),
            config::TIME_ZONE => return options.time_zone.clone(),
            "AWS_REGION" => options.region.clone(),
            "AWS_ACCESS_KEY_ID" => options.access_key_id.clone(),
            "AWS_SECRET_ACCESS_KEY" => options.secret_access_key.clone(),
            "AWS_ENDPOINT_URL" => options.endpoint_url.clone(),
            _ => return None,
        })
    })?;
    Ok(config)
}

fn run_handler(
    tasks: &mut JoinSet<()>,
    app: &App,
    clients: &GatewayClients,
    prefix: &str,
    urls: &QueueUrls,
    handler: Handler,
) {
    let app = app.clone();
    match handler.trigger {
        Trigger::Queue(queue) => {
            if let Some(url) = urls.get(&queue).cloned() {
                tasks.spawn(queues::poll(app, clients.sqs.clone(), url, handler));
            }
        }
        Trigger::Stream(table) => {
            tasks.spawn(streams::follow(app, clients.clone(), table.name(prefix), handler));
        }
        Trigger::Schedule { gateway_seconds, .. } => {
            tasks.spawn(schedules::run(app, handler, gateway_seconds));
        }
        Trigger::StateMachine => {}
    }
}

/// On loopback only.
async fn listen(port: u16) -> Result<TcpListener> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}; is another program there?"))
}

/// Answers 503 until the gateway is there, then what it answers.
fn when_ready(gateway: Arc<OnceLock<Router>>) -> Router {
    Router::new().fallback(
        async move |request: Request| match (gateway.get(), whole(request).await) {
            (Some(router), Ok(request)) => router.clone().oneshot(request).await.into_response(),
            (None, _) => ApiError(domain::Error::Unavailable("start")).into_response(),
            (_, Err(error)) => ApiError(error).into_response(),
        },
    )
}

/// The request with its body read, as API Gateway hands it over: an answer before the end of the body would close the
/// connection on a client that is still sending.
async fn whole(request: Request) -> domain::Result<Request> {
    let (parts, body) = request.into_parts();
    let read = axum::body::to_bytes(body, LARGEST_BODY).await;
    let body = read.map_err(|_| domain::Error::PayloadTooLarge { limit: LARGEST_BODY })?;
    Ok(Request::from_parts(parts, Body::from(body)))
}

async fn serve(listener: TcpListener, router: Router) {
    let service = MapRequestLayer::new(|request| readiness(without_trailing_slash(request))).layer(router);
    if let Err(error) = axum::serve(listener, ServiceExt::<Request>::into_make_service(service)).await {
        tracing::error!(error = %error, "the server has ended");
    }
}

/// Load balancers and people look for `/healthz` at the top.
fn readiness(mut request: Request) -> Request {
    if request.uri().path() == "/healthz" {
        *request.uri_mut() = Uri::from_static("/api/v1/healthz");
    }
    request
}
