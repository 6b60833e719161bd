//! The compiler from workflow definitions to state machines.
