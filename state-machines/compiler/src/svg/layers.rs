//! The layers of a drawing: what stands in which column, and in which order from top to bottom. A line that passes a column has a
//! place in it, so that it runs around what stands there.

use std::collections::VecDeque;

use super::layout::{Heading, Link};

/// A line over more columns is drawn straight through.
const LONGEST: usize = 60;
/// Odd, so that the last one goes with the flows.
const SWEEPS: usize = 13;

/// Something that stands in a column: an item, or a line that passes.
#[derive(Debug, Clone, Default)]
pub(super) struct Slot {
    pub(super) rank: usize,
    /// None: a line passes.
    pub(super) item: Option<usize>,
    /// A line that leaves at the bottom of this item passes directly below it.
    pub(super) below: Option<usize>,
    /// What it is connected with in the columns before and behind.
    pub(super) before: Vec<usize>,
    pub(super) behind: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct Layers {
    pub(super) slots: Vec<Slot>,
    /// From left to right, each from top to bottom.
    pub(super) columns: Vec<Vec<usize>>,
    /// For each link: the places that it passes, on its way, and whether it leads back.
    pub(super) passes: Vec<(Vec<usize>, bool)>,
}

pub(super) fn layers(count: usize, links: &[Link]) -> Layers {
    let back = leading_back(count, links);
    let ranks = ranks(count, links, &back);
    let mut layers = Layers {
        slots: Vec::with_capacity(count),
        columns: vec![Vec::new(); ranks.iter().max().map_or(0, |last| last + 1)],
        passes: Vec::with_capacity(links.len()),
    };
    for (item, rank) in ranks.iter().enumerate() {
        layers.stand(*rank, Some(item));
    }
    for (link, back) in links.iter().zip(back) {
        let ends = (ranks.get(link.from), ranks.get(link.to));
        let (Some(from), Some(to)) = ends else { continue };
        let passes = layers.pass(link, (*from, *to), back);
        layers.passes.push((passes, back));
    }
    layers.sort();
    layers
}

/// Which links close a loop: those to a node that the walk is still inside of.
fn leading_back(count: usize, links: &[Link]) -> Vec<bool> {
    let mut leaving = vec![Vec::new(); count];
    for (no, link) in links.iter().enumerate() {
        if let Some(list) = leaving.get_mut(link.from) {
            list.push((no, link.to));
        }
    }
    let mut back = vec![false; links.len()];
    let mut state = vec![State::New; count];
    // What nothing leads to begins, so that loops are entered where people enter them.
    let mut entered = vec![false; count];
    for link in links.iter().filter(|link| link.from != link.to) {
        set(&mut entered, link.to, true);
    }
    let mut roots: Vec<usize> = (0..count).collect();
    roots.sort_by_key(|root| entered.get(*root).copied());
    for root in roots {
        walk(root, &leaving, &mut state, &mut back);
    }
    back
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    New,
    Inside,
    Done,
}

fn walk(root: usize, leaving: &[Vec<(usize, usize)>], state: &mut [State], back: &mut [bool]) {
    if state.get(root) != Some(&State::New) {
        return;
    }
    let mut stack = vec![(root, 0)];
    while let Some((at, position)) = stack.pop() {
        set(state, at, State::Inside);
        let Some((link, to)) = leaving.get(at).and_then(|list| list.get(position)) else {
            set(state, at, State::Done);
            continue;
        };
        stack.push((at, position + 1));
        match state.get(*to) {
            Some(State::New) => stack.push((*to, 0)),
            Some(State::Inside) => set(back, *link, true),
            _ => {}
        }
    }
}

pub(super) fn set<T>(list: &mut [T], at: usize, value: T) {
    if let Some(place) = list.get_mut(at) {
        *place = value;
    }
}

/// The length of the longest way to each item, loops left out.
fn ranks(count: usize, links: &[Link], back: &[bool]) -> Vec<usize> {
    let mut leaving = vec![Vec::new(); count];
    let mut missing = vec![0_usize; count];
    for (link, _) in links.iter().zip(back).filter(|(_, back)| !**back) {
        if let (Some(list), Some(missing)) = (leaving.get_mut(link.from), missing.get_mut(link.to)) {
            list.push(link.to);
            *missing += 1;
        }
    }
    let mut ranks = vec![0; count];
    let is_first = |no: &usize| missing.get(*no) == Some(&0);
    let mut ready: VecDeque<usize> = (0..count).filter(is_first).collect();
    while let Some(at) = ready.pop_front() {
        let next = ranks.get(at).map_or(0, |rank| rank + 1);
        for to in leaving.get(at).into_iter().flatten() {
            if let (Some(rank), Some(missing)) = (ranks.get_mut(*to), missing.get_mut(*to)) {
                *rank = next.max(*rank);
                *missing -= 1;
                if *missing == 0 {
                    ready.push_back(*to);
                }
            }
        }
    }
    ranks
}

impl Layers {
    fn stand(&mut self, rank: usize, item: Option<usize>) -> usize {
        let no = self.slots.len();
        self.slots.push(Slot {
            rank,
            item,
            ..Slot::default()
        });
        if let Some(column) = self.columns.get_mut(rank) {
            column.push(no);
        }
        no
    }

    /// Makes room for a link in each column between its ends; one that leads back also passes those of its ends, one that leaves
    /// at the bottom that where it begins.
    fn pass(&mut self, link: &Link, (from, to): (usize, usize), back: bool) -> Vec<usize> {
        let columns: Vec<usize> = match back {
            _ if from.abs_diff(to) > LONGEST => Vec::new(),
            true => (to..=from).rev().collect(),
            false if link.heading == Heading::Down => (from..to).collect(),
            false => (from + 1..to).collect(),
        };
        let passes: Vec<usize> = columns.into_iter().map(|rank| self.stand(rank, None)).collect();
        let mut chain = passes.clone();
        let first = passes.first().and_then(|first| self.slots.get_mut(*first));
        match first.filter(|_| link.heading == Heading::Down) {
            Some(first) => first.below = Some(link.from),
            None if !back => chain.insert(0, link.from),
            None => {}
        }
        if back {
            chain.reverse();
        } else {
            chain.push(link.to);
        }
        for (left, right) in chain.iter().zip(chain.iter().skip(1)) {
            if let Some(slot) = self.slots.get_mut(*left) {
                slot.behind.push(*right);
            }
            if let Some(slot) = self.slots.get_mut(*right) {
                slot.before.push(*left);
            }
        }
        passes
    }

    /// Sorts each column by what its members are connected with, back and forth.
    fn sort(&mut self) {
        let mut order = vec![0_i64; self.slots.len()];
        for column in &self.columns {
            number(column, &mut order);
        }
        for sweep in 0..SWEEPS {
            let forth = sweep % 2 == 0;
            for step in 0..self.columns.len() {
                let at = if forth {
                    step
                } else {
                    self.columns.len() - 1 - step
                };
                let Some(column) = self.columns.get_mut(at) else {
                    continue;
                };
                let slots = &self.slots;
                column.sort_by_cached_key(|no| {
                    let below = slots.get(*no).and_then(|slot| slot.below);
                    let leader = below.unwrap_or(*no);
                    let around = slots
                        .get(leader)
                        .map(|slot| if forth { &slot.before } else { &slot.behind });
                    let place = order.get(leader).copied().unwrap_or_default();
                    let wanted = around.and_then(|around| mean(around, &order)).unwrap_or(place);
                    (wanted, place, below.is_some())
                });
                number(column, &mut order);
            }
        }
    }
}

/// Finer than one place, so that means can be compared.
const PLACE: i64 = 1024;

fn number(column: &[usize], order: &mut [i64]) {
    for (place, no) in column.iter().enumerate() {
        set(order, *no, place as i64 * PLACE);
    }
}

pub(super) fn mean(list: &[usize], values: &[i64]) -> Option<i64> {
    let found: Vec<i64> = list.iter().filter_map(|no| values.get(*no).copied()).collect();
    found.iter().sum::<i64>().checked_div(found.len() as i64)
}
