//! The process ends at every write, and everything comes to the same end all the same.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use states::{Fault, Faults, Options, ServiceCall, TaskError};
use tokio::sync::Notify;

use super::support::{Answer, Folder, Service, TestClock, TestHost, lambda, place};

/// Ends the process at a write, before or after it is on the disk.
#[derive(Debug)]
struct Death {
    left: AtomicUsize,
    fault: Fault,
    dead: AtomicBool,
    /// Writes that are on their way to the disk.
    writing: AtomicUsize,
    changed: Notify,
}

impl Death {
    fn at(write: usize, fault: Fault) -> Arc<Self> {
        Arc::new(Self {
            left: AtomicUsize::new(write),
            fault,
            dead: AtomicBool::new(false),
            writing: AtomicUsize::new(0),
            changed: Notify::new(),
        })
    }

    /// Waits until the process has ended: no write of it comes to the disk any more.
    async fn comes(&self) {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            if self.dead.load(Ordering::SeqCst) && self.writing.load(Ordering::SeqCst) == 0 {
                return;
            }
            changed.await;
        }
    }

    fn decide(&self) -> Fault {
        if self.dead.load(Ordering::SeqCst) {
            return Fault::Before;
        }
        let one_less = |left: usize| left.checked_sub(1);
        let left = self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
        if left.is_ok() {
            return Fault::None;
        }
        if self.dead.swap(true, Ordering::SeqCst) {
            return Fault::Before;
        }
        self.fault
    }
}

impl Faults for Death {
    fn next_write(&self) -> Fault {
        self.writing.fetch_add(1, Ordering::SeqCst);
        let fault = self.decide();
        if fault == Fault::Before {
            self.written();
        }
        fault
    }

    fn written(&self) {
        self.writing.fetch_sub(1, Ordering::SeqCst);
        self.changed.notify_waiters();
    }
}

/// What is outside of the process: effects by their keys, and the token that a person was shown.
#[derive(Debug, Default)]
struct World {
    effects: Mutex<BTreeMap<String, (String, Value)>>,
    token: Mutex<Option<String>>,
    calls: AtomicUsize,
}

impl World {
    fn answer(&self, call: &ServiceCall) -> Answer {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let mut arguments = call.arguments.clone();
        if let Some(token) = arguments["Payload"]["token"].as_str().map(str::to_owned) {
            *self.token.lock().unwrap() = Some(token);
            arguments["Payload"]["token"] = "…".into();
        }
        let name = format!("{}:{}", call.service, call.action);
        let effect = (name, arguments.clone());
        let before = self
            .effects
            .lock()
            .unwrap()
            .insert(call.key.clone(), effect.clone());
        assert!(
            before.is_none_or(|before| before == effect),
            "one key, two effects"
        );
        match arguments["FunctionName"].as_str() {
            Some("fails") => Err(TaskError::new("Busy", "try again")),
            _ => Ok(lambda(json!({ "done": arguments["FunctionName"] }))),
        }
    }

    fn effects(&self) -> Vec<(String, Value)> {
        let effects = self.effects.lock().unwrap();
        let mut effects: Vec<_> = effects.values().cloned().collect();
        effects.sort_by_key(|effect| format!("{effect:?}"));
        effects
    }
}

fn parent(child: &str) -> Value {
    let call = |function: &str| {
        json!({ "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
            "Arguments": { "FunctionName": function, "Payload": { "for": "{% $states.input %}" } },
            "Output": "{% $states.result.Payload.done %}" })
    };
    let mut fails = call("fails");
    fails["Retry"] = json!([{ "ErrorEquals": ["Busy"], "IntervalSeconds": 5, "MaxAttempts": 2 }]);
    fails["Catch"] = json!([{ "ErrorEquals": ["States.ALL"], "Next": "Caught", "Output": "caught" }]);
    let mut asks = place("Fork");
    asks["Output"] = "{% $states.result.outcome %}".into();
    json!({
        "StartAt": "Ask", "QueryLanguage": "JSONata", "TimeoutSeconds": 1000,
        "States": {
            "Ask": asks,
            "Fork": { "Type": "Parallel", "End": true, "Branches": [
                { "StartAt": "Call", "States": { "Call": call("works") } },
                { "StartAt": "Fail", "States": { "Fail": fails, "Caught": { "Type": "Pass", "End": true } } },
                { "StartAt": "Wait", "States": {
                    "Wait": { "Type": "Wait", "Seconds": 60, "Next": "Child" },
                    "Child": { "Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2",
                        "Arguments": { "StateMachineArn": child, "Input": { "of": "{% $states.input %}" } },
                        "Output": "{% $states.result.Output %}", "End": true } } },
            ]},
        }
    })
}

fn child() -> Value {
    json!({
        "StartAt": "Items", "QueryLanguage": "JSONata",
        "States": { "Items": { "Type": "Map", "Items": [1, 2], "End": true, "ItemProcessor": {
            "StartAt": "Each", "States": { "Each": { "Type": "Task", "End": true,
                "Resource": "arn:aws:states:::sqs:sendMessage", "Output": "{% $states.input %}",
                "Arguments": { "QueueUrl": "q", "MessageBody": "{% $states.input %}" } } } } } }
    })
}

/// What a client does, each step as often as it takes to be answered.
#[derive(Debug, Clone, Copy)]
enum Step {
    Create,
    Start,
    Answer,
    Pass,
    Look,
}

struct Run {
    service: Service,
    death: Option<Arc<Death>>,
    folder: Folder,
    world: Arc<World>,
    execution: String,
    found: Value,
}

const CHILD: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:child";
const PARENT: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:parent";

impl Run {
    async fn open(death: Option<Arc<Death>>) -> Self {
        let folder = Folder::new();
        let world = Arc::new(World::default());
        let answering = Arc::clone(&world);
        let host = TestHost::new(move |call| answering.answer(call));
        let clock = TestClock::new();
        // The death may come while it is opened.
        let options = Options {
            faults: death.clone().map(|death| death as _),
            ..Options::default()
        };
        let database = folder.database();
        let opening = Service::open_at(&database, &host, Arc::clone(&clock), options);
        let (service, death) = match death {
            None => (opening.await, None),
            Some(death) => tokio::select! {
                service = opening => (service, Some(death)),
                () = death.comes() => {
                    (Service::open_at(&database, &host, clock, Options::default()).await, None)
                }
            },
        };
        Self {
            service,
            death,
            folder,
            world,
            execution: PARENT.replace("stateMachine", "execution") + ":one",
            found: Value::Null,
        }
    }

    async fn step(&mut self, step: Step) {
        loop {
            let Some(death) = self.death.clone() else {
                return self.found = self.attempt(step).await;
            };
            let died = tokio::select! {
                found = self.attempt(step) => { self.found = found; false }
                () = death.comes() => true,
            };
            if !died {
                return;
            }
            self.death = None;
            let database = self.folder.database();
            let (host, clock) = (Arc::clone(&self.service.host), Arc::clone(&self.service.clock));
            let again = Service::open_at(&database, &host, clock, Options::default()).await;
            drop(std::mem::replace(&mut self.service, again));
        }
    }

    async fn attempt(&self, step: Step) -> Value {
        let service = &self.service;
        match step {
            Step::Create => {
                service.create("child", child()).await;
                service.create("parent", parent(CHILD)).await;
            }
            Step::Start => {
                service.start(PARENT, "one", json!({ "amount": 7 })).await;
            }
            Step::Answer => {
                let token = self.world.token.lock().unwrap().clone().unwrap();
                let output = json!({ "outcome": "approve" }).to_string();
                let answered = service
                    .try_call("SendTaskSuccess", json!({ "taskToken": token, "output": output }))
                    .await;
                // It may have been heard before the process ended.
                assert!(answered.is_ok_and(|answer| answer == json!({})) || self.death.is_none());
                service.states.settled().await;
            }
            Step::Pass => service.pass(200).await,
            Step::Look => {
                service.states.settled().await;
                return json!({
                    "status": service.status(&self.execution).await,
                    "output": service.output(&self.execution).await,
                    "types": sorted(service.types(&self.execution).await),
                });
            }
        }
        Value::Null
    }

    async fn run_to_end(mut self) -> (Value, Arc<World>, Vec<String>) {
        for step in [Step::Create, Step::Start, Step::Answer, Step::Pass, Step::Look] {
            self.step(step).await;
        }
        let mut told = self.service.host.statuses();
        told.sort();
        told.dedup();
        (self.found, self.world, told)
    }
}

/// Branches may interleave.
fn sorted(mut types: Vec<String>) -> Vec<String> {
    types.sort();
    types
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_at_any_write_changes_nothing() {
    let (expected, world, told) = Run::open(None).await.run_to_end().await;
    let effects = world.effects();
    assert_eq!(expected["output"], json!(["works", "caught", [1, 2]]));
    assert_eq!((effects.len(), world.calls.load(Ordering::SeqCst)), (7, 7));
    assert_eq!(told, ["RUNNING", "SUCCEEDED"]);
    let mut deaths = 0;
    for fault in [Fault::Before, Fault::After] {
        for write in 0.. {
            let death = Death::at(write, fault);
            let run = Run::open(Some(Arc::clone(&death))).await;
            let (found, world, told) = run.run_to_end().await;
            if !death.dead.load(Ordering::SeqCst) {
                break;
            }
            deaths += 1;
            assert_eq!(found, expected, "{fault:?} {write}");
            assert_eq!(world.effects(), effects, "{fault:?} {write}");
            assert_eq!(told, ["RUNNING", "SUCCEEDED"], "{fault:?} {write}");
        }
    }
    assert!(deaths > 40, "{deaths}");
}
