//! Serving HTTP: slow clients are cut off, and what has begun is finished when it is stopped.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use http::{HeaderMap, Request, Response};
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::process::{Resource, getrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_io_timeout::TimeoutStream;

use crate::body::{self, PATIENCE, Unread};
use crate::route::failure;
use crate::s3::{self, AnyBody};
use crate::{AwsError, Home, signature};

/// Bytes of a body: what DynamoDB takes at most.
const LARGEST_BODY: usize = 16 * 1024 * 1024;
/// Bytes that a connection holds of a head, or of an answer that comes in pieces.
const BUFFER: usize = 64 * 1024;
/// Files that everything but the servers' connections may need.
const FILES: u64 = 256;
/// Connections of a server, where the system would allow more.
const MOST_CONNECTIONS: u64 = 20_000;
/// What is still being answered when the server is stopped.
const GRACE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
}

/// What is to be stopped listens to this. It stops when it says true, or is gone.
pub type Stop = watch::Receiver<bool>;

impl Server {
    /// Takes the address; port 0 for any that is free.
    ///
    /// # Errors
    ///
    /// The port is taken, or the address is not one of this machine.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self { listener })
    }

    /// # Errors
    ///
    /// The system does not tell.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers for the services of a home.
    pub async fn run(self, home: Home, stop: Stop) {
        let answer = move |request| {
            let home = home.clone();
            async move { answer(&home, request).await }
        };
        self.serve(answer, stop).await;
    }

    /// Answers until it is stopped, then finishes what it has begun.
    pub async fn serve<F, A, B>(self, answer: F, stop: Stop)
    where
        F: Fn(Request<Incoming>) -> A + Clone + Send + 'static,
        A: Future<Output = Response<B>> + Send + 'static,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let mut stopping = stop.clone();
        let mut connections = JoinSet::new();
        let most = most_connections();
        loop {
            tokio::select! {
                accepted = self.listener.accept(), if connections.len() < most => match accepted {
                    Ok((stream, _)) => {
                        connections.spawn(connection(stream, answer.clone(), stop.clone()));
                    }
                    // No file handle is free: one will be.
                    Err(error) => {
                        tracing::warn!(error = %error, "a connection was refused");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                },
                Some(_) = connections.join_next() => {}
                () = stopped(&mut stopping) => break,
            }
        }
        drop(self.listener);
        let finish = async { while connections.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(GRACE, finish).await;
    }
}

/// There are two servers, and the files of the data have to be opened as well.
fn most_connections() -> usize {
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let most = (files.saturating_sub(FILES) / 2).clamp(16, MOST_CONNECTIONS);
    usize::try_from(most).unwrap_or(usize::MAX)
}

async fn connection<F, A, B>(stream: TcpStream, answer: F, mut stop: Stop)
where
    F: Fn(Request<Incoming>) -> A,
    A: Future<Output = Response<B>>,
    B: Body + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    // Who does not read the answer does not get the rest of it.
    stream.set_write_timeout(Some(PATIENCE));
    let service = service_fn(move |request| {
        // Else each connection had room for it, also while nothing is asked.
        let answer = Box::pin(answer(request));
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
    let mut connection = pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stopped(&mut stop) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// Waits until it says so.
pub async fn stopped(stop: &mut Stop) {
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn answer(home: &Home, request: Request<Incoming>) -> Response<AnyBody> {
    let (parts, body) = request.into_parts();
    if Home::is_for_s3(&parts) {
        // Objects may be large: they are neither read nor written as a whole.
        return home
            .0
            .s3
            .answer(Request::from_parts(parts, s3s::Body::from(body)))
            .await;
    }
    let headers = parts.headers.clone();
    let request = body::read(Request::from_parts(parts, body), LARGEST_BODY).await;
    match request
        .map_err(unread)
        .and_then(|request| admitted(home, request))
    {
        Ok(request) => held(home.answer(request).await, &headers),
        Err(error) => failure(&error, &headers).map(s3::whole),
    }
}

fn admitted(home: &Home, request: Request<bytes::Bytes>) -> Result<Request<bytes::Bytes>, AwsError> {
    let options = &home.0.options;
    if !options.must_be_signed {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    signature::check(&parts, &body, &options.credentials, options.clock.now())?;
    Ok(Request::from_parts(parts, body))
}

fn unread(why: Unread) -> AwsError {
    match why {
        Unread::TooLarge(most) => {
            let message = format!("The body has more than {most} bytes.");
            AwsError::sender("RequestEntityTooLarge", message).with_status(413)
        }
        Unread::TooSlow => AwsError::sender("RequestTimeout", "The body took too long.").with_status(408),
        Unread::Broken => AwsError::sender("IncompleteBody", "The body ended too early."),
        Unread::NoRoom => busy(),
    }
}

fn busy() -> AwsError {
    let message = "Too much is being sent and answered at this time.";
    AwsError::sender("ServiceUnavailable", message).with_status(503)
}

/// An answer counts until its client has taken it.
fn held(response: Response<bytes::Bytes>, headers: &HeaderMap) -> Response<AnyBody> {
    let (parts, body) = response.into_parts();
    match body::answer(body) {
        Some(body) => Response::from_parts(parts, s3::whole(body)),
        None => failure(&busy(), headers).map(s3::whole),
    }
}
