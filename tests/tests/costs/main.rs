//! `docs/COST.md` tells what is counted here, times the prices.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

mod counted;
mod page;
mod prices;
mod usage;

use counted::Counter;
use page::Counted;
use prices::Prices;
use tests::needs::{HANDLERS, lacks};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/COST.md");
const BEGIN: &str =
    "<!-- Begin of what is counted: PFLOW_WRITE_DOCS=1 cargo test -p tests --test costs -->\n";
const END: &str = "<!-- End of what is counted -->";

#[tokio::test(flavor = "multi_thread")]
async fn the_page_tells_what_is_counted() {
    let what = "docs/COST.md";
    if lacks(HANDLERS, what) || lacks("all capacity units", what) {
        return;
    }
    let Some(prices) = Prices::read() else {
        return;
    };
    let counted = count().await;
    let written = page::text(&counted, &prices);
    let text = std::fs::read_to_string(DOCUMENT).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("what is counted begins");
    let (there, after) = rest.split_once(END).expect("what is counted ends");
    if std::env::var_os("PFLOW_WRITE_DOCS").is_some() {
        std::fs::write(DOCUMENT, [before, BEGIN, &written, END, after].concat()).unwrap();
        return;
    }
    assert_eq!(
        there, written,
        "write it anew: PFLOW_WRITE_DOCS=1 cargo test -p tests --test costs"
    );
}

async fn count() -> Counted {
    // Events are delivered by hand, so that the batches are whole.
    let by_hand = Counter::start(false).await;
    let ticket = by_hand.ticket().await;
    let idle = by_hand.idle("fire_timers").await + by_hand.idle("sweep").await;
    let platform = Counter::start(true).await;
    let (manager, director) = (&platform.story.manager, &platform.story.director);
    // Once, so that definitions are known and connections are open.
    platform.approval(120.0, &[manager]).await;
    Counted {
        ticket,
        idle,
        small: platform.approval(120.0, &[manager]).await,
        large: platform.approval(6000.0, &[manager, director]).await,
    }
}

#[test]
fn what_is_assumed_of_functions_stands_in_the_template() {
    let template = include_str!("../../../infra/template.yaml");
    for line in [
        format!("MemorySize: {}\n", usage::MEMORY_GB * 1024.0),
        format!("BatchSize: {}\n", counted::MESSAGES),
        format!("BatchSize: {}\n", counted::CHANGES),
    ] {
        assert!(template.contains(&line), "{line}");
    }
}
