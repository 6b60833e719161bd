//! The store on a real DynamoDB, embedded: what is written once stays once, in whatever order and however often it comes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod instances;
mod joins;
mod people;
mod places;
mod tasks;
mod tickets;
mod writes;

use domain::id::Key;
use domain::id::TenantId;
use domain::id::TicketId;
use domain::id::UserId;
use domain::ticket::Priority;
use domain::ticket::Submission;
use jiff::Timestamp;
use serde_json::json;
use store::PageRequest;
use store::Store;

pub(crate) async fn store() -> Store {
    let store = Store::new(embedded::dynamodb().unwrap(), "t-");
    store.create_tables().await.unwrap();
    // What is there stays there.
    store.create_tables().await.unwrap();
    store
}

pub(crate) fn tenant() -> TenantId {
    TenantId::parse("acme").unwrap()
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

pub(crate) fn user_id(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

pub(crate) fn key(key: &str) -> Key {
    Key::parse(key).unwrap()
}

pub(crate) fn submission(ticket: &str) -> Submission {
    Submission {
        tenant: tenant(),
        ticket: TicketId::parse(ticket).unwrap(),
        requester: user_id("mei"),
        kind: key("expense"),
        title: "Train".to_owned(),
        priority: Priority::Normal,
        values: json!({"amount": 12, "deep": [[[[1e300]]]], "empty": ""}),
        workflow_version: Some(1),
        submitted_at: at(0),
    }
}

pub(crate) fn page(limit: u32, cursor: Option<String>) -> PageRequest {
    PageRequest { limit, cursor }
}
