//! Whom service tasks call: other systems over HTTP, and queues.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

use serde_json::{Value, json};
use tests::TestApp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Calls a handler as a machine would; its answer, or its error's name.
async fn call(app: &TestApp, handler: &str, member: &str, value: Value) -> Result<Value, String> {
    let mut event = json!({
        "tenant": "default", "instance": "i-services", "epoch": 1, "workflow": "by-hand", "version": 1, "ticket": "services",
        "starter": "nobody", "node": "bank", "visit": 1, "seq": 2, "path": [], "idempotency_key": "i-services/bank/1",
        "data": { "all": "of it" },
    });
    event[member] = value;
    app.platform.invoke(handler, event).await
}

/// Answers one request with `answer`; gives the request.
async fn server(answer: String) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/payments?x=1", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let mut length = 0;
        while !String::from_utf8_lossy(&request[..length]).contains("}") {
            length += stream.read(&mut request[length..]).await.unwrap();
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    (url, served)
}

fn answer(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn another_system_is_called_and_its_answer_read() {
    let app = TestApp::start().await;
    let large = format!("[{}1]", "1,".repeat(100_000));
    for (told, expected) in [
        (
            answer("201 Created", r#"{"receipt":4711}"#),
            Ok(json!({ "data": { "receipt": 4711 } })),
        ),
        (answer("204 No Content", ""), Ok(json!({ "data": {} }))),
        (
            answer("402 Payment Required", "no money"),
            Err("Http.402".to_owned()),
        ),
        (answer("302 Found", ""), Err("Http.302".to_owned())),
        (answer("503 Service Unavailable", ""), Err("Http.503".to_owned())),
        (answer("200 OK", &large), Err("Http.TooLarge".to_owned())),
        (String::new(), Err("Retryable".to_owned())),
    ] {
        let (url, served) = server(told).await;
        let http =
            json!({ "method": "POST", "url": url, "headers": { "X-Currency": "CNY" }, "body": { "sum": 7 } });
        assert_eq!(call(&app, "call_http", "http", http).await, expected);
        let request = served.await.unwrap();
        assert!(
            request.starts_with("POST /payments?x=1 HTTP/1.1\r\n"),
            "{request}"
        );
        assert!(
            request.contains("idempotency-key: i-services/bank/1\r\n"),
            "{request}"
        );
        assert!(
            request.contains("x-currency: CNY\r\n") && request.ends_with(r#"{"sum":7}"#),
            "{request}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_goes_into_a_queue_of_the_deployment() {
    let app = TestApp::start().await;
    let sqs = &app.platform.clients.sqs;
    let name = runtime::grant::outgoing_queue(&app.platform.app.config.prefix, "receipts");
    let url = sqs
        .create_queue()
        .queue_name(name)
        .send()
        .await
        .unwrap()
        .queue_url
        .unwrap();
    for (body, expected) in [
        (json!({ "receipt": 1 }), r#"{"receipt":1}"#),
        (json!(null), r#"{"all":"of it"}"#),
    ] {
        let queue = json!({ "name": "receipts", "body": body });
        assert_eq!(
            call(&app, "send_to_queue", "queue", queue).await,
            Ok(json!({ "data": {} }))
        );
        let received = sqs
            .receive_message()
            .queue_url(&url)
            .message_attribute_names("All");
        let received = received.wait_time_seconds(5).send().await.unwrap();
        let message = &received.messages()[0];
        assert_eq!(message.body(), Some(expected));
        let key = &message.message_attributes().unwrap()["idempotency_key"];
        assert_eq!(key.string_value(), Some("i-services/bank/1"));
        let receipt = message.receipt_handle().unwrap();
        sqs.delete_message()
            .queue_url(&url)
            .receipt_handle(receipt)
            .send()
            .await
            .unwrap();
    }
    // Neither one that is not there, nor one of the platform's own.
    for name in ["nobody", "executions"] {
        let refused = call(&app, "send_to_queue", "queue", json!({ "name": name })).await;
        assert_eq!(refused, Err("NoSuchQueue".to_owned()));
    }
}
