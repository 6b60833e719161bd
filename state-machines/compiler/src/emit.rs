//! State machine to text.

use asl::types::StateMachine;

/// The machine as `CreateStateMachine` takes it, functions still without the deployment's prefix.
pub fn emit(machine: &StateMachine) -> String {
    machine.to_text()
}
