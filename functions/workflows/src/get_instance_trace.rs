//! `GET /instances/{id}/trace`

use std::collections::BTreeMap;

use axum::extract::State;
use domain::Text;
use domain::id::{InstanceId, Iteration, TaskId, UserId};
use domain::page::Page;
use domain::permission::Permission;
use domain::place::PlaceKind;
use domain::task::{Candidate, Escalation, Task};
use jiff::Timestamp;
use runtime::extract::Path;
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, table};
use serde::Serialize;
use serde_json::Value;
use store::Table;
use store::instances::StepRow;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::involved;

/// One passing of one node.
#[derive(Debug, Serialize, ToSchema)]
pub struct TraceItem {
    /// The order in which the nodes were entered, from 1.
    seq: u32,
    node: String,
    /// The node's type in the definition.
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Text>,
    /// Counts the enterings of this node in this instance.
    visit: u32,
    /// Which run of a multi-instance activity it was in.
    #[serde(skip_serializing_if = "Option::is_none")]
    iteration: Option<Iteration>,
    #[schema(value_type = String, format = DateTime)]
    entered_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    left_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_id: Option<TaskId>,
    /// Whose vote decided; `system` where time had passed, nobody where there was nobody to ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    /// That it was not decided in time, and who got it as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    escalated: Option<EscalationItem>,
    /// Every vote, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    votes: Vec<VoteItem>,
}

impl TraceItem {
    /// Where it stands among the others. Branches of a fork may use one number, so the number alone is not enough.
    fn place(&self) -> (u32, String, u32, Option<Iteration>) {
        (self.seq, self.node.clone(), self.visit, self.iteration.clone())
    }
}

/// Others got a task as well, because it was not decided in time.
#[derive(Debug, Serialize, ToSchema)]
pub struct EscalationItem {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who may vote since then.
    voters: Vec<UserId>,
    /// Who may claim it since then.
    candidates: Vec<Candidate>,
}

impl From<Escalation> for EscalationItem {
    fn from(escalation: Escalation) -> Self {
        Self {
            at: escalation.at,
            voters: escalation.voters.into_iter().collect(),
            candidates: escalation.candidates.into_iter().collect(),
        }
    }
}

/// A vote on a human task.
#[derive(Debug, Serialize, ToSchema)]
pub struct VoteItem {
    actor: UserId,
    outcome: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
}

pub fn endpoint() -> Endpoint {
    let grants = vec![
        table(Table::Instances, "GetItem Query"),
        table(Table::Tasks, "Query"),
        table(Table::Tickets, "GetItem"),
        table(Table::Workflows, "GetItem"),
    ];
    Endpoint::new(
        Access::Permission(Permission::InstanceRead),
        grants,
        routes!(get_instance_trace),
    )
}

/// Tell the way that an instance has taken
///
/// For the same people as the instance itself. All on one page.
#[utoipa::path(get, path = "/api/v1/instances/{id}/trace", params(("id" = String, Path)),
    responses((status = 200, description = "The nodes, in the order of entering", body = Page<TraceItem>)))]
async fn get_instance_trace(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<InstanceId>,
) -> ApiResult<Page<TraceItem>> {
    let (instance, tasks) = involved::read(&app, &caller, &id).await?;
    let version = app
        .definitions
        .workflow_version(&caller.tenant, &instance.workflow, instance.version)
        .await?;
    let nodes = version
        .map(|version| Nodes::of(&version.definition))
        .unwrap_or_default();
    let steps = app.store.steps_of(&caller.tenant, &id).await?;
    let items: BTreeMap<_, TraceItem> = steps
        .into_iter()
        .map(|step| nodes.passed(step))
        .chain(
            tasks
                .into_iter()
                .filter(|task| !task.hidden)
                .map(|task| nodes.decided(task)),
        )
        .map(|item| (item.place(), item))
        .collect();
    Ok(Answer::ok(Page {
        items: items.into_values().collect(),
        next_cursor: None,
    }))
}

/// What the definition says of its nodes.
#[derive(Debug, Default)]
struct Nodes(BTreeMap<String, (String, Option<Text>)>);

impl Nodes {
    fn of(definition: &Value) -> Self {
        let mut nodes = Self::default();
        nodes.add(definition);
        nodes
    }

    /// Those of a scope, and of the sub-processes in it: no more than the compiler lets lie in each other.
    fn add(&mut self, scope: &Value) {
        let nodes = scope.get("nodes").and_then(Value::as_array);
        for node in nodes.into_iter().flatten() {
            let text = |member: &str| node.get(member).and_then(Value::as_str).map(str::to_owned);
            if let (Some(id), Some(kind)) = (text("id"), text("type")) {
                let name = node
                    .get("name")
                    .and_then(|name| serde_json::from_value(name.clone()).ok());
                self.0.insert(id, (kind, name));
            }
            self.add(node);
        }
    }

    fn kind(&self, node: &str) -> (String, Option<Text>) {
        self.0.get(node).cloned().unwrap_or_default()
    }

    fn passed(&self, step: StepRow) -> TraceItem {
        let (kind, name) = self.kind(&step.node);
        TraceItem {
            seq: step.seq,
            kind,
            name,
            visit: step.visit,
            iteration: step.iteration,
            entered_at: step.entered_at,
            left_at: step.left_at,
            node: step.node,
            task_id: None,
            actor: None,
            outcome: None,
            escalated: None,
            votes: Vec::new(),
        }
    }

    fn decided(&self, task: Task) -> TraceItem {
        let (kind, name) = self.kind(task.id.node.as_str());
        let left_at = task
            .decided
            .as_ref()
            .map(|decision| decision.at)
            .or(task.closed_at);
        let outcome = task.outcome_decided().map(str::to_owned);
        let mut votes: Vec<VoteItem> = task
            .votes
            .into_iter()
            .map(|(actor, vote)| VoteItem {
                actor,
                outcome: vote.outcome,
                at: vote.at,
                comment: vote.comment,
            })
            .collect();
        votes.sort_by_key(|vote| vote.at);
        let actor = task.decided.and_then(|decision| decision.by);
        let is_human = task.kind == PlaceKind::User;
        TraceItem {
            seq: task.seq,
            node: task.id.node.to_string(),
            kind,
            name: if is_human { Some(task.name) } else { name },
            visit: task.id.visit,
            iteration: task.id.iteration.clone(),
            entered_at: task.opened_at,
            left_at,
            task_id: is_human.then_some(task.id),
            actor,
            outcome,
            escalated: task.escalation.map(EscalationItem::from),
            votes,
        }
    }
}
