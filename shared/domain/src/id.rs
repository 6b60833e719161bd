//! Ids and keys as types, so that one is never passed for another. None can hold `#`, the separator of stored keys.

use serde::{Deserialize, Serialize};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

/// A text that is no id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not a valid {kind}: {rule}")]
pub struct InvalidId {
    pub kind: &'static str,
    pub value: String,
    pub rule: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $valid:path, $rule:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schema(value_type = String)]
        pub struct $name(String);

        impl $name {
            pub fn parse(value: impl Into<String>) -> Result<Self, InvalidId> {
                let value = value.into();
                if $valid(&value) {
                    Ok(Self(value))
                } else {
                    Err(InvalidId { kind: stringify!($name), value, rule: $rule })
                }
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(value: String) -> Result<Self, InvalidId> {
                Self::parse(value)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

id!(
    /// Who owns an object. Leads every stored key.
    TenantId, is_key, "lower-case words of letters and digits joined by '-', at most 64 characters"
);
id!(
    /// What people choose as the name of a form, a workflow, a role, a ticket type in URLs.
    Key, is_key, "lower-case words of letters and digits joined by '-', at most 64 characters"
);
id!(
    /// A person's (or program's) account.
    UserId, is_opaque, "1 to 100 letters, digits, '-', '_' and '.'"
);
id!(TicketId, is_opaque, "1 to 100 letters, digits, '-', '_' and '.'");
id!(
    /// The name that a person signs in with: unique in its tenant, compared in lower case.
    Username, is_username, "1 to 64 letters, digits and '.', '_', '-', '@', '+', in lower case"
);
id!(
    /// One run of a workflow. That of a ticket is derived from the ticket's id ([`InstanceId::of_ticket`]).
    InstanceId, is_opaque, "1 to 100 letters, digits, '-', '_' and '.'"
);
id!(
    /// A node of a definition; one with a ':' is implied by another ([`NodeId::is_implied`]).
    NodeId, is_node, "1 to 100 letters, digits, '-', '_', '.' and ':'"
);

id!(
    /// A run of a multi-instance activity, nested ones from the outside inwards: `2`, `2.0`.
    Iteration, is_iteration, "numbers joined by '.', at most 64 characters"
);

impl Iteration {
    /// Whether this is the other, or one inside of it.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0
            .strip_prefix(other.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

impl NodeId {
    /// Whether it is none that a definition can name, but one that follows from another: `alarm:wait`.
    pub fn is_implied(&self) -> bool {
        self.0.contains(':')
    }
}

impl TenantId {
    /// The tenant of an installation that has only one.
    pub fn default_tenant() -> Self {
        Self("default".to_owned())
    }
}

impl From<Uuid> for TicketId {
    fn from(uuid: Uuid) -> Self {
        Self(uuid.to_string())
    }
}

impl From<Uuid> for UserId {
    fn from(uuid: Uuid) -> Self {
        Self(uuid.to_string())
    }
}

impl UserId {
    /// Who acts where the platform does, because time has passed.
    pub fn system() -> Self {
        Self("system".to_owned())
    }
}

impl InstanceId {
    const OF_TICKET: &str = "i-";

    /// The instance that handles a ticket. Derived, so that starting it twice is starting it once.
    pub fn of_ticket(ticket: &TicketId) -> Self {
        Self(format!("{}{ticket}", Self::OF_TICKET))
    }

    /// The ticket that it handles, where it was started for one.
    pub fn ticket(&self) -> Option<TicketId> {
        self.0
            .strip_prefix(Self::OF_TICKET)
            .map(|id| TicketId(id.to_owned()))
    }
}

/// A place, of which a human task is one: one visit of one node in one instance, and in one iteration where the node is
/// inside of a multi-instance activity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TaskId {
    pub instance: InstanceId,
    pub node: NodeId,
    pub visit: u32,
    pub iteration: Option<Iteration>,
}

impl TaskId {
    const SEPARATOR: char = '~';

    pub fn parse(value: &str) -> Result<Self, InvalidId> {
        let invalid = || InvalidId {
            kind: "TaskId",
            value: value.to_owned(),
            rule: "an instance, a node and a visit, joined by '~'; an iteration after the visit and '.'",
        };
        let mut parts = value.split(Self::SEPARATOR);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(instance), Some(node), Some(visit), None) => {
                let (visit, iteration) = match visit.split_once('.') {
                    Some((visit, iteration)) => (visit, Some(iteration)),
                    None => (visit, None),
                };
                let iteration = iteration.map(Iteration::parse).transpose();
                Ok(Self {
                    instance: InstanceId::parse(instance).map_err(|_| invalid())?,
                    node: NodeId::parse(node).map_err(|_| invalid())?,
                    visit: visit.parse().map_err(|_| invalid())?,
                    iteration: iteration.map_err(|_| invalid())?,
                })
            }
            _ => Err(invalid()),
        }
    }
}

impl std::fmt::Display for TaskId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let separator = Self::SEPARATOR;
        write!(
            f,
            "{}{separator}{}{separator}{}",
            self.instance, self.node, self.visit
        )?;
        match &self.iteration {
            Some(iteration) => write!(f, ".{iteration}"),
            None => Ok(()),
        }
    }
}

impl TryFrom<String> for TaskId {
    type Error = InvalidId;

    fn try_from(value: String) -> Result<Self, InvalidId> {
        Self::parse(&value)
    }
}

impl PartialSchema for TaskId {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        String::schema()
    }
}

impl ToSchema for TaskId {}

impl From<TaskId> for String {
    fn from(id: TaskId) -> Self {
        id.to_string()
    }
}

fn is_key(value: &str) -> bool {
    value.len() <= 64
        && value.split('-').all(|word| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
}

fn is_opaque(value: &str) -> bool {
    (1..=100).contains(&value.len())
        && value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn is_node(value: &str) -> bool {
    // One character each, so that the length is that of the id.
    is_opaque(&value.replace(':', "."))
}

fn is_iteration(value: &str) -> bool {
    value.len() <= 64
        && value
            .split('.')
            .all(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

fn is_username(value: &str) -> bool {
    (1..=64).contains(&value.chars().count())
        && value
            .chars()
            .all(|c| (c.is_alphanumeric() && !c.is_uppercase()) || matches!(c, '.' | '_' | '-' | '@' | '+'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_are_kebab_case() {
        for (value, valid) in [
            ("expense-approval", true),
            ("v2", true),
            ("", false),
            ("-a", false),
            ("a--b", false),
            ("Expense", false),
            ("a#b", false),
            ("审批", false),
        ] {
            assert_eq!(Key::parse(value).is_ok(), valid, "{value:?}");
        }
    }

    #[test]
    fn an_instance_knows_its_ticket() {
        let ticket = TicketId::parse("0191").unwrap();
        assert_eq!(InstanceId::of_ticket(&ticket).ticket(), Some(ticket));
        assert_eq!(InstanceId::parse("0191").unwrap().ticket(), None);
    }

    #[test]
    fn an_iteration_is_within_those_around_it() {
        let iteration = |text: &str| Iteration::parse(text).unwrap();
        for (inner, outer, within) in [
            ("2", "2", true),
            ("2.0", "2", true),
            ("21", "2", false),
            ("2", "2.0", false),
        ] {
            assert_eq!(
                iteration(inner).is_within(&iteration(outer)),
                within,
                "{inner} {outer}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_task_id_survives_a_round_trip(instance in "[a-zA-Z0-9._-]{1,40}", node in "[a-zA-Z0-9._:-]{1,40}", visit: u32,
            iteration in proptest::option::of(r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}")) {
            let iteration = iteration.map(|iteration| Iteration::parse(iteration).unwrap());
            let id = TaskId { instance: InstanceId::parse(instance).unwrap(), node: NodeId::parse(node).unwrap(), visit, iteration };
            prop_assert_eq!(TaskId::parse(&id.to_string()).unwrap(), id);
        }

        #[test]
        fn no_text_makes_an_id_panic_or_hold_the_separator_of_keys(text: String) {
            for parsed in [Key::parse(&text).map(String::from), UserId::parse(&text).map(String::from),
                Username::parse(&text).map(String::from), TaskId::parse(&text).map(String::from)].into_iter().flatten() {
                prop_assert!(!parsed.contains('#'));
            }
        }
    }
}
