//! The rule that sends ended executions of our state machines to their queue.

use runtime::grant::Queue;
use serde_json::json;

use super::{POLICY_VERSION, Resources, arn, prefixed, queue, reference, sub};

const RULE: &str = "ExecutionsRule";

pub(super) fn add(resources: &mut Resources) {
    let queue = queue::logical_id(Queue::Executions);
    let properties = json!({
        "Name": prefixed(Queue::Executions.base_name()),
        "Description": "Executions that ended, to the queue of the function that ends their instances",
        "EventPattern": {
            "source": ["aws.states"],
            "detail-type": ["Step Functions Execution Status Change"],
            "detail": {
                "status": ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"],
                "stateMachineArn": [{ "wildcard": sub("*:stateMachine:${Prefix}*") }],
            },
        },
        "Targets": [{ "Id": "queue", "Arn": arn(&queue) }],
    });
    resources.add(RULE, "AWS::Events::Rule", properties);
    let policy = json!({
        "Queues": [reference(&queue)],
        "PolicyDocument": {
            "Version": POLICY_VERSION,
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": "events.amazonaws.com" },
                "Action": "sqs:SendMessage",
                "Resource": arn(&queue),
                "Condition": { "ArnEquals": { "aws:SourceArn": arn(RULE) } },
            }],
        },
    });
    resources.add("ExecutionsQueuePolicy", "AWS::SQS::QueuePolicy", policy);
}
