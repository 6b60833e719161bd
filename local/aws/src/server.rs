//! Serving HTTP on the loopback address: slow clients are cut off, and what has begun is finished when it is stopped.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::route::failure;
use crate::s3::{self, AnyBody};
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

/// What is to be stopped listens to this. It stops when it says true, or is gone.
pub type Stop = watch::Receiver<bool>;

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
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
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

async fn connection<F, A, B>(stream: TcpStream, answer: F, mut stop: Stop)
where
    F: Fn(Request<Incoming>) -> A,
    A: Future<Output = Response<B>>,
    B: Body + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let answer = answer(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(stream), service);
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

/// Why a body could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It has more bytes than this.
    TooLarge(usize),
    TooSlow,
    Broken,
}

/// The whole request, of at most so many bytes.
///
/// # Errors
///
/// It is larger, does not come in time, or ends too early.
pub async fn read(request: Request<Incoming>, largest: usize) -> Result<Request<Bytes>, Unread> {
    let (parts, body) = request.into_parts();
    let read = Limited::new(body, largest).collect();
    match tokio::time::timeout(PATIENCE, read).await {
        Ok(Ok(body)) => Ok(Request::from_parts(parts, body.to_bytes())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Unread::TooLarge(largest)),
        Ok(Err(_)) => Err(Unread::Broken),
        Err(_) => Err(Unread::TooSlow),
    }
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
    let request = Request::from_parts(parts, body);
    let error = match read(request, LARGEST_BODY).await {
        Ok(request) => return home.answer(request).await.map(s3::whole),
        Err(Unread::TooLarge(most)) => {
            let message = format!("The body has more than {most} bytes.");
            AwsError::sender("RequestEntityTooLarge", message).with_status(413)
        }
        Err(Unread::TooSlow) => {
            AwsError::sender("RequestTimeout", "The body took too long.").with_status(408)
        }
        Err(Unread::Broken) => AwsError::sender("IncompleteBody", "The body ended too early."),
    };
    failure(&error, &headers).map(s3::whole)
}
