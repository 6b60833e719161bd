//! Every example of the workflow language goes its ways through the real functions: people complete tasks over HTTP, messages
//! and signals are sent, time passes, other systems are called.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on panics"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use runtime::Trigger;
use serde_json::Value;
use tests::TestApp;
use tests::language::{examples, ways};
use tests::mortal;
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
    let go = async {
        let Some(app) = mortal::start().await else {
            eprintln!("skipped: another process runs the functions of this endpoint");
            return;
        };
        go_all_ways(app).await;
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
    let mut definitions: BTreeMap<String, Value> = BTreeMap::new();
    for example in examples() {
        let definition = outside.publish(&example).await;
        definitions.insert(example.key, definition);
    }

    // Other endpoints run what they can; no machine is made otherwise for them.
    let is_own = outside.app.platform.home.is_some();
    let at_once = Rc::new(Semaphore::new(AT_ONCE));
    let mut played = JoinSet::new();
    let mut names = BTreeMap::new();
    for (number, way) in ways(TABLE).into_iter().enumerate() {
        let definition = definitions.get(&way.example);
        let definition = definition.unwrap_or_else(|| panic!("{} is no example", way.example));
        let (definition, outside, at_once) = (definition.clone(), Rc::clone(&outside), Rc::clone(&at_once));
        let name = format!("way {} ({}: {})", number + 1, way.example, way.trace);
        if let Some(needs) = way.needs.as_ref().filter(|_| !is_own) {
            println!("not at this endpoint, which has no {needs}: {name}");
            continue;
        }
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
