//! Who may ask: with `--aws-signed`, or where others can reach the endpoint, only who knows the secret.

use reqwest::{Request, Response};
use serde_json::{Value, json};

use crate::pflow::{Folder, Pflow, command};
use crate::signed::{Aws, Service};

async fn told(answer: Response) -> (u16, String) {
    let status = answer.status().as_u16();
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default();
    (status, body["__type"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_has_signed_is_answered() {
    let folder = Folder::new();
    let data = folder.path("data");
    let serve = command(&["serve", "--no-gateway", "--aws-signed"], &data);
    let mut pflow = Pflow::start_command(serve, &data);
    pflow.aws_ready().await;
    let aws = Aws::new(pflow.aws_port);
    let http = reqwest::Client::new();
    let send = async |request: Request| told(http.execute(request).await.unwrap()).await;
    let fine = (200, String::new());
    let invalid = (403, "InvalidSignatureException".to_owned());

    let queue = json!({ "QueueName": "q" });
    let create = async |aws: &Aws| told(aws.json(Service::Sqs, "CreateQueue", queue.clone()).await).await;
    assert_eq!(create(&aws).await, fine);
    for (skew, expected) in [(240, &fine), (-240, &fine), (400, &invalid), (-400, &invalid)] {
        let skewed = Aws { skew, ..aws.clone() };
        assert_eq!(create(&skewed).await, *expected, "{skew} seconds");
    }
    let other = Aws {
        secret: "guessed".to_owned(),
        ..aws.clone()
    };
    assert_eq!(create(&other).await, invalid);
    // Services by path, with what has to be escaped in it.
    for path in [
        "/schedules?MaxResults=5&NamePrefix=a%20b",
        "/2015-03-31/functions",
        "/schedules?NamePrefix=%E6%B5%81",
    ] {
        let service = if path.contains("functions") {
            "lambda"
        } else {
            "scheduler"
        };
        assert_eq!(
            told(aws.rest("GET", service, path, Vec::new()).await).await,
            fine,
            "{path}"
        );
    }
    assert_eq!(aws.rest("PUT", "s3", "/bucket", Vec::new()).await.status(), 200);
    assert_eq!(other.rest("PUT", "s3", "/other", Vec::new()).await.status(), 403);

    // What was signed is what counts.
    let headers = [
        ("x-amz-target", "AmazonSQS.ListQueues"),
        ("content-type", "application/x-amz-json-1.0"),
    ];
    let request = || aws.request("POST", "sqs", "/", &headers, b"{}".to_vec());
    assert_eq!(send(request()).await, fine);
    let mut changed = request();
    *changed.body_mut() = Some("{ }".into());
    assert_eq!(send(changed).await, invalid);
    let mut changed = request();
    changed
        .headers_mut()
        .insert("x-amz-target", "AmazonSQS.PurgeQueue".parse().unwrap());
    assert_eq!(send(changed).await, invalid);
    let mut added = request();
    added
        .headers_mut()
        .insert("x-amz-security-token", "t".parse().unwrap());
    assert_eq!(send(added).await, invalid);
    let mut unsigned = request();
    unsigned.headers_mut().remove("authorization");
    assert_eq!(
        send(unsigned).await,
        (403, "MissingAuthenticationToken".to_owned())
    );
    let mut odd = request();
    odd.headers_mut()
        .insert("authorization", "AWS4-HMAC-SHA256 x".parse().unwrap());
    assert_eq!(send(odd).await, (400, "IncompleteSignatureException".to_owned()));
    let mut stranger = request();
    let claim = stranger.headers()["authorization"]
        .to_str()
        .unwrap()
        .replace("=test/", "=somebody/");
    stranger
        .headers_mut()
        .insert("authorization", claim.parse().unwrap());
    assert_eq!(
        send(stranger).await,
        (403, "UnrecognizedClientException".to_owned())
    );
    assert!(pflow.stop());
}

/// Nothing is bound by this: it is refused before.
#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_everybody_knows_are_for_this_machine_alone() {
    let folder = Folder::new();
    let data = folder.path("data");
    let serve = [
        "serve",
        "--aws-listen",
        "0.0.0.0",
        "--port",
        "0",
        "--aws-port",
        "0",
    ];
    let output = command(&serve, &data).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && told.contains("choose others"),
        "{told}"
    );
    assert!(!data.exists());
}
