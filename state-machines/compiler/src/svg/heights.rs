//! How high everything stands in its column.

use super::layers::{Layers, mean, set};

/// The room between two things in a column.
const GAP: i64 = 28;
const SETTLE: usize = 16;
/// A line that rises less than this is made straight.
const NEARLY: u64 = 24;

/// Moves everything towards what it is connected with, as far as its neighbours in the column let it.
pub(super) fn heights(layers: &Layers, needs: &[(i64, i64)]) -> Vec<i64> {
    let mut y = vec![0; layers.slots.len()];
    for column in &layers.columns {
        settle(column, needs, &mut y);
    }
    for round in 0..SETTLE {
        let forth = round % 2 == 0;
        for step in 0..layers.columns.len() {
            let at = if forth {
                step
            } else {
                layers.columns.len() - 1 - step
            };
            let Some(column) = layers.columns.get(at) else {
                continue;
            };
            for no in column {
                let Some(slot) = layers.slots.get(*no) else {
                    continue;
                };
                let around = if forth { &slot.before } else { &slot.behind };
                if let (true, Some(item)) = (forth, slot.below) {
                    let edge = needs.get(item).map_or(0, |need| need.1) + GAP;
                    let wanted = y.get(item).map_or(0, |y| y + edge);
                    set(&mut y, *no, wanted);
                }
                if let (Some(wanted), Some(place)) = (mean(around, &y), y.get(*no).copied()) {
                    // The last rounds only straighten lines, which else would sway.
                    let moved = if slot.item.is_none() || round < SETTLE - 4 {
                        wanted
                    } else {
                        place
                    };
                    set(&mut y, *no, moved);
                }
            }
            settle(column, needs, &mut y);
        }
    }
    straighten(layers, needs, &mut y);
    y
}

/// A line that is nearly straight is made so; what begins stands before what follows it.
fn straighten(layers: &Layers, needs: &[(i64, i64)], y: &mut [i64]) {
    for column in &layers.columns {
        for no in column {
            let before = layers.slots.get(*no).map_or(&[][..], |slot| &slot.before);
            let (Some(wanted), Some(place)) = (mean(before, y), y.get(*no).copied()) else {
                continue;
            };
            if before.len() == 1 && wanted.abs_diff(place) < NEARLY {
                set(y, *no, wanted);
            }
        }
        settle(column, needs, y);
    }
    for column in &layers.columns {
        for no in column {
            let slot = layers
                .slots
                .get(*no)
                .filter(|slot| slot.before.is_empty() && slot.item.is_some());
            if let Some(wanted) = slot.and_then(|slot| mean(&slot.behind, y)) {
                set(y, *no, wanted);
            }
        }
        settle(column, needs, y);
    }
}

/// Keeps the order and the distances of a column: groups that overlap are put around their common middle.
fn settle(column: &[usize], needs: &[(i64, i64)], y: &mut [i64]) {
    // Each group: its first member's place, how many it has, and the wished places of that first member.
    let mut groups: Vec<Group> = Vec::new();
    for (position, no) in column.iter().enumerate() {
        let wanted = y.get(*no).copied().unwrap_or_default();
        let mut group = Group {
            first: position,
            wishes: vec![wanted],
            offset: 0,
        };
        while let Some(above) = groups.last() {
            let distance = above.offset + distance(column, needs, group.first);
            if above.top() + distance <= group.top() {
                break;
            }
            let Some(above) = groups.pop() else { break };
            group = above.with(group, distance);
        }
        groups.push(group);
    }
    for group in groups {
        let mut at = group.top();
        for position in group.first..group.first + group.wishes.len() {
            if position > group.first {
                at += distance(column, needs, position);
            }
            if let Some(no) = column.get(position) {
                set(y, *no, at);
            }
        }
    }
}

/// Members of a column that touch each other.
struct Group {
    first: usize,
    /// Where each member would have the first one.
    wishes: Vec<i64>,
    /// From the first member to the last.
    offset: i64,
}

impl Group {
    fn top(&self) -> i64 {
        let sum: i64 = self.wishes.iter().sum();
        sum.checked_div(self.wishes.len() as i64).unwrap_or_default()
    }

    fn with(mut self, below: Self, distance: i64) -> Self {
        self.wishes
            .extend(below.wishes.iter().map(|wish| wish - distance));
        self.offset = distance + below.offset;
        self
    }
}

/// From the member before to this one.
fn distance(column: &[usize], needs: &[(i64, i64)], position: usize) -> i64 {
    let need = |position: usize| column.get(position).and_then(|no| needs.get(*no)).copied();
    let above = position.checked_sub(1).and_then(need).unwrap_or_default();
    let this = need(position).unwrap_or_default();
    let gap = if above == (4, 4) && this == (4, 4) {
        GAP / 3
    } else {
        GAP
    };
    above.1 + gap + this.0
}
