//! Runs a recorded execution again, with the outcomes that its history tells.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::machine::Machine;
use crate::path::Path;
use crate::run::{Command, Event, Execution, ExecutionContext, Timestamp};
use crate::simulate::{Simulation, World, simulate};
use crate::types::StateMachine;

/// The history that this crate emits for a recording: an object with `definition`, `input` and `history`.
pub fn replay(recording: &Value) -> Result<Vec<Value>, Vec<Diagnostic>> {
    let run = run(recording)?;
    Ok(run.history.iter().map(crate::HistoryEvent::to_json).collect())
}

/// The same with the execution as it ended.
pub fn run(recording: &Value) -> Result<Simulation, Vec<Diagnostic>> {
    let definition = recording.get("definition").unwrap_or(&Value::Null);
    let definition: StateMachine = serde_json::from_value(definition.clone())
        .map_err(|error| vec![Diagnostic::error("UNREADABLE", "", error.to_string())])?;
    let machine = Machine::new(&definition)?;
    let history = history(recording);
    let mut world = Recorded {
        defers: true,
        ..Recorded::of(recording)
    };
    let input = recording.get("input").cloned().unwrap_or(Value::Null);
    let mut context = context(history);
    context.redrive_count = after_redrive(recording).then_some(0);
    Ok(simulate(&machine, input, context, &mut world))
}

/// What the world did in a recording, for a host that replays it.
pub fn world(recording: &Value) -> impl World + Send + use<> {
    Recorded::of(recording)
}

fn history(recording: &Value) -> &[Value] {
    let history = recording.get("history").and_then(Value::as_array);
    history.map(Vec::as_slice).unwrap_or_default()
}

/// A context object with plausible values; the recording lost the true ones.
fn context(history: &[Value]) -> ExecutionContext {
    let name = "4ab41b1c-5ac4-4e4a-8d9e-0d3f3c2a9d51";
    let role_arn = history
        .iter()
        .find_map(|event| event.pointer("/executionStartedEventDetails/roleArn")?.as_str());
    ExecutionContext {
        id: format!("arn:aws:states:us-east-1:111111111111:execution:machine:{name}"),
        name: name.to_owned(),
        role_arn: role_arn.map(str::to_owned),
        started: Timestamp::from_milliseconds(1_700_000_000_000),
        state_machine_id: "arn:aws:states:us-east-1:111111111111:stateMachine:machine".to_owned(),
        state_machine_name: "machine".to_owned(),
        redrive_count: None,
        seed: 42,
    }
}

/// Executions know a redrive count since 15 November 2023. Recordings tell their day as `24-10-2023, 17:18:16`.
fn after_redrive(recording: &Value) -> bool {
    let recorded = recording
        .get("aws_recorded")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let mut parts = recorded
        .split([',', '-'])
        .map(|part| part.trim().parse::<u32>().unwrap_or(0));
    let (day, month, year) = (parts.next(), parts.next(), parts.next());
    (year, month, day) >= (Some(2023), Some(11), Some(15)) || recorded.is_empty()
}

/// What the world did, as the history tells it.
#[derive(Debug, Default)]
struct Recorded {
    /// For each Task state, each time that it was scheduled: what was reported.
    attempts: HashMap<String, VecDeque<Attempt>>,
    /// Outcomes of tasks whose events lost their ids, and so their states, when the recorder sorted them.
    lost: Vec<Value>,
    /// What states handed on, which helps to tell whose a lost outcome is.
    exits: HashMap<String, Value>,
    map_runs: VecDeque<MapRun>,
    aborted: Option<Value>,
    /// Whether answers wait below; a host hands them on by itself.
    defers: bool,
    /// Answers to tasks that wait for them, in the order of the recording: by then, other branches have begun, too.
    answers: BTreeMap<u64, Event>,
    definition: Value,
}

/// One time that a task was scheduled.
#[derive(Debug, Default)]
struct Attempt {
    arguments: Value,
    reported: Vec<Value>,
}

#[derive(Debug, Default)]
struct MapRun {
    arn: String,
    failure: Option<Value>,
    output: Option<Value>,
}

/// The details object of an event: the one field whose name ends so.
fn details(event: &Value) -> &Value {
    static NONE: Value = Value::Null;
    let fields = event.as_object();
    fields
        .and_then(|fields| fields.iter().find(|(name, _)| name.ends_with("EventDetails")))
        .map_or(&NONE, |(_, details)| details)
}

fn event_type(event: &Value) -> &str {
    event.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn text(details: &Value, field: &str) -> Option<String> {
    match details.get(field)? {
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// A value that the recording may have left as JSON text.
fn data(details: &Value, field: &str) -> Value {
    match details.get(field) {
        Some(Value::String(text)) => {
            serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()))
        }
        Some(value) => value.clone(),
        None => Value::Null,
    }
}

impl Recorded {
    fn of(recording: &Value) -> Self {
        let mut recorded = Self::read(history(recording));
        recorded.definition = recording.get("definition").cloned().unwrap_or(Value::Null);
        recorded
    }

    fn read(history: &[Value]) -> Self {
        let mut recorded = Self::default();
        // The state that each event belongs to, found by following the previous ids.
        let mut states: HashMap<u64, String> = HashMap::new();
        let mut entered: Option<String> = None;
        for event in history {
            let kind = event_type(event);
            let id = event.get("id").and_then(Value::as_u64);
            let previous = event.get("previousEventId").and_then(Value::as_u64).unwrap_or(0);
            let state = if kind.ends_with("StateEntered") {
                let name = text(details(event), "name");
                if kind == "TaskStateEntered" {
                    entered.clone_from(&name);
                }
                name
            } else {
                states.get(&previous).cloned()
            };
            if let (Some(id), Some(state)) = (id, &state) {
                states.insert(id, state.clone());
            }
            if id.is_none() && recorded.note_lost(kind, event) {
                continue;
            }
            recorded.note(kind, event, state.or_else(|| entered.clone()).unwrap_or_default());
        }
        recorded
    }

    /// Notes an event that cannot be traced to its state; false where it is none of a task.
    fn note_lost(&mut self, kind: &str, event: &Value) -> bool {
        if kind == "TaskStateExited" {
            let name = text(details(event), "name").unwrap_or_default();
            self.exits.insert(name, data(details(event), "output"));
        }
        match stage(kind) {
            Some("Succeeded" | "Failed" | "TimedOut") => {
                self.lost.push(event.clone());
                true
            }
            other => other.is_some_and(|stage| matches!(stage, "Scheduled" | "Started" | "Submitted")),
        }
    }

    fn note(&mut self, kind: &str, event: &Value, state: String) {
        match (kind, stage(kind)) {
            (_, Some("Scheduled")) => {
                let details = details(event);
                let field = if details.get("parameters").is_some() {
                    "parameters"
                } else {
                    "input"
                };
                let arguments = data(details, field);
                let reported = Vec::new();
                self.attempts
                    .entry(state)
                    .or_default()
                    .push_back(Attempt { arguments, reported });
            }
            (_, Some("Started" | "Submitted" | "Succeeded" | "Failed" | "TimedOut")) => {
                if let Some(attempt) = self.attempts.entry(state).or_default().back_mut() {
                    attempt.reported.push(event.clone());
                }
            }
            ("MapRunStarted", _) => self.map_runs.push_back(MapRun {
                arn: text(details(event), "mapRunArn").unwrap_or_default(),
                ..MapRun::default()
            }),
            ("MapRunFailed", _) => {
                if let Some(run) = self.map_runs.back_mut() {
                    run.failure = Some(details(event).clone());
                }
            }
            ("MapStateExited", _) => {
                if let Some(run) = self.map_runs.back_mut().filter(|run| run.output.is_none()) {
                    run.output = Some(data(details(event), "output"));
                }
            }
            ("ExecutionAborted", _) => self.aborted = Some(details(event).clone()),
            _ => {}
        }
    }
}

/// The part of a task's event type that follows what kind of resource it is.
fn stage(kind: &str) -> Option<&str> {
    let prefixes = ["LambdaFunction", "Activity", "Task"];
    prefixes.iter().find_map(|prefix| kind.strip_prefix(prefix))
}

impl Recorded {
    /// Of the lost outcomes the one that the state handed on, or the first.
    fn lost_outcome(&mut self, state: &str) -> Option<Value> {
        let output = self.exits.get(state);
        let same = output.and_then(|output| {
            self.lost
                .iter()
                .position(|event| data(details(event), "output") == *output)
        });
        let index = same.unwrap_or(0);
        (index < self.lost.len()).then(|| self.lost.remove(index))
    }
}

impl World for Recorded {
    fn task(&mut self, task: &Command, token: &str) -> Vec<Event> {
        let Command::ScheduleTask { state, arguments, .. } = task else {
            return Vec::new();
        };
        let mut reported = match self
            .attempts
            .get_mut(state)
            .filter(|attempts| !attempts.is_empty())
        {
            // Iterations that ran at the same time were scheduled in any order: their arguments tell them apart.
            Some(attempts) => {
                let same = attempts
                    .iter()
                    .position(|attempt| attempt.arguments == *arguments);
                attempts
                    .remove(same.unwrap_or(0))
                    .map(|attempt| attempt.reported)
                    .unwrap_or_default()
            }
            None => self.lost_outcome(state).into_iter().collect(),
        };
        let submitted = reported
            .iter()
            .position(|event| event_type(event) == "TaskSubmitted");
        if let Some(submitted) = submitted.filter(|_| self.defers) {
            for answer in reported.split_off(submitted + 1) {
                let id = answer.get("id").and_then(Value::as_u64);
                self.answers.extend(id.zip(told(&answer, token)));
            }
        }
        reported.iter().filter_map(|event| told(event, token)).collect()
    }

    fn map_run(&mut self, run: &Command, token: &str) -> Option<Vec<Event>> {
        let Command::StartMapRun {
            state,
            reader,
            writer,
            ..
        } = run
        else {
            return None;
        };
        let recorded = self.map_runs.pop_front()?;
        let token = token.to_owned();
        if let Some(failure) = &recorded.failure {
            let (error, cause) = (text(failure, "error"), text(failure, "cause"));
            return Some(vec![Event::MapRunFailed { token, error, cause }]);
        }
        let definition = state_named(&self.definition, state).unwrap_or(&Value::Null);
        // Where the items are known the children run here, unless what their tasks answered was not recorded.
        if reader.is_none() && writer.is_none() && !has_task(definition) {
            return None;
        }
        let output = recorded.output.unwrap_or_default();
        let result = definition
            .get("ResultPath")
            .and_then(Value::as_str)
            .and_then(|path| Some(Path::parse(path).ok()?.find(&output).ok()?.into_owned()));
        Some(vec![Event::MapRunSucceeded {
            token,
            output: result.unwrap_or(output),
        }])
    }

    fn map_run_arn(&mut self, _state: &str) -> String {
        self.map_runs
            .front()
            .map(|run| run.arn.clone())
            .unwrap_or_default()
    }

    fn idle(&mut self, _execution: &Execution) -> Option<Event> {
        if let Some((_, answer)) = self.answers.pop_first() {
            return Some(answer);
        }
        let details = self.aborted.take()?;
        Some(Event::Stop {
            error: text(&details, "error"),
            cause: text(&details, "cause"),
        })
    }
}

/// The definition of the state with this name, wherever it stands.
fn state_named<'a>(definition: &'a Value, name: &str) -> Option<&'a Value> {
    if let Some(state) = definition.get("States").and_then(|states| states.get(name)) {
        return Some(state);
    }
    match definition {
        Value::Object(fields) => fields.values().find_map(|value| state_named(value, name)),
        Value::Array(items) => items.iter().find_map(|value| state_named(value, name)),
        _ => None,
    }
}

fn has_task(definition: &Value) -> bool {
    match definition {
        Value::Object(fields) => {
            fields.get("Type").and_then(Value::as_str) == Some("Task") || fields.values().any(has_task)
        }
        Value::Array(items) => items.iter().any(has_task),
        _ => false,
    }
}

/// What the host would have reported to make this event.
fn told(event: &Value, token: &str) -> Option<Event> {
    let kind = event_type(event);
    let details = details(event);
    let token = token.to_owned();
    Some(match kind {
        "ActivityStarted" => Event::ActivityStarted {
            token,
            worker: text(details, "workerName"),
        },
        "TaskSubmitted" => Event::TaskSubmitted {
            token,
            output: data(details, "output"),
        },
        _ if kind.ends_with("Succeeded") => Event::TaskSucceeded {
            token,
            output: data(details, "output"),
        },
        _ if kind.ends_with("Failed") => Event::TaskFailed {
            token,
            error: text(details, "error"),
            cause: text(details, "cause"),
        },
        _ if kind.ends_with("TimedOut") => Event::TaskTimedOut {
            token,
            error: text(details, "error"),
            cause: text(details, "cause"),
        },
        _ => return None,
    })
}
