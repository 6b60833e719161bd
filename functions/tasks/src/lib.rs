//! Human tasks: opened by state machines, shown in people's lists, decided by votes.

use runtime::Service;

mod arrange;
mod assignees;
pub mod claim_task;
pub mod complete_task;
pub mod follow_tasks;
pub mod get_task;
pub mod list_tasks;
pub mod open_task;
mod task_view;
mod written_values;

/// The service's table of contents.
pub fn service() -> Service {
    Service {
        name: "tasks",
        description: "Human tasks: to-do lists, claiming, voting.",
        endpoints: vec![
            list_tasks::endpoint(),
            get_task::endpoint(),
            claim_task::endpoint(),
            complete_task::endpoint(),
        ],
        handlers: vec![open_task::handler(), follow_tasks::handler()],
    }
}
