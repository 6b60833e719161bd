//! Events as JSON. They are written without building values, since a host writes many.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use std::sync::Arc;

use super::history::{EvaluationFailure, EventKind, HistoryEvent, TaskResource, TaskStage};

/// An event with its instant as the protocol of AWS has it: seconds since 1970 with a fraction.
#[derive(Debug, Clone, Copy)]
pub struct InSeconds<'a>(pub &'a HistoryEvent);

impl Serialize for InSeconds<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "milliseconds of this millennium have 53 bits"
        )]
        let seconds = self.0.timestamp.milliseconds() as f64 / 1000.0;
        write(self.0, &seconds, serializer)
    }
}

impl Serialize for HistoryEvent {
    /// With its instant in RFC 3339.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write(self, &self.timestamp.to_string(), serializer)
    }
}

fn write<S: Serializer>(
    event: &HistoryEvent,
    timestamp: &impl Serialize,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let name = event.kind.name();
    let mut map = serializer.serialize_map(None)?;
    map.serialize_entry("timestamp", timestamp)?;
    map.serialize_entry("type", &name)?;
    map.serialize_entry("id", &event.id)?;
    map.serialize_entry("previousEventId", &event.previous_event_id)?;
    if let Some(details) = event.kind.details() {
        map.serialize_entry(&details_field(&event.kind, &name), &details)?;
    }
    map.end()
}

/// `MapIterationStarted` has `mapIterationStartedEventDetails`; states share one field for all their types.
fn details_field(kind: &EventKind, name: &str) -> String {
    match kind {
        EventKind::StateEntered { .. } => return "stateEnteredEventDetails".to_owned(),
        EventKind::StateExited { .. } => return "stateExitedEventDetails".to_owned(),
        _ => {}
    }
    let mut characters = name.chars();
    let first = characters.next().map(|c| c.to_ascii_lowercase());
    first
        .into_iter()
        .chain(characters)
        .chain("EventDetails".chars())
        .collect()
}

/// The members of a details object.
struct Details<'a>(Vec<(&'static str, Member<'a>)>);

enum Member<'a> {
    Text(&'a str),
    Number(u64),
    Null,
    /// A value as JSON text.
    Data(&'a Value),
    /// The note that a value is whole.
    Whole,
    Variables(&'a [(String, Arc<Value>)]),
    RoleArn(&'a Value),
}

impl Serialize for Details<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, member) in &self.0 {
            map.serialize_entry(name, member)?;
        }
        map.end()
    }
}

impl Serialize for Member<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_u64(*number),
            Self::Null => serializer.serialize_unit(),
            Self::Data(value) => serializer.serialize_str(&value.to_string()),
            Self::Whole => single(serializer, "truncated", &false),
            Self::RoleArn(arn) => single(serializer, "roleArn", arn),
            Self::Variables(variables) => {
                let mut map = serializer.serialize_map(Some(variables.len()))?;
                for (name, value) in *variables {
                    map.serialize_entry(name, &value.to_string())?;
                }
                map.end()
            }
        }
    }
}

fn single<S: Serializer>(serializer: S, name: &str, value: &impl Serialize) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(name, value)?;
    map.end()
}

impl<'a> Details<'a> {
    fn of(member: &'static str, value: Member<'a>) -> Self {
        Self(vec![(member, value)])
    }

    /// A value as JSON text, with the note that it is whole.
    fn data(member: &'static str, note: &'static str, value: &'a Value) -> Self {
        Self(vec![(member, Member::Data(value)), (note, Member::Whole)])
    }

    fn input(value: &'a Value) -> Self {
        Self::data("input", "inputDetails", value)
    }

    fn output(value: &'a Value) -> Self {
        Self::data("output", "outputDetails", value)
    }

    fn failure(error: Option<&'a str>, cause: Option<&'a str>) -> Self {
        Self(Vec::new())
            .with_text("error", error)
            .with_text("cause", cause)
    }

    fn with(mut self, member: &'static str, value: Member<'a>) -> Self {
        self.0.push((member, value));
        self
    }

    fn with_text(self, member: &'static str, text: Option<&'a str>) -> Self {
        match text {
            Some(text) => self.with(member, Member::Text(text)),
            None => self,
        }
    }

    fn with_number(self, member: &'static str, number: Option<u64>) -> Self {
        match number {
            Some(number) => self.with(member, Member::Number(number)),
            None => self,
        }
    }
}

impl EventKind {
    fn details(&self) -> Option<Details<'_>> {
        let details = match self {
            Self::ExecutionStarted { input, role_arn } => {
                let role_arn = role_arn.as_deref().map_or(Member::Null, Member::Text);
                Details::input(input).with("roleArn", role_arn)
            }
            Self::ExecutionSucceeded { output } => Details::output(output),
            Self::ExecutionFailed { error, cause }
            | Self::ExecutionAborted { error, cause }
            | Self::MapRunFailed { error, cause } => Details::failure(error.as_deref(), cause.as_deref()),
            Self::StateEntered { name, input, .. } => Details::input(input).with("name", Member::Text(name)),
            Self::StateExited {
                name,
                output,
                assigned,
                ..
            } => {
                let details = Details::output(output).with("name", Member::Text(name));
                if assigned.is_empty() {
                    details
                } else {
                    details
                        .with("assignedVariables", Member::Variables(assigned))
                        .with("assignedVariablesDetails", Member::Whole)
                }
            }
            Self::EvaluationFailed(failed) => {
                let EvaluationFailure {
                    error,
                    cause,
                    location,
                    state,
                } = &**failed;
                Details::failure(Some(error), Some(cause))
                    .with_text("location", location.as_deref())
                    .with("state", Member::Text(state))
            }
            Self::ExecutionTimedOut => Details(Vec::new()),
            Self::ExecutionRedriven { redrive_count } => {
                Details::of("redriveCount", Member::Number(u64::from(*redrive_count)))
            }
            Self::MapStateStarted { length } => Details::of("length", Member::Number(*length as u64)),
            Self::MapIterationStarted { index, name }
            | Self::MapIterationSucceeded { index, name }
            | Self::MapIterationFailed { index, name }
            | Self::MapIterationAborted { index, name } => {
                Details::of("index", Member::Number(*index as u64)).with("name", Member::Text(name))
            }
            Self::MapRunStarted { map_run_arn } => Details::of("mapRunArn", Member::Text(map_run_arn)),
            Self::Task(task) => return task_details(&task.stage, &task.resource),
            _ => return None,
        };
        Some(details)
    }
}

fn task_details<'a>(stage: &'a TaskStage, resource: &'a TaskResource) -> Option<Details<'a>> {
    let mut details = match stage {
        TaskStage::Scheduled {
            arguments,
            timeout_seconds,
            heartbeat_seconds,
            credentials,
            ..
        } => {
            let details = if matches!(resource, TaskResource::Service { .. }) {
                Details::of("parameters", Member::Data(arguments))
            } else {
                Details::input(arguments)
            };
            let mut details = details
                .with_number("timeoutInSeconds", *timeout_seconds)
                .with_number("heartbeatInSeconds", *heartbeat_seconds);
            let role = credentials.as_ref().and_then(|given| given.get("RoleArn"));
            if let Some(role) = role {
                details = details.with("taskCredentials", Member::RoleArn(role));
            }
            match resource {
                TaskResource::Lambda(arn) | TaskResource::Activity(arn) => {
                    details.with("resource", Member::Text(arn))
                }
                TaskResource::Service { .. } => details,
            }
        }
        TaskStage::Started { worker } => match resource {
            TaskResource::Lambda(_) => return None,
            TaskResource::Activity(_) => Details(Vec::new()).with_text("workerName", worker.as_deref()),
            TaskResource::Service { .. } => Details(Vec::new()),
        },
        TaskStage::Submitted { output } | TaskStage::Succeeded { output } => Details::output(output),
        TaskStage::Failed { error, cause } | TaskStage::TimedOut { error, cause } => {
            Details::failure(error.as_deref(), cause.as_deref())
        }
    };
    if let TaskResource::Service {
        resource,
        resource_type,
    } = resource
    {
        details = details
            .with("resource", Member::Text(resource))
            .with("resourceType", Member::Text(resource_type));
        if let TaskStage::Scheduled { region, .. } = stage {
            details = details.with("region", Member::Text(region));
        }
    }
    Some(details)
}
