//! A state machine throws a message or signal: once for each visit of the node that does.

use std::collections::BTreeMap;

use domain::thrown::{Channel, Thrown};
use domain::{Error, Result};
use engine::opening::channel;
use engine::service::ServiceCall;
use runtime::{App, FunctionError, Handler, Trigger, clock, table};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Table;

use crate::throwing::check;

pub fn handler() -> Handler {
    let mut grants = engine::grants::delivering();
    grants.push(table(Table::Instances, "BatchWriteItem"));
    Handler::new("throw_event", Trigger::StateMachine, grants, throw_event)
}

/// One of the two.
#[derive(Debug, Deserialize)]
pub struct Throw {
    #[serde(flatten)]
    call: ServiceCall,
    message: Option<Message>,
    signal: Option<Signal>,
}

#[derive(Debug, Deserialize)]
struct Message {
    name: String,
    /// Without a value, it is for the instance itself.
    #[serde(default)]
    correlation: Value,
    #[serde(default)]
    data: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
struct Signal {
    name: String,
    #[serde(default)]
    data: BTreeMap<String, Value>,
}

/// Nothing comes back into the instance's data.
#[derive(Debug, Serialize)]
pub struct Sent {
    data: BTreeMap<String, Value>,
}

async fn throw_event(app: App, throw: Throw) -> Result<Sent, FunctionError> {
    let entered_at = clock::now();
    let thrown = thrown(&throw)?;
    check(&thrown)?;
    engine::events::deliver(&app, &throw.call.header.tenant, thrown).await?;
    throw.call.done(&app, entered_at).await?;
    Ok(Sent {
        data: BTreeMap::new(),
    })
}

fn thrown(throw: &Throw) -> Result<Thrown> {
    let (channel, data) = match (&throw.message, &throw.signal) {
        (Some(message), _) => {
            let ticket = &throw.call.header.ticket;
            (
                channel(&message.name, &message.correlation, ticket)?,
                &message.data,
            )
        }
        (None, Some(signal)) => {
            let name = signal.name.clone();
            (Channel::Signal { name }, &signal.data)
        }
        (None, None) => {
            return Err(Error::internal(
                "throw an event",
                "neither a message nor a signal",
            ));
        }
    };
    Ok(Thrown {
        id: throw.call.idempotency_key.clone(),
        channel,
        data: data.clone(),
        at: clock::now(),
        taken_by: None,
        done_at: None,
    })
}
