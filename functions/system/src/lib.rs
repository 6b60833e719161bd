//! System: whether the platform is ready, and what it offers.

use runtime::Service;

pub mod get_health;
pub mod get_openapi;

/// The service's table of contents.
pub fn service() -> Service {
    Service {
        name: "system",
        description: "Readiness, and this document.",
        endpoints: vec![get_health::endpoint(), get_openapi::endpoint()],
        handlers: vec![],
    }
}
