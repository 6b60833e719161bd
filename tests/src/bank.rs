//! Another system, which service tasks call by HTTP.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A server on loopback that answers payments. The payment's `text` says how: `poor`, it has no money for it; `silent`, the
/// first call of each key is not answered.
#[derive(Debug)]
pub struct Bank {
    pub url: String,
    calls: Arc<Mutex<Vec<Call>>>,
    serving: JoinHandle<()>,
}

/// A request that came in.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub idempotency_key: String,
    pub body: Value,
    pub answered: bool,
}

impl Bank {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let calls: Arc<Mutex<Vec<Call>>> = Arc::default();
        let log = Arc::clone(&calls);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&log)));
            }
        });
        Self { url, calls, serving }
    }

    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }
}

impl Drop for Bank {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// One request on each connection.
async fn serve(mut stream: TcpStream, log: Arc<Mutex<Vec<Call>>>) {
    let Some((head, body)) = request(&mut stream).await else {
        return;
    };
    let header = head
        .lines()
        .find_map(|line| line.strip_prefix("idempotency-key: "));
    let idempotency_key = header.unwrap_or_default().to_owned();
    let (told, answer) = {
        let mut log = log.lock().unwrap();
        let is_new = log.iter().all(|call| call.idempotency_key != idempotency_key);
        let answer = match body["text"].as_str() {
            Some("silent") if is_new => None,
            Some("poor") => Some(("402 Payment Required", "no money")),
            _ => Some(("201 Created", r#"{"receipt":4711,"secret":"not asked for"}"#)),
        };
        log.push(Call {
            idempotency_key,
            body,
            answered: answer.is_some(),
        });
        answer.unzip()
    };
    if let (Some(status), Some(answer)) = (told, answer) {
        let length = answer.len();
        let answer =
            format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{answer}");
        let _ = stream.write_all(answer.as_bytes()).await;
    }
}

/// The head of a request and its body; none where the caller goes away before it is whole.
async fn request(stream: &mut TcpStream) -> Option<(String, Value)> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or(0);
            if body.len() >= length {
                return Some((head.to_owned(), serde_json::from_str(body).unwrap_or_default()));
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
