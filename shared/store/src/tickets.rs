//! Tickets, and the submissions that did not become one.

use domain::event::Event;
use domain::id::{TenantId, TicketId, UserId};
use domain::page::Page;
use domain::ticket::Ticket;
use domain::{Result, Text};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::dynamo::{Order, PageRequest, Store, Written, conditional};
use crate::events;
use crate::item::{ItemExt, Stored, from_item, number, text, to_item};
use crate::keys;
use crate::table::Table;

impl Stored for Ticket {
    const JSON: &[&str] = &["values", "events.*.data"];
}

/// Why a submission did not become a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedSubmission {
    pub ticket: TicketId,
    pub requester: UserId,
    pub failed_at: Timestamp,
    pub reasons: Vec<Reason>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    pub pointer: String,
    pub code: String,
    pub message: Text,
}

impl Stored for FailedSubmission {}

/// What has become of a submission.
#[derive(Debug)]
pub enum Submitted {
    Created(Box<Ticket>),
    Failed(FailedSubmission),
    Nothing,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum TicketOrFailure {
    Ticket(Box<Ticket>),
    Failed(FailedSubmission),
}

impl Stored for TicketOrFailure {
    const JSON: &[&str] = Ticket::JSON;
}

/// How long a failed submission is remembered; as long as its message stays in the dead-letter queue.
const FAILURE_REMEMBERED: SignedDuration = SignedDuration::from_hours(14 * 24);

impl Store {
    /// Writes a new ticket. False: it is there already, which is what a second delivery of its message finds.
    pub async fn ticket_create(&self, tenant: &TenantId, ticket: &Ticket) -> Result<bool> {
        let item = to_item(ticket)?.at(&keys::ticket(tenant, &ticket.id)).indexed(
            keys::tickets_of(tenant, &ticket.requester),
            keys::by_time(ticket.created_at, &ticket.id),
        );
        self.put_new(Table::Tickets, item).await
    }

    pub async fn ticket_get(&self, tenant: &TenantId, ticket: &TicketId) -> Result<Option<Ticket>> {
        self.get(Table::Tickets, &keys::ticket(tenant, ticket)).await
    }

    /// A person's tickets, newest first.
    pub async fn ticket_list(
        &self,
        tenant: &TenantId,
        requester: &UserId,
        page: &PageRequest,
    ) -> Result<Page<Ticket>> {
        self.query_index(
            Table::Tickets,
            &keys::tickets_of(tenant, requester),
            Order::Descending,
            page,
        )
        .await
    }

    /// Resolves a ticket once. False: it was resolved before, or there is none.
    pub async fn ticket_resolve(
        &self,
        tenant: &TenantId,
        ticket: &TicketId,
        resolution: &str,
        at: Timestamp,
    ) -> Result<bool> {
        let data = serde_json::json!({ "resolution": resolution });
        let event = Event::new("ticket.resolved", at).with(data);
        let update = self
            .update(Table::Tickets, &keys::ticket(tenant, ticket))
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(resolved_at)")
            .update_expression(
                "SET #status = :resolved, resolution = :resolution, resolved_at = :at, updated_at = :at, \
                 revision = revision + :one, events = :events",
            )
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":resolved", text("resolved"))
            .expression_attribute_values(":resolution", text(resolution))
            .expression_attribute_values(":at", text(at.to_string()))
            .expression_attribute_values(":events", events::attribute(&[event])?);
        Ok(matches!(conditional(update).await?, Written::Done(_)))
    }

    pub async fn submission_failed(&self, tenant: &TenantId, failure: &FailedSubmission) -> Result<()> {
        let item = to_item(failure)?
            .at(&keys::failed_submission(tenant, &failure.ticket))
            .expiring(failure.failed_at + FAILURE_REMEMBERED);
        self.put(Table::Tickets, item).await
    }

    /// One call: ticket and failure would lie in one partition. A ticket made after a failure outweighs it.
    pub async fn submission_get(&self, tenant: &TenantId, ticket: &TicketId) -> Result<Submitted> {
        let pk = keys::ticket(tenant, ticket).pk;
        let found: Vec<TicketOrFailure> = self.query_all(Table::Tickets, &pk, "").await?;
        let mut submitted = Submitted::Nothing;
        for row in found {
            match row {
                TicketOrFailure::Ticket(ticket) => return Ok(Submitted::Created(ticket)),
                TicketOrFailure::Failed(failure) => submitted = Submitted::Failed(failure),
            }
        }
        Ok(submitted)
    }
}

/// The ticket of a stream record's image; none for the other rows of the table.
pub fn ticket_of_image(image: crate::item::Item) -> Result<Option<Ticket>> {
    match image
        .get(crate::table::SORT_KEY)
        .and_then(|sk| sk.as_s().ok())
        .map(String::as_str)
    {
        Some("TICKET") => from_item(image).map(Some),
        _ => Ok(None),
    }
}
