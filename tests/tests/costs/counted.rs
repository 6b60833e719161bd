//! What is counted while the platform does it: calls, units, changes, transitions.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::id::{InstanceId, Key, TenantId, TicketId};
use runtime::Trigger;
use runtime::grant::Queue;
use serde_json::{Value, json};
use tests::fuse::{Call, LOOKING, Wire};
use tests::{Client, Story, TestApp};

use crate::usage::{OWN_WORK, Usage, milliseconds};

/// Messages that a function takes at once at most, and changes.
pub(crate) const MESSAGES: f64 = 10.0;
pub(crate) const CHANGES: f64 = 100.0;

/// How much comes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    /// Each message and each change by itself.
    Quiet,
    /// As much as a function takes.
    Busy,
}

/// A platform whose calls are watched.
pub(crate) struct Counter {
    pub(crate) app: TestApp,
    pub(crate) story: Story,
    pub(crate) wire: Wire,
}

impl Counter {
    pub(crate) async fn start(follow: bool) -> Self {
        let wire = Wire::new();
        let mut app = TestApp::start_with(|http| wire.around(http)).await;
        if follow {
            app.platform.follow().await;
        }
        let story = Story::set_up(&app).await;
        Self { app, story, wire }
    }

    pub(crate) async fn invoke(&self, id: &str, event: Value) {
        let answer = self.app.platform.invoke(id, event).await.unwrap();
        let failed = answer["batchItemFailures"].as_array();
        assert!(failed.is_none_or(Vec::is_empty), "{answer}");
    }

    /// Since it was asked last; what the state machines do meanwhile is left out.
    fn calls_of(&self, operation: &str) -> Vec<Call> {
        let mut calls = self.wire.take();
        calls.retain(|call| call.operation == operation);
        calls
    }

    /// So many messages of the submissions' queue, as one batch.
    async fn submissions(&self, wanted: usize) -> Value {
        let sqs = &self.app.platform.clients.sqs;
        let url = &self.app.platform.queue_urls[&Queue::Submissions];
        let mut records = Vec::new();
        while records.len() < wanted {
            let received = sqs.receive_message().queue_url(url).max_number_of_messages(10);
            for message in received.send().await.unwrap().messages() {
                records.push(json!({
                    "messageId": message.message_id(), "body": message.body(), "attributes": {}, "messageAttributes": {},
                }));
            }
        }
        json!({ "Records": records })
    }

    /// A ticket until it is written: a request, its message, and its part of a whole batch.
    pub(crate) async fn ticket(&self) -> Usage {
        // Once, so that definitions are known and connections are open.
        self.story.submit(120.0).await;
        let first = self.submissions(1).await;
        self.invoke("create_tickets", first).await;
        self.wire.take();
        for _ in 0..10 {
            self.story.submit(120.0).await;
        }
        let submitted = self.calls_of("submit_ticket");
        let submitting: f64 = submitted.iter().map(milliseconds).sum::<f64>() / MESSAGES + OWN_WORK;
        let request = Usage {
            requests: 1.0,
            ..Usage::of_functions(1.0, submitting)
        };
        let sent = Usage::of_calls(&submitted) * (1.0 / MESSAGES);

        let batch = self.submissions(10).await;
        self.wire.take();
        self.invoke("create_tickets", batch).await;
        let mut created = self.calls_of("create_tickets");
        // Where the workflow begins.
        created.retain(|call| call.what != "StartExecution");
        // The messages of a batch are handled side by side.
        let creating = MESSAGES * OWN_WORK + created.iter().map(milliseconds).sum::<f64>() / MESSAGES;
        let batch = Usage {
            queue_requests: 2.0,
            ..Usage::of_functions(1.0, creating)
        };
        request + sent + (Usage::of_calls(&created) + batch) * (1.0 / MESSAGES)
    }

    /// One run of what runs every minute, where there is nothing to do.
    pub(crate) async fn idle(&self, handler: &str) -> Usage {
        self.invoke(handler, json!({})).await;
        self.wire.take();
        self.invoke(handler, json!({})).await;
        let calls = self.calls_of(handler);
        let waiting: f64 = calls.iter().map(milliseconds).sum();
        Usage {
            events: 1.0,
            ..Usage::of_functions(1.0, OWN_WORK + waiting)
        } + Usage::of_calls(&calls)
    }

    /// An expense approval, from its submission until nothing is left to do.
    pub(crate) async fn approval(&self, amount: f64, voters: &[&Client]) -> Approval {
        self.wire.take();
        let submission = self.story.submit(amount).await;
        let ticket = self.story.ticket(&submission).await;
        let ticket = ticket["id"].as_str().unwrap();
        for voter in voters {
            let task = self.story.task_of(voter, ticket).await;
            // What the streams bring is there before the vote, so that nothing depends on who is faster.
            tokio::time::sleep(Duration::from_millis(500)).await;
            let path = format!("/tasks/{task}/complete");
            voter.post(&path, json!({ "outcome": "approve" })).await.data(200);
        }
        self.story.resolved(ticket).await;
        tokio::time::sleep(Duration::from_millis(1000)).await;
        let mut calls = self.wire.take();
        calls.retain(|call| !LOOKING.contains(&call.operation.as_str()));
        let (transitions, tasks) = self.history(ticket).await;
        // Each voter looks into the list once.
        for voter in voters {
            voter.get("/tasks?view=todo").await.data(200);
        }
        calls.extend(self.calls_of("list_tasks"));
        Approval {
            calls,
            transitions,
            tasks,
            voters: voters.len(),
        }
    }

    /// How many states its execution has entered, and how often it called each function.
    async fn history(&self, ticket: &str) -> (usize, BTreeMap<String, usize>) {
        let platform = &self.app.platform;
        let id = InstanceId::of_ticket(&TicketId::parse(ticket).unwrap());
        let (tenant, key) = (
            TenantId::default_tenant(),
            Key::parse("expense-approval").unwrap(),
        );
        let workflow = platform.app.store.workflow_version_get(&tenant, &key, 1);
        let execution = workflow
            .await
            .unwrap()
            .unwrap()
            .state_machine
            .replace(":stateMachine:", ":execution:");
        let name = domain::instance::execution_name(&id, 1);
        let history = platform.clients.sfn.get_execution_history();
        let history = history
            .execution_arn(format!("{execution}:{name}"))
            .send()
            .await
            .unwrap();
        let mut tasks = BTreeMap::new();
        for task in history
            .events()
            .iter()
            .filter_map(|event| event.task_scheduled_event_details())
        {
            let parameters: Value = serde_json::from_str(task.parameters()).unwrap();
            let function = parameters["FunctionName"].as_str().unwrap();
            let prefix = &platform.app.config.prefix;
            let function = function
                .rsplit(':')
                .next()
                .unwrap()
                .trim_start_matches(prefix.as_str());
            *tasks.entry(function.to_owned()).or_default() += 1;
        }
        let entered = history
            .events()
            .iter()
            .filter(|event| event.state_entered_event_details().is_some());
        (entered.count(), tasks)
    }
}

/// All that one approval did.
#[derive(Debug)]
pub(crate) struct Approval {
    pub(crate) calls: Vec<Call>,
    pub(crate) transitions: usize,
    /// Tasks of its state machine, by function.
    pub(crate) tasks: BTreeMap<String, usize>,
    voters: usize,
}

impl Approval {
    /// What each function handles: requests, messages, changes, tasks.
    pub(crate) fn handled(&self) -> BTreeMap<String, (f64, f64)> {
        let voters = self.voters as f64;
        let mut handled = BTreeMap::from([
            ("submit_ticket".to_owned(), (1.0, 1.0)),
            ("list_tasks".to_owned(), (voters, 1.0)),
            ("complete_task".to_owned(), (voters, 1.0)),
        ]);
        for (function, count) in &self.tasks {
            handled.insert(function.clone(), (*count as f64, 1.0));
        }
        for handler in functions::handlers() {
            let found = match handler.trigger {
                Trigger::Queue(Queue::Submissions | Queue::Executions) => (1.0, MESSAGES),
                Trigger::Stream(table) => (self.changes(table.base_name()), CHANGES),
                _ => continue,
            };
            handled.insert(handler.operation.id.clone(), found);
        }
        handled
    }

    fn changes(&self, table: &str) -> f64 {
        let of_table = self
            .calls
            .iter()
            .filter(|call| call.what.ends_with(&format!(" {table}")));
        of_table.map(|call| call.items).sum::<usize>() as f64
    }

    pub(crate) fn usage(&self, load: Load) -> Usage {
        let waiting: f64 = self.calls.iter().map(milliseconds).sum();
        let (mut invocations, mut work) = (0.0, waiting);
        for (count, at_once) in self.handled().into_values() {
            invocations += if load == Load::Busy {
                count / at_once
            } else {
                count
            };
            work += count * OWN_WORK;
        }
        // Each of the two queues: received and deleted, by batch; what EventBridge sends is a request, too.
        let batches = if load == Load::Busy { 1.0 / MESSAGES } else { 1.0 };
        let beside = Usage {
            requests: 1.0 + 2.0 * self.voters as f64,
            queue_requests: 1.0 + 2.0 * 2.0 * batches,
            transitions: self.transitions as f64,
            ..Usage::default()
        };
        Usage::of_functions(invocations, work) + Usage::of_calls(&self.calls) + beside
    }
}
