//! The queues with their dead-letter queues, and the one for changes of tables that could not be followed.

use runtime::Trigger;
use runtime::grant::Queue;
use serde_json::json;

use super::{Resources, arn, prefixed, sub};
use crate::function::{Function, logical};

/// Receives where in a stream a batch was given up.
pub(super) const CHANGES_DEAD: &str = "ChangesDeadQueue";

/// The longest that SQS keeps a message.
const DEAD_LETTERS_KEPT_SECONDS: u32 = 14 * 24 * 3600;
/// How much longer than its function may run a message stays hidden: what Lambda asks for, since it also hides
/// messages while it waits to invoke again.
const VISIBILITY_FACTOR: u32 = 6;

pub(super) fn logical_id(queue: Queue) -> String {
    format!("{}Queue", logical(queue.base_name()))
}

fn dead_logical_id(queue: Queue) -> String {
    format!("{}DeadQueue", logical(queue.base_name()))
}

pub(super) fn add(resources: &mut Resources, functions: &[Function<'_>]) {
    for queue in Queue::ALL.iter().copied() {
        let dead = dead_logical_id(queue);
        // Names are made in one place; a parameter stands where the prefix would.
        add_dead(resources, &dead, &queue.dead_letter_name("${Prefix}"));
        let properties = json!({
            "QueueName": prefixed(queue.base_name()),
            "VisibilityTimeout": VISIBILITY_FACTOR * longest(functions, queue),
            "SqsManagedSseEnabled": true,
            "RedrivePolicy": { "deadLetterTargetArn": arn(&dead), "maxReceiveCount": Queue::MAX_RECEIVES },
        });
        resources.add(logical_id(queue), "AWS::SQS::Queue", properties);
    }
    add_dead(resources, CHANGES_DEAD, "${Prefix}changes-dead");
}

/// All that nobody takes anything from but people.
pub(super) fn dead_logical_ids() -> Vec<String> {
    let dead = Queue::ALL.iter().map(|queue| dead_logical_id(*queue));
    dead.chain([CHANGES_DEAD.to_owned()]).collect()
}

/// Outlives the deployment: what is in it has been acknowledged to somebody.
fn add_dead(resources: &mut Resources, id: &str, name: &str) {
    let properties = json!({
        "QueueName": sub(name),
        "MessageRetentionPeriod": DEAD_LETTERS_KEPT_SECONDS,
        "SqsManagedSseEnabled": true,
    });
    resources.add_retained(id, "AWS::SQS::Queue", properties);
}

/// Seconds that the functions which take this queue's messages may run.
fn longest(functions: &[Function<'_>], queue: Queue) -> u32 {
    functions
        .iter()
        .filter(|function| function.trigger() == Some(Trigger::Queue(queue)))
        .map(Function::timeout_seconds)
        .max()
        .unwrap_or(30)
}
