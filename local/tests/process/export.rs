//! An office moves to an account: here, another home in another region.

use aws_sdk_s3::primitives::ByteStream;
use aws_types::SdkConfig;
use runtime::clients::{http_client, sdk_config};
use serde_json::json;
use tests::Story;

use crate::pflow::{Folder, Pflow, command};

const REGION: &str = "eu-west-1";
const QUEUE: &str = "pflow-to-receipts";
const BUCKET: &str = "attachments";

fn at(pflow: &Pflow, region: &str) -> SdkConfig {
    let aws = tests::aws_at(&format!("http://127.0.0.1:{}", pflow.aws_port), region);
    sdk_config(&aws, http_client())
}

fn objects(config: &SdkConfig) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::config::Builder::from(config);
    aws_sdk_s3::Client::from_conf(config.force_path_style(true).build())
}

/// What whoever runs an office makes beside what the platform makes.
async fn make_own(config: &SdkConfig) {
    let queue = aws_sdk_sqs::Client::new(config).create_queue().queue_name(QUEUE);
    queue.send().await.unwrap();
    objects(config)
        .create_bucket()
        .bucket(BUCKET)
        .send()
        .await
        .unwrap();
}

async fn start_account(folder: &Folder) -> Pflow {
    let data = folder.path("account");
    let mut command = command(&["serve"], &data);
    command.env("AWS_REGION", REGION);
    let mut account = Pflow::start_command(command, &data);
    account.ready().await;
    account
}

/// What it told, and whether it went well.
fn export(folder: &Folder, account: &Pflow, options: &[&str]) -> (bool, String) {
    let url = format!("http://127.0.0.1:{}", account.aws_port);
    let role = "arn:aws:iam::000000000000:role/machines";
    let mut command = command(
        &["export-to-aws", "--to", &url, "--region", REGION],
        &folder.path("office"),
    );
    command.args([
        "--access-key-id",
        "test",
        "--secret-access-key",
        "test",
        "--state-machine-role",
        role,
    ]);
    let output = command.args(options).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_open_in_an_office_goes_on_in_the_account() {
    let folder = Folder::new();
    let mut office = Pflow::start(&folder.path("office"));
    office.ready().await;
    let story = Story::set_up_at(&office.client()).await;
    let ticket = story.ticket(&story.submit(120.0).await).await;
    let id = ticket["id"].as_str().unwrap();
    let task = story.task_of(&story.manager, id).await;
    let here = at(&office, "us-east-1");
    make_own(&here).await;
    let put = objects(&here).put_object().bucket(BUCKET).key("2026/收据.txt");
    let put = put.content_type("text/plain").metadata("ticket", id);
    put.body(ByteStream::from_static(b"120.00")).send().await.unwrap();
    let sqs = aws_sdk_sqs::Client::new(&here);
    let url = sqs.get_queue_url().queue_name(QUEUE).send().await.unwrap();
    let send = sqs
        .send_message()
        .set_queue_url(url.queue_url)
        .message_body("not fetched yet");
    send.send().await.unwrap();
    assert!(office.stop());

    // The template is deployed with the keys of the office, so that what it has signed stays good.
    std::fs::create_dir(folder.path("account")).unwrap();
    std::fs::copy(
        folder.path("office/secrets.json"),
        folder.path("account/secrets.json"),
    )
    .unwrap();
    let account = start_account(&folder).await;
    let there = at(&account, REGION);
    let (done, told) = export(&folder, &account, &[]);
    assert!(
        !done && told.contains("the account has no such bucket: make it first"),
        "{told}"
    );
    make_own(&there).await;
    let (done, told) = export(&folder, &account, &[]);
    assert!(done, "{told}");
    assert!(
        told.contains("pflow-tickets: 1 items") && told.contains("attachments: 1 objects"),
        "{told}"
    );

    // A second time would write over what people have done there since.
    let (done, told) = export(&folder, &account, &[]);
    assert!(!done && told.contains("is not empty"), "{told}");
    let (done, told) = export(&folder, &account, &["--over"]);
    assert!(done, "{told}");

    let object = objects(&there)
        .get_object()
        .bucket(BUCKET)
        .key("2026/收据.txt")
        .send()
        .await
        .unwrap();
    assert_eq!(object.content_type(), Some("text/plain"));
    assert_eq!(
        object.metadata().unwrap().get("ticket").map(String::as_str),
        Some(id)
    );
    assert_eq!(object.body.collect().await.unwrap().into_bytes(), "120.00");
    let sqs = aws_sdk_sqs::Client::new(&there);
    let url = sqs.get_queue_url().queue_name(QUEUE).send().await.unwrap();
    let received = sqs
        .receive_message()
        .set_queue_url(url.queue_url)
        .send()
        .await
        .unwrap();
    assert_eq!(received.messages()[0].body(), Some("not fetched yet"));

    // Whoever looks after the account's instances finds that this one has no execution there.
    assert!(account.stop());
    let account = start_account(&folder).await;
    let manager = account.client().with_token(story.manager.token().unwrap());
    let vote = json!({ "outcome": "approve" });
    manager
        .post(&format!("/tasks/{task}/complete"), vote)
        .await
        .data(200);
    let requester = account.client().with_token(story.requester.token().unwrap());
    requester
        .until(&format!("/tickets/{id}"), |ticket| ticket["status"] == "resolved")
        .await;
    // New ones run on the account's machines, which have another region in their names.
    let story = Story {
        requester,
        manager,
        ..story
    };
    let ticket = story.ticket(&story.submit(90.0).await).await;
    story
        .task_of(&story.manager, ticket["id"].as_str().unwrap())
        .await;
    assert!(account.stop());
}
