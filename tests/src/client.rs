//! A client of the HTTP API, as a person's program would be one.

use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::deployment::{self, ANSWERED_BY_API_GATEWAY, patience};

#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// What the platform answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    /// Null where the body is not JSON.
    pub body: Value,
}

impl Answer {
    /// The data of a success.
    #[track_caller]
    pub fn data(&self, status: u16) -> &Value {
        assert_eq!(self.status, status, "{}", self.body);
        &self.body["data"]
    }

    /// The error's code and the details' pointers and codes.
    #[track_caller]
    pub fn error(&self, status: u16) -> (String, Vec<(String, String)>) {
        assert_eq!(self.status, status, "{}", self.body);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let details = self.body["error"]["details"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let details = details
            .iter()
            .map(|detail| (text(&detail["pointer"]), text(&detail["code"])))
            .collect();
        (text(&self.body["error"]["code"]), details)
    }
}

impl Client {
    pub fn new(base: String) -> Self {
        Self {
            http: reqwest::Client::new(),
            base,
            token: None,
        }
    }

    /// The same client as somebody else.
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self {
            token: Some(token.into()),
            ..self.clone()
        }
    }

    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    pub async fn sign_in(&self, username: &str, password: &str) -> Self {
        let answer = self
            .post(
                "/auth/login",
                json!({ "username": username, "password": password }),
            )
            .await;
        self.with_token(answer.data(200)["access_token"].as_str().unwrap())
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::POST, path).json(&body)).await
    }

    /// A POST without a body.
    pub async fn act(&self, path: &str) -> Answer {
        send(self.request(Method::POST, path)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::PUT, path).json(&body)).await
    }

    /// Reads again and again until what is read is what was waited for; at most ten seconds, where the
    /// clock ticks each second.
    #[track_caller]
    pub fn until(&self, path: &str, done: impl Fn(&Value) -> bool) -> impl Future<Output = Value> {
        let (client, path) = (self.clone(), path.to_owned());
        async move {
            let started = Instant::now();
            loop {
                let answer = client.get(&path).await;
                if answer.status == 200 && done(&answer.body["data"]) {
                    return answer.body["data"].clone();
                }
                assert!(started.elapsed() < patience(10), "{path} stays {}", answer.body);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

pub async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    if deployment::template_url().is_some() {
        assert!(headers.contains_key(ANSWERED_BY_API_GATEWAY), "{headers:?}");
    }
    let bytes = response.bytes().await.unwrap();
    Answer {
        status,
        headers,
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
    }
}
