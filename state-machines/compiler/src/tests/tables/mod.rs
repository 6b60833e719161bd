//! Decision tables against what they mean to others: the token game, DMN's own test cases, and the page about them.

mod dmn;
mod page;
mod random;
mod tck;
