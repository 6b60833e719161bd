//! A branch arrives at a join that a `Parallel` or `Map` cannot make: the last of several, or the one with which a
//! completion condition holds, goes on. Which one that is, the machine decides by what is told here.

use std::collections::BTreeMap;

use domain::id::{Iteration, NodeId, TaskId};
use engine::service::ServiceCall;
use runtime::{App, FunctionError, Handler, Trigger, clock, table};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::Table;
use store::joins::{Arrived, MOST_BROUGHT};

pub fn handler() -> Handler {
    let grants = vec![
        table(Table::Tasks, "UpdateItem"),
        table(Table::Instances, "BatchWriteItem"),
    ];
    Handler::new("arrive_at_join", Trigger::StateMachine, grants, arrive_at_join)
}

#[derive(Debug, Deserialize)]
pub struct Arrival {
    #[serde(flatten)]
    call: ServiceCall,
    join: Join,
    /// Who arrives, among those who do: the number of a branch, or of an iteration.
    arrival: String,
    /// What those who come later have to know of it.
    value: Map<String, Value>,
}

/// One visit of the node at which they arrive.
#[derive(Debug, Deserialize)]
struct Join {
    node: NodeId,
    visit: u32,
    #[serde(default)]
    iteration: Option<Iteration>,
}

/// As it was when this one arrived, also when it is asked for again.
#[derive(Debug, Serialize)]
pub struct Known {
    /// The place of this arrival in the order of arriving, from 1.
    count: usize,
    /// What all brought up to this one and with it, by who they are.
    arrived: BTreeMap<String, Value>,
}

/// The error of an arrival that brings more than the execution could carry on.
const TOO_LARGE: &str = "Join.TooLarge";
/// Characters of an arrival's name.
const LONGEST_ARRIVAL: usize = 100;

async fn arrive_at_join(app: App, arrival: Arrival) -> Result<Known, FunctionError> {
    let Arrival {
        call,
        join,
        arrival,
        value,
    } = arrival;
    if !(1..=LONGEST_ARRIVAL).contains(&arrival.chars().count()) {
        return Err(FunctionError {
            name: FunctionError::REFUSED.into(),
            cause: format!("an arrival has 1 to {LONGEST_ARRIVAL} characters"),
        });
    }
    let now = clock::now();
    // First: what is cut off after the arrival is repeated with it.
    engine::steps::write(&app, &call.header, &call.path, now).await?;
    let join = TaskId {
        instance: call.header.instance.clone(),
        node: join.node,
        visit: join.visit,
        iteration: join.iteration,
    };
    let arrived = app
        .store
        .join_arrive(&call.header.tenant, &join, &arrival, &value, now);
    match arrived.await? {
        Arrived::After(order) => Ok(Known {
            count: order.len(),
            arrived: order.into_iter().collect(),
        }),
        Arrived::TooLarge => Err(FunctionError {
            name: TOO_LARGE.into(),
            cause: format!(
                "what is brought to the join {} is more than {MOST_BROUGHT} bytes",
                join.node
            ),
        }),
    }
}
