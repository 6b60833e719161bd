//! Putting it together: from options to a platform that serves.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result};
use aws::{Server, Stop};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use runtime::clients::{Clients, sdk_config};
use runtime::config::Config;
use runtime::grant::Queue;
use runtime::{App, Handler, Trigger, endpoint};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clients::GatewayClients;
use crate::environment::{self, Environment};
use crate::gateway::{self, Ready};
use crate::home::{Listen, OwnHome, bind};
use crate::metrics::Metrics;
use crate::provision::{self, QueueUrls};
use crate::secrets::Secrets;
use crate::{administrator, invocations, queues, schedules, streams};

/// For what is in flight when the platform is stopped.
const GRACE: Duration = Duration::from_secs(20);

/// How a platform is to be started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Of the API; 0 for any that is free.
    pub port: u16,
    /// Where the installation's keys are kept.
    pub data: PathBuf,
    /// Leads the names of tables, queues, functions and state machines.
    pub prefix: String,
    pub endpoint: Endpoint,
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: String,
    /// Of the first administrator; made where it is not given.
    pub admin_password: Option<String>,
    /// In which working days are counted, as POSIX writes it; UTC where it is not given.
    pub time_zone: Option<String>,
}

/// Who answers the AWS APIs.
#[derive(Debug, Clone)]
pub enum Endpoint {
    /// This process; over HTTP, too, where it is said where.
    Own { listen: Option<Listen> },
    /// Another program, at this URL.
    Other(String),
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
    /// Of functions in processes of their own.
    pub environment: Environment,
    pub clients: GatewayClients,
    /// The endpoint, where it is this process.
    pub home: Option<OwnHome>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Platform {
    /// Creates what is missing at the endpoint, then serves the API and the calls of state machines.
    pub async fn start(options: Options) -> Result<Self> {
        Self::start_with(options, |http| http).await
    }

    /// With something between the clients and the endpoint.
    pub async fn start_with(
        options: Options,
        around: impl FnOnce(SharedHttpClient) -> SharedHttpClient,
    ) -> Result<Self> {
        // First, so that a port that is taken is told before anything is done.
        let listener = listen(options.port).await?;
        let address = listener.address()?;
        let mut tasks = JoinSet::new();
        let (ready, metrics, stop) = (
            Ready::default(),
            Arc::new(Metrics::default()),
            watch::Sender::new(false),
        );
        let serve = gateway::serve(
            listener,
            Arc::clone(&ready),
            Arc::clone(&metrics),
            stop.subscribe(),
        );
        tasks.spawn(serve);
        // Before the endpoint answers anybody: without its keys the platform does not start.
        let secrets = Secrets::of_folder(&options.data)?;
        let credentials = (options.access_key_id.as_str(), options.secret_access_key.as_str());
        let home = match options.endpoint {
            Endpoint::Own { listen } => {
                Some(OwnHome::open(&options.data, &options.region, credentials, listen).await?)
            }
            Endpoint::Other(_) => None,
        };
        let http = home
            .as_ref()
            .map_or_else(runtime::clients::http_client, |own| own.home.http_client());
        let address_of_aws = home.as_ref().and_then(|own| own.address);
        let Provisioned {
            clients,
            app,
            queue_urls,
            environment,
        } = provision(&options, &secrets, around(http), address_of_aws).await?;
        let mut home = home;
        match &mut home {
            Some(own) => {
                provision::functions(&clients, &options.prefix, None).await?;
                register(own, &app);
                own.run();
                metrics.of_home(own.home.downgrade());
            }
            None => {
                let calls = listen(0).await?;
                let here = calls.address()?;
                let url = |id: &str| format!("http://{here}/invoke/{id}");
                provision::functions(&clients, &options.prefix, Some(&url)).await?;
                let router = Ready::from(OnceLock::from(invocations::router(
                    app.clone(),
                    &functions::handlers(),
                )));
                tasks.spawn(gateway::serve(calls, router, Arc::default(), stop.subscribe()));
            }
        }
        let admin_password =
            administrator::ensure(&app, options.admin_password.as_deref(), &options.data).await?;

        // Set once: nobody else does.
        let _ = ready.set(endpoint::gateway(&functions::endpoints(), &app));
        Ok(Self {
            app,
            address,
            admin_password,
            queue_urls,
            environment,
            clients,
            home,
            stop,
            tasks,
        })
    }

    /// Polls the queues, follows the streams, runs the schedules. Apart from [`Self::start`], so that tests can deliver
    /// events themselves.
    pub async fn follow(&mut self) {
        if let Some(own) = &self.home {
            // The data folder's lock says that whoever received from them before is gone.
            for url in self.queue_urls.values() {
                if let Err(error) = own.home.release_messages(url).await {
                    tracing::warn!(error = %error, "messages of the last process come later");
                }
            }
        }
        for handler in functions::handlers() {
            self.run_handler(handler);
        }
    }

    fn run_handler(&mut self, handler: Handler) {
        let (app, prefix) = (self.app.clone(), &self.app.config.prefix);
        match handler.trigger {
            Trigger::Queue(queue) => {
                if let Some(url) = self.queue_urls.get(&queue).cloned() {
                    self.tasks.spawn(queues::poll(
                        app,
                        self.clients.sqs.clone(),
                        url,
                        handler,
                        self.stop.subscribe(),
                    ));
                }
            }
            Trigger::Stream(table) => {
                let table = table.name(prefix);
                match &self.home {
                    Some(own) => self.tasks.spawn(streams::follow_home(
                        app,
                        own.home.clone(),
                        table,
                        handler,
                        self.stop.subscribe(),
                    )),
                    None => self.tasks.spawn(until_stopped(
                        self.stop.subscribe(),
                        streams::follow(app, self.clients.clone(), table, handler),
                    )),
                };
            }
            Trigger::Schedule { gateway_seconds, .. } => {
                self.tasks.spawn(schedules::run(
                    app,
                    handler,
                    gateway_seconds,
                    self.stop.subscribe(),
                ));
            }
            Trigger::StateMachine => {}
        }
    }

    /// Until a part of it ends, which none does by itself.
    pub async fn run(&mut self) {
        self.tasks.join_next().await;
    }

    /// Takes nothing more, and lets what is in flight come to its end; what takes too long is gone on with at the next
    /// start.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        let finish = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, finish).await.is_err() {
            tracing::warn!("not everything has ended in time; the next start goes on with it");
        }
        if let Some(own) = &mut self.home {
            own.stop().await;
        }
    }
}

/// What stands at an endpoint before anything is served.
struct Provisioned {
    clients: GatewayClients,
    app: App,
    queue_urls: QueueUrls,
    environment: Environment,
}

/// Creates what functions in processes of their own need at another program's endpoint; answers their variables. Where
/// state machines call a function is what `url` says for its name.
pub async fn prepare(options: &Options, url: impl Fn(&str) -> String) -> Result<Environment> {
    let http = runtime::clients::http_client();
    let secrets = Secrets::of_folder(&options.data)?;
    let made = provision(options, &secrets, http, None).await?;
    provision::functions(&made.clients, &options.prefix, Some(&url)).await?;
    administrator::ensure(&made.app, options.admin_password.as_deref(), &options.data).await?;
    Ok(made.environment)
}

/// `address` is where this process answers, if it is the endpoint and does so over HTTP.
async fn provision(
    options: &Options,
    secrets: &Secrets,
    http: SharedHttpClient,
    address: Option<SocketAddr>,
) -> Result<Provisioned> {
    let endpoint_url = match &options.endpoint {
        Endpoint::Other(url) => url.clone(),
        // Requests that do not leave the process are signed for some address all the same.
        Endpoint::Own { .. } => address.map_or_else(
            || "http://127.0.0.1:4566".to_owned(),
            |address| format!("http://{address}"),
        ),
    };
    // The queue's URL is not known before the queues are there.
    let first = environment::of(options, secrets, &endpoint_url, "-");
    let sdk = sdk_config(&configuration(&first)?.aws, http);
    let clients = GatewayClients::new(&sdk);
    provision::tables(&clients, &options.prefix)
        .await
        .with_context(|| match &options.endpoint {
            Endpoint::Own { .. } => "cannot use the data folder".to_owned(),
            Endpoint::Other(url) => format!("cannot use the AWS endpoint {url}"),
        })?;
    let queue_urls = provision::queues(&clients, &options.prefix).await?;
    provision::rule(&clients, &options.prefix, &queue_urls).await?;
    let submissions = queue_urls
        .get(&Queue::Submissions)
        .context("no queue for submissions")?;
    let environment = environment::of(options, secrets, &endpoint_url, submissions);
    let app = App::new(configuration(&environment)?, Clients::new(&sdk))?;
    Ok(Provisioned {
        clients,
        app,
        queue_urls,
        environment,
    })
}

fn configuration(environment: &Environment) -> Result<Config> {
    Ok(Config::read(|name| environment.get(name).cloned())?)
}

/// Lets the home's Lambda run the functions that state machines call.
fn register(own: &OwnHome, app: &App) {
    for handler in functions::handlers() {
        if handler.trigger == Trigger::StateMachine {
            let name = format!("{}{}", app.config.prefix, handler.operation.id);
            own.functions.register(name, app.clone(), handler);
        }
    }
    own.functions.complete();
}

/// On loopback only.
async fn listen(port: u16) -> Result<Server> {
    bind((Ipv4Addr::LOCALHOST, port).into()).await
}

async fn until_stopped(mut stop: Stop, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        () = aws::stopped(&mut stop) => {}
    }
}
