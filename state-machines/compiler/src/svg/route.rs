//! The lines between nodes and what stands on them.

use std::fmt::Write as _;

use super::layout::{Heading, Point, Route};
use super::text::{LINE, escape, width};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Flow,
    /// Taken where no other is.
    Default,
    /// To what undoes an activity.
    Association,
    /// From a link to where it leads.
    Jump,
}

pub(super) fn draw(route: &Route, style: Style, out: &mut String) {
    let Some((first, _)) = route.first() else { return };
    let mut path = format!("M{} {}", first.x, first.y);
    for (from, to) in route.iter().zip(route.iter().skip(1)) {
        step(*from, *to, &mut path);
    }
    let look = match style {
        Style::Flow | Style::Default => " marker-end=\"url(#arrow)\"",
        Style::Association => " stroke-dasharray=\"2 3\"",
        Style::Jump => " stroke-dasharray=\"2 3\" stroke=\"#999\" marker-end=\"url(#arrow)\"",
    };
    let _ = writeln!(out, "<path d=\"{path}\" fill=\"none\"{look}/>");
    if let (Style::Default, Some((first, second))) = (style, bend(route)) {
        let at = quarter(first, second);
        let _ = writeln!(out, "<path d=\"M{} {}l5 -10\"/>", at.x - 2, at.y + 5);
    }
}

/// The part of a line that leads from the column where it begins to the next one.
fn bend(route: &Route) -> Option<((Point, Heading), (Point, Heading))> {
    let leaves_below = route
        .first()
        .is_some_and(|(_, heading)| *heading == Heading::Down);
    let mut points = route.iter().copied().skip(usize::from(!leaves_below));
    points.next().zip(points.next())
}

/// A point on the first part of a line, where those that begin together have gone apart.
fn quarter((from, leaves): (Point, Heading), (to, enters): (Point, Heading)) -> Point {
    let pull = pull((from, leaves), (to, enters));
    let (one, other) = (ahead(from, leaves, pull), ahead(to, enters, -pull));
    // Bernstein's polynomials at 3/8.
    let at = |a: i64, b: i64, c: i64, d: i64| (125 * a + 225 * b + 135 * c + 27 * d) / 512;
    Point {
        x: at(from.x, one.x, other.x, to.x),
        y: at(from.y, one.y, other.y, to.y),
    }
}

/// How far a curve keeps the direction of its ends.
fn pull((from, leaves): (Point, Heading), (to, enters): (Point, Heading)) -> i64 {
    if leaves == enters {
        ((to.x - from.x).abs() / 2).max(20)
    } else {
        36
    }
}

fn step((from, leaves): (Point, Heading), (to, enters): (Point, Heading), path: &mut String) {
    if from == to {
        return;
    }
    if from.y == to.y && leaves == enters {
        let _ = write!(path, "L{} {}", to.x, to.y);
        return;
    }
    let pull = pull((from, leaves), (to, enters));
    let one = ahead(from, leaves, pull);
    let other = ahead(to, enters, -pull);
    let _ = write!(
        path,
        "C{} {} {} {} {} {}",
        one.x, one.y, other.x, other.y, to.x, to.y
    );
}

fn ahead(point: Point, heading: Heading, by: i64) -> Point {
    let Point { x, y } = point;
    match heading {
        Heading::Right => Point { x: x + by, y },
        Heading::Left => Point { x: x - by, y },
        Heading::Down => Point { x, y: y + by },
    }
}

/// Labels that stand already: left, top, right, bottom.
#[derive(Debug, Default)]
pub(super) struct Labels {
    taken: Vec<(i64, i64, i64, i64)>,
}

impl Labels {
    /// Puts a label where the first part of a line ends, since several lines may begin at one point.
    pub(super) fn draw(&mut self, label: &str, route: &Route, out: &mut String) {
        let Some(((first, _), (end, _))) = bend(route) else {
            return;
        };
        let room = width(label);
        let beside = end.x - 10 - room;
        let middle = ((first.x + end.x - room) / 2, (first.y + end.y) / 2 - 4);
        // A line that comes from above leaves room below its end.
        let (first_choice, second) = (end.y - 4, end.y + LINE - 2);
        let (first_choice, second) = if end.y > first.y {
            (second, first_choice)
        } else {
            (first_choice, second)
        };
        let wanted = [
            (beside, first_choice),
            (beside, second),
            middle,
            (beside, end.y - 4 - LINE),
            (beside, end.y + 2 * LINE - 2),
        ];
        let at = wanted
            .into_iter()
            .find(|at| self.is_free(*at, room))
            .unwrap_or(middle);
        self.taken.push(area(at, room));
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" font-size=\"11\" fill=\"#555\" stroke=\"#fff\" stroke-width=\"3\" paint-order=\"stroke\">{}</text>",
            at.0,
            at.1,
            escape(label)
        );
    }

    fn is_free(&self, at: (i64, i64), room: i64) -> bool {
        let (left, top, right, bottom) = area(at, room);
        !self
            .taken
            .iter()
            .any(|taken| left < taken.2 && taken.0 < right && top < taken.3 && taken.1 < bottom)
    }
}

fn area((x, y): (i64, i64), room: i64) -> (i64, i64, i64, i64) {
    (x, y - 11, x + room, y + 3)
}
