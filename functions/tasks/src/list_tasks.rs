//! `GET /tasks`

use axum::extract::State;
use domain::id::{InstanceId, Key, TaskId, TicketId};
use domain::page::Page;
use domain::permission::Permission;
use domain::task::Candidate;
use domain::{Result, Text};
use jiff::Timestamp;
use runtime::extract::{Query, page};
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, table};
use serde::{Deserialize, Serialize};
use store::inbox::InboxRow;
use store::keys::InboxList;
use store::{PageRequest, Table};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TaskList {
    #[serde(default)]
    #[param(inline)]
    view: View,
    /// Items on a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Which of one's lists.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// 待办: waiting for one's vote.
    #[default]
    Todo,
    /// 可认领: offered to oneself or one's roles. All on one page, the newest of each role.
    Claimable,
    /// 已办: voted on.
    Done,
    /// 我发起的: instances that one started.
    Started,
    /// 抄送: told for information.
    Cc,
}

/// A line of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaskItem {
    /// The task; in the list of what one started, the instance.
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Text>,
    instance_id: InstanceId,
    ticket_id: TicketId,
    workflow: Key,
    /// What can be voted; the first is the positive one.
    outcomes: Vec<String>,
    /// When it came into the list.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Timestamp>,
    /// What one voted.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
}

impl From<InboxRow> for TaskItem {
    fn from(row: InboxRow) -> Self {
        Self {
            id: row
                .task
                .as_ref()
                .map_or_else(|| row.instance.to_string(), TaskId::to_string),
            node: row.task.map(|task| task.node.to_string()),
            name: row.name,
            instance_id: row.instance,
            ticket_id: row.ticket,
            workflow: row.workflow,
            outcomes: row.outcomes,
            since: row.since,
            due_at: row.due_at,
            outcome: row.outcome,
        }
    }
}

pub fn endpoint() -> Endpoint {
    let access = Access::Permission(Permission::TaskRead);
    Endpoint::new(access, vec![table(Table::Tasks, "Query")], routes!(list_tasks))
}

/// List one's tasks, newest first
#[utoipa::path(get, path = "/api/v1/tasks", params(TaskList),
    responses((status = 200, description = "A page of tasks", body = Page<TaskItem>)))]
async fn list_tasks(
    State(app): State<App>,
    caller: Caller,
    Query(list): Query<TaskList>,
) -> ApiResult<Page<TaskItem>> {
    let page = page(list.limit, list.cursor)?;
    let rows = match list.view {
        View::Todo => inbox(&app, &caller, InboxList::Todo, &page).await?,
        View::Done => inbox(&app, &caller, InboxList::Done, &page).await?,
        View::Started => inbox(&app, &caller, InboxList::Started, &page).await?,
        View::Cc => inbox(&app, &caller, InboxList::Cc, &page).await?,
        View::Claimable => claimable(&app, &caller, &page).await?,
    };
    Ok(Answer::ok(rows.map(TaskItem::from)))
}

async fn inbox(app: &App, caller: &Caller, list: InboxList, page: &PageRequest) -> Result<Page<InboxRow>> {
    app.store
        .inbox_list(&caller.tenant, list, &caller.user, page)
        .await
}

/// A query for each role and one for the person; a task that is offered in two ways stands here once.
async fn claimable(app: &App, caller: &Caller, page: &PageRequest) -> Result<Page<InboxRow>> {
    let roles = caller.roles.iter().cloned().map(Candidate::Role);
    let mut items: Vec<InboxRow> = Vec::new();
    for candidate in std::iter::once(Candidate::User(caller.user.clone())).chain(roles) {
        let offered = app
            .store
            .offer_list(&caller.tenant, &candidate, page)
            .await?
            .items;
        items.extend(offered);
    }
    items.sort_by(|a, b| (b.since, &b.task).cmp(&(a.since, &a.task)));
    items.dedup_by(|a, b| a.task == b.task);
    Ok(Page {
        items,
        next_cursor: None,
    })
}
