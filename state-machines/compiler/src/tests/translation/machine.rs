//! Runs a generated machine in the interpreter of `asl`, tasks being answered from a script.

use std::collections::VecDeque;

use asl::types::StateMachine;
use asl::{Command, Event, EventKind, ExecutionContext, HistoryEvent, Machine, Outcome, Timestamp};
use serde_json::{Map, Value, json};

use super::game::{Answer, Played, Step, outcome};

/// What came of it, with the names of the states that were entered.
pub(super) struct Run {
    pub(super) played: Played,
    pub(super) states: Vec<String>,
}

pub(super) fn run(
    machine: &StateMachine,
    definition: &Value,
    data: Map<String, Value>,
    answers: &[Answer],
) -> Run {
    let machine = Machine::new(machine).unwrap_or_else(|found| panic!("{found:#?}"));
    let input = json!({
        "tenant": "default", "instance": "i-1", "epoch": 1, "workflow": "generated", "version": 3,
        "ticket": "t-1", "starter": "u-1", "seq": 0, "path": [], "visits": {}, "data": data,
    });
    let (mut execution, commands) = asl::start(&machine, input.clone(), ExecutionContext::default());
    let mut commands: VecDeque<Command> = commands.into();
    let mut answers: VecDeque<&Answer> = answers.iter().collect();
    let mut history = execution.take_history();
    let mut steps = Vec::new();
    while let Some(command) = commands.pop_front() {
        let Command::ScheduleTask {
            token,
            resource,
            arguments,
            ..
        } = command
        else {
            continue;
        };
        let waits = resource.ends_with(".waitForTaskToken");
        told(&arguments["Payload"], &input, waits.then_some(&token), &mut steps);
        let Some(answer) = answers.pop_front() else { break };
        let mut events = Vec::new();
        if waits {
            let (token, output) = (token.clone(), json!({"Payload": null, "StatusCode": 200}));
            events.push(Event::TaskSubmitted { token, output });
        }
        let output = result(waits, definition, &arguments["Payload"], answer);
        events.push(Event::TaskSucceeded { token, output });
        for event in events {
            commands.extend(execution.apply(&machine, Timestamp::default(), event));
        }
        history.append(&mut execution.take_history());
    }
    let states = history
        .iter()
        .filter_map(entered)
        .map(|(name, _)| name.to_owned())
        .collect();
    let played = match execution.outcome() {
        Some(Outcome::Succeeded { output }) => ended(output, steps),
        Some(other) => panic!("{other:?}"),
        None => Played {
            steps,
            status: None,
            data: history.iter().filter_map(entered).next_back().unwrap().1["data"]
                .as_object()
                .unwrap()
                .clone(),
        },
    };
    Run { played, states }
}

fn entered(event: &HistoryEvent) -> Option<(&str, &Value)> {
    match &event.kind {
        EventKind::StateEntered { name, input, .. } => Some((name, input)),
        _ => None,
    }
}

fn ended(output: &Value, mut steps: Vec<Step>) -> Played {
    flush(&output["path"], &mut steps);
    assert_eq!(output["seq"], steps.len());
    Played {
        steps,
        status: output["status"].as_str().map(str::to_owned),
        data: output["data"].as_object().unwrap().clone(),
    }
}

/// What the function that is called writes down.
fn told(payload: &Value, input: &Value, token: Option<&String>, steps: &mut Vec<Step>) {
    flush(&payload["path"], steps);
    steps.push(step(payload));
    for known in [
        "tenant", "instance", "epoch", "workflow", "version", "ticket", "starter",
    ] {
        assert_eq!(payload[known], input[known], "{known}");
    }
    if let Some(token) = token {
        assert_eq!(payload["token"], token.as_str());
    } else {
        let key = format!("i-1/{}/{}", payload["node"].as_str().unwrap(), payload["visit"]);
        assert_eq!(payload["idempotency_key"], key);
    }
}

fn flush(path: &Value, steps: &mut Vec<Step>) {
    steps.extend(path.as_array().unwrap().iter().map(step));
}

fn step(entry: &Value) -> Step {
    Step {
        seq: entry["seq"].as_u64().unwrap(),
        node: entry["node"].as_str().unwrap().to_owned(),
        visit: entry["visit"].as_u64().unwrap(),
    }
}

fn result(waits: bool, definition: &Value, payload: &Value, answer: &Answer) -> Value {
    if waits {
        let nodes = definition["nodes"].as_array().unwrap();
        let task = nodes.iter().find(|node| node["id"] == payload["node"]).unwrap();
        return json!({"outcome": outcome(task, answer), "data": answer.data});
    }
    // A function that has nothing to say may say nothing.
    let answered = if answer.data.is_empty() {
        Value::Null
    } else {
        json!({"data": answer.data})
    };
    json!({"Payload": answered, "StatusCode": 200})
}
