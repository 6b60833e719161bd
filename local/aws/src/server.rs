//! The services over HTTP, on the loopback address.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::route::failure;
use crate::{AwsError, Home};

/// Bytes of a body: what DynamoDB takes at most.
const LARGEST_BODY: usize = 16 * 1024 * 1024;
/// For the head of a request, and for its body.
const PATIENCE: Duration = Duration::from_secs(30);
/// What is still being answered when the server is stopped.
const GRACE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
}

impl Server {
    /// Takes the port; 0 for any that is free.
    ///
    /// # Errors
    ///
    /// The port is taken.
    pub async fn bind(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        Ok(Self { listener })
    }

    /// # Errors
    ///
    /// The system does not tell.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until `stop` says true, then finishes what it has begun.
    pub async fn run(self, home: Home, stop: watch::Receiver<bool>) {
        let mut stopped = stop.clone();
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        connections.spawn(connection(stream, home.clone(), stop.clone()));
                    }
                    // No file handle is free: one will be.
                    Err(error) => {
                        tracing::warn!(error = %error, "a connection was refused");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                },
                Some(_) = connections.join_next() => {}
                () = wait(&mut stopped) => break,
            }
        }
        drop(self.listener);
        let finish = async { while connections.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(GRACE, finish).await;
    }
}

async fn connection(stream: TcpStream, home: Home, mut stop: watch::Receiver<bool>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let home = home.clone();
        async move { Ok::<_, Infallible>(answer(&home, request).await.map(Full::new)) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        () = wait(&mut stop) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// Until it is to stop.
async fn wait(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn answer(home: &Home, request: Request<Incoming>) -> Response<Bytes> {
    let (parts, body) = request.into_parts();
    let read = Limited::new(body, LARGEST_BODY).collect();
    let error = match tokio::time::timeout(PATIENCE, read).await {
        Ok(Ok(body)) => return home.answer(Request::from_parts(parts, body.to_bytes())).await,
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => AwsError::sender(
            "RequestEntityTooLarge",
            format!("The body has more than {LARGEST_BODY} bytes."),
        )
        .with_status(413),
        Ok(Err(_)) => AwsError::sender("IncompleteBody", "The body ended too early."),
        Err(_) => AwsError::sender("RequestTimeout", "The body took too long.").with_status(408),
    };
    failure(&error, &parts.headers)
}
