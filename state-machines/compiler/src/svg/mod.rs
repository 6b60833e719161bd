//! A drawing of a definition, as BPMN draws it: from left to right, sub-processes as frames.

mod frame;
mod glyph;
mod heights;
mod layers;
mod layout;
mod route;
mod shape;
mod text;

use std::fmt::Write as _;

use domain::text::Language;

use crate::document::Document;
use frame::{Frame, Plan};
use layout::Point;

const MARGIN: i64 = 24;

/// Draws a definition as SVG. The same definition gives the same bytes.
pub fn svg(document: &Document, language: Language) -> String {
    let plan = Plan::new(document, language);
    let frame = Frame::new(&plan, None);
    let (width, height) = frame.size();
    let (width, height) = (width + 2 * MARGIN, height + 2 * MARGIN);
    let name = document
        .name
        .as_ref()
        .map_or(document.key.as_str(), |name| name.get(language));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"Helvetica, Arial, 'Noto Sans CJK SC', sans-serif\" font-size=\"12\" stroke=\"#333\">\n"
    );
    let _ = writeln!(out, "<title>{}</title>", text::escape(name));
    out.push_str(
        "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
         orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#333\" stroke=\"none\"/></marker></defs>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\" stroke=\"none\"/>\n",
    );
    let corner = Point { x: MARGIN, y: MARGIN };
    frame.draw(&plan, corner, &mut out);
    out.push_str("</svg>\n");
    out
}

#[cfg(test)]
mod tests;
