//! Human tasks and the lists that they move through.

use domain::id::TaskId;
use domain::id::TicketId;
use domain::place::{Answer, Decision, PlaceKind};
use domain::task::Candidate;
use domain::task::Task;
use domain::task::Vote;
use domain::task::VotePolicy;
use serde_json::json;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use store::keys::InboxList;
use store::tasks::Voted;

use crate::{at, key, page, store, tenant, user_id};

pub(crate) fn task(epoch: u32, token: &str, voters: &[&str], policy: VotePolicy) -> Task {
    Task {
        id: TaskId::parse("i-t1~manager~1").unwrap(),
        kind: PlaceKind::User,
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
        skip: false,
        decided: None,
        answered_at: None,
        closed_at: None,
        frozen_at: None,
        epoch,
        token: token.to_owned(),
        opened_at: at(i64::from(epoch)),
        due_at: None,
        overdue: None,
        escalation: None,
        hidden: false,
        events: Vec::new(),
        timer: None,
        attached: None,
        call: None,
        state: None,
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
        answer: Answer::Outcome {
            outcome: "reject".to_owned(),
        },
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
    // A newer execution comes to it: that one has not been told.
    let again = store
        .task_open(&tenant(), &task(2, "two", &["wang"], VotePolicy::Any))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((again.token.as_str(), again.answered_at), ("two", None));
    assert_eq!(again.decided, decided.decided);
    assert_eq!(waiting().await, 1);
}

#[tokio::test]
async fn a_closed_task_stays_closed_when_it_is_opened_again() {
    let store = store().await;
    let first = task(1, "one", &["wang"], VotePolicy::Any);
    store.task_open(&tenant(), &first).await.unwrap().unwrap();
    assert!(store.task_close(&tenant(), &first.id, at(2)).await.unwrap());
    let again = store
        .task_open(&tenant(), &task(2, "two", &["wang"], VotePolicy::Any))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((again.epoch, again.closed_at), (2, Some(at(2))));
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
