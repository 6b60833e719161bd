//! Pages of lists.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A page of a list. More follows where there is a `next_cursor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Hand it back as `?cursor=` to read on; null on the last page.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    pub fn map<U>(self, each: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(each).collect(),
            next_cursor: self.next_cursor,
        }
    }
}
