//! The AWS endpoint of the one-machine home: the APIs that the platform uses, durable, in this process.
//!
//! [`Home`] holds the services. [`Server`] answers for them over HTTP; [`Home::http_client`] hands the requests of SDK
//! clients of this process to them without a connection. `docs/endpoints.md` lists what is there.

mod body;
mod calls;
mod clock;
mod connector;
mod deliveries;
pub mod dynamodb;
mod error;
pub mod events;
mod figures;
mod home;
pub mod lambda;
mod route;
mod s3;
pub mod scheduler;
mod server;
mod service;
mod signature;
pub mod sqs;

pub use body::{Unread, read};
pub use clock::Clock;
pub use error::AwsError;
pub use figures::{Figures, QueueFigures};
pub use home::{Home, HomeError, Options, WeakHome};
pub use server::{Server, Stop, stopped};
pub use service::{BoxFuture, Service};
