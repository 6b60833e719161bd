use std::sync::Arc;

use serde_json::Value;

use super::Command;
use super::engine::Engine;
use super::failure::Failure;
use super::frame::{Activity, PendingTask};
use super::history::{EventKind, TaskEvent, TaskResource, TaskStage};
use crate::expression::StatesVariable;
use crate::machine::{Kind, Node, Quantity, Resource, TaskNode};
use crate::template::Fault;
use crate::value::within_limits;

impl Engine<'_> {
    pub(super) fn schedule(&mut self, id: usize, node: &Node, task: &TaskNode) -> Result<(), Fault> {
        let token = self.execution.new_token();
        let effective = self.effective_input(id, node)?;
        let shown = task.resource.hands_out_tokens().then_some(token.as_str());
        let arguments = self.arguments(id, node, &effective, shown)?;
        let credentials = task
            .credentials
            .as_ref()
            .map(|template| self.evaluate(id, template, &effective, StatesVariable::default(), None))
            .transpose()?;
        let timeout = self.limit(id, task.timeout.as_ref(), &effective)?;
        let heartbeat = self.limit(id, task.heartbeat.as_ref(), &effective)?;
        self.advance(
            id,
            EventKind::Task(Box::new(TaskEvent {
                stage: TaskStage::Scheduled {
                    arguments: Arc::clone(&arguments),
                    timeout_seconds: timeout.map(whole),
                    heartbeat_seconds: heartbeat.map(whole),
                    credentials: credentials.clone(),
                    region: self.execution.context.region().to_owned(),
                },
                resource: events_resource(&task.resource),
            })),
        );
        // Whether someone works on an activity is known only when a worker takes it.
        if !matches!(task.resource, Resource::Activity(_)) {
            let stage = TaskStage::Started { worker: None };
            self.advance(
                id,
                EventKind::Task(Box::new(TaskEvent {
                    stage,
                    resource: events_resource(&task.resource),
                })),
            );
        }
        let pending = PendingTask {
            token: token.clone(),
            timeout_at: timeout.map(|seconds| self.now.plus_seconds(seconds)),
            heartbeat_seconds: heartbeat,
            heartbeat_at: heartbeat.map(|seconds| self.now.plus_seconds(seconds)),
        };
        if let Some(frame) = self.execution.frame_mut(id) {
            frame.activity = Activity::Task(pending);
        }
        self.commands.push(Command::ScheduleTask {
            token,
            state: node.name.to_string(),
            resource: arn(&task.resource).to_owned(),
            arguments: (*arguments).clone(),
            credentials,
            timeout_seconds: timeout.map(whole),
            heartbeat_seconds: heartbeat.map(whole),
        });
        Ok(())
    }

    fn limit(&self, id: usize, quantity: Option<&Quantity>, input: &Value) -> Result<Option<f64>, Fault> {
        let Some(quantity) = quantity else { return Ok(None) };
        let value = self.quantity(id, quantity, input)?;
        match (value.as_f64(), quantity) {
            (Some(seconds), _) if seconds > 0.0 && seconds.fract() == 0.0 => Ok(Some(seconds)),
            (_, Quantity::Query(query)) => Err(match &query.kind {
                crate::template::QueryKind::Path(path) => Fault::Runtime(format!(
                    "The {} parameter does not reference a positive integer: {} == {value}",
                    query.field,
                    path.text()
                )),
                _ => query.wrong_type("positive integer", &value),
            }),
            (_, Quantity::Literal(_)) => Ok(None),
        }
    }

    /// The frame, state and resource that a token is for.
    fn pending(&self, token: &str) -> Option<(usize, &Node, &TaskNode)> {
        let id = self.execution.with_token(token)?;
        let node = self.machine.node(self.execution.frame(id)?.node)?;
        match &node.kind {
            Kind::Task(task) => Some((id, node, task)),
            _ => None,
        }
    }

    fn tell(&mut self, token: &str, stage: TaskStage) -> Option<usize> {
        let (id, _, task) = self.pending(token)?;
        let resource = events_resource(&task.resource);
        self.advance(id, EventKind::Task(Box::new(TaskEvent { stage, resource })));
        Some(id)
    }

    pub(super) fn activity_started(&mut self, token: &str, worker: Option<String>) {
        self.tell(token, TaskStage::Started { worker });
    }

    pub(super) fn task_submitted(&mut self, token: &str, output: Value) {
        self.tell(
            token,
            TaskStage::Submitted {
                output: Arc::new(output),
            },
        );
    }

    pub(super) fn heartbeat(&mut self, token: &str) {
        let now = self.now;
        let Some(id) = self.execution.with_token(token) else {
            return;
        };
        if let Some(Activity::Task(task)) = self.execution.frame_mut(id).map(|frame| &mut frame.activity) {
            task.heartbeat_at = task.heartbeat_seconds.map(|seconds| now.plus_seconds(seconds));
        }
    }

    pub(super) fn task_succeeded(&mut self, token: &str, output: Value) {
        let Some((id, node, task)) = self.pending(token) else {
            return;
        };
        if !within_limits(&output) {
            let name = match &task.resource {
                Resource::Service { kind, .. } => kind.as_str(),
                other => arn(other),
            };
            let cause = format!(
                "The state/task '{name}' returned a result with a size exceeding the maximum number of bytes service limit."
            );
            let failure = Failure::task(Some("States.DataLimitExceeded".to_owned()), Some(cause));
            self.task_failed(token, failure);
            return;
        }
        let _ = (id, node);
        let output = Arc::new(output);
        let Some(id) = self.tell(
            token,
            TaskStage::Succeeded {
                output: Arc::clone(&output),
            },
        ) else {
            return;
        };
        self.worked(id, &output);
    }

    /// A state with a result goes on.
    pub(super) fn worked(&mut self, id: usize, result: &Arc<Value>) {
        let Some((node, frame)) = self.at(id) else { return };
        let raw = Arc::clone(&frame.input);
        // The state's own path of the input counts no more: the result is what goes on.
        match self.output(id, node, &raw, Some(result)) {
            Ok(exit) => self.exit(id, node, exit, node.next),
            Err(fault) => self.fault(id, node, fault),
        }
    }

    pub(super) fn task_failed(&mut self, token: &str, failure: Failure) {
        let stage = TaskStage::Failed {
            error: failure.error.clone(),
            cause: failure.cause.clone(),
        };
        if let Some(id) = self.tell(token, stage) {
            self.fail(id, failure);
        }
    }

    pub(super) fn task_timed_out(&mut self, token: &str, failure: Failure) {
        let stage = TaskStage::TimedOut {
            error: failure.error.clone(),
            cause: failure.cause.clone(),
        };
        if let Some(id) = self.tell(token, stage) {
            self.commands.push(Command::CancelTask {
                token: token.to_owned(),
            });
            self.fail(id, failure);
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be a positive integer"
)]
fn whole(seconds: f64) -> u64 {
    seconds as u64
}

fn arn(resource: &Resource) -> &str {
    match resource {
        Resource::Lambda(arn) | Resource::Activity(arn) | Resource::Service { arn, .. } => arn,
    }
}

fn events_resource(resource: &Resource) -> TaskResource {
    match resource {
        Resource::Lambda(arn) => TaskResource::Lambda(arn.as_str().into()),
        Resource::Activity(arn) => TaskResource::Activity(arn.as_str().into()),
        Resource::Service { kind, action, .. } => TaskResource::Service {
            resource: action.as_str().into(),
            resource_type: kind.as_str().into(),
        },
    }
}
