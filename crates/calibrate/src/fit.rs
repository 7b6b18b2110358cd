//! What a tape says of a market's parameters. Everything here sees [`crate::observed::Observed`] or what is made of it,
//! and nothing else; what a tape cannot tell is a value with its reason.

pub mod impact;
