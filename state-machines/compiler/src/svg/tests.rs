//! Nothing is drawn over something else.

use proptest::prelude::*;

use super::layout::{Heading, Link, Point, Size, layout};

fn links() -> impl Strategy<Value = (Vec<Size>, Vec<Link>)> {
    let size = (10..80_i64, 10..60_i64, 10..60_i64).prop_map(|(half, above, below)| Size {
        half_width: half,
        half_shape: half,
        above,
        below,
    });
    let link = (any::<usize>(), any::<usize>(), any::<bool>());
    (
        prop::collection::vec(size, 1..12),
        prop::collection::vec(link, 0..24),
    )
        .prop_map(|(sizes, links)| {
            let link = |(from, to, down): (usize, usize, bool)| Link {
                from: from % sizes.len(),
                to: to % sizes.len(),
                start: Point::default(),
                heading: if down { Heading::Down } else { Heading::Right },
                label_width: 0,
            };
            let links = links.into_iter().map(link).collect();
            (sizes, links)
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_stands_on_something_else((sizes, links) in links()) {
        let placed = layout(&sizes, &links);
        let area = |no: usize| {
            let (size, at) = (sizes[no], placed.centers[no]);
            (at.x - size.half_width, at.y - size.above, at.x + size.half_width, at.y + size.below)
        };
        for no in 0..sizes.len() {
            let one = area(no);
            prop_assert!(one.0 >= 0 && one.1 >= 0 && one.2 <= placed.width && one.3 <= placed.height);
            for other in (0..no).map(area) {
                let apart = one.2 <= other.0 || other.2 <= one.0 || one.3 <= other.1 || other.3 <= one.1;
                prop_assert!(apart, "{one:?} {other:?}");
            }
        }
        for (link, route) in links.iter().zip(&placed.routes) {
            prop_assert_eq!(route[0].0, placed.centers[link.from]);
            prop_assert_eq!(route[route.len() - 1].0.y, placed.centers[link.to].y);
        }
    }
}
