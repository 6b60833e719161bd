//! Instances, their ends, their data and steps.

use domain::event::Event;
use domain::instance::Instance;
use domain::instance::InstanceStatus;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;
use store::instances::End;
use store::instances::Ended;
use store::instances::StepRow;
use store::keys;

use crate::{at, key, page, store, submission, tenant};

#[tokio::test]
async fn the_first_end_of_the_present_epoch_stands() {
    let store = store().await;
    let instance = Instance::of_ticket(&submission("t1").into_ticket(key("expense"), 1));
    let end = async |epoch, status| {
        store
            .instance_end(
                &tenant(),
                &instance.id,
                epoch,
                &End::Final {
                    status,
                    data: [("total".to_owned(), json!([1]))].into(),
                },
                at(9),
            )
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
        .instance_next_epoch(&tenant(), &instance.id, 1, Some("arn:resume"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(moved.epoch, 2);
    assert!(
        store
            .instance_next_epoch(&tenant(), &instance.id, 1, Some("arn:resume"))
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
        assert_eq!(ended.data["total"], json!([1]));
    }
    let shard = keys::shard(&instance.id);
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
    let steps: Vec<StepRow> = (1..=30)
        .flat_map(|seq| [(seq, "a"), (seq, "b")])
        .map(|(seq, branch)| StepRow {
            seq,
            // Two branches of a fork that use one number.
            node: format!("{branch}{seq}"),
            visit: 1,
            iteration: None,
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
async fn the_intent_names_the_machine_and_rest_leaves_that_of_the_epoch_before() {
    let store = store().await;
    let instance = Instance::of_ticket(&submission("t1").into_ticket(key("expense"), 1));
    store.instance_create(&tenant(), &instance).await.unwrap();
    let mut now = instance;
    for machine in [Some("arn:resume"), Some("arn:another"), None] {
        let before = now.machine.clone();
        let suspended = store
            .instance_suspend(&tenant(), &now, Event::new("instance.suspended", at(1)))
            .await
            .unwrap()
            .unwrap();
        assert_eq!((suspended.epoch, &suspended.machine), (now.epoch + 1, &before));
        let resumed = store
            .instance_resume(
                &tenant(),
                &suspended,
                machine,
                Event::new("instance.resumed", at(2)),
            )
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (resumed.epoch, resumed.machine.as_deref()),
            (suspended.epoch, machine)
        );
        let late = Event::new("instance.resumed", at(3));
        let again = store
            .instance_resume(&tenant(), &suspended, Some("arn:late"), late)
            .await
            .unwrap();
        assert_eq!(again, None, "it is not suspended any more");
        now = resumed;
    }
}
