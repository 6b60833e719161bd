//! Where the items of a scope stand and how their links run: columns from left to right, after Sugiyama.

use super::heights::heights;
use super::layers::{Layers, layers};

/// The least room between two columns.
const LANE: i64 = 56;
/// The room between parts that nothing connects.
const APART: i64 = 36;
/// The room of a line that turns around.
const TURN: i64 = 30;

/// What an item needs around its centre, by which links enter on the left.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Size {
    pub(super) half_width: i64,
    /// Half the width of the shape without its label.
    pub(super) half_shape: i64,
    pub(super) above: i64,
    pub(super) below: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Point {
    pub(super) x: i64,
    pub(super) y: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heading {
    Right,
    Left,
    Down,
}

#[derive(Debug, Clone)]
pub(super) struct Link {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Where it begins, seen from the centre of its item.
    pub(super) start: Point,
    pub(super) heading: Heading,
    pub(super) label_width: i64,
}

/// A way through points, each with the direction in which it is passed.
pub(super) type Route = Vec<(Point, Heading)>;

#[derive(Debug, Default)]
pub(super) struct Placed {
    pub(super) centers: Vec<Point>,
    pub(super) routes: Vec<Route>,
    pub(super) width: i64,
    pub(super) height: i64,
}

pub(super) fn layout(sizes: &[Size], links: &[Link]) -> Placed {
    let mut placed = Placed {
        centers: vec![Point::default(); sizes.len()],
        routes: vec![Route::new(); links.len()],
        ..Placed::default()
    };
    for part in parts(sizes.len(), links) {
        place(&part, sizes, links, &mut placed);
    }
    placed
}

/// What is connected, each in the order of the text.
fn parts(count: usize, links: &[Link]) -> Vec<Vec<usize>> {
    let mut around = vec![Vec::new(); count];
    for link in links {
        for (one, other) in [(link.from, link.to), (link.to, link.from)] {
            if let Some(list) = around.get_mut(one) {
                list.push(other);
            }
        }
    }
    let mut seen = vec![false; count];
    let mut parts = Vec::new();
    for root in 0..count {
        let mut part = Vec::new();
        let mut waiting = vec![root];
        while let Some(at) = waiting.pop() {
            match seen.get_mut(at) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            part.push(at);
            waiting.extend(around.get(at).into_iter().flatten());
        }
        if !part.is_empty() {
            part.sort_unstable();
            parts.push(part);
        }
    }
    parts
}

/// Places one part below what is there.
fn place(part: &[usize], sizes: &[Size], links: &[Link], placed: &mut Placed) {
    let number = |item: usize| part.binary_search(&item).ok();
    let (numbers, inner): (Vec<usize>, Vec<Link>) = links
        .iter()
        .enumerate()
        .filter_map(|(no, link)| {
            let (from, to) = (number(link.from)?, number(link.to)?);
            Some((
                no,
                Link {
                    from,
                    to,
                    ..link.clone()
                },
            ))
        })
        .unzip();
    let sizes: Vec<Size> = part.iter().filter_map(|item| sizes.get(*item).copied()).collect();
    let layers = layers(part.len(), &inner);
    let grid = Grid::new(&layers, &sizes, &inner);
    let top = if placed.height > 0 {
        placed.height + APART
    } else {
        0
    };
    for (no, item) in part.iter().enumerate() {
        if let (Some(center), Some(found)) = (placed.centers.get_mut(*item), grid.center(no)) {
            *center = Point {
                x: found.x,
                y: found.y + top,
            };
        }
    }
    for ((no, link), (passes, back)) in numbers.iter().zip(&inner).zip(&layers.passes) {
        let mut route = grid.route(link, passes, *back, &sizes);
        for (point, _) in &mut route {
            point.y += top;
        }
        if let Some(place) = placed.routes.get_mut(*no) {
            *place = route;
        }
    }
    placed.width = placed.width.max(grid.width);
    placed.height = top + grid.height;
}

/// Coordinates of the slots of one part.
struct Grid<'l> {
    layers: &'l Layers,
    y: Vec<i64>,
    /// Left and right of each column.
    columns: Vec<(i64, i64)>,
    width: i64,
    height: i64,
}

impl<'l> Grid<'l> {
    fn new(layers: &'l Layers, sizes: &[Size], links: &[Link]) -> Self {
        let needs: Vec<(i64, i64)> = layers
            .slots
            .iter()
            .map(|slot| {
                let size = slot.item.and_then(|item| sizes.get(item));
                size.map_or((4, 4), |size| (size.above, size.below))
            })
            .collect();
        let mut y = heights(layers, &needs);
        let need = |no: usize| needs.get(no).copied().unwrap_or_default();
        let top = y
            .iter()
            .enumerate()
            .map(|(no, y)| y - need(no).0)
            .min()
            .unwrap_or_default();
        y.iter_mut().for_each(|y| *y -= top);
        let height = y
            .iter()
            .enumerate()
            .map(|(no, y)| y + need(no).1)
            .max()
            .unwrap_or_default();
        let columns = columns(layers, sizes, links);
        Self {
            layers,
            y,
            width: columns.last().map_or(0, |(_, right)| *right) + turn(layers, layers.columns.last()),
            columns,
            height,
        }
    }

    fn center(&self, slot: usize) -> Option<Point> {
        let (left, right) = self.column(slot)?;
        Some(Point {
            x: (left + right) / 2,
            y: self.y.get(slot).copied()?,
        })
    }

    fn column(&self, slot: usize) -> Option<(i64, i64)> {
        self.columns.get(self.layers.slots.get(slot)?.rank).copied()
    }

    fn route(&self, link: &Link, passes: &[usize], back: bool, sizes: &[Size]) -> Route {
        let (Some(from), Some(to)) = (self.center(link.from), self.center(link.to)) else {
            return Route::new();
        };
        let start = Point {
            x: from.x + link.start.x,
            y: from.y + link.start.y,
        };
        let mut route = vec![(start, link.heading)];
        // Lines bend between columns only, so that they cross nothing in them.
        if let (Heading::Right, Some((_, right))) = (link.heading, self.column(link.from)) {
            route.push((Point { x: right, y: start.y }, Heading::Right));
        }
        for (number, slot) in passes.iter().enumerate() {
            let (Some((left, right)), Some(y)) = (self.column(*slot), self.y.get(*slot).copied()) else {
                continue;
            };
            let (left, right) = (Point { x: left, y }, Point { x: right, y });
            if back {
                route.extend([(right, Heading::Left), (left, Heading::Left)]);
            } else if number == 0 && link.heading == Heading::Down {
                route.push((right, Heading::Right));
            } else {
                route.extend([(left, Heading::Right), (right, Heading::Right)]);
            }
        }
        let half = sizes.get(link.to).map_or(0, |size| size.half_shape);
        let end = Point {
            x: to.x - half,
            y: to.y,
        };
        if let Some((left, _)) = self.column(link.to) {
            route.push((Point { x: left, y: end.y }, Heading::Right));
        }
        route.push((end, Heading::Right));
        route
    }
}

/// Loops turn around outside of the first and the last column.
fn turn(layers: &Layers, column: Option<&Vec<usize>>) -> i64 {
    let mut slots = column
        .into_iter()
        .flatten()
        .filter_map(|no| layers.slots.get(*no));
    let turns = slots.any(|slot| slot.item.is_none() && slot.below.is_none());
    if turns { TURN } else { 0 }
}

/// Wide enough for what stands in them, and apart enough for the labels of the links between.
fn columns(layers: &Layers, sizes: &[Size], links: &[Link]) -> Vec<(i64, i64)> {
    let rank = |item: usize| layers.slots.get(item).map_or(0, |slot| slot.rank);
    let mut lanes = vec![LANE; layers.columns.len()];
    for link in links {
        if let Some(lane) = lanes.get_mut(rank(link.from)) {
            *lane = (*lane).max(link.label_width + 30);
        }
    }
    let mut columns = Vec::with_capacity(layers.columns.len());
    let mut left = turn(layers, layers.columns.first());
    for (column, lane) in layers.columns.iter().zip(lanes) {
        let items = column.iter().filter_map(|no| layers.slots.get(*no)?.item);
        let half = items
            .filter_map(|item| sizes.get(item))
            .map(|size| size.half_width);
        let right = left + 2 * half.max().unwrap_or_default();
        columns.push((left, right));
        left = right + lane;
    }
    columns
}
