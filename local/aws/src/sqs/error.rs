//! SQS's errors, and what they were called in its older protocol, by which some clients still know them.

use crate::AwsError;

pub(super) fn no_such_queue() -> AwsError {
    AwsError::sender("QueueDoesNotExist", "The specified queue does not exist.")
}

pub(super) fn invalid_value(message: impl Into<String>) -> AwsError {
    AwsError::sender("InvalidParameterValue", message)
}

pub(super) fn missing(parameter: &str) -> AwsError {
    AwsError::sender(
        "MissingParameter",
        format!("The request must contain the parameter {parameter}."),
    )
}

/// The code in the header `x-amzn-query-error`.
pub(crate) fn query_code(code: &str) -> String {
    match code {
        "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue".to_owned(),
        "QueueNameExists" => "QueueAlreadyExists".to_owned(),
        "BatchEntryIdsNotDistinct"
        | "BatchRequestTooLong"
        | "EmptyBatchRequest"
        | "InvalidBatchEntryId"
        | "MessageNotInflight"
        | "PurgeQueueInProgress"
        | "TooManyEntriesInBatchRequest"
        | "UnsupportedOperation" => format!("AWS.SimpleQueueService.{code}"),
        other => other.to_owned(),
    }
}
