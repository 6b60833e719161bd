//! What each region may write.

use crate::workflow::{Kind, RegionIndex, Workflow};

/// What each region may write, with the forks in it.
pub(super) fn write_up(workflow: &mut Workflow) {
    let mut writes: Vec<(RegionIndex, String)> = Vec::new();
    for (_, node) in workflow.nodes() {
        for field in node.writes() {
            let around = reached(workflow, node.region);
            writes.extend(around.map(|region| (region, field.to_owned())));
        }
        let Kind::Place(place) = &node.kind else { continue };
        for event in &place.events {
            // An event that leaves its fork takes all other branches away; one that leads to the join does not.
            let lies_in = match event.to == workflow.region(node.region).exit {
                true => node.region,
                false => workflow.node(event.to).region,
            };
            let around: Vec<RegionIndex> = reached(workflow, lies_in).collect();
            for field in event.trigger.writes() {
                writes.extend(around.iter().map(|region| (*region, field.clone())));
            }
        }
    }
    for (region, field) in writes {
        if let Some(region) = workflow.regions.get_mut(region.0) {
            region.writes.insert(field);
        }
    }
}

/// The regions around that see what is written in one: parallel iterations keep it for themselves.
fn reached(workflow: &Workflow, region: RegionIndex) -> impl Iterator<Item = RegionIndex> {
    let mut is_over = false;
    workflow.around(region).take_while(move |at| {
        let is_seen = !is_over;
        is_over |= workflow.region(*at).is_each;
        is_seen
    })
}
