//! Workflows: definitions, the state machines made from them, and their running instances.

use runtime::Service;

pub mod cancel_instance;
mod catalog;
pub mod create_ticket_type;
pub mod create_workflow;
pub mod draft;
pub mod end_instance;
pub mod follow_instances;
pub mod get_instance;
pub mod get_instance_trace;
pub mod get_ticket_type;
pub mod get_workflow;
pub mod get_workflow_schema;
pub mod get_workflow_version;
mod involved;
pub mod list_ticket_types;
pub mod list_workflows;
pub mod publish_workflow;
pub mod resume_instance;
pub mod suspend_instance;
pub mod sweep;
pub mod terminate_instance;
pub mod update_workflow;
pub mod validate_workflow;

/// The service's table of contents.
pub fn service() -> Service {
    Service {
        name: "workflows",
        description: "Workflow definitions and the ticket types that name them; running instances, position and trace.",
        endpoints: vec![
            create_workflow::endpoint(),
            list_workflows::endpoint(),
            get_workflow::endpoint(),
            update_workflow::endpoint(),
            get_workflow_schema::endpoint(),
            validate_workflow::endpoint(),
            publish_workflow::endpoint(),
            get_workflow_version::endpoint(),
            create_ticket_type::endpoint(),
            list_ticket_types::endpoint(),
            get_ticket_type::endpoint(),
            get_instance::endpoint(),
            get_instance_trace::endpoint(),
            suspend_instance::endpoint(),
            resume_instance::endpoint(),
            cancel_instance::endpoint(),
            terminate_instance::endpoint(),
        ],
        handlers: vec![
            end_instance::handler(),
            follow_instances::handler(),
            sweep::handler(),
        ],
    }
}
