//! Runs a machine to its end in virtual time: what a test, the command line and a replay need.

use std::collections::VecDeque;

use serde_json::Value;

use crate::machine::Machine;
use crate::run::{Command, Event, Execution, ExecutionContext, HistoryEvent, Outcome, Timestamp, start};

/// What stands in for the world.
pub trait World {
    /// The work of a [`Command::ScheduleTask`]: what is reported for it, in order. Nothing leaves it open until its
    /// timeout.
    fn task(&mut self, task: &Command, token: &str) -> Vec<Event>;

    /// The run of a distributed Map; `None` runs its children here, one after the other.
    fn map_run(&mut self, _run: &Command, _token: &str) -> Option<Vec<Event>> {
        None
    }

    /// The ARN of the next Map run.
    fn map_run_arn(&mut self, state: &str) -> String {
        format!("arn:aws:states:us-east-1:111111111111:mapRun:{state}")
    }

    /// Asked when nothing but time is left to pass.
    fn idle(&mut self, _execution: &Execution) -> Option<Event> {
        None
    }
}

/// A finished run, or one that waits for what never comes.
#[derive(Debug)]
pub struct Simulation {
    pub execution: Execution,
    pub history: Vec<HistoryEvent>,
    pub outcome: Option<Outcome>,
}

/// Runs until the machine is done or only the world could go on.
pub fn simulate(
    machine: &Machine,
    input: Value,
    context: ExecutionContext,
    world: &mut dyn World,
) -> Simulation {
    let mut now = context.started;
    let (mut execution, commands) = start(machine, input, context);
    let mut history = execution.take_history();
    let mut events = VecDeque::new();
    let mut wake_at = None;
    carry_out(machine, &execution, commands, world, &mut events, &mut wake_at);
    loop {
        let event = match events.pop_front() {
            Some(event) => event,
            None if execution.outcome().is_some() => break,
            None => match world.idle(&execution) {
                Some(event) => event,
                None => {
                    let Some(at) = wake_at.take() else { break };
                    now = now.max(at);
                    Event::Time
                }
            },
        };
        let commands = execution.apply(machine, now, event);
        history.append(&mut execution.take_history());
        carry_out(machine, &execution, commands, world, &mut events, &mut wake_at);
    }
    let outcome = execution.outcome().cloned();
    Simulation {
        execution,
        history,
        outcome,
    }
}

fn carry_out(
    machine: &Machine,
    execution: &Execution,
    commands: Vec<Command>,
    world: &mut dyn World,
    events: &mut VecDeque<Event>,
    wake_at: &mut Option<Timestamp>,
) {
    for command in commands {
        match &command {
            Command::ScheduleTask { token, .. } => events.extend(world.task(&command, token)),
            Command::StartMapRun { token, state, .. } => {
                let map_run_arn = world.map_run_arn(state);
                events.push_back(Event::MapRunStarted {
                    token: token.clone(),
                    map_run_arn,
                });
                let answers = world.map_run(&command, token);
                events.extend(answers.unwrap_or_else(|| children(machine, execution, &command, world)));
            }
            Command::WakeAt(at) => *wake_at = Some(*at),
            Command::CancelTask { .. } | Command::Done(_) => {}
        }
    }
}

/// Runs the children of a distributed Map.
fn children(
    machine: &Machine,
    execution: &Execution,
    command: &Command,
    world: &mut dyn World,
) -> Vec<Event> {
    let Command::StartMapRun {
        token,
        state,
        items,
        batcher,
        tolerated_failure_count,
        tolerated_failure_percentage,
        ..
    } = command
    else {
        return Vec::new();
    };
    let (Some(child), Some(items)) = (machine.child(state), items) else {
        return Vec::new();
    };
    let mut outputs = Vec::with_capacity(items.len());
    let mut failed = 0_u32;
    let inputs = batches(items, batcher.as_ref());
    for (index, item) in inputs.iter().enumerate() {
        let mut context = execution.context().clone();
        context.seed = context.seed.wrapping_add(index as u64 + 1);
        match simulate(&child, item.clone(), context, world).outcome {
            Some(Outcome::Succeeded { output }) => outputs.push(output),
            _ => failed += 1,
        }
    }
    let token = token.clone();
    #[expect(
        clippy::cast_precision_loss,
        reason = "a Map has at most some millions of items"
    )]
    let percentage = f64::from(failed) * 100.0 / inputs.len().max(1) as f64;
    let tolerated = u64::from(failed) <= tolerated_failure_count.unwrap_or(0)
        || tolerated_failure_percentage.is_some_and(|most| percentage <= most);
    vec![if tolerated {
        Event::MapRunSucceeded {
            token,
            output: outputs.into(),
        }
    } else {
        Event::MapRunFailed {
            token,
            error: Some("States.ExceedToleratedFailureThreshold".to_owned()),
            cause: Some("The specified tolerated failure threshold was exceeded".to_owned()),
        }
    }]
}

/// What the children of a distributed Map get: the items, or batches of them.
pub fn batches(items: &[Value], batcher: Option<&Value>) -> Vec<Value> {
    let Some(batcher) = batcher else {
        return items.to_vec();
    };
    let most = |name: &str| batcher.get(name).and_then(Value::as_u64).unwrap_or(u64::MAX);
    let (most_items, most_bytes) = (most("MaxItemsPerBatch"), most("MaxInputBytesPerBatch"));
    let mut batches: Vec<Vec<Value>> = Vec::new();
    let mut bytes = 0;
    for item in items {
        let size = item.to_string().len() as u64;
        let fits = bytes + size <= most_bytes;
        match batches.last_mut() {
            Some(batch) if fits && (batch.len() as u64) < most_items => batch.push(item.clone()),
            _ => {
                batches.push(vec![item.clone()]);
                bytes = 0;
            }
        }
        bytes += size;
    }
    let common = batcher.get("BatchInput");
    let input = |batch: Vec<Value>| {
        let mut input = serde_json::Map::new();
        if let Some(common) = common {
            input.insert("BatchInput".to_owned(), common.clone());
        }
        input.insert("Items".to_owned(), batch.into());
        Value::Object(input)
    };
    batches.into_iter().map(input).collect()
}
