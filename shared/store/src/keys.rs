//! Every key of every table is built here, and nowhere else. The tenant leads; `#` separates; no id can hold it.
//! Stored shapes are append-only: a shape may be added, none may change.

use domain::id::{InstanceId, Iteration, Key, NodeId, TaskId, TenantId, TicketId, UserId, Username};
use domain::task::Candidate;
use domain::thrown::{Channel, Waiting};
use jiff::Timestamp;

/// Where an item lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemKey {
    pub pk: String,
    pub sk: String,
}

impl ItemKey {
    fn new(pk: String, sk: impl Into<String>) -> Self {
        Self { pk, sk: sk.into() }
    }
}

/// How many partitions the indexes of running instances and of timers are spread over.
pub const RUNNING_SHARDS: u32 = 8;

// identity

pub fn user(tenant: &TenantId, user: &UserId) -> ItemKey {
    ItemKey::new(format!("{tenant}#USER#{user}"), "USER")
}

pub fn session(tenant: &TenantId, user: &UserId, session: &str) -> ItemKey {
    ItemKey::new(format!("{tenant}#USER#{user}"), format!("SESSION#{session}"))
}

pub fn login(tenant: &TenantId, username: &Username) -> ItemKey {
    ItemKey::new(format!("{tenant}#LOGIN#{username}"), "LOGIN")
}

pub fn role(tenant: &TenantId, role: &Key) -> ItemKey {
    ItemKey::new(format!("{tenant}#ROLE#{role}"), "ROLE")
}

pub fn role_member(tenant: &TenantId, role: &Key, user: &UserId) -> ItemKey {
    ItemKey::new(format!("{tenant}#ROLE#{role}"), format!("{ROLE_MEMBERS}{user}"))
}

pub const ROLE_MEMBERS: &str = "MEMBER#";

// forms

pub fn form(tenant: &TenantId, form: &Key) -> ItemKey {
    ItemKey::new(format!("{tenant}#FORM#{form}"), "DRAFT")
}

pub fn form_version(tenant: &TenantId, form: &Key, version: u32) -> ItemKey {
    ItemKey::new(format!("{tenant}#FORM#{form}"), version_sk(version))
}

// workflows

pub fn workflow(tenant: &TenantId, workflow: &Key) -> ItemKey {
    ItemKey::new(format!("{tenant}#WORKFLOW#{workflow}"), "DRAFT")
}

pub fn workflow_version(tenant: &TenantId, workflow: &Key, version: u32) -> ItemKey {
    ItemKey::new(format!("{tenant}#WORKFLOW#{workflow}"), version_sk(version))
}

pub fn ticket_type(tenant: &TenantId, kind: &Key) -> ItemKey {
    ItemKey::new(format!("{tenant}#TYPE#{kind}"), "TYPE")
}

fn version_sk(version: u32) -> String {
    format!("VERSION#{version:08}")
}

// tickets

pub fn ticket(tenant: &TenantId, ticket: &TicketId) -> ItemKey {
    ItemKey::new(format!("{tenant}#TICKET#{ticket}"), "TICKET")
}

/// Why a submission did not become a ticket. In the partition of the ticket that it would have become.
pub fn failed_submission(tenant: &TenantId, ticket: &TicketId) -> ItemKey {
    ItemKey::new(format!("{tenant}#TICKET#{ticket}"), "FAILED")
}

pub fn tickets_of(tenant: &TenantId, requester: &UserId) -> String {
    format!("{tenant}#REQUESTER#{requester}")
}

// instances

pub fn instance(tenant: &TenantId, instance: &InstanceId) -> ItemKey {
    ItemKey::new(format!("{tenant}#INSTANCE#{instance}"), "INSTANCE")
}

/// Branches of a fork count on by themselves, so that two nodes may have one number.
pub fn step(
    tenant: &TenantId,
    instance: &InstanceId,
    seq: u32,
    node: &str,
    visit: u32,
    iteration: Option<&Iteration>,
) -> ItemKey {
    ItemKey::new(
        format!("{tenant}#INSTANCE#{instance}"),
        format!("{STEPS}{seq:08}#{node}#{visit}{}", within(iteration)),
    )
}

/// The end of the keys of what is inside of a multi-instance activity.
fn within(iteration: Option<&Iteration>) -> String {
    iteration
        .map(|iteration| format!("#{iteration}"))
        .unwrap_or_default()
}

pub const STEPS: &str = "STEP#";

/// The index partition in which an unsettled instance stands.
pub fn running(tenant: &TenantId, shard: u32) -> String {
    format!("{tenant}#RUNNING#{shard}")
}

/// The one of [`RUNNING_SHARDS`] partitions for what concerns an instance.
pub fn shard(instance: &InstanceId) -> u32 {
    instance.as_str().bytes().fold(0_u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(byte))
    }) % RUNNING_SHARDS
}

// tasks

pub fn task(tenant: &TenantId, task: &TaskId) -> ItemKey {
    let iteration = within(task.iteration.as_ref());
    let sk = format!("{TASKS}{}#{:06}{iteration}", task.node, task.visit);
    ItemKey::new(format!("{tenant}#INSTANCE#{}", task.instance), sk)
}

pub const TASKS: &str = "TASK#";

/// What the keys of all visits of a node begin with.
pub fn visits_of(node: &NodeId) -> String {
    format!("{TASKS}{node}#")
}

/// The index partition in which open places with a timer stand, by the instant at which it is due.
pub fn due(tenant: &TenantId, shard: u32) -> String {
    format!("{tenant}#DUE#{shard}")
}

/// A visit of an activity that has been left.
pub fn released(tenant: &TenantId, activity: &TaskId) -> ItemKey {
    let iteration = within(activity.iteration.as_ref());
    let sk = format!("RELEASED#{}#{:06}{iteration}", activity.node, activity.visit);
    ItemKey::new(format!("{tenant}#INSTANCE#{}", activity.instance), sk)
}

/// The leaving of a scope, by its idempotency key.
pub fn closing(tenant: &TenantId, instance: &InstanceId, key: &str) -> ItemKey {
    ItemKey::new(
        format!("{tenant}#INSTANCE#{instance}"),
        format!("CLOSED#{}", free(key)),
    )
}

/// A join at which branches arrive one by one: that of one visit of its fork or activity.
pub fn join(tenant: &TenantId, join: &TaskId) -> ItemKey {
    let iteration = within(join.iteration.as_ref());
    let sk = format!("JOIN#{}#{:06}{iteration}", join.node, join.visit);
    ItemKey::new(format!("{tenant}#INSTANCE#{}", join.instance), sk)
}

/// Where those who wait for a message or signal meet what was thrown.
pub fn channel(tenant: &TenantId, channel: &Channel) -> String {
    match channel {
        Channel::Message { name, correlation } => {
            format!("{tenant}#MESSAGE#{}#{}", free(name), free(correlation))
        }
        Channel::Signal { name } => format!("{tenant}#SIGNAL#{}", free(name)),
    }
}

/// A text that people choose, without the separator of keys.
fn free(text: &str) -> String {
    text.replace('%', "%25").replace('#', "%23")
}

pub fn waiting(tenant: &TenantId, to: &Channel, waiting: &Waiting) -> ItemKey {
    let place = format!("{}#{}", waiting.place, waiting.node);
    ItemKey::new(
        channel(tenant, to),
        format!("{WAITING}{}", by_time(waiting.since, place)),
    )
}

pub const WAITING: &str = "WAITING#";

pub fn thrown(tenant: &TenantId, to: &Channel, id: &str) -> ItemKey {
    ItemKey::new(channel(tenant, to), format!("{THROWN}{}", free(id)))
}

pub const THROWN: &str = "THROWN#";

/// The index partition in which what was thrown stands until it has been delivered.
pub fn undelivered(tenant: &TenantId) -> String {
    format!("{tenant}#UNDELIVERED")
}

/// The index partition in which a decided task stands until its execution has been told.
pub fn unanswered(tenant: &TenantId) -> String {
    format!("{tenant}#UNANSWERED")
}

pub fn inbox(tenant: &TenantId, user: &UserId, task: &TaskId) -> ItemKey {
    ItemKey::new(format!("{tenant}#INBOX#{user}"), format!("{TASKS}{task}"))
}

/// A task offered to a person or a role.
pub fn offer(tenant: &TenantId, to: &Candidate, task: &TaskId) -> ItemKey {
    ItemKey::new(
        format!("{tenant}#OFFER#{}", candidate(to)),
        format!("{TASKS}{task}"),
    )
}

fn candidate(candidate: &Candidate) -> String {
    match candidate {
        Candidate::User(user) => format!("USER#{user}"),
        Candidate::Role(role) => format!("ROLE#{role}"),
    }
}

pub fn started(tenant: &TenantId, user: &UserId, instance: &InstanceId) -> ItemKey {
    ItemKey::new(format!("{tenant}#INBOX#{user}"), format!("INSTANCE#{instance}"))
}

/// The lists of a person, each a partition of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InboxList {
    Todo,
    Done,
    Started,
    Cc,
}

pub fn inbox_list(tenant: &TenantId, list: InboxList, user: &UserId) -> String {
    let list = match list {
        InboxList::Todo => "TODO",
        InboxList::Done => "DONE",
        InboxList::Started => "STARTED",
        InboxList::Cc => "CC",
    };
    format!("{tenant}#{list}#{user}")
}

pub fn offers_to(tenant: &TenantId, to: &Candidate) -> String {
    format!("{tenant}#CLAIMABLE#{}", candidate(to))
}

// commerce

pub fn payment(tenant: &TenantId, payment: &str) -> ItemKey {
    ItemKey::new(format!("{tenant}#PAYMENT#{payment}"), "PAYMENT")
}

// events

/// One domain event of an aggregate; `aggregate` is the partition key of the item that it rode on.
pub fn event(aggregate: &str, sequence: u64) -> ItemKey {
    ItemKey::new(aggregate.to_owned(), format!("EVENT#{sequence:012}"))
}

// every table that creates by request

/// The answer that was given to an `Idempotency-Key`.
pub fn idempotency(tenant: &TenantId, user: &UserId, operation: &str, key: &str) -> ItemKey {
    ItemKey::new(
        format!("{tenant}#IDEMPOTENCY#{user}"),
        format!("{operation}#{key}"),
    )
}

/// All objects of a kind in a tenant, for lists that are short by nature (forms, roles, users).
pub fn all(tenant: &TenantId, kind: Kind) -> String {
    let kind = match kind {
        Kind::Users => "USERS",
        Kind::Roles => "ROLES",
        Kind::Forms => "FORMS",
        Kind::Workflows => "WORKFLOWS",
        Kind::TicketTypes => "TYPES",
        Kind::Payments => "PAYMENTS",
    };
    format!("{tenant}#{kind}")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Users,
    Roles,
    Forms,
    Workflows,
    TicketTypes,
    Payments,
}

/// The tenant that leads a key.
pub fn tenant_of(pk: &str) -> Option<TenantId> {
    TenantId::parse(pk.split('#').next()?).ok()
}

/// An instant as a sort key: fixed width, so that the order of texts is the order of time.
pub fn instant(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// Orders a list by time, and by id where two fall on one instant.
pub fn by_time(at: Timestamp, id: impl std::fmt::Display) -> String {
    format!("{}#{id}", instant(at))
}

#[cfg(test)]
mod tests;
