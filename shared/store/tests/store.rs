//! The store on a real DynamoDB, embedded: what is written once stays once, in whatever order and however often it comes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::collections::{BTreeMap, BTreeSet};

use domain::error::Code;
use domain::id::{Key, TaskId, TenantId, TicketId, UserId, Username};
use domain::instance::{Instance, InstanceStatus};
use domain::task::{Candidate, Decision, Task, Vote, VotePolicy};
use domain::ticket::{Priority, Submission};
use domain::user::{Login, Session, User};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::instances::{End, Ended, StepRow};
use store::keys::{self, InboxList};
use store::tasks::Voted;
use store::tickets::{FailedSubmission, Submitted};
use store::{Idempotency, PageRequest, Store};

async fn store() -> Store {
    let store = Store::new(embedded::dynamodb().unwrap(), "t-");
    store.create_tables().await.unwrap();
    // What is there stays there.
    store.create_tables().await.unwrap();
    store
}

fn tenant() -> TenantId {
    TenantId::parse("acme").unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn user_id(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

fn key(key: &str) -> Key {
    Key::parse(key).unwrap()
}

fn submission(ticket: &str) -> Submission {
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

fn page(limit: u32, cursor: Option<String>) -> PageRequest {
    PageRequest { limit, cursor }
}

fn user(name: &str, roles: &[&str]) -> (User, Login) {
    let user = User {
        id: user_id(name),
        username: Username::parse(name).unwrap(),
        display_name: name.to_owned(),
        roles: roles.iter().map(|role| key(role)).collect(),
        leader: None,
        department: None,
        created_at: at(0),
        revision: 1,
    };
    let login = Login {
        user: user.id.clone(),
        username: user.username.clone(),
        display_name: user.display_name.clone(),
        roles: user.roles.clone(),
        password_hash: "hash".to_owned(),
        failures: 0,
        locked_until: None,
    };
    (user, login)
}

fn idempotency(key: &str, body_hash: &str) -> Idempotency {
    Idempotency {
        tenant: tenant(),
        user: user_id("admin"),
        operation: "create_user".to_owned(),
        key: key.to_owned(),
        body_hash: body_hash.to_owned(),
        now: at(0),
    }
}

fn task(epoch: u32, token: &str, voters: &[&str], policy: VotePolicy) -> Task {
    Task {
        id: TaskId::parse("i-t1~manager~1").unwrap(),
        name: "Manager".into(),
        ticket: TicketId::parse("t1").unwrap(),
        workflow: key("expense"),
        version: 1,
        starter: user_id("mei"),
        seq: 2,
        voters: voters.iter().map(|voter| user_id(voter)).collect(),
        candidates: BTreeSet::from([Candidate::Role(key("agent"))]),
        policy,
        outcomes: vec!["approve".to_owned(), "reject".to_owned()],
        votes: BTreeMap::new(),
        decided: None,
        answered_at: None,
        closed_at: None,
        frozen_at: None,
        epoch,
        token: token.to_owned(),
        opened_at: at(i64::from(epoch)),
        due_at: None,
        revision: 1,
    }
}

fn vote(outcome: &str) -> Vote {
    Vote {
        outcome: outcome.to_owned(),
        at: at(9),
        comment: None,
        values: BTreeMap::from([("note".to_owned(), json!([1]))]),
    }
}

#[tokio::test]
async fn a_ticket_is_created_once_and_resolved_once() {
    let store = store().await;
    let ticket = submission("t1").into_ticket(key("expense"), 1);
    assert!(store.ticket_create(&tenant(), &ticket).await.unwrap());
    assert!(!store.ticket_create(&tenant(), &ticket).await.unwrap());
    assert_eq!(
        store.ticket_get(&tenant(), &ticket.id).await.unwrap(),
        Some(ticket.clone())
    );
    assert!(
        store
            .ticket_resolve(&tenant(), &ticket.id, "completed", at(5))
            .await
            .unwrap()
    );
    assert!(
        !store
            .ticket_resolve(&tenant(), &ticket.id, "rejected", at(6))
            .await
            .unwrap()
    );
    let resolved = store.ticket_get(&tenant(), &ticket.id).await.unwrap().unwrap();
    assert_eq!(
        (resolved.resolution.as_deref(), resolved.revision),
        (Some("completed"), 2)
    );
    let other = TenantId::parse("other").unwrap();
    assert_eq!(store.ticket_get(&other, &ticket.id).await.unwrap(), None);
    assert!(
        !store
            .ticket_resolve(&other, &ticket.id, "completed", at(5))
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_ticket_outweighs_the_failure_before_it() {
    let store = store().await;
    let ticket = submission("t1").into_ticket(key("expense"), 1);
    let failure = FailedSubmission {
        ticket: ticket.id.clone(),
        requester: ticket.requester.clone(),
        failed_at: at(1),
        reasons: Vec::new(),
    };
    assert!(matches!(
        store.submission_get(&tenant(), &ticket.id).await.unwrap(),
        Submitted::Nothing
    ));
    store.submission_failed(&tenant(), &failure).await.unwrap();
    assert!(matches!(
        store.submission_get(&tenant(), &ticket.id).await.unwrap(),
        Submitted::Failed(_)
    ));
    store.ticket_create(&tenant(), &ticket).await.unwrap();
    assert!(matches!(
        store.submission_get(&tenant(), &ticket.id).await.unwrap(),
        Submitted::Created(_)
    ));
}

#[tokio::test]
async fn a_list_is_read_page_by_page_newest_first() {
    let store = store().await;
    for n in 0..5 {
        let mut ticket = submission(&format!("t{n}")).into_ticket(key("expense"), 1);
        ticket.created_at = at(n);
        store.ticket_create(&tenant(), &ticket).await.unwrap();
    }
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let read = store
            .ticket_list(&tenant(), &user_id("mei"), &page(2, cursor))
            .await
            .unwrap();
        found.extend(read.items.into_iter().map(|ticket| ticket.id.to_string()));
        cursor = read.next_cursor;
        if cursor.is_none() {
            break;
        }
        let foreign = store
            .ticket_list(&tenant(), &user_id("lin"), &page(2, cursor.clone()))
            .await;
        assert_eq!(foreign.unwrap_err().code(), Code::ValidationError);
    }
    assert_eq!(found, ["t4", "t3", "t2", "t1", "t0"]);
}

#[tokio::test]
async fn a_username_is_taken_once_and_nothing_is_half_written() {
    let store = store().await;
    let (mei, login) = user("mei", &["approver", "director"]);
    store
        .user_create(&tenant(), mei.clone(), &login, None)
        .await
        .unwrap();
    let (mut twin, _) = user("mei", &["approver"]);
    twin.id = user_id("twin");
    let refused = store
        .user_create(&tenant(), twin.clone(), &login, None)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::Conflict);
    assert_eq!(store.user_get(&tenant(), &twin.id).await.unwrap(), None);
    assert_eq!(
        store.role_members(&tenant(), &key("approver")).await.unwrap(),
        std::slice::from_ref(&mei.id)
    );
    assert_eq!(
        store
            .login_get(&tenant(), &mei.username)
            .await
            .unwrap()
            .unwrap()
            .user,
        mei.id
    );
}

#[tokio::test]
async fn an_idempotency_key_gives_its_first_answer_again() {
    let store = store().await;
    let (first, login) = user("mei", &[]);
    let create = async |id: &str, body: &str| {
        let user = User {
            id: user_id(id),
            ..first.clone()
        };
        store
            .user_create(&tenant(), user, &login, Some(&idempotency("k1", body)))
            .await
    };
    assert_eq!(create("u1", "a").await.unwrap().id, user_id("u1"));
    assert_eq!(create("u2", "a").await.unwrap().id, user_id("u1"));
    assert_eq!(create("u3", "b").await.unwrap_err().code(), Code::Conflict);
}

#[tokio::test]
async fn a_session_takes_the_newest_secret_only() {
    let store = store().await;
    let session = Session {
        id: "s1".to_owned(),
        user: user_id("mei"),
        username: Username::parse("mei").unwrap(),
        secret_hash: "one".to_owned(),
        created_at: at(0),
        valid_until: at(100),
    };
    store.session_create(&tenant(), &session).await.unwrap();
    assert_eq!(
        store.session_get(&tenant(), &session.user, "s1").await.unwrap(),
        Some(session.clone())
    );
    let next = Session {
        secret_hash: "two".to_owned(),
        ..session.clone()
    };
    assert!(
        store
            .session_rotate(&tenant(), &next, "one")
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        store
            .session_rotate(&tenant(), &next, "one")
            .await
            .unwrap()
            .is_none()
    );
    store
        .session_delete(&tenant(), &session.user, "s1")
        .await
        .unwrap();
    assert!(
        store
            .session_rotate(&tenant(), &next, "two")
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn opening_a_task_again_takes_the_new_token_and_keeps_the_votes() {
    let store = store().await;
    let opened = store
        .task_open(&tenant(), &task(1, "one", &["wang", "chen"], VotePolicy::All))
        .await
        .unwrap()
        .unwrap();
    let voted = store
        .task_vote(&tenant(), &opened, &user_id("wang"), &vote("approve"), None)
        .await
        .unwrap();
    assert!(matches!(voted, Voted::Counted(_)));
    // Whoever saw it before the vote is refused, and sees it as it is.
    let late = store
        .task_vote(&tenant(), &opened, &user_id("chen"), &vote("approve"), None)
        .await
        .unwrap();
    let Voted::Refused(Some(seen)) = late else {
        panic!("{late:?}")
    };
    assert!(seen.votes.contains_key(&user_id("wang")));
    let again = store
        .task_open(&tenant(), &task(2, "two", &["nobody"], VotePolicy::Any))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (again.token.as_str(), again.epoch, again.opened_at),
        ("two", 2, at(1))
    );
    assert_eq!(
        (again.voters.len(), again.votes.len(), again.policy),
        (2, 1, VotePolicy::All)
    );
    assert_eq!(again.votes[&user_id("wang")], vote("approve"));
    // An execution that was replaced comes too late.
    assert!(
        store
            .task_open(&tenant(), &task(1, "old", &["wang"], VotePolicy::Any))
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn one_vote_decides_in_one_write_and_only_once() {
    let store = store().await;
    let opened = store
        .task_open(&tenant(), &task(1, "one", &["wang", "chen"], VotePolicy::Any))
        .await
        .unwrap()
        .unwrap();
    let cast = async |who: &str, outcome: &str| {
        store
            .task_vote_deciding(&tenant(), &opened.id, &user_id(who), &vote(outcome))
            .await
            .unwrap()
    };
    assert!(
        matches!(cast("mei", "approve").await, Voted::Refused(Some(_))),
        "no voter"
    );
    assert!(
        matches!(cast("wang", "fly").await, Voted::Refused(Some(_))),
        "no outcome"
    );
    let Voted::Counted(decided) = cast("wang", "reject").await else {
        panic!()
    };
    let decision = Decision {
        outcome: "reject".to_owned(),
        at: at(9),
        by: Some(user_id("wang")),
    };
    assert_eq!(decided.decided, Some(decision));
    assert!(
        matches!(cast("chen", "approve").await, Voted::Refused(Some(_))),
        "decided"
    );
    let waiting = async || {
        store
            .task_unanswered(&tenant(), &page(9, None))
            .await
            .unwrap()
            .items
            .len()
    };
    assert_eq!(waiting().await, 1);
    store
        .task_answered(&tenant(), &opened.id, 7, at(10))
        .await
        .unwrap();
    assert_eq!(waiting().await, 1, "another epoch was told");
    store
        .task_answered(&tenant(), &opened.id, 1, at(10))
        .await
        .unwrap();
    assert_eq!(waiting().await, 0);
    assert!(!store.task_close(&tenant(), &opened.id, at(11)).await.unwrap());
}

#[tokio::test]
async fn a_task_moves_through_the_lists_and_never_back() {
    let store = store().await;
    let opened = store
        .task_open(&tenant(), &task(1, "one", &["wang", "chen"], VotePolicy::Any))
        .await
        .unwrap()
        .unwrap();
    let listed = async |list, who: &str| {
        store
            .inbox_list(&tenant(), list, &user_id(who), &page(9, None))
            .await
            .unwrap()
            .items
            .len()
    };
    for who in ["wang", "chen"] {
        store.inbox_add(&tenant(), &user_id(who), &opened).await.unwrap();
    }
    store
        .inbox_done(&tenant(), &user_id("wang"), &opened.id, "approve", at(9))
        .await
        .unwrap();
    store
        .inbox_close(&tenant(), &user_id("chen"), &opened.id, at(9))
        .await
        .unwrap();
    store
        .inbox_close(&tenant(), &user_id("wang"), &opened.id, at(9))
        .await
        .unwrap();
    for who in ["wang", "chen"] {
        // An opening that was cut off comes again.
        store.inbox_add(&tenant(), &user_id(who), &opened).await.unwrap();
    }
    assert_eq!(
        (
            listed(InboxList::Todo, "wang").await,
            listed(InboxList::Done, "wang").await
        ),
        (0, 1)
    );
    assert_eq!(
        (
            listed(InboxList::Todo, "chen").await,
            listed(InboxList::Done, "chen").await
        ),
        (0, 0)
    );
    let agents = Candidate::Role(key("agent"));
    store
        .offer_close(&tenant(), &agents, &opened.id, at(9))
        .await
        .unwrap();
    store.offer_add(&tenant(), &agents, &opened).await.unwrap();
    assert!(
        store
            .offer_list(&tenant(), &agents, &page(9, None))
            .await
            .unwrap()
            .items
            .is_empty()
    );
}

#[tokio::test]
async fn the_first_end_of_the_present_epoch_stands() {
    let store = store().await;
    let instance = Instance::of_ticket(&submission("t1").into_ticket(key("expense"), 1));
    let end = async |epoch, status| {
        store
            .instance_end(&tenant(), &instance.id, epoch, &End::Final(status), at(9))
            .await
            .unwrap()
    };
    assert!(matches!(end(1, InstanceStatus::Completed).await, Ended::Missing));
    assert!(store.instance_create(&tenant(), &instance).await.unwrap());
    assert!(!store.instance_create(&tenant(), &instance).await.unwrap());
    assert_eq!(
        store.instance_get(&tenant(), &instance.id).await.unwrap(),
        Some(instance.clone())
    );
    let moved = store
        .instance_next_epoch(&tenant(), &instance.id, 1)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(moved.epoch, 2);
    assert!(
        store
            .instance_next_epoch(&tenant(), &instance.id, 1)
            .await
            .unwrap()
            .is_none()
    );
    assert!(matches!(end(1, InstanceStatus::Completed).await, Ended::Stale));
    for status in [InstanceStatus::Rejected, InstanceStatus::Completed] {
        let Ended::Stands(ended) = end(2, status).await else {
            panic!()
        };
        assert_eq!(ended.status, InstanceStatus::Rejected);
    }
    let shard = keys::running_shard(&instance.id);
    let unsettled = async || {
        store
            .instance_unsettled(&tenant(), shard, &page(9, None))
            .await
            .unwrap()
            .items
    };
    assert!(!unsettled().await[0].is_due(at(59)) && unsettled().await[0].is_due(at(61)));
    store
        .instance_check_at(&tenant(), &instance.id, at(500))
        .await
        .unwrap();
    assert!(!unsettled().await[0].is_due(at(61)));
    store.instance_settled(&tenant(), &instance.id).await.unwrap();
    store.instance_settled(&tenant(), &instance.id).await.unwrap();
    assert!(unsettled().await.is_empty());
}

#[tokio::test]
async fn data_and_steps_are_written_by_key() {
    let store = store().await;
    let instance = Instance::of_ticket(&submission("t1").into_ticket(key("expense"), 1));
    let written: BTreeMap<String, Value> = [
        ("note".to_owned(), json!("fine")),
        ("amount".to_owned(), json!(13)),
    ]
    .into();
    assert!(
        store
            .instance_write_data(&tenant(), &instance.id, &written)
            .await
            .unwrap_err()
            .is_transient()
    );
    store.instance_create(&tenant(), &instance).await.unwrap();
    store
        .instance_write_data(&tenant(), &instance.id, &written)
        .await
        .unwrap();
    let data = store
        .instance_get(&tenant(), &instance.id)
        .await
        .unwrap()
        .unwrap()
        .data;
    assert_eq!(
        (&data["note"], &data["amount"], &data["deep"]),
        (&json!("fine"), &json!(13), &json!([[[[1e300]]]]))
    );
    // More than one batch, twice.
    let steps: Vec<StepRow> = (1..=60)
        .map(|seq| StepRow {
            seq,
            node: format!("n{seq}"),
            visit: 1,
            entered_at: at(1),
            left_at: None,
        })
        .collect();
    store.steps_put(&tenant(), &instance.id, &steps).await.unwrap();
    store
        .steps_put(&tenant(), &instance.id, &steps[10..])
        .await
        .unwrap();
    assert_eq!(store.steps_of(&tenant(), &instance.id).await.unwrap(), steps);
}

#[tokio::test]
async fn events_are_appended_once_for_each_revision() {
    let store = store().await;
    let ticket = submission("t1").into_ticket(key("expense"), 1);
    let item = |revision: u64| {
        use store::item::ItemExt;
        let mut ticket = ticket.clone();
        ticket.revision = revision;
        store::item::to_item(&ticket)
            .unwrap()
            .at(&keys::ticket(&tenant(), &ticket.id))
    };
    let (first, second) = (item(1), item(2));
    assert_eq!(store.events_append(None, Some(&first)).await.unwrap(), 1);
    assert_eq!(store.events_append(None, Some(&first)).await.unwrap(), 1);
    assert_eq!(store.events_append(Some(&first), Some(&first)).await.unwrap(), 0);
    assert_eq!(store.events_append(Some(&first), Some(&second)).await.unwrap(), 1);
    let events = store
        .events_of(&keys::ticket(&tenant(), &ticket.id))
        .await
        .unwrap();
    let told: Vec<_> = events
        .iter()
        .map(|event| (event.sequence, event.event.kind.as_str()))
        .collect();
    assert_eq!(told, [(100, "ticket.created"), (200, "ticket.created")]);
}
