//! What an operation may do with AWS. From here come the policy of its function in the template, and the check of the
//! test harness that no operation does more.

use store::Table;

/// Actions on one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub resource: Resource,
    /// IAM action names without the service: `GetItem`.
    pub actions: Vec<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resource {
    Table(Table),
    Queue(Queue),
    /// The queues that definitions may write to.
    OutgoingQueues,
    /// The generated state machines and their executions.
    StateMachines,
}

/// The queues, as they are declared once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Queue {
    /// Ticket submissions.
    Submissions,
    /// Executions whose status changed.
    Executions,
    /// Messages and signals for instances.
    Messages,
}

impl Queue {
    pub const ALL: &[Self] = &[Self::Submissions, Self::Executions, Self::Messages];

    pub fn base_name(self) -> &'static str {
        match self {
            Self::Submissions => "submissions",
            Self::Executions => "executions",
            Self::Messages => "messages",
        }
    }

    pub fn name(self, prefix: &str) -> String {
        format!("{prefix}{}", self.base_name())
    }

    pub fn dead_letter_name(self, prefix: &str) -> String {
        format!("{prefix}{}-dead", self.base_name())
    }

    /// How often a message is tried before it goes to the dead-letter queue.
    pub const MAX_RECEIVES: u32 = 5;
}

/// Actions on a table, separated by blanks: `GetItem PutItem`.
pub fn table(table: Table, actions: &'static str) -> Grant {
    Grant {
        resource: Resource::Table(table),
        actions: actions.split(' ').collect(),
    }
}

pub fn queue(queue: Queue, actions: &'static str) -> Grant {
    Grant {
        resource: Resource::Queue(queue),
        actions: actions.split(' ').collect(),
    }
}

pub fn outgoing_queues(actions: &'static str) -> Grant {
    Grant {
        resource: Resource::OutgoingQueues,
        actions: actions.split(' ').collect(),
    }
}

/// The full name of a queue that a definition may write to. Made by whoever runs the deployment; apart from the
/// platform's own, which no definition may reach.
pub fn outgoing_queue(prefix: &str, name: &str) -> String {
    format!("{prefix}{OUTGOING}{name}")
}

/// What the names of those queues begin with, after the deployment's prefix.
pub const OUTGOING: &str = "to-";

pub fn state_machines(actions: &'static str) -> Grant {
    Grant {
        resource: Resource::StateMachines,
        actions: actions.split(' ').collect(),
    }
}
