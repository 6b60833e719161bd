//! A state machine has left a scope: what is still open in it is closed, its listeners are over.

use engine::scope::{Closed, Closing, close};
use runtime::{App, FunctionError, Handler, Trigger, clock, table};
use store::Table;

pub fn handler() -> Handler {
    let mut grants = engine::grants::deciding();
    grants.push(table(Table::Tasks, "Query PutItem"));
    grants.push(table(Table::Instances, "BatchWriteItem Query"));
    Handler::new("close_scope", Trigger::StateMachine, grants, close_scope)
}

async fn close_scope(app: App, closing: Closing) -> Result<Closed, FunctionError> {
    let now = clock::now();
    let call = &closing.call;
    engine::steps::write(&app, &call.header, &call.path, now).await?;
    Ok(close(&app, &closing, now).await?)
}
