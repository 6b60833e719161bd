//! Configuration: read once, from the environment, with one error that names everything that is missing or wrong.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::tz::TimeZone;

/// What a function needs to know of its deployment.
#[derive(Debug, Clone)]
pub struct Config {
    /// Leads the names of tables, functions and state machines: `pflow-`.
    pub prefix: String,
    pub submissions_queue_url: String,
    /// The role that state machines run as.
    pub state_machine_role_arn: String,
    /// Verifies access tokens (Ed25519).
    pub token_public_key: [u8; 32],
    /// Signs access tokens; only the functions that issue them have it.
    pub token_private_key: Option<Secret>,
    /// Signs submission ids.
    pub submission_key: Secret,
    /// In which it is told what a working day is. UTC where it is not set.
    pub time_zone: TimeZone,
    pub aws: Aws,
}

#[derive(Debug, Clone)]
pub struct Aws {
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: SecretText,
    pub session_token: Option<SecretText>,
    /// Another endpoint than AWS's own.
    pub endpoint_url: Option<String>,
    /// A file of certificates that are trusted beside Amazon's.
    pub ca_bundle: Option<String>,
}

/// 32 bytes that no log shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub [u8; 32]);

/// A text that no log shows.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl std::fmt::Debug for SecretText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

pub const PREFIX: &str = "PFLOW_PREFIX";
pub const SUBMISSIONS_QUEUE_URL: &str = "PFLOW_SUBMISSIONS_QUEUE_URL";
pub const STATE_MACHINE_ROLE_ARN: &str = "PFLOW_STATE_MACHINE_ROLE_ARN";
pub const TOKEN_PUBLIC_KEY: &str = "PFLOW_TOKEN_PUBLIC_KEY";
pub const TOKEN_PRIVATE_KEY: &str = "PFLOW_TOKEN_PRIVATE_KEY";
pub const SUBMISSION_KEY: &str = "PFLOW_SUBMISSION_KEY";
/// As POSIX writes it, rules for summer time with it: no database of the world's time zones has to be in every function.
pub const TIME_ZONE: &str = "PFLOW_TIME_ZONE";

/// Everything that is wrong with the environment, in one message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the configuration is not complete: {}", .problems.join("; "))]
pub struct ConfigError {
    pub problems: Vec<String>,
}

impl Config {
    /// From the process's environment.
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(|name| std::env::var(name).ok())
    }

    /// From any source of variables.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut reader = Reader {
            variable,
            problems: Vec::new(),
        };
        let config = Self {
            prefix: reader.text(PREFIX),
            submissions_queue_url: reader.text(SUBMISSIONS_QUEUE_URL),
            state_machine_role_arn: reader.text(STATE_MACHINE_ROLE_ARN),
            token_public_key: reader.key(TOKEN_PUBLIC_KEY),
            token_private_key: reader.optional_key(TOKEN_PRIVATE_KEY).map(Secret),
            submission_key: Secret(reader.key(SUBMISSION_KEY)),
            time_zone: reader.time_zone(TIME_ZONE),
            aws: Aws {
                region: reader.text("AWS_REGION"),
                access_key_id: reader.text("AWS_ACCESS_KEY_ID"),
                secret_access_key: SecretText(reader.text("AWS_SECRET_ACCESS_KEY")),
                session_token: reader.optional("AWS_SESSION_TOKEN").map(SecretText),
                endpoint_url: reader.optional("AWS_ENDPOINT_URL"),
                ca_bundle: reader.optional("AWS_CA_BUNDLE"),
            },
        };
        if reader.problems.is_empty() {
            Ok(config)
        } else {
            Err(ConfigError {
                problems: reader.problems,
            })
        }
    }
}

/// The variables that `Config::read` cannot do without, for those who set them (the template, the gateway).
pub const REQUIRED: &[&str] = &[
    PREFIX,
    SUBMISSIONS_QUEUE_URL,
    STATE_MACHINE_ROLE_ARN,
    TOKEN_PUBLIC_KEY,
    SUBMISSION_KEY,
];

struct Reader<F> {
    variable: F,
    problems: Vec<String>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    fn optional(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.trim().is_empty())
    }

    fn text(&mut self, name: &str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.problems.push(format!("{name} is not set"));
            String::new()
        })
    }

    fn time_zone(&mut self, name: &str) -> TimeZone {
        let Some(value) = self.optional(name) else {
            return TimeZone::UTC;
        };
        TimeZone::posix(value.trim()).unwrap_or_else(|_| {
            self.problems.push(format!(
                "{name} is not a POSIX time zone such as CST-8 or CET-1CEST,M3.5.0,M10.5.0/3"
            ));
            TimeZone::UTC
        })
    }

    fn optional_key(&mut self, name: &str) -> Option<[u8; 32]> {
        let value = self.optional(name)?;
        let key = STANDARD
            .decode(value.trim())
            .ok()
            .and_then(|bytes| bytes.try_into().ok());
        if key.is_none() {
            self.problems.push(format!("{name} is not 32 bytes in base64"));
        }
        key
    }

    fn key(&mut self, name: &str) -> [u8; 32] {
        if self.optional(name).is_none() {
            self.problems.push(format!("{name} is not set"));
        }
        self.optional_key(name).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_error_names_everything() {
        let error = Config::read(|name| match name {
            PREFIX => Some("pflow-".to_owned()),
            TOKEN_PUBLIC_KEY => Some("c2hvcnQ=".to_owned()),
            SUBMISSIONS_QUEUE_URL => Some("  ".to_owned()),
            TIME_ZONE => Some("Shanghai".to_owned()),
            _ => None,
        })
        .unwrap_err();
        insta::assert_snapshot!(error.to_string(), @"the configuration is not complete: PFLOW_SUBMISSIONS_QUEUE_URL is not set; PFLOW_STATE_MACHINE_ROLE_ARN is not set; PFLOW_TOKEN_PUBLIC_KEY is not 32 bytes in base64; PFLOW_SUBMISSION_KEY is not set; PFLOW_TIME_ZONE is not a POSIX time zone such as CST-8 or CET-1CEST,M3.5.0,M10.5.0/3; AWS_REGION is not set; AWS_ACCESS_KEY_ID is not set; AWS_SECRET_ACCESS_KEY is not set");
    }
}
