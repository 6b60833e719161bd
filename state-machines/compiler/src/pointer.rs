//! RFC 6901 pointers.

/// `pointer` one step deeper.
pub(crate) fn join(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

pub(crate) fn index(pointer: &str, index: usize) -> String {
    format!("{pointer}/{index}")
}

/// Sorts pointers as the attributes of a definition are read: its own first, then nodes, then flows, each in
/// the order of the text, and in a sub-process in the same way.
pub(crate) fn reading_order(pointer: &str) -> Vec<(u8, usize)> {
    let mut parts = pointer.split('/').skip(1);
    let mut order = Vec::new();
    loop {
        let section = match parts.next() {
            Some("nodes") => 1,
            Some("flows") => 2,
            _ => break order,
        };
        let index = parts.next().and_then(|index| index.parse().ok());
        order.push((section, index.map_or(0, |index: usize| index.saturating_add(1))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_and_places_sort_as_they_are_read() {
        assert_eq!(join("/nodes/0", "a/b~c"), "/nodes/0/a~1b~0c");
        let mut places = [
            "/flows/0",
            "/nodes/10/flows/0",
            "/nodes/10/nodes/2/fields/nodes",
            "/nodes/10/id",
            "/nodes/9",
            "/nodes",
            "/key",
        ];
        places.sort_by_key(|place| reading_order(place));
        assert_eq!(
            places,
            [
                "/key",
                "/nodes",
                "/nodes/9",
                "/nodes/10/id",
                "/nodes/10/nodes/2/fields/nodes",
                "/nodes/10/flows/0",
                "/flows/0",
            ]
        );
    }
}
