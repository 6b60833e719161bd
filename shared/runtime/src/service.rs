//! A service: its table of contents.

use crate::endpoint::Endpoint;
use crate::handler::Handler;

/// The endpoints and handlers of one service.
#[derive(Debug, Clone)]
pub struct Service {
    pub name: &'static str,
    /// What it is for, for the OpenAPI document.
    pub description: &'static str,
    pub endpoints: Vec<Endpoint>,
    pub handlers: Vec<Handler>,
}
