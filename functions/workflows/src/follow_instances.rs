//! Changes of instances: their events go to the event store.

use aws_lambda_events::dynamodb::Event;
use runtime::stream::{Changes, StreamResponse};
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
    app.store.events_append(Changes::of(event).images()).await?;
    Ok(StreamResponse::default())
}
