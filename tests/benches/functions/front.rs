//! An AWS endpoint as functions find it, in front of the platform's: behind TLS, with HTTP/1.1, keeping connections open.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
    KeyUsagePurpose, PKCS_RSA_SHA256,
};
use rsa::RsaPrivateKey;
use rsa::pkcs8::EncodePrivateKey;
use rsa::rand_core::OsRng;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use uuid::Uuid;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

/// Counts what it is asked, and answers only so many calls as it is told.
pub(crate) struct Front {
    url: String,
    bundle: Option<PathBuf>,
    state: Arc<State>,
}

struct State {
    upstream: String,
    http: reqwest::Client,
    calls: watch::Sender<Vec<Call>>,
    /// Connections that were opened before they were needed.
    pings: AtomicUsize,
    /// Calls after so many are not answered.
    answered: Mutex<usize>,
}

/// A request, but those that open a connection.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) operation: String,
    /// As it came.
    pub(crate) bytes: Vec<u8>,
}

impl Front {
    pub(crate) async fn open(scheme: Scheme, upstream: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            upstream: upstream.to_owned(),
            http: reqwest::Client::new(),
            calls: watch::Sender::new(Vec::new()),
            pings: AtomicUsize::new(0),
            answered: Mutex::new(usize::MAX),
        });
        if scheme == Scheme::Http {
            tokio::spawn(accept(listener, None, Arc::clone(&state)));
            let url = format!("http://127.0.0.1:{port}");
            return Self {
                url,
                bundle: None,
                state,
            };
        }
        let (root, tls) = certificates();
        let bundle = std::env::temp_dir().join(format!("pflow-root-{}.pem", Uuid::now_v7()));
        std::fs::write(&bundle, root).unwrap();
        tokio::spawn(accept(listener, Some(tls), Arc::clone(&state)));
        Self {
            url: format!("https://localhost:{port}"),
            bundle: Some(bundle),
            state,
        }
    }

    /// The variables that lead a function here.
    pub(crate) fn environment(&self) -> BTreeMap<String, String> {
        let bundle = self.bundle.iter().map(|bundle| {
            let path = bundle.to_str().unwrap().to_owned();
            ("AWS_CA_BUNDLE".to_owned(), path)
        });
        let url = ("AWS_ENDPOINT_URL".to_owned(), self.url.clone());
        bundle.chain([url]).collect()
    }

    /// Forgets what was asked; answers this many calls from now on.
    pub(crate) fn answer(&self, calls: usize) {
        *self.state.answered.lock().unwrap() = calls;
        self.state.calls.send_replace(Vec::new());
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.state.calls.borrow().clone()
    }

    pub(crate) fn pings(&self) -> usize {
        self.state.pings.load(Ordering::Relaxed)
    }

    /// Waits for a call that it does not answer.
    pub(crate) async fn asked_too_much(&self) {
        let most = *self.state.answered.lock().unwrap();
        let mut calls = self.state.calls.subscribe();
        calls.wait_for(|calls| calls.len() > most).await.unwrap();
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        if let Some(bundle) = &self.bundle {
            let _ = std::fs::remove_file(bundle);
        }
    }
}

/// A root in PEM, and a server whose certificate chains to it by another: RSA of 2048 bits, as with AWS. One key serves for all.
fn certificates() -> (String, TlsAcceptor) {
    let key = RsaPrivateKey::new(&mut OsRng, 2048)
        .unwrap()
        .to_pkcs8_der()
        .unwrap();
    let key = PrivatePkcs8KeyDer::from(key.as_bytes());
    let key = || KeyPair::from_pkcs8_der_and_sign_algo(&key, &PKCS_RSA_SHA256).unwrap();
    let authority = |name: &str| {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters
    };
    let root = CertifiedIssuer::self_signed(authority("Root"), key()).unwrap();
    let between = CertifiedIssuer::signed_by(authority("Between"), key(), &root).unwrap();
    let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key(), &between).unwrap();
    let chain = vec![leaf.der().clone(), between.der().clone()];
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::try_from(key().serialize_der()).unwrap())
        .unwrap();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    (root.pem(), TlsAcceptor::from(Arc::new(config)))
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, state: Arc<State>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (tls, state) = (tls.clone(), Arc::clone(&state));
        tokio::spawn(async move {
            match tls {
                None => serve(stream, state).await,
                // A process that was ended is no reason to stop.
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => serve(stream, state).await,
                    Err(error) => println!("no TLS: {error}"),
                },
            }
        });
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, state: Arc<State>) {
    let service = service_fn(|request| {
        let state = Arc::clone(&state);
        async move { Ok::<_, Infallible>(answer(request, &state).await) }
    });
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(request: Request<Incoming>, state: &State) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    if parts.uri.path() == "/ping" {
        state.pings.fetch_add(1, Ordering::Relaxed);
        return Response::new(Full::from("healthy"));
    }
    state.calls.send_modify(|calls| calls.push(call(&parts, &body)));
    if state.calls.borrow().len() > *state.answered.lock().unwrap() {
        return std::future::pending().await;
    }
    let url = format!("{}{}", state.upstream, parts.uri);
    let mut headers = parts.headers;
    headers.remove(HOST);
    let asked = state.http.request(parts.method, url).headers(headers).body(body);
    let answered = asked.send().await.unwrap();
    let mut response = Response::builder().status(answered.status());
    for (name, value) in answered.headers() {
        if *name != CONTENT_LENGTH && *name != TRANSFER_ENCODING {
            response = response.header(name, value);
        }
    }
    response
        .body(Full::from(answered.bytes().await.unwrap()))
        .unwrap()
}

fn call(parts: &hyper::http::request::Parts, body: &[u8]) -> Call {
    let target = parts.headers.get("x-amz-target");
    let operation = target.map_or(parts.uri.path(), |target| target.to_str().unwrap());
    let mut bytes = format!("{} {} HTTP/1.1\r\n", parts.method, parts.uri).into_bytes();
    for (name, value) in &parts.headers {
        bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    bytes.extend([b"\r\n", body].concat());
    Call {
        operation: operation.rsplit('.').next().unwrap().to_owned(),
        bytes,
    }
}
