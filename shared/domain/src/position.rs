//! Where an instance stands: what a stopped execution is resumed from.
//!
//! Of each branch that is under way it is the place that was opened last. Entering it again changes nothing: a place that
//! was decided answers at once, and services behind it are called with the same keys.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What one token walks through: the process, or a branch of a fork.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// The fork that it is a branch of; empty for the process.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fork: String,
    #[serde(default)]
    pub branch: usize,
    /// By its place in the list of regions; the process stands first and has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<usize>,
    /// The places that lie in it, but not in a fork in it.
    pub places: Vec<String>,
    /// One of the iterations of a multi-instance, all of which walk through it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_repeated: bool,
}

/// A place that was opened.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaceRow {
    pub node: String,
    pub visit: u32,
    /// Empty outside of multi-instances.
    pub iteration: String,
    pub seq: u32,
    /// What travelled on entering it: `data`, `visits`, ….
    pub state: Map<String, Value>,
}

/// The position that rows tell of, as members of the input of the resume variant. None: no place was opened, so an
/// execution begins at the start.
pub fn position(regions: &[Region], rows: &[PlaceRow]) -> Option<Map<String, Value>> {
    let places: BTreeMap<&str, usize> = regions
        .iter()
        .enumerate()
        .flat_map(|(at, region)| region.places.iter().map(move |place| (place.as_str(), at)))
        .collect();
    let known: Vec<Standing<'_>> = rows
        .iter()
        .filter_map(|row| {
            let region = *places.get(row.node.as_str())?;
            // Iterations begin again with what was there before them: what they have done is found by its keys.
            let is_repeated = regions.get(region).is_some_and(|one| one.is_repeated);
            (!is_repeated).then_some(Standing { row, region })
        })
        .collect();
    Positions { regions }.of(0, &known.iter().collect::<Vec<_>>())
}

/// A row with the region that its place lies in.
struct Standing<'r> {
    row: &'r PlaceRow,
    region: usize,
}

struct Positions<'r> {
    regions: &'r [Region],
}

impl Positions<'_> {
    /// The position in a region, by the rows in it and in its forks.
    fn of(&self, region: usize, rows: &[&Standing<'_>]) -> Option<Map<String, Value>> {
        let last = rows.iter().max_by_key(|one| one.row.seq)?;
        match self.branch_below(region, last.region) {
            None => Some(entered(last.row, &last.row.node, last.row.seq)),
            Some(branch) => self.in_fork(branch, last.row, rows),
        }
    }

    /// The branch directly in `region` that `inner` lies in; none where it is the region itself.
    fn branch_below(&self, region: usize, inner: usize) -> Option<usize> {
        let mut at = inner;
        while at != region {
            let parent = self.regions.get(at)?.parent?;
            if parent == region {
                return Some(at);
            }
            at = parent;
        }
        None
    }

    fn in_fork(&self, branch: usize, last: &PlaceRow, rows: &[&Standing<'_>]) -> Option<Map<String, Value>> {
        let fork = &self.regions.get(branch)?.fork;
        let parent = self.regions.get(branch)?.parent;
        let visit = visit_of(fork, last);
        let branches: Vec<usize> = (0..self.regions.len())
            .filter(|at| {
                self.regions
                    .get(*at)
                    .is_some_and(|one| one.fork == *fork && one.parent == parent)
            })
            .collect();
        let inside = |at: usize| -> Vec<&Standing<'_>> {
            rows.iter()
                .filter(|one| one.region == at || self.branch_below(at, one.region).is_some())
                .filter(|one| visit_of(fork, one.row) == visit)
                .copied()
                .collect()
        };
        let mut positions = Vec::new();
        let mut first = last.seq;
        for at in branches {
            let rows = inside(at);
            first = rows.iter().map(|one| one.row.seq).fold(first, u32::min);
            positions.push(self.of(at, &rows).map_or(Value::Null, Value::Object));
        }
        // A branch without a place of its own begins with what another one knows: they do not touch the same data.
        let mut position = entered(last, fork, first);
        position.insert("branches".to_owned(), positions.into());
        Some(position)
    }
}

/// Which entering of a fork a row belongs to; a fork that is entered once is not counted.
fn visit_of(fork: &str, row: &PlaceRow) -> u64 {
    let visits = row.state.get("visits").and_then(|visits| visits.get(fork));
    visits.and_then(Value::as_u64).unwrap_or(1)
}

fn entered(row: &PlaceRow, at: &str, seq: u32) -> Map<String, Value> {
    let mut position = row.state.clone();
    position.insert("at".to_owned(), json!(at));
    position.insert("seq".to_owned(), json!(seq.saturating_sub(1)));
    position.insert("path".to_owned(), json!([]));
    position
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(fork: &str, branch: usize, parent: Option<usize>, places: &[&str]) -> Region {
        Region {
            fork: fork.to_owned(),
            branch,
            parent,
            places: places.iter().map(|place| (*place).to_owned()).collect(),
            is_repeated: false,
        }
    }

    fn row(node: &str, seq: u32, state: Value) -> PlaceRow {
        PlaceRow {
            node: node.to_owned(),
            visit: 1,
            iteration: String::new(),
            seq,
            state: state.as_object().cloned().unwrap(),
        }
    }

    /// ask → fork (a → b | c) → done
    fn regions() -> Vec<Region> {
        vec![
            region("", 0, None, &["ask", "done"]),
            region("fork", 0, Some(0), &["a", "b"]),
            region("fork", 1, Some(0), &["c"]),
        ]
    }

    #[test]
    fn the_place_that_was_opened_last_is_the_position() {
        let position = |rows: &[PlaceRow]| position(&regions(), rows).map(Value::Object);
        assert_eq!(position(&[]), None);
        assert_eq!(
            position(&[row("ask", 2, json!({"data": {"x": 1}}))]),
            Some(json!({"at": "ask", "seq": 1, "path": [], "data": {"x": 1}}))
        );
        let ask = row("ask", 2, json!({}));
        let branches = [
            ask.clone(),
            row("a", 4, json!({})),
            row("b", 5, json!({"data": {"y": 2}})),
        ];
        assert_eq!(
            position(&branches),
            Some(json!({
                "at": "fork", "seq": 3, "path": [], "data": {"y": 2},
                "branches": [{"at": "b", "seq": 4, "path": [], "data": {"y": 2}}, null],
            }))
        );
        let after = [
            ask,
            row("a", 4, json!({})),
            row("c", 4, json!({})),
            row("done", 7, json!({})),
        ];
        assert_eq!(
            position(&after),
            Some(json!({"at": "done", "seq": 6, "path": []}))
        );
    }

    #[test]
    fn a_fork_that_is_entered_again_is_another_one() {
        let rows = [
            row("a", 4, json!({"visits": {"fork": 1}})),
            row("c", 9, json!({"visits": {"fork": 1}})),
            row("a", 12, json!({"visits": {"fork": 2}})),
        ];
        let position = position(&regions(), &rows).map(Value::Object).unwrap();
        assert_eq!(position["branches"][1], Value::Null);
        assert_eq!(position["branches"][0]["seq"], 11);
    }
}
