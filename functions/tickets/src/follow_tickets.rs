//! Changes of tickets: a new one brings its instance into being and stands in its requester's list; their events go to
//! the event store.

use aws_lambda_events::dynamodb::Event;
use domain::Result;
use domain::id::TenantId;
use domain::instance::Instance;
use domain::ticket::Ticket;
use runtime::stream::{Change, Changes, StreamResponse};
use runtime::{App, FunctionError, Handler, Trigger, table};
use store::inbox::InboxRow;
use store::item::Item;
use store::tickets::ticket_of_image;
use store::{Table, keys};

pub fn handler() -> Handler {
    let grants = vec![
        table(
            Table::Tickets,
            "DescribeStream GetRecords GetShardIterator ListStreams",
        ),
        table(Table::Instances, "PutItem"),
        table(Table::Tasks, "PutItem"),
        table(Table::Events, "BatchWriteItem"),
    ];
    Handler::new(
        "follow_tickets",
        Trigger::Stream(Table::Tickets),
        grants,
        follow_tickets,
    )
}

async fn follow_tickets(app: App, event: Event) -> Result<StreamResponse, FunctionError> {
    let changes = Changes::of(event);
    app.store.events_append(changes.images()).await?;
    Ok(changes.each(|change| follow(&app, change)).await)
}

async fn follow(app: &App, change: Change) -> Result<()> {
    let (None, Some(new)) = (change.old, change.new) else {
        return Ok(());
    };
    let Some(tenant) = tenant(&new) else { return Ok(()) };
    match ticket_of_image(new)? {
        Some(ticket) => created(app, &tenant, &ticket).await,
        None => Ok(()),
    }
}

async fn created(app: &App, tenant: &TenantId, ticket: &Ticket) -> Result<()> {
    let instance = Instance::of_ticket(ticket);
    app.store.instance_create(tenant, &instance).await?;
    let row = InboxRow {
        task: None,
        name: Some(ticket.title.as_str().into()),
        instance: instance.id,
        ticket: ticket.id.clone(),
        workflow: ticket.workflow.clone(),
        outcomes: Vec::new(),
        since: ticket.created_at,
        due_at: None,
        outcome: None,
    };
    app.store.started_add(tenant, &ticket.requester, &row).await
}

fn tenant(item: &Item) -> Option<TenantId> {
    keys::tenant_of(item.get("pk")?.as_s().ok()?)
}
