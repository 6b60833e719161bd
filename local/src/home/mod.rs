//! The AWS endpoint of this process: the services of `aws` and `states` over the data folder, and the functions of the
//! platform behind its Lambda.

mod functions;
mod host;
mod time;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use aws::{BoxFuture, Clock, Home, Server, Service};
use runtime::clock;
use serde_json::Value;
use states::{StepFunctions, SystemClock};
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use functions::InProcess;

use host::HomeHost;

/// Of everything that the home names; there is one account on one machine.
pub const ACCOUNT: &str = "000000000000";

/// Where the services answer over HTTP, and whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen {
    address: SocketAddr,
    signed: bool,
}

impl Listen {
    /// At an address of this machine; port 0 for any that is free. `signed`: only who has signed with the credentials is
    /// answered. Where others than this machine can ask, that is always so.
    pub fn new(address: IpAddr, port: u16, signed: bool) -> Self {
        Self {
            address: SocketAddr::new(address, port),
            signed: signed || !address.is_loopback(),
        }
    }

    /// What the URLs of queues begin with, once it is known which port was free.
    fn base_url(mut bound: SocketAddr) -> String {
        if bound.ip().is_unspecified() {
            bound.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        format!("http://{bound}")
    }
}

/// The services of this process, open. Dropping it closes them.
#[derive(Debug)]
pub struct OwnHome {
    pub home: Home,
    pub functions: Arc<InProcess>,
    /// Where the services answer over HTTP, if they do.
    pub address: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl OwnHome {
    /// Opens the services over `data`; answers over HTTP, too, where it is said where.
    pub async fn open(
        data: &Path,
        region: &str,
        credentials: (&str, &str),
        listen: Option<Listen>,
    ) -> Result<Self> {
        // First, so that a port that is taken is told before anything is done.
        let server = match listen {
            Some(listen) => Some(bind(listen.address).await?),
            None => None,
        };
        let address = server.as_ref().map(Server::address).transpose()?;
        let folder = data.join("aws");
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        time::go_on(&folder);
        let base_url = address.map_or_else(|| "http://127.0.0.1:4566".to_owned(), Listen::base_url);
        let options = aws::Options {
            folder: folder.clone(),
            region: region.to_owned(),
            account: ACCOUNT.to_owned(),
            base_url,
            credentials: (credentials.0.to_owned(), credentials.1.to_owned()),
            must_be_signed: listen.is_some_and(|listen| listen.signed),
            clock: Clock::new(|| clock::now().as_millisecond()),
        };
        let home = tokio::task::spawn_blocking(move || Home::open(options)).await?;
        let home = home.with_context(|| unusable(&folder))?;
        let functions = Arc::new(InProcess::default());
        home.set_functions(Arc::<InProcess>::clone(&functions));
        let host = Arc::new(HomeHost::new(home.downgrade()));
        let options = states::Options {
            region: region.to_owned(),
            account: ACCOUNT.to_owned(),
            ..states::Options::default()
        };
        let now = SystemClock::new(states_time);
        let database = folder.join("states.db");
        let machines = StepFunctions::open(&database, host, Arc::new(now), options).await;
        let machines = machines.with_context(|| unusable(&database))?;
        home.set_states(Arc::new(States(machines)));
        let mut tasks = JoinSet::new();
        let stop = watch::Sender::new(false);
        if let Some(server) = server {
            tasks.spawn(server.run(home.clone(), stop.subscribe()));
        }
        Ok(Self {
            home,
            functions,
            address,
            stop,
            tasks,
        })
    }

    /// Begins what goes on in the background.
    pub fn run(&mut self) {
        let home = self.home.clone();
        self.tasks.spawn(async move {
            tokio::join!(home.run(), time::keep(home.folder()));
        });
    }

    /// Lets what is being answered be answered, and takes nothing more.
    pub async fn stop(&mut self) {
        let _ = self.stop.send(true);
        self.tasks.join_next().await;
    }
}

/// The way out is not always to be seen in the error itself.
fn unusable(path: &Path) -> String {
    format!(
        "cannot use {}; `pflow doctor` tells what is wrong, `pflow restore` makes a data folder of a backup",
        path.display()
    )
}

/// Takes an address of this machine.
pub(crate) async fn bind(address: SocketAddr) -> Result<Server> {
    Server::bind(address).await.with_context(|| {
        let (port, ip) = (address.port(), address.ip());
        format!("cannot listen on port {port} of {ip}; is another program there?")
    })
}

fn states_time() -> asl::Timestamp {
    asl::Timestamp::from_milliseconds(clock::now().as_millisecond())
}

/// Step Functions as a service of the home.
struct States(StepFunctions);

impl Service for States {
    fn handle<'a>(&'a self, operation: &'a str, body: Value) -> BoxFuture<'a, Result<Value, aws::AwsError>> {
        Box::pin(async move {
            self.0
                .handle(operation, body)
                .await
                .map_err(|error| aws::AwsError {
                    status: error.status,
                    code: error.code.into(),
                    message: error.message,
                })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_from_elsewhere_must_sign() {
        let listen = |address: &str, signed| Listen::new(address.parse().unwrap(), 1, signed).signed;
        assert!(!listen("127.0.0.1", false) && !listen("::1", false) && !listen("127.1.2.3", false));
        assert!(listen("127.0.0.1", true));
        for address in ["0.0.0.0", "::", "192.168.1.5", "10.0.0.1", "::ffff:127.0.0.1"] {
            assert!(listen(address, false), "{address}");
        }
        assert_eq!(
            Listen::base_url("0.0.0.0:4566".parse().unwrap()),
            "http://127.0.0.1:4566"
        );
        assert_eq!(Listen::base_url("[::1]:1".parse().unwrap()), "http://[::1]:1");
    }
}
