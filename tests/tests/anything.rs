//! Any bytes, and any JSON: never a fault of ours.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use reqwest::Method;
use serde_json::{Value, json};
use tests::client::send;
use tests::{Story, TestApp};

const CASES: usize = 60;

/// Names that the endpoints know, so that some bodies come further than the first check.
fn name() -> impl Strategy<Value = String> {
    let known = "key|name|schema|type|title|values|amount|nodes|flows|form|id|from|to|when|roles|username";
    prop_oneof![known, ".{0,6}"]
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        name().prop_map(Value::from),
        "expense|object|expense-claim|startEvent|userTask".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            btree_map(name(), inner, 0..6).prop_map(|members| json!(members)),
        ]
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_sent_is_answered() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let mut runner = TestRunner::new(Config::default());
    let bytes = prop_oneof![
        3 => btree_map(name(), anything(), 0..8).prop_map(|members| json!(members).to_string().into_bytes()),
        1 => anything().prop_map(|value| value.to_string().into_bytes()),
        1 => vec(any::<u8>(), 0..200),
    ];
    for path in [
        "/auth/login",
        "/users",
        "/roles",
        "/forms",
        "/workflows",
        "/ticket-types",
        "/tickets/submissions",
    ] {
        for _ in 0..CASES {
            let body = bytes.new_tree(&mut runner).unwrap().current();
            let request = story.admin.request(Method::POST, path).body(body.clone());
            let answer = send(request.header("content-type", "application/json")).await;
            let what = String::from_utf8_lossy(&body);
            assert!(answer.status < 500, "{path} {what}: {}", answer.body);
            assert_eq!(answer.body["success"], answer.status < 400, "{path} {what}");
        }
    }
}
