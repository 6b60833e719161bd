//! Every key of every table is built here, and nowhere else. The tenant leads; `#` separates; no id can hold it.
//! Stored shapes are append-only: a shape may be added, none may change.

use domain::id::{InstanceId, Iteration, Key, TaskId, TenantId, TicketId, UserId, Username};
use domain::task::Candidate;
use jiff::Timestamp;

/// Where an item lies.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ItemKey {
    pub pk: String,
    pub sk: String,
}

impl ItemKey {
    fn new(pk: String, sk: impl Into<String>) -> Self {
        Self { pk, sk: sk.into() }
    }
}

/// How many partitions the index of running instances is spread over.
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

pub fn running_shard(instance: &InstanceId) -> u32 {
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
mod tests {
    use super::*;

    #[test]
    fn the_order_of_instants_is_the_order_of_their_texts() {
        let texts = [
            "2026-01-02T03:04:05Z",
            "2026-01-02T03:04:05.100Z",
            "2026-01-02T03:04:06Z",
        ]
        .map(|text| instant(text.parse().unwrap()));
        assert!(texts.is_sorted(), "{texts:?}");
        assert_eq!(texts[0], "2026-01-02T03:04:05.000Z");
    }

    #[test]
    fn the_tenant_leads_every_key() {
        let tenant = TenantId::parse("acme").unwrap();
        let key = |key: &str| Key::parse(key).unwrap();
        let user_id = UserId::parse("u1").unwrap();
        let ticket_id = TicketId::parse("t1").unwrap();
        let instance_id = InstanceId::of_ticket(&ticket_id);
        let task_id = TaskId::parse("i-t1~manager~2").unwrap();
        let iteration = Iteration::parse("0.1").unwrap();
        let name = Username::parse("mei").unwrap();
        let keys = [
            user(&tenant, &user_id),
            session(&tenant, &user_id, "s1"),
            login(&tenant, &name),
            role(&tenant, &key("director")),
            role_member(&tenant, &key("director"), &user_id),
            form(&tenant, &key("claim")),
            form_version(&tenant, &key("claim"), 1),
            workflow(&tenant, &key("expense")),
            workflow_version(&tenant, &key("expense"), 12),
            ticket_type(&tenant, &key("expense")),
            ticket(&tenant, &ticket_id),
            failed_submission(&tenant, &ticket_id),
            instance(&tenant, &instance_id),
            step(&tenant, &instance_id, 3, "size", 1, None),
            step(&tenant, &instance_id, 4, "size", 2, Some(&iteration)),
            task(&tenant, &task_id),
            task(&tenant, &TaskId::parse("i-t1~manager~2.0.1").unwrap()),
            inbox(&tenant, &user_id, &task_id),
            offer(&tenant, &Candidate::Role(key("agent")), &task_id),
            started(&tenant, &user_id, &instance_id),
            payment(&tenant, "p1"),
            idempotency(&tenant, &user_id, "create_form", "k1"),
        ];
        let shapes: Vec<String> = keys
            .iter()
            .map(|key| format!("{} | {}", key.pk, key.sk))
            .collect();
        insta::assert_snapshot!(shapes.join("\n"), @r"
        acme#USER#u1 | USER
        acme#USER#u1 | SESSION#s1
        acme#LOGIN#mei | LOGIN
        acme#ROLE#director | ROLE
        acme#ROLE#director | MEMBER#u1
        acme#FORM#claim | DRAFT
        acme#FORM#claim | VERSION#00000001
        acme#WORKFLOW#expense | DRAFT
        acme#WORKFLOW#expense | VERSION#00000012
        acme#TYPE#expense | TYPE
        acme#TICKET#t1 | TICKET
        acme#TICKET#t1 | FAILED
        acme#INSTANCE#i-t1 | INSTANCE
        acme#INSTANCE#i-t1 | STEP#00000003#size#1
        acme#INSTANCE#i-t1 | STEP#00000004#size#2#0.1
        acme#INSTANCE#i-t1 | TASK#manager#000002
        acme#INSTANCE#i-t1 | TASK#manager#000002#0.1
        acme#INBOX#u1 | TASK#i-t1~manager~2
        acme#OFFER#ROLE#agent | TASK#i-t1~manager~2
        acme#INBOX#u1 | INSTANCE#i-t1
        acme#PAYMENT#p1 | PAYMENT
        acme#IDEMPOTENCY#u1 | create_form#k1
        ");
        assert!(
            keys.iter()
                .all(|key| tenant_of(&key.pk).as_ref() == Some(&tenant))
        );
    }
}
