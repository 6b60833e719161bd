//! Tickets: taken at once, created from a queue, resolved by their workflow.

use runtime::Service;

pub mod create_tickets;
pub mod follow_tickets;
pub mod get_submission;
pub mod get_ticket;
pub mod list_tickets;
mod submission_id;
pub mod submit_ticket;
mod ticket_view;

/// The service's table of contents.
pub fn service() -> Service {
    Service {
        name: "tickets",
        description: "Ticket submissions, buffered in a queue, and the tickets made from them.",
        endpoints: vec![
            submit_ticket::endpoint(),
            get_submission::endpoint(),
            list_tickets::endpoint(),
            get_ticket::endpoint(),
        ],
        handlers: vec![create_tickets::handler(), follow_tickets::handler()],
    }
}
