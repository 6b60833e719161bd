//! State machines at the endpoint. A name tells the content, so that what has the same content is the same machine, and none
//! is updated in place.

use aws_sdk_sfn::error::ProvideErrorMetadata;
use domain::id::Key;
use domain::{Error, Result};
use runtime::{App, secret};

/// Characters that a name may have.
const LONGEST_NAME: usize = 80;

/// The name of the machine that has been made of a workflow.
pub fn name(app: &App, workflow: &Key, text: &str) -> String {
    let digest: String = secret::sha256_hex(text.as_bytes()).chars().take(12).collect();
    // Prefix and digest are whole, the key as long as it fits.
    let room = LONGEST_NAME.saturating_sub(app.config.prefix.len() + digest.len() + 1);
    let key: String = workflow.as_str().chars().take(room).collect();
    format!("{}{key}-{digest}", app.config.prefix)
}

/// Creates it, unless it is there. Gives its ARN.
pub async fn create(app: &App, workflow: &Key, text: String) -> Result<String> {
    if let Some(fault) = fault(&text) {
        return Err(Error::internal(
            "compile a workflow to a machine that is valid",
            fault,
        ));
    }
    let created = app
        .sfn
        .create_state_machine()
        .name(name(app, workflow, &text))
        .definition(text)
        .role_arn(&app.config.state_machine_role_arn)
        .send()
        .await;
    match created {
        Ok(created) => Ok(created.state_machine_arn),
        Err(e) if e.code() == Some("InvalidDefinition") => {
            // The compiler's fault, not the author's: the log says which machine.
            Err(Error::internal(
                "create a state machine that is not valid",
                Box::new(e),
            ))
        }
        Err(e) => Err(store::aws_error("create a state machine", e)),
    }
}

/// What is wrong with a machine. AWS would refuse what the library of the language refuses, and emulators would not: then
/// the compiler is at fault.
pub(crate) fn fault(text: &str) -> Option<String> {
    let found = asl::validate::text(text, asl::validate::MachineType::Standard);
    let fault = found
        .iter()
        .find(|one| one.severity == asl::validate::Severity::Error)?;
    Some(format!("{} at {}: {}", fault.code, fault.pointer, fault.message))
}
