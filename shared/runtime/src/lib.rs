//! What every function stands on: configuration, clients, authentication, the envelope, the loops over events.
//!
//! [`endpoint`] and [`handler`] are how a function is declared; [`serve`] is what its binary calls.

pub mod app;
pub mod clients;
pub mod clock;
pub mod config;
mod connect;
pub mod definitions;
pub mod endpoint;
pub mod envelope;
pub mod extract;
pub mod grant;
pub mod handler;
pub mod json;
pub mod log;
pub mod middleware;
pub mod openapi;
pub mod queue;
pub mod request;
pub mod secret;
pub mod serve;
pub mod service;
pub mod stream;
pub mod token;

pub use app::App;
pub use endpoint::{Access, Endpoint};
pub use envelope::{Answer, ApiError, ApiResult};
pub use grant::{Grant, outgoing_queues, queue as queue_grant, state_machines, table};
pub use handler::{FunctionError, Handler, Trigger};
pub use serve::{serve, serve_handler};
pub use service::Service;
pub use token::Caller;
