//! Joins at which branches arrive one by one: each has its place in the order once, whatever comes twice.

use std::collections::BTreeSet;

use domain::id::TaskId;
use serde_json::{Map, Value, json};
use store::joins::{Arrived, MOST_BROUGHT};

use crate::{at, store, tenant};

fn join() -> TaskId {
    TaskId::parse("i~each~1").unwrap()
}

fn brought(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

fn after(order: &[(&str, Value)]) -> Arrived {
    Arrived::After(
        order
            .iter()
            .map(|(who, value)| ((*who).to_owned(), value.clone()))
            .collect(),
    )
}

#[tokio::test]
async fn an_arrival_has_its_place_once_and_is_told_the_same_again() {
    let store = store().await;
    let arrive = async |who: &str, value: Value| {
        let brought = brought(value);
        store
            .join_arrive(&tenant(), &join(), who, &brought, at(0))
            .await
            .unwrap()
    };
    let two = json!({ "z": 1e300, "a": [[{ "": null }]] });
    let first = after(&[("2", two.clone())]);
    assert_eq!(arrive("2", two.clone()).await, first);
    let second = after(&[("2", two.clone()), ("0", json!({}))]);
    assert_eq!(arrive("0", json!({})).await, second);
    // What is brought the second time counts as little as the time.
    assert_eq!(arrive("2", json!({ "other": 1 })).await, first);
    assert_eq!(arrive("0", json!({})).await, second);
    let other = TaskId::parse("i~each~1.0").unwrap();
    let elsewhere = store
        .join_arrive(&tenant(), &other, "0", &Map::new(), at(0))
        .await
        .unwrap();
    assert_eq!(elsewhere, after(&[("0", json!({}))]));
}

#[tokio::test]
async fn of_many_at_once_one_is_the_last() {
    let store = store().await;
    // Each comes twice.
    let racers = (0..16).map(|n| {
        let store = store.clone();
        async move {
            let who = (n / 2).to_string();
            let brought = brought(json!({ "n": who }));
            match store
                .join_arrive(&tenant(), &join(), &who, &brought, at(0))
                .await
                .unwrap()
            {
                Arrived::After(order) => {
                    assert_eq!(order.last().map(|(last, _)| last), Some(&who));
                    order.len()
                }
                Arrived::TooLarge => 0,
            }
        }
    });
    let places = futures_util::future::join_all(racers).await;
    assert!(places.chunks(2).all(|pair| pair[0] == pair[1]), "{places:?}");
    let places: BTreeSet<usize> = places.into_iter().collect();
    assert_eq!(places, (1..=8).collect());
}

#[tokio::test]
async fn what_is_too_large_to_be_carried_on_is_refused_and_nothing_is_lost() {
    let store = store().await;
    let arrive = async |who: &str, bytes: usize| {
        let brought = brought(json!({ "": "x".repeat(bytes) }));
        store
            .join_arrive(&tenant(), &join(), who, &brought, at(0))
            .await
            .unwrap()
    };
    let third = MOST_BROUGHT / 3;
    assert_eq!(arrive("alone", MOST_BROUGHT).await, Arrived::TooLarge);
    assert!(matches!(arrive("a", third).await, Arrived::After(_)));
    assert!(matches!(arrive("b", third).await, Arrived::After(_)));
    assert_eq!(arrive("c", third).await, Arrived::TooLarge);
    // Known, so whatever it brings now fits.
    assert!(matches!(arrive("b", third * 2).await, Arrived::After(order) if order.len() == 2));
    assert!(matches!(arrive("c", third / 2).await, Arrived::After(order) if order.len() == 3));
}
