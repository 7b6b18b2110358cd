use aftershock_protocol::ProtocolRule;
use serde::Deserialize;

use crate::{Kind, read};

pub(super) const KIND: Kind = Kind {
    name: "protocol-clearing",
    what: "each protocol clears for itself, with its own fund: history's",
    changes: "Nothing: under the rules of record each pool's own fund bears its losses, then its vault. It has a name so that a \
              table of forms of clearing can be complete, and its journals are those of the rules of record.",
    helps: "A line to hold the other forms of clearing against.",
    costs: "What history cost: a pool runs out while the next one has enough.",
    parameters: &[],
    example: "A loss of 12,000 on a fund of 5,000 leaves 7,000 of bad debt, whatever the other pool holds.",
    sources: &["the venues' own insurance fund pages; see the rules of record"],
    overlap: None,
    build: |table| Ok(Box::new(read::<ProtocolClearing>(table)?)),
};

/// What history had: a fund a pool.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProtocolClearing {}

impl ProtocolRule for ProtocolClearing {
    fn name(&self) -> &str {
        "protocol-clearing"
    }
}
