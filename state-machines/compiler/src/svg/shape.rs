//! What a node looks like: a box, a diamond or a circle, with its name.

use std::fmt::Write as _;

use super::glyph;
use super::layout::{Point, Size};
use super::text::{LINE, escape, height, widest, wrap};
use crate::document::{Kind, Node};

/// The room of a name inside of a box, and below anything else.
const INSIDE: i64 = 116;
const BELOW: i64 = 104;
const CIRCLE: i64 = 18;
/// The circle of an event on the edge of an activity.
pub(super) const SMALL: i64 = 13;
const DIAMOND: i64 = 24;
/// Around what is inside of a sub-process, and above it for the name.
pub(super) const PADDING: i64 = 20;
const TITLE: i64 = 26;
/// From one event on an edge to the next, and the room of its name.
const EVENTS: i64 = 96;
const BESIDE: i64 = EVENTS - 2 * SMALL - 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outline {
    Box,
    Diamond,
    Circle,
    Frame,
}

#[derive(Debug, Clone)]
pub(super) struct Shape {
    outline: Outline,
    half_width: i64,
    half_height: i64,
    lines: Vec<String>,
    /// Lines below the events on its edge.
    hanging: i64,
}

impl Shape {
    /// `inner`: width and height of what a sub-process contains. `events`: the names of those on its edge.
    pub(super) fn new(node: &Node, name: &str, inner: Option<(i64, i64)>, events: &[&str]) -> Self {
        let outline = match (&node.kind, inner) {
            (_, Some(_)) => Outline::Frame,
            (Kind::Exclusive | Kind::Parallel | Kind::Inclusive | Kind::EventBased, _) => Outline::Diamond,
            _ if node.is_activity => Outline::Box,
            _ => Outline::Circle,
        };
        let lines = match outline {
            Outline::Box => wrap(name, INSIDE),
            Outline::Frame => vec![super::text::shorten(
                name,
                inner.map_or(0, |(width, _)| width.max(80)),
            )],
            Outline::Diamond | Outline::Circle => wrap(name, BELOW),
        };
        let (half_width, half_height) = match (outline, inner) {
            (Outline::Frame, Some((width, height))) => {
                ((width / 2).max(60) + PADDING, height / 2 + PADDING + TITLE / 2)
            }
            (Outline::Diamond, _) => (DIAMOND, DIAMOND),
            (Outline::Circle, _) => (CIRCLE, CIRCLE),
            _ => (68, 34),
        };
        let names = events.iter().map(|name| height(&below_event(name)));
        Self {
            outline,
            half_width: half_width.max(events.len() as i64 * EVENTS / 2),
            half_height,
            lines,
            hanging: names.max().map_or(0, |height| height.max(SMALL + 4)),
        }
    }

    pub(super) fn size(&self) -> Size {
        let (label_width, label_height) = match self.outline {
            Outline::Box | Outline::Frame => (0, 0),
            Outline::Diamond | Outline::Circle => (widest(&self.lines) / 2, height(&self.lines) + 4),
        };
        Size {
            half_width: self.half_width.max(label_width),
            half_shape: self.half_width,
            above: self.half_height,
            below: self.half_height + label_height.max(self.hanging),
        }
    }

    /// The centre of an event on the lower edge, seen from the own centre.
    pub(super) fn event(&self, number: usize) -> Point {
        Point {
            x: SMALL + 10 - self.half_width + number as i64 * EVENTS,
            y: self.half_height,
        }
    }

    /// Where links leave, seen from the centre.
    pub(super) fn exit(&self) -> Point {
        Point {
            x: self.half_width,
            y: 0,
        }
    }

    /// The upper left corner of what a sub-process contains, seen from its centre.
    pub(super) fn inside(&self, width: i64) -> Point {
        Point {
            x: -width / 2,
            y: PADDING + TITLE - self.half_height - PADDING / 2,
        }
    }

    pub(super) fn draw(&self, node: &Node, at: Point, out: &mut String) {
        let outline = match self.outline {
            Outline::Box | Outline::Frame => self.rectangle(node, at),
            Outline::Diamond => {
                let Point { x, y } = at;
                let d = DIAMOND;
                format!(
                    "<path d=\"M{} {y}l{d} -{d}l{d} {d}l-{d} {d}z\" fill=\"#fff8e1\"/>",
                    x - d
                ) + &glyph::gateway(&node.kind, at)
            }
            Outline::Circle => circle(node, at, CIRCLE),
        };
        let _ = write!(out, "<g data-node=\"{}\">{outline}", escape(&node.id));
        let top = match self.outline {
            Outline::Box => at.y - height(&self.lines) / 2 + 5,
            Outline::Frame => at.y - self.half_height + 4,
            Outline::Diamond | Outline::Circle => at.y + self.half_height + 2,
        };
        write_lines(&self.lines, Point { x: at.x, y: top }, "middle", out);
        out.push_str("</g>\n");
    }

    fn rectangle(&self, node: &Node, at: Point) -> String {
        let is_event = matches!(
            node.kind,
            Kind::SubProcess {
                triggered_by_event: true
            }
        );
        let dashes = if is_event { " stroke-dasharray=\"4 3\"" } else { "" };
        let width = if matches!(node.kind, Kind::Call(_)) { 3 } else { 1 };
        let fill = if self.outline == Outline::Frame {
            "#fafafa"
        } else {
            "#e8f1fb"
        };
        let (left, top) = (at.x - self.half_width, at.y - self.half_height);
        let mut drawn = format!(
            "<rect x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{}\" rx=\"8\" fill=\"{fill}\" stroke-width=\"{width}\"{dashes}/>",
            2 * self.half_width,
            2 * self.half_height
        );
        let word = glyph::word(&node.kind);
        if !word.is_empty() {
            let (x, y) = (left + 7, top + 13);
            let _ = write!(
                drawn,
                "<text x=\"{x}\" y=\"{y}\" font-size=\"9\" fill=\"#777\" stroke=\"none\">{word}</text>"
            );
        }
        if let Some(multi) = &node.multi_instance {
            let bottom = Point {
                x: at.x,
                y: at.y + self.half_height - 8,
            };
            drawn += &glyph::repeated(multi.sequential, bottom);
        }
        drawn
    }
}

fn below_event(name: &str) -> Vec<String> {
    wrap(name, BESIDE)
}

/// An event on the edge of an activity.
pub(super) fn draw_event(node: &Node, name: &str, at: Point, out: &mut String) {
    let _ = write!(
        out,
        "<g data-node=\"{}\">{}",
        escape(&node.id),
        circle(node, at, SMALL)
    );
    // Its line leaves at the bottom, so the name stands beside it.
    let corner = Point {
        x: at.x + SMALL + 4,
        y: at.y,
    };
    write_lines(&below_event(name), corner, "start", out);
    out.push_str("</g>\n");
}

fn circle(node: &Node, at: Point, radius: i64) -> String {
    let Point { x, y } = at;
    let (sign, throws) = glyph::sign(&node.kind);
    let is_end = matches!(node.kind, Kind::End(_));
    let interrupts = match &node.kind {
        Kind::Start(Some(start)) => start.interrupting,
        Kind::Boundary(boundary) => boundary.interrupting,
        _ => true,
    };
    let dashes = if interrupts {
        ""
    } else {
        " stroke-dasharray=\"4 3\""
    };
    let (fill, width) = match &node.kind {
        Kind::Start(_) => ("#e8f5e9", 1),
        Kind::End(_) => ("#fdecea", 3),
        _ => ("#fff", 1),
    };
    let mut drawn = format!(
        "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{fill}\" stroke-width=\"{width}\"{dashes}/>"
    );
    if !is_end && !matches!(node.kind, Kind::Start(_)) {
        let inner = radius - 3;
        let _ = write!(
            drawn,
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"{inner}\" fill=\"none\"{dashes}/>"
        );
    }
    drawn + &glyph::draw(sign, at, throws)
}

fn write_lines(lines: &[String], top: Point, anchor: &str, out: &mut String) {
    for (line, y) in lines.iter().zip((1..).map(|number| top.y + number * LINE - 3)) {
        let text = escape(line);
        let _ = write!(
            out,
            "<text x=\"{}\" y=\"{y}\" text-anchor=\"{anchor}\" fill=\"#111\" stroke=\"none\">{text}</text>",
            top.x
        );
    }
}
