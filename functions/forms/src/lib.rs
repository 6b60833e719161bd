//! Forms: what people fill in.

use runtime::Service;

pub mod create_form;
pub mod get_form;
pub mod get_form_version;
pub mod list_forms;
pub mod publish_form;
pub mod update_form;

/// The service's table of contents.
pub fn service() -> Service {
    Service {
        name: "forms",
        description: "Forms: a JSON Schema that submitted values are checked against; drafts and immutable versions.",
        endpoints: vec![
            create_form::endpoint(),
            list_forms::endpoint(),
            get_form::endpoint(),
            update_form::endpoint(),
            publish_form::endpoint(),
            get_form_version::endpoint(),
        ],
        handlers: vec![],
    }
}
