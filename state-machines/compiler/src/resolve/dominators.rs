//! Immediate post-dominators: for each node the first one that every way from it has to pass.
//!
//! The algorithm of Cooper, Harvey and Kennedy on the reversed graph, without recursion.

/// `None` for a node from which no exit can be reached, or whose ways have nothing in common.
pub(super) fn post_dominators(successors: &[Vec<usize>], exits: &[usize]) -> Vec<Option<usize>> {
    let count = successors.len();
    // One exit behind all of them.
    let sink = count;
    let mut ahead: Vec<Vec<usize>> = successors.to_vec();
    ahead.push(Vec::new());
    for exit in exits {
        if let Some(list) = ahead.get_mut(*exit) {
            list.push(sink);
        }
    }
    let mut behind = vec![Vec::new(); count + 1];
    for (from, list) in ahead.iter().enumerate() {
        for to in list {
            if let Some(list) = behind.get_mut(*to) {
                list.push(from);
            }
        }
    }
    let order = post_order(&behind, sink);
    let mut number = vec![None; count + 1];
    for (i, node) in order.iter().enumerate() {
        set(&mut number, *node, Some(i));
    }
    let mut immediate: Vec<Option<usize>> = vec![None; count + 1];
    set(&mut immediate, sink, Some(sink));
    let mut changed = true;
    while changed {
        changed = false;
        for node in order.iter().rev().filter(|node| **node != sink) {
            let mut common = None;
            for next in ahead.get(*node).into_iter().flatten() {
                if get(&immediate, *next).is_none() {
                    continue;
                }
                common = Some(match common {
                    None => *next,
                    Some(other) => intersect(&immediate, &number, *next, other),
                });
            }
            if common != get(&immediate, *node) {
                set(&mut immediate, *node, common);
                changed = true;
            }
        }
    }
    immediate.truncate(count);
    immediate
        .into_iter()
        .map(|one| one.filter(|at| *at != sink))
        .collect()
}

fn intersect(immediate: &[Option<usize>], number: &[Option<usize>], a: usize, b: usize) -> usize {
    let (mut a, mut b) = (a, b);
    while a != b {
        // The sink has the highest number; each step rises towards it.
        let (low, other) = if get(number, a) < get(number, b) {
            (&mut a, b)
        } else {
            (&mut b, a)
        };
        match get(immediate, *low) {
            Some(up) if up != *low => *low = up,
            _ => return other,
        }
    }
    a
}

fn post_order(edges: &[Vec<usize>], root: usize) -> Vec<usize> {
    let mut order = Vec::with_capacity(edges.len());
    let mut seen = vec![false; edges.len()];
    let mut stack = vec![(root, 0)];
    set(&mut seen, root, true);
    while let Some((node, at)) = stack.pop() {
        let Some(next) = edges.get(node).and_then(|list| list.get(at)).copied() else {
            order.push(node);
            continue;
        };
        stack.push((node, at + 1));
        if seen.get(next) == Some(&false) {
            set(&mut seen, next, true);
            stack.push((next, 0));
        }
    }
    order
}

fn get(list: &[Option<usize>], at: usize) -> Option<usize> {
    list.get(at).copied().flatten()
}

fn set<T>(list: &mut [T], at: usize, value: T) {
    if let Some(place) = list.get_mut(at) {
        *place = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_node_that_every_way_passes() {
        for (edges, expected) in [
            // 0 forks to 1 and 2, which join in 3.
            (
                vec![vec![1, 2], vec![3], vec![3], vec![]],
                vec![Some(3), Some(3), Some(3), None],
            ),
            // A loop from 2 back to 1.
            (
                vec![vec![1], vec![2], vec![1, 3], vec![]],
                vec![Some(1), Some(2), Some(3), None],
            ),
            // 1 leads nowhere, so it does not count.
            (
                vec![vec![1, 2], vec![], vec![3], vec![]],
                vec![Some(2), None, Some(3), None],
            ),
        ] {
            assert_eq!(post_dominators(&edges, &[3]), expected, "{edges:?}");
        }
    }

    #[test]
    fn two_exits_have_nothing_in_common() {
        assert_eq!(post_dominators(&[vec![1, 2], vec![], vec![]], &[1, 2]), [None; 3]);
    }

    #[test]
    fn long_chains_need_no_stack() {
        let chain: Vec<Vec<usize>> = (1..=100_000).map(|next| vec![next]).chain([vec![]]).collect();
        assert_eq!(post_dominators(&chain, &[100_000]).first(), Some(&Some(1)));
    }
}
