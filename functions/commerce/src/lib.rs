//! Commerce: payments that workflows record.

use runtime::Service;

pub mod create_payment;
pub mod get_payment;

/// The service's table of contents.
pub fn service() -> Service {
    Service {
        name: "commerce",
        description: "Payments that workflows record.",
        endpoints: vec![get_payment::endpoint()],
        handlers: vec![create_payment::handler()],
    }
}
