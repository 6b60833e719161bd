//! What a deployment is given, and what of it the functions are.

use runtime::config;
use runtime::grant::Queue;
use serde_json::{Value, json};

use super::{arn, queue, reference, state_machine};

pub(super) const PREFIX: &str = "Prefix";
pub(super) const LOG_RETENTION_DAYS: &str = "LogRetentionDays";
pub(super) const DELETION_PROTECTION: &str = "DeletionProtection";
const LOG_LEVEL: &str = "LogLevel";
const TOKEN_PUBLIC_KEY: &str = "TokenPublicKey";
const TOKEN_PRIVATE_KEY: &str = "TokenPrivateKey";
const SUBMISSION_KEY: &str = "SubmissionKey";
const TIME_ZONE: &str = "TimeZone";
pub(super) const ALARMS_ADDRESS: &str = "AlarmsAddress";
/// Read by the runtime before its configuration, so not among the names there.
const LOG_VARIABLE: &str = "PFLOW_LOG";

/// The operations that issue access tokens; no other has the key that signs them.
pub(crate) const ISSUERS: &[&str] = &["login", "refresh_session"];

/// The variable that the issuers have besides those of all functions.
pub(super) fn issuer_variables() -> Value {
    json!({ "Variables": { config::TOKEN_PRIVATE_KEY: reference(TOKEN_PRIVATE_KEY) } })
}

pub(super) fn globals() -> Value {
    json!({
        "Handler": "bootstrap",
        "Runtime": "provided.al2023",
        "Architectures": ["arm64"],
        "MemorySize": 256,
        "Environment": {
            "Variables": {
                config::PREFIX: reference(PREFIX),
                config::SUBMISSIONS_QUEUE_URL: reference(&queue::logical_id(Queue::Submissions)),
                config::STATE_MACHINE_ROLE_ARN: arn(state_machine::ROLE),
                config::TOKEN_PUBLIC_KEY: reference(TOKEN_PUBLIC_KEY),
                config::SUBMISSION_KEY: reference(SUBMISSION_KEY),
                config::TIME_ZONE: reference(TIME_ZONE),
                LOG_VARIABLE: reference(LOG_LEVEL),
            },
        },
    })
}

pub(super) fn parameters() -> Value {
    json!({
        PREFIX: {
            "Type": "String",
            "Description": "Leads the names of tables, queues, functions and state machines",
            "Default": "pflow-",
            "AllowedPattern": "[a-z][a-z0-9-]{0,18}-",
            "ConstraintDescription": "small letters, digits and hyphens, a hyphen at the end, 20 characters at most",
        },
        LOG_LEVEL: {
            "Type": "String",
            "Description": "What the functions log at least",
            "Default": "info",
            "AllowedValues": ["error", "warn", "info", "debug"],
        },
        LOG_RETENTION_DAYS: {
            "Type": "Number",
            "Description": "Days for which logs are kept",
            "Default": 30,
            "AllowedValues": [1, 3, 5, 7, 14, 30, 60, 90, 180, 365],
        },
        ALARMS_ADDRESS: {
            "Type": "String",
            "Description": "E-mail address that alarms are sent to; without one there are no alarms",
            "Default": "",
            "AllowedPattern": "|[^@ ]+@[^@ ]+",
            "ConstraintDescription": "an e-mail address, or nothing",
        },
        DELETION_PROTECTION: {
            "Type": "String",
            "Description": "Whether tables refuse to be deleted",
            "Default": "true",
            "AllowedValues": ["true", "false"],
        },
        TIME_ZONE: {
            "Type": "String",
            "Description": "In which working days are counted: a POSIX time zone, such as CST-8 for China",
            "Default": "UTC0",
            "AllowedPattern": "[A-Za-z0-9<>+,./:-]{4,60}",
            "ConstraintDescription": "a POSIX time zone",
        },
        TOKEN_PUBLIC_KEY: key("Verifies access tokens: an Ed25519 public key, 32 bytes in base64", false),
        TOKEN_PRIVATE_KEY: key("Signs access tokens: the Ed25519 private key, 32 bytes in base64", true),
        SUBMISSION_KEY: key("Signs submission ids: 32 random bytes in base64", true),
    })
}

fn key(description: &str, secret: bool) -> Value {
    let mut parameter = json!({
        "Type": "String",
        "Description": description,
        "AllowedPattern": "[A-Za-z0-9+/]{43}=",
        "ConstraintDescription": "32 bytes in base64",
    });
    if secret && let Some(members) = parameter.as_object_mut() {
        members.insert("NoEcho".to_owned(), true.into());
    }
    parameter
}
