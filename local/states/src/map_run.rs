//! Distributed Maps.

use std::sync::Arc;

use asl::{Command, ExecutionContext, Machine};

use crate::active::Slot;
use crate::service::Service;

impl Service {
    pub(crate) fn run_map(
        self: &Arc<Self>,
        _slot: &Arc<Slot>,
        _machine: &Arc<Machine>,
        _context: &ExecutionContext,
        _command: Command,
    ) {
    }
}
