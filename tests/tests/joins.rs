//! Branches that arrive at a join one by one, in a machine written by hand as the compiler would write it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

use std::collections::BTreeSet;

use domain::id::{InstanceId, TenantId};
use serde_json::{Value, json};
use tests::TestApp;
use tests::machine::{Machine, place, then};
use tests::stage::Stage;

/// A state by which a branch arrives.
fn arriving(app: &TestApp, who: &str, value: Value) -> Value {
    let extra = json!({
        "seq": 3, "idempotency_key": format!("each/1/{who}"), "join": { "node": "each", "visit": 1 },
        "arrival": who, "value": value, "path": [{ "node": who, "visit": 1, "seq": 3 }],
    });
    let mut state = place(app, "arrive_at_join", who, extra);
    state["Resource"] = json!("arn:aws:states:::lambda:invoke");
    let payload = state["Arguments"]["Payload"].as_object_mut().unwrap();
    payload.retain(|member, _| member != "token" && member != "state");
    state["Output"] = json!("{% $states.result.Payload %}");
    then(state, None)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_of_all_that_arrive_knows_what_all_brought() {
    let app = TestApp::start().await;
    let branches: Vec<Value> = ["a", "b", "c"]
        .into_iter()
        .map(|who| json!({ "StartAt": who, "States": { who: arriving(&app, who, json!({ "from": who })) } }))
        .collect();
    let states = json!({ "all": { "Type": "Parallel", "Branches": branches, "End": true } });
    let execution = Machine::create(&app, "all", states).await.start().await;
    let output = execution.output().await.unwrap();
    let output = output.as_array().unwrap();
    let counts: BTreeSet<u64> = output.iter().map(|one| one["count"].as_u64().unwrap()).collect();
    assert_eq!(counts, BTreeSet::from([1, 2, 3]));
    for one in output {
        let arrived = one["arrived"].as_object().unwrap();
        assert_eq!(arrived.len() as u64, one["count"].as_u64().unwrap());
        assert!(arrived.iter().all(|(who, value)| value["from"] == json!(who)));
    }
    let instance = InstanceId::parse(execution.instance.as_str()).unwrap();
    let tenant = TenantId::default_tenant();
    let steps = app.platform.app.store.steps_of(&tenant, &instance).await.unwrap();
    let passed: Vec<String> = steps.into_iter().map(|step| step.node).collect();
    assert_eq!(
        passed,
        ["a", "b", "c"],
        "the way there is written down, the join is not"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn arriving_is_killed_everywhere() {
    let Some(stage) = Stage::set("arriving_is_killed_everywhere").await else {
        return;
    };
    for done in [false, true] {
        let arrival = |who: &str| {
            json!({
                "tenant": "default", "instance": format!("i-join-{done}"), "epoch": 1, "workflow": "by-hand", "version": 1,
                "ticket": "t", "starter": "nobody", "node": "each", "visit": 1, "seq": 3,
                "path": [{ "node": who, "visit": 1, "seq": 3 }], "idempotency_key": who,
                "join": { "node": "each", "visit": 1, "iteration": "0" }, "arrival": who, "value": { "from": who },
            })
        };
        for who in ["a", "b"] {
            let calls = stage
                .killed_everywhere("arrive_at_join", arrival(who), done)
                .await;
            assert_eq!(calls, 2, "one write of the way, one of the arrival");
        }
        for (who, count) in [("b", 2), ("a", 1)] {
            let known = answer(&stage, arrival(who)).await.unwrap();
            assert_eq!(known["count"], count, "{known}");
            assert_eq!(known["arrived"].as_object().unwrap().len(), count);
        }
        let mut large = arrival("large");
        large["value"] = json!({ "text": "x".repeat(200 * 1024) });
        assert_eq!(answer(&stage, large).await, Err("Join.TooLarge".to_owned()));
    }
}

async fn answer(stage: &Stage, event: Value) -> Result<Value, String> {
    let handlers = functions::handlers();
    let handler = handlers
        .iter()
        .find(|found| found.operation.id == "arrive_at_join")
        .unwrap();
    let answer = handler.invoke(stage.app.platform.app.clone(), event, "test".to_owned());
    answer.await.map_err(|error| error.name.into_owned())
}
