//! Instances, their ends, their data and steps.

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
