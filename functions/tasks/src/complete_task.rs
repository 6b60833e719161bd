//! `POST /tasks/{id}/complete`

use std::collections::BTreeMap;

use axum::extract::State;
use domain::id::{TaskId, TenantId, UserId};
use domain::permission::Permission;
use domain::place::{Answer as Decided, Decision};
use domain::task::{Task, Vote, VotePolicy};
use domain::{Error, Result, Text};
use runtime::envelope::chain;
use runtime::extract::{Json, Path};
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, clock, state_machines, table};
use serde::Deserialize;
use serde_json::Value;
use store::Table;
use store::tasks::Voted;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::get_task::{check_open, not_yours};
use crate::task_view::TaskView;
use crate::written_values;

/// Bytes that a vote may write, as JSON: the votes of a task share its item.
const MAX_VALUES: usize = 32 * 1024;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Completion {
    /// One of the task's outcomes.
    #[schema(example = "approve")]
    outcome: String,
    /// At most 2,000 characters.
    comment: Option<String>,
    /// Fields of the form that this task may write.
    #[serde(default)]
    #[schema(value_type = Object)]
    values: BTreeMap<String, Value>,
}

pub fn endpoint() -> Endpoint {
    let grants = vec![
        table(Table::Tasks, "GetItem UpdateItem"),
        table(Table::Instances, "UpdateItem"),
        table(Table::Workflows, "GetItem"),
        table(Table::Forms, "GetItem"),
        state_machines("SendTaskSuccess SendTaskFailure"),
    ];
    Endpoint::new(
        Access::Permission(Permission::TaskAct),
        grants,
        routes!(complete_task),
    )
}

/// Vote on a task (同意, 拒绝, …)
///
/// The vote that decides (会签, 或签 by the task's policy) lets the workflow go on.
#[utoipa::path(post, path = "/api/v1/tasks/{id}/complete", request_body = Completion, params(("id" = String, Path)),
    responses((status = 200, description = "The vote counts", body = TaskView),
        (status = 409, description = "The task is already done, or one has voted")))]
async fn complete_task(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<TaskId>,
    Json(body): Json<Completion>,
) -> ApiResult<TaskView> {
    let tenant = &caller.tenant;
    if body
        .comment
        .as_ref()
        .is_some_and(|comment| comment.chars().count() > 2000)
    {
        let message = Text::new(
            "A comment has at most 2,000 characters.",
            "意见最多 2000 个字符。",
        );
        return Err(Error::invalid("/comment", "maxLength", message).into());
    }
    if serde_json::json!(body.values).to_string().len() > MAX_VALUES {
        let message = Text::new(
            "The values are larger than 32 KiB.",
            "修改的字段内容超过 32 KiB。",
        );
        return Err(Error::invalid("/values", "too_large", message).into());
    }
    if !body.values.is_empty() {
        let task = app
            .store
            .task_get(tenant, &id)
            .await?
            .ok_or(Error::NotFound("task"))?;
        check_voter(&task, &caller.user)?;
        written_values::check(&app, tenant, &task, &body.values).await?;
    }
    let vote = Vote {
        outcome: body.outcome,
        at: clock::now(),
        comment: body.comment,
        values: body.values,
    };
    let task = cast(&app, tenant, &id, &caller.user, &vote).await?;
    app.store
        .inbox_done(tenant, &caller.user, &id, &vote.outcome, vote.at)
        .await?;
    // Counted twice or never told is not possible: what is decided is written; this, the stream and the sweeper tell it.
    match engine::answer::answer(&app, tenant, &task).await {
        // The vote counts, and who sends it again would be told that it is too late.
        Err(error) if error.is_transient() => {
            tracing::warn!(task = %task.id, error = chain(&error), "the stream tells of this decision");
        }
        told => told?,
    }
    Ok(Answer::ok(task.into()))
}

/// Writes the vote, and with it the decision where it makes one. One call where one vote decides.
async fn cast(app: &App, tenant: &TenantId, id: &TaskId, voter: &UserId, vote: &Vote) -> Result<Task> {
    let mut voted = app.store.task_vote_deciding(tenant, id, voter, vote).await?;
    loop {
        let seen = match voted {
            Voted::Counted(task) => return Ok(*task),
            Voted::Refused(Some(seen)) => *seen,
            Voted::Refused(None) => return Err(Error::NotFound("task")),
        };
        check_voter(&seen, voter)?;
        check_outcome(&seen, &vote.outcome)?;
        let decision = decision_with(&seen, voter, vote);
        voted = app
            .store
            .task_vote(tenant, &seen, voter, vote, decision.as_ref())
            .await?;
    }
}

/// What the task would be decided as with this vote.
fn decision_with(seen: &Task, voter: &UserId, vote: &Vote) -> Option<Decision> {
    let mut with = seen.clone();
    with.votes.insert(voter.clone(), vote.clone());
    with.outcome().map(|outcome| Decision {
        answer: Decided::Outcome {
            outcome: outcome.to_owned(),
        },
        at: vote.at,
        by: Some(voter.clone()),
    })
}

fn check_voter(task: &Task, voter: &UserId) -> Result<()> {
    if !task.voters.contains(voter) {
        return Err(not_yours());
    }
    check_open(task)?;
    if task.votes.contains_key(voter) && task.policy != VotePolicy::Any {
        return Err(Error::conflict(Text::new(
            "You have voted on this task.",
            "您已对该任务表决。",
        )));
    }
    Ok(())
}

fn check_outcome(task: &Task, outcome: &str) -> Result<()> {
    if task.outcomes.iter().any(|known| known == outcome) {
        return Ok(());
    }
    let known = task.outcomes.join(", ");
    let message = Text::new(
        format!("The outcome is one of: {known}."),
        format!("结果须为以下之一：{known}。"),
    );
    Err(Error::invalid("/outcome", "enum", message))
}
