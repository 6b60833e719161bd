//! Changes of instances: their events go to the event store.

use aws_lambda_events::dynamodb::Event;
use runtime::stream::{StreamResponse, changes};
use runtime::{App, FunctionError, Handler, Trigger, table};
use store::Table;

pub fn handler() -> Handler {
    let grants = vec![
        table(
            Table::Instances,
            "DescribeStream GetRecords GetShardIterator ListStreams",
        ),
        table(Table::Events, "BatchWriteItem"),
    ];
    Handler::new(
        "follow_instances",
        Trigger::Stream(Table::Instances),
        grants,
        follow_instances,
    )
}

async fn follow_instances(app: App, event: Event) -> Result<StreamResponse, FunctionError> {
    let changes = changes(&event);
    let changes = changes
        .iter()
        .map(|change| (change.old.as_ref(), change.new.as_ref()));
    app.store.events_append(changes).await?;
    Ok(StreamResponse::default())
}
