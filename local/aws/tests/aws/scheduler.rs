//! EventBridge Scheduler: once, again and again, late.

use std::time::Duration;

use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::error::ProvideErrorMetadata;
use aws_sdk_scheduler::types::{
    ActionAfterCompletion, FlexibleTimeWindow, FlexibleTimeWindowMode, ScheduleState, Target,
};

use crate::home::TestHome;

const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:due";

async fn create(client: &Client, name: &str, expression: &str, target: &str, input: &str) {
    let target = Target::builder()
        .arn(target)
        .role_arn("arn:aws:iam::000000000000:role/x")
        .input(input)
        .build();
    client
        .create_schedule()
        .name(name)
        .schedule_expression(expression)
        .target(target.unwrap())
        .flexible_time_window(
            FlexibleTimeWindow::builder()
                .mode(FlexibleTimeWindowMode::Off)
                .build()
                .unwrap(),
        )
        .action_after_completion(ActionAfterCompletion::Delete)
        .send()
        .await
        .unwrap();
}

async fn received(sqs: &aws_sdk_sqs::Client, url: &str) -> Vec<String> {
    let got = sqs
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(10)
        .wait_time_seconds(2);
    let got = got.send().await.unwrap().messages.unwrap_or_default();
    let mut bodies: Vec<String> = got.into_iter().map(|message| message.body.unwrap()).collect();
    bodies.sort();
    bodies
}

fn run(home: &TestHome) -> tokio::task::JoinHandle<()> {
    let home = home.home.clone();
    tokio::spawn(async move { home.run().await })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_due_while_nobody_ran_is_due_at_once_and_once() {
    let home = TestHome::new();
    let client = Client::new(&home.config());
    let sqs = aws_sdk_sqs::Client::new(&home.config());
    let url = sqs
        .create_queue()
        .queue_name("due")
        .attributes(aws_sdk_sqs::types::QueueAttributeName::VisibilityTimeout, "43200")
        .send()
        .await
        .unwrap()
        .queue_url
        .unwrap();
    create(&client, "once", "at(2026-01-01T00:10:00)", QUEUE, "once").await;
    create(&client, "later", "at(2026-01-02T00:00:00)", QUEUE, "later").await;
    let body = format!(r#"{{"QueueUrl":"{url}","MessageBody":"again"}}"#);
    create(
        &client,
        "again",
        "cron(0/5 * * * ? *)",
        "arn:aws:scheduler:::aws-sdk:sqs:sendMessage",
        &body,
    )
    .await;
    // Half an hour without a process.
    home.pass(1800);
    let home = home.reopen();
    let client = Client::new(&home.config());
    let sqs = aws_sdk_sqs::Client::new(&home.config());
    let background = run(&home);
    let mut bodies = received(&sqs, &url).await;
    if bodies.len() < 2 {
        bodies.extend(received(&sqs, &url).await);
        bodies.sort();
    }
    assert_eq!(bodies, ["again", "once"]);
    // What is over was deleted, as it was asked for; the others go on.
    let gone = client.get_schedule().name("once").send().await.unwrap_err();
    assert_eq!(gone.code(), Some("ResourceNotFoundException"));
    let listed = client.list_schedules().send().await.unwrap();
    let names: Vec<_> = listed
        .schedules()
        .iter()
        .map(|schedule| schedule.name().unwrap())
        .collect();
    assert_eq!(names, ["again", "later"]);
    home.pass(300);
    client.delete_schedule().name("later").send().await.unwrap();
    create(&client, "wake", "rate(1 day)", QUEUE, "wake").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut bodies = received(&sqs, &url).await;
    if bodies.len() < 2 {
        bodies.extend(received(&sqs, &url).await);
        bodies.sort();
    }
    assert_eq!(bodies, ["again", "wake"]);
    background.abort();
    let _ = background.await;
    home.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn schedules_are_described_changed_and_refused() {
    let home = TestHome::new();
    let client = Client::new(&home.config());
    create(&client, "one", "rate(5 minutes)", QUEUE, "{}").await;
    let got = client.get_schedule().name("one").send().await.unwrap();
    assert_eq!(got.schedule_expression(), Some("rate(5 minutes)"));
    assert_eq!(
        got.arn(),
        Some("arn:aws:scheduler:us-east-1:000000000000:schedule/default/one")
    );
    assert_eq!(got.target().unwrap().input(), Some("{}"));
    let update = |expression: &str| {
        let target = Target::builder()
            .arn(QUEUE)
            .role_arn("arn:aws:iam::000000000000:role/x")
            .build()
            .unwrap();
        let window = FlexibleTimeWindow::builder()
            .mode(FlexibleTimeWindowMode::Off)
            .build()
            .unwrap();
        let update = client
            .update_schedule()
            .name("one")
            .schedule_expression(expression)
            .target(target);
        update
            .flexible_time_window(window)
            .state(ScheduleState::Disabled)
            .send()
    };
    update("rate(1 hour)").await.unwrap();
    let got = client.get_schedule().name("one").send().await.unwrap();
    assert_eq!(
        (got.schedule_expression(), got.state()),
        (Some("rate(1 hour)"), Some(&ScheduleState::Disabled))
    );
    assert_eq!(
        update("rate(never)").await.unwrap_err().code(),
        Some("ValidationException")
    );
    let target = Target::builder()
        .arn(QUEUE)
        .role_arn("arn:aws:iam::000000000000:role/x")
        .build()
        .unwrap();
    let window = FlexibleTimeWindow::builder()
        .mode(FlexibleTimeWindowMode::Off)
        .build()
        .unwrap();
    let twice = client
        .create_schedule()
        .name("one")
        .schedule_expression("rate(1 hour)")
        .target(target.clone());
    let twice = twice
        .flexible_time_window(window.clone())
        .send()
        .await
        .unwrap_err();
    assert_eq!(twice.code(), Some("ConflictException"));
    let group = client
        .create_schedule()
        .name("x")
        .group_name("nothing")
        .schedule_expression("rate(1 hour)");
    let group = group
        .target(target)
        .flexible_time_window(window)
        .send()
        .await
        .unwrap_err();
    assert_eq!(group.code(), Some("ResourceNotFoundException"));
    client.create_schedule_group().name("mine").send().await.unwrap();
    let groups = client.list_schedule_groups().send().await.unwrap();
    let names: Vec<_> = groups
        .schedule_groups()
        .iter()
        .map(|group| group.name().unwrap())
        .collect();
    assert_eq!(names, ["default", "mine"]);
    home.done();
}
