//! Doing what Task states ask for, and telling their executions.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;

use asl::Event;
use serde_json::{Value, json};

use crate::active::Slot;
use crate::db::{history, map_runs};
use crate::error::{AwsError, Error, Result};
use crate::host::{BoxFuture, ServiceCall, TaskError};
use crate::json::Json;
use crate::live::Live;
use crate::resource::{Pattern, Resource};
use crate::run::{Because, Changed, Loaded};
use crate::service::Service;
use crate::token::{TaskId, event_of};

/// A task whose call has to be made.
#[derive(Debug)]
pub(crate) struct Work {
    /// Held, so that the execution stays in memory until the call is answered.
    pub(crate) slot: Arc<Slot>,
    pub(crate) task: u32,
    pub(crate) token: String,
    /// The execution's ARN.
    pub(crate) execution: String,
    pub(crate) state: String,
    /// The resource as the definition has it: of a function its ARN.
    pub(crate) function: String,
    pub(crate) resource: Resource,
    pub(crate) arguments: Value,
}

impl Work {
    pub(crate) fn id(&self) -> TaskId {
        TaskId {
            execution: self.slot.id,
            event: self.task,
        }
    }

    fn event(&self, called: std::result::Result<Value, TaskError>, pattern: Pattern) -> Event {
        let token = self.token.clone();
        match called {
            Ok(output) if pattern == Pattern::Token => Event::TaskSubmitted { token, output },
            Ok(output) => Event::TaskSucceeded { token, output },
            Err(TaskError { error, cause }) => Event::TaskFailed {
                token,
                error: Some(error),
                cause: Some(cause),
            },
        }
    }
}

impl Service {
    pub(crate) fn do_work(self: &Arc<Self>, work: Work) {
        let service = Arc::clone(self);
        self.spawn(async move {
            let event = match &work.resource {
                Resource::StartExecution(pattern) => service.start_execution(&work, *pattern).await,
                Resource::Lambda => {
                    let arguments = json!({ "FunctionName": work.function, "Payload": work.arguments });
                    let called = service.call(&work, "lambda", "invoke", arguments).await;
                    let payload = called.map(|mut result| result.take_member("Payload"));
                    work.event(payload, Pattern::Response)
                }
                Resource::Service {
                    service: name,
                    action,
                    pattern,
                } => {
                    let called = service.call(&work, name, action, work.arguments.clone()).await;
                    work.event(called, *pattern)
                }
                Resource::Activity => return,
            };
            service
                .report(work.slot.id, Because::Answered(work.task), event)
                .await;
        });
    }

    /// Calls the host. One that fails by a bug fails the task, not the process.
    async fn call(
        &self,
        work: &Work,
        service: &str,
        action: &str,
        arguments: Value,
    ) -> std::result::Result<Value, TaskError> {
        let call = ServiceCall {
            service: service.to_owned(),
            action: action.to_owned(),
            arguments,
            key: work.token.clone(),
            execution: work.execution.clone(),
            state: work.state.clone(),
        };
        // Also where the host breaks off before it gives a future.
        let called = whole(Box::pin(async move { self.host.call(call).await })).await;
        called.unwrap_or_else(|| {
            tracing::error!(service, action, "an integration broke off");
            Err(TaskError::new(
                "States.TaskFailed",
                format!("{service}:{action} broke off without an answer"),
            ))
        })
    }

    /// Tells an execution what came of its task, until it is on the disk.
    pub(crate) async fn report(self: &Arc<Self>, id: i64, because: Because, event: Event) {
        loop {
            let event = event.clone();
            match self.change(id, because, |_| Ok(vec![event])).await {
                Ok(_) => return,
                Err(error) => {
                    tracing::error!(
                        execution = id,
                        error = &error as &dyn std::error::Error,
                        "cannot keep the outcome of a task; it is tried again"
                    );
                    self.pause().await;
                }
            }
        }
    }

    /// Answers a task from outside: by its token.
    pub(crate) async fn answer_task<F>(self: &Arc<Self>, token: &str, event: F) -> Result<()>
    where
        F: FnOnce(String) -> Event,
    {
        let task = self
            .key
            .open(token)
            .ok_or_else(|| AwsError::about("InvalidToken", "Invalid token"))?;
        let gone = || AwsError::about("TaskTimedOut", "Provided task does not exist anymore");
        let owned = token.to_owned();
        let changed = self.change(task.execution, Because::Else, |live: &Live| {
            if live.open().contains(&task.event) {
                Ok(vec![event(owned)])
            } else {
                Err(gone())
            }
        });
        match changed.await? {
            Changed::Done => Ok(()),
            Changed::Ended => Err(gone().into()),
            Changed::Unknown => Err(AwsError::new("TaskDoesNotExist", "Task does not exist").into()),
        }
    }
}

/// What a future gives, unless it panics. A task of its own would do the same, at the price of waking a thread.
async fn whole<T>(mut future: BoxFuture<'_, T>) -> Option<T> {
    let polled = std::future::poll_fn(|context| {
        let poll = AssertUnwindSafe(|| future.as_mut().poll(context));
        match catch_unwind(poll) {
            Ok(poll) => poll.map(Some),
            Err(_) => Poll::Ready(None),
        }
    });
    polled.await
}

/// Makes the calls again that were under way when the process ended: executions, each with the numbers of its tasks.
pub(crate) fn resume(service: &Arc<Service>, calling: Vec<(i64, String)>) {
    for (id, calls) in calling {
        let again = Arc::clone(service);
        service.spawn(async move {
            let tasks: Vec<u32> = calls.split(',').filter_map(|task| task.parse().ok()).collect();
            if let Err(error) = call_again(&again, id, &tasks).await {
                tracing::error!(
                    execution = id,
                    error = &error as &dyn std::error::Error,
                    "cannot make a call again that was under way"
                );
            }
        });
    }
}

async fn call_again(service: &Arc<Service>, id: i64, tasks: &[u32]) -> Result<()> {
    let slot = service.active.slot(id);
    let mut held = slot.live.lock().await;
    if held.is_none()
        && let Loaded::Live(live) = service.load(id).await?
    {
        *held = Some(*live);
    }
    let Some(live) = held.as_ref() else { return Ok(()) };
    let context = live.execution.context().clone();
    let machine = Arc::clone(&live.definition.machine);
    let calls = live.calls.clone();
    let open = live.execution.open_tasks(&machine);
    let states: HashMap<u32, String> = open
        .filter_map(|(token, state)| Some((event_of(token)?, state.to_owned())))
        .collect();
    for task in tasks.iter().copied().filter(|task| calls.contains(task)) {
        let map_run = service.db.read(move |db| map_runs::command(db, id, task)).await?;
        if let Some(command) = map_run {
            let command = serde_json::from_str(&command).map_err(|e| Error::unreadable("a Map run", e))?;
            service.run_map(&slot, &machine, &context, command);
            continue;
        }
        // The interpreter tells of the task right after it made the token.
        let scheduled = i64::from(task) + 1;
        let chunk = service
            .db
            .read(move |db| history::holding(db, id, scheduled))
            .await?;
        let chunk = chunk.ok_or_else(|| Error::unreadable("a task", "its event is not there"))?;
        let (function, arguments) = read_scheduled(&chunk.1, scheduled)?;
        service.do_work(Work {
            slot: Arc::clone(&slot),
            task,
            token: service.key.token(TaskId {
                execution: id,
                event: task,
            }),
            execution: context.id.clone(),
            state: states.get(&task).cloned().unwrap_or_default(),
            resource: Resource::parse(&function),
            function,
            arguments,
        });
    }
    Ok(())
}

/// The resource and the arguments of a task, from the event that tells of its scheduling.
fn read_scheduled(events: &str, id: i64) -> Result<(String, Value)> {
    let wrong = |what: &str| Error::unreadable("a task", what);
    let events: Vec<Value> = serde_json::from_str(events).map_err(|e| Error::unreadable("events", e))?;
    let event = events.iter().find(|event| event.member("id") == id);
    let event = event.ok_or_else(|| wrong("its event is not there"))?;
    let details = ["taskScheduledEventDetails", "lambdaFunctionScheduledEventDetails"]
        .iter()
        .find_map(|name| event.get(name))
        .ok_or_else(|| wrong("its event is of another kind"))?;
    let text = |name: &str| details.get(name).and_then(Value::as_str);
    let resource = text("resource").ok_or_else(|| wrong("its event names no resource"))?;
    let function = match text("resourceType") {
        Some(kind) => format!("arn:aws:states:::{kind}:{resource}"),
        None => resource.to_owned(),
    };
    let arguments = text("parameters").or_else(|| text("input")).unwrap_or("{}");
    let arguments = serde_json::from_str(arguments).map_err(|e| Error::unreadable("arguments", e))?;
    Ok((function, arguments))
}
