//! What places write into an instance's data: once each, in the order of the places.

use std::collections::BTreeMap;

use domain::id::TaskId;
use domain::instance::Instance;
use domain::place::{Answer, Decision};
use domain::task::{Task, VotePolicy};
use serde_json::{Value, json};

use crate::tasks::task;
use crate::{at, key, store, submission, tenant};

/// A place of the ticket `t1`, decided at a second.
fn place(node: &str, seq: u32, second: i64) -> Task {
    let outcome = "approve".to_owned();
    Task {
        id: TaskId::parse(&format!("i-t1~{node}~1")).unwrap(),
        seq,
        decided: Some(Decision::of(Answer::Outcome { outcome }, at(second))),
        ..task(1, "token", &[], VotePolicy::Any)
    }
}

fn fields(fields: Value) -> BTreeMap<String, Value> {
    serde_json::from_value(fields).unwrap()
}

#[tokio::test]
async fn what_is_written_late_or_again_does_not_take_the_place_of_what_was_written_after_it() {
    let store = store().await;
    let instance = Instance::of_ticket(&submission("t1").into_ticket(key("expense"), 1));
    let write = async |place: &Task, written: Value| {
        let written = fields(written);
        store.instance_write_of(&tenant(), place, &written).await
    };
    let first = place("first", 2, 9);
    assert!(
        write(&first, json!({ "note": "a" }))
            .await
            .unwrap_err()
            .is_transient()
    );
    store.instance_create(&tenant(), &instance).await.unwrap();
    // The number counts, not the clock of who decided.
    let second = place("second", 10, 8);
    for (place, written) in [
        (&first, json!({ "note": "a", "amount": 1 })),
        (&second, json!({ "note": ["b"] })),
        (&first, json!({ "note": "a", "amount": 1 })),
        (
            &place("late", 5, 20),
            json!({ "note": "c", "amount": 2, "department": "x" }),
        ),
        (&place("one-of-many", 10, 7), json!({ "note": "d" })),
        (&second, json!({ "note": ["b"] })),
    ] {
        write(place, written).await.unwrap();
    }
    let read = async || {
        store
            .instance_get(&tenant(), &instance.id)
            .await
            .unwrap()
            .unwrap()
    };
    let data = read().await.data;
    assert_eq!(
        (&data["note"], &data["amount"], &data["department"]),
        (&json!(["b"]), &json!(2), &json!("x"))
    );
    // What the end says stands, however late a place is told again.
    let last = fields(json!({ "note": "end" }));
    store
        .instance_write_data(&tenant(), &instance.id, &last)
        .await
        .unwrap();
    write(&second, json!({ "note": ["b"] })).await.unwrap();
    assert_eq!(read().await.data["note"], "end");
}

#[tokio::test]
async fn more_is_written_than_one_call_can() {
    let store = store().await;
    let instance = Instance::of_ticket(&submission("t1").into_ticket(key("expense"), 1));
    store.instance_create(&tenant(), &instance).await.unwrap();
    let many: BTreeMap<String, Value> = (0..120).map(|n| (format!("field_{n}"), json!(n))).collect();
    for _ in 0..2 {
        let written = store
            .instance_write_of(&tenant(), &place("all", 2, 1), &many)
            .await;
        written.unwrap();
    }
    let data = store
        .instance_get(&tenant(), &instance.id)
        .await
        .unwrap()
        .unwrap()
        .data;
    assert!(many.iter().all(|(field, value)| data[field] == *value));
}
