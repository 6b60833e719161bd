//! The tables, as they are declared once: the template, the local home and the tests create them from here.

use std::fmt;

/// A table. All have the partition key `pk`, the sort key `sk`, at most the index `gsi1` (`gsi1pk`, `gsi1sk`),
/// time to live by `expires_at` and, where something follows the changes, a stream of old and new images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    Identity,
    Forms,
    Workflows,
    Tickets,
    Instances,
    Tasks,
    Commerce,
    Events,
}

pub const PARTITION_KEY: &str = "pk";
pub const SORT_KEY: &str = "sk";
pub const INDEX: &str = "gsi1";
pub const INDEX_PARTITION_KEY: &str = "gsi1pk";
pub const INDEX_SORT_KEY: &str = "gsi1sk";
pub const EXPIRES_AT: &str = "expires_at";

impl Table {
    pub const ALL: &[Self] = &[
        Self::Identity,
        Self::Forms,
        Self::Workflows,
        Self::Tickets,
        Self::Instances,
        Self::Tasks,
        Self::Commerce,
        Self::Events,
    ];

    /// The name without the deployment's prefix.
    pub fn base_name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Forms => "forms",
            Self::Workflows => "workflows",
            Self::Tickets => "tickets",
            Self::Instances => "instances",
            Self::Tasks => "tasks",
            Self::Commerce => "commerce",
            Self::Events => "events",
        }
    }

    pub fn name(self, prefix: &str) -> String {
        format!("{prefix}{}", self.base_name())
    }

    pub fn has_index(self) -> bool {
        !matches!(self, Self::Events)
    }

    /// Whether a function follows its changes.
    pub fn has_stream(self) -> bool {
        matches!(self, Self::Tickets | Self::Instances | Self::Tasks)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.base_name())
    }
}
