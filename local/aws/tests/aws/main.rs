//! The services, asked by the AWS SDK in the same process, on real files.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

mod dynamodb;
mod events;
mod home;
mod mappings;
mod scheduler;
mod sqs;
mod wakes;
