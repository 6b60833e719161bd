//! Every example of the workflow language goes its ways through the real functions: people complete tasks over HTTP, messages
//! and signals are sent, time passes, other systems are called.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on panics"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use runtime::Trigger;
use serde_json::Value;
use tests::TestApp;
use tests::language::{Way, examples, ways};
use tests::mortal;
use tests::needs::lacks;
use tests::outside::Outside;
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, LocalSet};

const TABLE: &str = include_str!("language.txt");
/// Ways that are gone at the same time.
const AT_ONCE: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn every_example_goes_its_ways() {
    LocalSet::new()
        .run_until(async { go_all_ways(TestApp::start().await).await })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_goes_its_ways_though_functions_are_killed_at_every_call() {
    if lacks("functions that are killed", "every way, killed at every call") {
        return;
    }
    let go = async {
        go_all_ways(mortal::start().await).await;
        let killed = mortal::killed();
        println!("killed: {killed:?}");
        for handler in functions::handlers() {
            let id = &handler.operation.id;
            assert!(
                handler.trigger != Trigger::StateMachine || killed.contains_key(id),
                "no way leads to {id}"
            );
        }
    };
    LocalSet::new().run_until(go).await;
}

async fn go_all_ways(app: TestApp) {
    let outside = Rc::new(Outside::around(app).await);
    // Other endpoints run what they can; no machine is made otherwise for them.
    let named = ways(TABLE).into_iter().enumerate().map(|(number, way)| {
        let name = format!("way {} ({}: {})", number + 1, way.example, way.trace);
        (name, way)
    });
    let is_gone = |(name, way): &(String, Way)| !way.needs.iter().any(|what| lacks(what, name));
    let gone: Vec<(String, Way)> = named.filter(is_gone).collect();
    let mut definitions: BTreeMap<String, Value> = BTreeMap::new();
    for example in examples() {
        if gone.iter().any(|(_, way)| way.example == example.key) {
            let definition = outside.publish(&example).await;
            definitions.insert(example.key, definition);
        }
    }

    let at_once = Rc::new(Semaphore::new(AT_ONCE));
    let mut played = JoinSet::new();
    let mut names = BTreeMap::new();
    for (name, way) in gone {
        let definition = definitions.get(&way.example);
        let definition = definition.unwrap_or_else(|| panic!("{} is no example", way.example));
        let (definition, outside, at_once) = (definition.clone(), Rc::clone(&outside), Rc::clone(&at_once));
        let task = played.spawn_local(async move {
            let _turn = at_once.acquire().await.unwrap();
            outside.play(&way, &definition).await;
        });
        names.insert(task.id(), name);
    }
    let mut failed = BTreeSet::new();
    while let Some(ended) = played.join_next_with_id().await {
        if let Err(error) = ended {
            failed.insert(names[&error.id()].clone());
        }
    }
    assert!(failed.is_empty(), "not as told: {failed:#?}");
}

#[test]
fn every_example_has_a_way() {
    let told: BTreeSet<String> = ways(TABLE).into_iter().map(|way| way.example).collect();
    let without = examples()
        .into_iter()
        .filter(|example| !told.contains(&example.key));
    let without: Vec<String> = without.map(|example| example.key).collect();
    assert!(
        without.is_empty(),
        "tests/tests/language.txt tells no way of {without:?}"
    );
}
