//! XML as a tree of elements, names without their prefixes.

use std::collections::BTreeMap;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

#[derive(Debug, Default)]
pub(in crate::tests) struct Element {
    pub(in crate::tests) name: String,
    /// The prefix of the name, where there is one: vendors have their own.
    pub(in crate::tests) prefix: String,
    attributes: BTreeMap<String, String>,
    pub(in crate::tests) text: String,
    pub(in crate::tests) children: Vec<Element>,
}

impl Element {
    pub(in crate::tests) fn read(text: &str) -> Result<Self, String> {
        let mut reader = Reader::from_str(text);
        let mut open = vec![Self::default()];
        loop {
            match reader.read_event().map_err(|error| error.to_string())? {
                Event::Start(tag) => open.push(Self::begin(&tag)?),
                Event::Empty(tag) => {
                    open.push(Self::begin(&tag)?);
                    close(&mut open);
                }
                Event::End(_) => close(&mut open),
                Event::Text(text) => add(&mut open, &text),
                Event::CData(text) => add(&mut open, &text),
                Event::GeneralRef(name) => add(&mut open, entity(&name)),
                Event::Eof => break,
                _ => {}
            }
        }
        let document = open.pop().ok_or("the elements do not match")?;
        document
            .children
            .into_iter()
            .next()
            .ok_or_else(|| "there is no element".to_owned())
    }

    fn begin(tag: &BytesStart<'_>) -> Result<Self, String> {
        let mut element = Self {
            name: tag.local_name().as_ref().to_owned(),
            prefix: tag
                .name()
                .prefix()
                .map(|prefix| prefix.as_ref().to_owned())
                .unwrap_or_default(),
            ..Self::default()
        };
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| error.to_string())?;
            let name = attribute.key.local_name().as_ref().to_owned();
            element
                .attributes
                .entry(name)
                .or_insert_with(|| value.into_owned());
        }
        Ok(element)
    }

    /// BPMN's, or a vendor's of that name.
    pub(in crate::tests) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    pub(in crate::tests) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(in crate::tests) fn children<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }
}

fn close(open: &mut Vec<Element>) {
    if let Some(element) = open.pop()
        && let Some(parent) = open.last_mut()
    {
        parent.children.push(element);
    }
}

fn add(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn entity(name: &str) -> &'static str {
    match name {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "quot" => "\"",
        "apos" => "'",
        _ => " ",
    }
}
