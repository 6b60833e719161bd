//! One scope of a drawing, with the sub-processes in it.

use domain::text::Language;

use super::layout::{Heading, Link, Placed, Point, layout};
use super::route::{Labels, Style};
use super::shape::{SMALL, Shape, draw_event};
use super::text::{shorten, width};
use super::{route, text};
use crate::document::{Document, Event, Flow, Kind, Node, Thrown};
use crate::graph::{Graph, NodeNo};

/// The room of a label of a flow.
const LABEL: i64 = 190;

/// What there is to draw, by scope.
pub(super) struct Plan<'d> {
    graph: Graph<'d>,
    /// For each scope, the process first: what stands in it, without events on edges.
    members: Vec<Vec<NodeNo>>,
    flows: Vec<Vec<&'d Flow>>,
    /// For each node, the events on its edge.
    events: Vec<Vec<NodeNo>>,
    language: Language,
}

impl<'d> Plan<'d> {
    pub(super) fn new(document: &'d Document, language: Language) -> Self {
        let scopes = document.nodes.len() + 1;
        let mut plan = Self {
            graph: Graph::new(document),
            members: vec![Vec::new(); scopes],
            flows: vec![Vec::new(); scopes],
            events: vec![Vec::new(); document.nodes.len()],
            language,
        };
        for (no, node) in document.nodes.iter().enumerate() {
            let list = match plan.host(node) {
                Some(host) => plan.events.get_mut(host),
                None => plan.members.get_mut(scope(node.parent)),
            };
            list.into_iter().for_each(|list| list.push(no));
        }
        for flow in &document.flows {
            let parent = plan
                .graph
                .find(&flow.from)
                .and_then(|no| plan.graph.node(no)?.parent);
            if let Some(list) = plan.flows.get_mut(scope(parent)) {
                list.push(flow);
            }
        }
        plan
    }

    /// The activity on whose edge an event stands.
    fn host(&self, node: &Node) -> Option<NodeNo> {
        let Kind::Boundary(boundary) = &node.kind else {
            return None;
        };
        let no = self.graph.find(&boundary.attached_to)?;
        let host = self.graph.node(no)?;
        (host.parent == node.parent && host.is_activity).then_some(no)
    }

    fn name(&self, node: &'d Node) -> &'d str {
        node.name
            .as_ref()
            .map_or(&node.id, |name| name.get(self.language))
    }

    fn events(&self, no: NodeNo) -> &[NodeNo] {
        self.events.get(no).map_or(&[], Vec::as_slice)
    }
}

fn scope(parent: Option<NodeNo>) -> usize {
    parent.map_or(0, |no| no + 1)
}

/// A scope that has its places.
pub(super) struct Frame<'d> {
    members: Vec<Member<'d>>,
    lines: Vec<(Style, String)>,
    placed: Placed,
}

struct Member<'d> {
    no: NodeNo,
    node: &'d Node,
    shape: Shape,
    inner: Option<Frame<'d>>,
}

impl<'d> Frame<'d> {
    /// Recursive, as deep as parsing lets sub-processes lie in each other.
    pub(super) fn new(plan: &Plan<'d>, parent: Option<NodeNo>) -> Self {
        let numbers = plan.members.get(scope(parent)).map_or(&[][..], Vec::as_slice);
        let members: Vec<Member<'d>> = numbers.iter().filter_map(|no| member(plan, *no)).collect();
        let mut frame = Self {
            members,
            lines: Vec::new(),
            placed: Placed::default(),
        };
        let mut links = Vec::new();
        let flows = plan.flows.get(scope(parent)).into_iter().flatten();
        for flow in flows {
            let ends = (plan.graph.find(&flow.from), plan.graph.find(&flow.to));
            if let (Some(from), Some(to)) = ends {
                let style = if flow.default { Style::Default } else { Style::Flow };
                frame.link(plan, (from, to), style, label(flow, plan.language), &mut links);
            }
        }
        frame.implied(plan, &mut links);
        frame.uncross(&mut links);
        let sizes: Vec<_> = frame.members.iter().map(|member| member.shape.size()).collect();
        frame.placed = layout(&sizes, &links);
        frame
    }

    /// The number of the member that a node is, or on whose edge it stands.
    fn position(&self, plan: &Plan<'d>, no: NodeNo) -> Option<usize> {
        let no = plan.graph.node(no).and_then(|node| plan.host(node)).unwrap_or(no);
        self.members.binary_search_by_key(&no, |member| member.no).ok()
    }

    fn link(
        &mut self,
        plan: &Plan<'d>,
        (from, to): (NodeNo, NodeNo),
        style: Style,
        label: String,
        links: &mut Vec<Link>,
    ) {
        let ends = (self.position(plan, from), self.position(plan, to));
        let (Some(from_at), Some(to)) = ends else { return };
        let Some(member) = self.members.get(from_at) else {
            return;
        };
        let edge = plan.events(member.no).iter().position(|event| *event == from);
        let (start, heading) = match edge.map(|number| member.shape.event(number)) {
            Some(event) => (
                Point {
                    x: event.x,
                    y: event.y + SMALL,
                },
                Heading::Down,
            ),
            None => (member.shape.exit(), Heading::Right),
        };
        links.push(Link {
            from: from_at,
            to,
            start,
            heading,
            label_width: width(&label),
        });
        self.lines.push((style, label));
    }

    /// Lines that no flow is: from a link to where it leads, from an activity to what undoes it.
    fn implied(&mut self, plan: &Plan<'d>, links: &mut Vec<Link>) {
        let mut found = Vec::new();
        for member in &self.members {
            if let Kind::Throw(Thrown::Link { name }) = &member.node.kind {
                let leads = |other: &&Member<'_>| matches!(&other.node.kind, Kind::Catch(Event::Link { name: other }) if other == name);
                let to = self.members.iter().find(leads);
                found.extend(to.map(|to| ((member.no, to.no), Style::Jump)));
            }
            for event in plan.events(member.no) {
                let node = plan.graph.node(*event).map(|node| &node.kind);
                let Some(Kind::Boundary(boundary)) = node else {
                    continue;
                };
                if let Event::Compensation { handler } = &boundary.event {
                    let handler = plan.graph.find(handler);
                    found.extend(handler.map(|handler| ((*event, handler), Style::Association)));
                }
            }
        }
        for (ends, style) in found {
            self.link(plan, ends, style, String::new(), links);
        }
    }

    /// Lines of events further to the right come first, so that they run above those of events further to the left.
    fn uncross(&mut self, links: &mut Vec<Link>) {
        let mut both: Vec<_> = links.drain(..).zip(self.lines.drain(..)).collect();
        both.sort_by_key(|(link, _)| match link.heading {
            Heading::Down => -link.start.x,
            _ => i64::MIN,
        });
        (*links, self.lines) = both.into_iter().unzip();
    }

    pub(super) fn size(&self) -> (i64, i64) {
        (self.placed.width, self.placed.height)
    }

    pub(super) fn draw(&self, plan: &Plan<'d>, origin: Point, out: &mut String) {
        let shifted = |point: &Point| Point {
            x: origin.x + point.x,
            y: origin.y + point.y,
        };
        let mut lines = String::new();
        let mut labels = Labels::default();
        let mut written = String::new();
        for ((style, label), route) in self.lines.iter().zip(&self.placed.routes) {
            let route = route
                .iter()
                .map(|(point, heading)| (shifted(point), *heading))
                .collect();
            route::draw(&route, *style, &mut lines);
            if !label.is_empty() {
                labels.draw(label, &route, &mut written);
            }
        }
        for (member, center) in self.members.iter().zip(&self.placed.centers) {
            member.draw(plan, shifted(center), out);
        }
        out.push_str(&lines);
        out.push_str(&written);
    }
}

fn member<'d>(plan: &Plan<'d>, no: NodeNo) -> Option<Member<'d>> {
    let node = plan.graph.node(no)?;
    let is_scope = matches!(node.kind, Kind::SubProcess { .. });
    let inner = is_scope.then(|| Frame::new(plan, Some(no)));
    let events = plan.events(no).iter().filter_map(|event| plan.graph.node(*event));
    let names: Vec<&str> = events.map(|event| plan.name(event)).collect();
    let shape = Shape::new(node, plan.name(node), inner.as_ref().map(Frame::size), &names);
    Some(Member {
        no,
        node,
        shape,
        inner,
    })
}

impl<'d> Member<'d> {
    fn draw(&self, plan: &Plan<'d>, at: Point, out: &mut String) {
        self.shape.draw(self.node, at, out);
        if let Some(inner) = &self.inner {
            let corner = self.shape.inside(inner.size().0);
            let origin = Point {
                x: at.x + corner.x,
                y: at.y + corner.y,
            };
            inner.draw(plan, origin, out);
        }
        for (number, event) in plan.events(self.no).iter().enumerate() {
            if let Some(node) = plan.graph.node(*event) {
                let edge = self.shape.event(number);
                let center = Point {
                    x: at.x + edge.x,
                    y: at.y + edge.y,
                };
                draw_event(node, plan.name(node), center, out);
            }
        }
    }
}

fn label(flow: &Flow, language: Language) -> String {
    let name = flow.name.as_ref().map(|name| name.get(language));
    let text = name.or(flow.outcome.as_deref()).or(flow.when.as_deref());
    shorten(text.unwrap_or_default().trim(), LABEL - text::width("…"))
}
