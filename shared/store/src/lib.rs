//! The only crate that knows DynamoDB. [`keys`] builds every key; one file per aggregate says what is read and written.
//!
//! # Access patterns
//!
//! `T` is the tenant. Every read is one call; lists are pages of one `Query`.
//!
//! | table | pattern | key |
//! |---|---|---|
//! | identity | sign in by username | `T#LOGIN#name` / `LOGIN` |
//! | identity | user by id · users by name | `T#USER#id` / `USER` · gsi1 `T#USERS` |
//! | identity | session of a refresh token | `T#USER#id` / `SESSION#id` (expires) |
//! | identity | role by key · roles · members of a role | `T#ROLE#key` / `ROLE` · gsi1 `T#ROLES` · `T#ROLE#key` / `MEMBER#user` |
//! | forms | draft · version · forms | `T#FORM#key` / `DRAFT` · `VERSION#n` · gsi1 `T#FORMS` |
//! | workflows | draft · version · workflows | `T#WORKFLOW#key` / `DRAFT` · `VERSION#n` · gsi1 `T#WORKFLOWS` |
//! | workflows | ticket type by key · ticket types | `T#TYPE#key` / `TYPE` · gsi1 `T#TYPES` |
//! | tickets | ticket by id · why a submission failed | `T#TICKET#id` / `TICKET` · `FAILED` (expires) |
//! | tickets | a person's tickets, newest first | gsi1 `T#REQUESTER#user` / time |
//! | instances | instance by id · its steps | `T#INSTANCE#id` / `INSTANCE` · `STEP#n#node#visit` |
//! | instances | unsettled instances, for the sweeper | gsi1 `T#RUNNING#shard` / time (sparse) |
//! | tasks | task by id · tasks of an instance | `T#INSTANCE#id` / `TASK#node#visit` (`#iteration`) |
//! | tasks | decided, not yet answered, for the sweeper | gsi1 `T#UNANSWERED` / time (sparse) |
//! | tasks | places with a timer, the first due first | gsi1 `T#DUE#shard` / time (sparse) |
//! | tasks | a visit whose listeners are over | `T#INSTANCE#id` / `RELEASED#node#visit` |
//! | tasks | what was answered to who left a scope | `T#INSTANCE#id` / `CLOSED#key` (expires) |
//! | tasks | who has arrived at a join | `T#INSTANCE#id` / `JOIN#node#visit` (`#iteration`, expires) |
//! | tasks | who waits for a message · a signal, the first opened first | `T#MESSAGE#name#correlation` · `T#SIGNAL#name` / `WAITING#time` |
//! | tasks | what was thrown, by its sender's id | the same / `THROWN#id` (expires) |
//! | tasks | thrown, not yet delivered, for the sweeper | gsi1 `T#UNDELIVERED` / time (sparse) |
//! | tasks | a person's lists, newest first | gsi1 `T#TODO#user` · `T#DONE#user` · `T#STARTED#user` · `T#CC#user` |
//! | tasks | the row of a person and a task · of a role and a task | `T#INBOX#user` / `TASK#id` · `T#OFFER#role` / `TASK#id` |
//! | tasks | what a role may claim, newest first | gsi1 `T#CLAIMABLE#role` / time |
//! | commerce | payment by idempotency key · payments | `T#PAYMENT#id` / `PAYMENT` · gsi1 `T#PAYMENTS` |
//! | events | events of an aggregate, in order | pk of the aggregate / `EVENT#sequence` |
//! | each that creates by request | the answer to an `Idempotency-Key` | `T#IDEMPOTENCY#user` / `operation#key` (expires) |

mod closings;
mod create_tables;
mod cursor;
mod dynamo;
pub mod events;
mod forms;
mod idempotency;
pub mod inbox;
pub mod instances;
pub mod item;
pub mod joins;
pub mod keys;
mod openings;
pub mod payments;
pub mod places;
mod revision;
pub mod table;
pub mod tasks;
pub mod thrown;
pub mod tickets;
mod users;
mod workflows;
mod writes;

pub use dynamo::{PageRequest, Store, aws_error};
pub use idempotency::Idempotency;
pub use table::Table;
