//! Changes of places: whatever a function that opened, decided or left one would have done next is done here, should it
//! have been cut off; what is claimed, decided or closed is moved in people's lists.

use aws_lambda_events::dynamodb::Event;
use domain::Result;
use domain::id::TenantId;
use domain::task::Task;
use runtime::stream::{Change, Changes, StreamResponse};
use runtime::{App, FunctionError, Handler, Trigger, clock, table};
use store::item::Item;
use store::places::task_of_image;
use store::{Table, keys};

use crate::arrange::{arrange, offer};

pub fn handler() -> Handler {
    let mut grants = vec![table(
        Table::Tasks,
        "DescribeStream GetRecords GetShardIterator ListStreams",
    )];
    grants.extend(engine::grants::calling());
    Handler::new(
        "follow_tasks",
        Trigger::Stream(Table::Tasks),
        grants,
        follow_tasks,
    )
}

async fn follow_tasks(app: App, event: Event) -> Result<StreamResponse, FunctionError> {
    Ok(Changes::of(event).each(|change| follow(&app, change)).await)
}

async fn follow(app: &App, change: Change) -> Result<()> {
    let Some(new) = change.new else { return Ok(()) };
    let Some(tenant) = tenant(&new) else { return Ok(()) };
    let Some(task) = task_of_image(new)? else {
        return Ok(());
    };
    let old = change.old.map(task_of_image).transpose()?.flatten();
    if task.decided.is_some() && task.answered_at.is_none() {
        engine::answer::answer(app, &tenant, &task).await?;
        app.store
            .task_answered(&tenant, &task.id, task.epoch, clock::now())
            .await?;
    }
    let was_open = old.as_ref().is_none_or(Task::is_open);
    if was_open && !task.is_open() {
        clear_lists(app, &tenant, &task).await?;
        engine::place::left(app, &tenant, &task).await?;
    } else if old.as_ref().is_none_or(|old| has_been_opened(old, &task)) {
        // Again, should the opening have been cut off after the row was written.
        arrange(app, &tenant, task).await?;
    } else if task.is_open() && old.is_some_and(|old| has_other_people(&old, &task)) {
        offer(app, &tenant, &task).await?;
    }
    Ok(())
}

/// Whether an execution came to it between the two.
fn has_been_opened(old: &Task, new: &Task) -> bool {
    (old.epoch, &old.token) != (new.epoch, &new.token)
}

/// Whether it was claimed, or others got it as well.
fn has_other_people(old: &Task, new: &Task) -> bool {
    (&old.voters, &old.candidates) != (&new.voters, &new.candidates)
}

/// Takes a task that is open no more out of the lists of those who did not vote, and moves it to what is done for those
/// who did.
async fn clear_lists(app: &App, tenant: &TenantId, task: &Task) -> Result<()> {
    let now = clock::now();
    for voter in &task.voters {
        match task.votes.get(voter) {
            Some(vote) => {
                app.store
                    .inbox_done(tenant, voter, &task.id, &vote.outcome, vote.at)
                    .await?
            }
            None => app.store.inbox_close(tenant, voter, &task.id, now).await?,
        }
    }
    for candidate in &task.candidates {
        app.store.offer_close(tenant, candidate, &task.id, now).await?;
    }
    Ok(())
}

fn tenant(item: &Item) -> Option<TenantId> {
    keys::tenant_of(item.get("pk")?.as_s().ok()?)
}
