//! Places: who decides first, what is due, and how those who wait meet what is thrown.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::TaskId;
use domain::place::{Answer, Decision, Due, PlaceKind};
use domain::task::Task;
use domain::task::{Escalation, Overdue, VotePolicy};
use domain::thrown::{Channel, Thrown, Waiting};
use serde_json::json;
use store::keys;
use store::tasks::Voted;
use store::thrown::Given;

use crate::tasks::task;
use crate::{at, page, store, tenant, user_id};

fn place(id: &str) -> Task {
    Task {
        id: TaskId::parse(id).unwrap(),
        kind: PlaceKind::Receive,
        state: Some(json!({ "data": { "amount": 1e300, "deep": [[[1]]] } })),
        ..task(1, "token", &[], VotePolicy::Any)
    }
}

fn occurred(node: &str) -> Decision {
    let data = BTreeMap::from([("reason".to_owned(), json!({ "a": [1.5] }))]);
    Decision::of(Answer::event(node, data), at(5))
}

fn channel() -> Channel {
    Channel::Message {
        name: "paid".to_owned(),
        correlation: "4711".to_owned(),
    }
}

fn message(id: &str, second: i64) -> Thrown {
    Thrown {
        id: id.to_owned(),
        channel: channel(),
        data: BTreeMap::from([("n".to_owned(), json!(id))]),
        at: at(second),
        taken_by: None,
        done_at: None,
    }
}

fn waiting(place: &Task, second: i64) -> Waiting {
    Waiting {
        place: place.id.clone(),
        node: "paid".to_owned(),
        since: at(second),
    }
}

#[tokio::test]
async fn of_all_that_may_decide_a_place_the_first_does() {
    let store = store().await;
    let opened = store
        .task_open(&tenant(), &place("i~wait~1"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(opened.state, place("i~wait~1").state);
    let racers = (0..8).map(|n| {
        let (store, id) = (store.clone(), opened.id.clone());
        async move {
            let event = occurred(&format!("e{n}"));
            matches!(
                store.task_decide(&tenant(), &id, &event).await.unwrap(),
                Voted::Counted(_)
            )
        }
    });
    let won = futures_util::future::join_all(racers).await;
    assert_eq!(won.iter().filter(|won| **won).count(), 1);
    let winner = won.iter().position(|won| *won).unwrap();
    let stands = store.task_get(&tenant(), &opened.id).await.unwrap().unwrap();
    assert_eq!(stands.decided, Some(occurred(&format!("e{winner}"))));
    assert!(!store.task_close(&tenant(), &opened.id, at(6)).await.unwrap());
}

#[tokio::test]
async fn iterations_and_visits_are_places_of_their_own() {
    let store = store().await;
    for id in [
        "i~wait~1",
        "i~wait~2",
        "i~wait~1.0",
        "i~wait~1.0.1",
        "i~waiting~1",
    ] {
        store.task_open(&tenant(), &place(id)).await.unwrap().unwrap();
    }
    let id = TaskId::parse("i~wait~9").unwrap();
    assert_eq!(store.visits_of(&tenant(), &id).await.unwrap().len(), 4);
    assert_eq!(store.tasks_of(&tenant(), &id.instance).await.unwrap().len(), 5);
}

#[tokio::test]
async fn a_timer_is_due_until_its_place_is_left() {
    let store = store().await;
    let due = async || {
        let mut found = Vec::new();
        for shard in 0..keys::RUNNING_SHARDS {
            let due = store.places_due(&tenant(), shard, &page(9, None)).await.unwrap();
            found.extend(due.items.into_iter().map(|due| {
                assert!(!due.is_due(at(29)) && due.is_due(at(30)));
                due.place.id.to_string()
            }));
        }
        found
    };
    for id in ["i~decided~1", "i~closed~1", "i~open~1"] {
        let place = Task {
            timer: Some(Due {
                at: at(30),
                node: "late".to_owned(),
            }),
            ..place(id)
        };
        store.task_open(&tenant(), &place).await.unwrap();
    }
    assert_eq!(due().await.len(), 3);
    let id = |id: &str| TaskId::parse(id).unwrap();
    store
        .task_decide(&tenant(), &id("i~decided~1"), &occurred("paid"))
        .await
        .unwrap();
    store
        .task_close(&tenant(), &id("i~closed~1"), at(6))
        .await
        .unwrap();
    assert_eq!(due().await, ["i~open~1"]);
    for left in ["i~decided~1", "i~closed~1"] {
        let again = Task {
            epoch: 2,
            timer: Some(Due {
                at: at(30),
                node: "late".to_owned(),
            }),
            ..place(left)
        };
        store.task_open(&tenant(), &again).await.unwrap();
    }
    assert_eq!(
        due().await,
        ["i~open~1"],
        "what was left does not become due by being opened again"
    );
}

#[tokio::test]
async fn a_message_is_given_once_and_to_a_place_that_is_open() {
    let store = store().await;
    let (first, second) = (place("i~a~1"), place("i~b~1"));
    for place in [&first, &second] {
        store.task_open(&tenant(), place).await.unwrap();
    }
    assert_eq!(
        store.thrown_put(&tenant(), &message("m1", 1)).await.unwrap(),
        None
    );
    let give = async |message: &Thrown, place: &Task| {
        store
            .message_give(&tenant(), message, &place.id, &occurred("paid"))
            .await
            .unwrap()
    };
    store.task_close(&tenant(), &second.id, at(2)).await.unwrap();
    assert_eq!(give(&message("m1", 1), &second).await, Given::PlaceLeft);
    assert_eq!(give(&message("m1", 1), &first).await, Given::Given);
    assert_eq!(give(&message("m1", 1), &first).await, Given::MessageTaken);
    assert_eq!(
        give(&message("m2", 1), &first).await,
        Given::MessageTaken,
        "never thrown"
    );
    // The same again is what was thrown before, and where it is.
    let again = store
        .thrown_put(&tenant(), &message("m1", 9))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((again.at, again.taken_by), (at(1), Some(first.id)));
}

#[tokio::test]
async fn messages_are_kept_in_their_order_and_those_who_wait_in_theirs() {
    let store = store().await;
    for (id, second) in [("late", 9), ("early", 1), ("taken", 0)] {
        store.thrown_put(&tenant(), &message(id, second)).await.unwrap();
    }
    let undelivered = async || {
        store
            .thrown_undelivered(&tenant(), &page(9, None))
            .await
            .unwrap()
            .items
            .len()
    };
    assert_eq!(undelivered().await, 3);
    let taker = place("i~a~1");
    store.task_open(&tenant(), &taker).await.unwrap();
    let given = store
        .message_give(&tenant(), &message("taken", 0), &taker.id, &occurred("paid"))
        .await
        .unwrap();
    assert_eq!(given, Given::Given);
    let kept = store.messages_kept(&tenant(), &channel(), at(10)).await.unwrap();
    assert_eq!(kept, [message("early", 1), message("late", 9)]);
    for message in &kept {
        store.thrown_done(&tenant(), message, at(10)).await.unwrap();
    }
    assert_eq!(undelivered().await, 0);
    assert_eq!(
        store
            .messages_kept(&tenant(), &channel(), at(10))
            .await
            .unwrap()
            .len(),
        2,
        "kept all the same"
    );
    let eight_days = at(8 * 24 * 3600);
    assert!(
        store
            .messages_kept(&tenant(), &channel(), eight_days)
            .await
            .unwrap()
            .is_empty()
    );

    let others = [
        waiting(&place("i~b~1"), 7),
        waiting(&place("i~a~1"), 8),
        waiting(&place("i~c~1"), 3),
    ];
    for waiting in others.iter().chain(&others) {
        store.wait_for(&tenant(), &channel(), waiting).await.unwrap();
    }
    let order = async || -> Vec<String> {
        let waiting = store.waiting(&tenant(), &channel()).await.unwrap();
        waiting
            .into_iter()
            .map(|waiting| waiting.place.to_string())
            .collect()
    };
    assert_eq!(order().await, ["i~c~1", "i~b~1", "i~a~1"]);
    store
        .wait_no_more(&tenant(), &channel(), &others[0])
        .await
        .unwrap();
    store
        .wait_no_more(&tenant(), &channel(), &others[0])
        .await
        .unwrap();
    assert_eq!(order().await, ["i~c~1", "i~a~1"]);
}

#[tokio::test]
async fn that_a_visit_was_left_is_remembered() {
    let store = store().await;
    let (left, other) = (
        TaskId::parse("i~sub~1").unwrap(),
        TaskId::parse("i~sub~1.0").unwrap(),
    );
    for _ in 0..2 {
        store.release(&tenant(), &left).await.unwrap();
    }
    assert!(store.is_released(&tenant(), &left).await.unwrap());
    assert!(!store.is_released(&tenant(), &other).await.unwrap());
}

#[tokio::test]
async fn what_was_not_decided_in_time_is_due_once_and_then_at_its_timer() {
    let store = store().await;
    let due = async || {
        let mut found = Vec::new();
        for shard in 0..keys::RUNNING_SHARDS {
            let due = store.places_due(&tenant(), shard, &page(9, None)).await.unwrap();
            found.extend(due.items);
        }
        found
    };
    let late = |timer: Option<i64>| Task {
        due_at: Some(at(10)),
        overdue: Some(Overdue::Escalate),
        timer: timer.map(|second| Due {
            at: at(second),
            node: "late".to_owned(),
        }),
        ..task(1, "token", &["lin"], VotePolicy::Any)
    };
    let opened = store
        .task_open(&tenant(), &late(Some(30)))
        .await
        .unwrap()
        .unwrap();
    let found = due().await;
    assert!(found.len() == 1 && !found[0].is_due(at(9)) && found[0].is_due(at(10)));
    let escalated = Task {
        voters: BTreeSet::from([user_id("lin"), user_id("leader")]),
        escalation: Some(Escalation {
            at: at(10),
            voters: BTreeSet::from([user_id("leader")]),
            candidates: BTreeSet::new(),
        }),
        ..opened.clone()
    };
    let write = async |seen: &Task| store.place_after_due(&tenant(), seen, &escalated).await.unwrap();
    assert!(matches!(write(&opened).await, Voted::Counted(_)));
    assert!(
        matches!(write(&opened).await, Voted::Refused(Some(_))),
        "it has changed"
    );
    let found = due().await;
    assert!(!found[0].is_due(at(29)) && found[0].is_due(at(30)));
    let stands = store.task_get(&tenant(), &opened.id).await.unwrap().unwrap();
    assert_eq!(
        (&stands.voters, &stands.escalation),
        (&escalated.voters, &escalated.escalation)
    );

    // Without a timer nothing is due any more; one that is opened again is put back, and goes again.
    let id = TaskId::parse("i-t2~manager~1").unwrap();
    let only = Task { id, ..late(None) };
    let opened = store.task_open(&tenant(), &only).await.unwrap().unwrap();
    let escalated = Task {
        escalation: escalated.escalation.clone(),
        ..opened.clone()
    };
    store
        .place_after_due(&tenant(), &opened, &escalated)
        .await
        .unwrap();
    assert_eq!(due().await.len(), 1);
    let again = Task { epoch: 2, ..only };
    let again = store.task_open(&tenant(), &again).await.unwrap().unwrap();
    assert_eq!(again.next_due(), None);
    assert_eq!(due().await.len(), 2);
    store.place_after_due(&tenant(), &again, &again).await.unwrap();
    assert_eq!(due().await.len(), 1);
}
