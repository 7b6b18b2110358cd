//! Maker: how the vaults of a collateral type were liquidated, under its own names for what it sets.
//!
//! `liquidation` says which system runs: `flip-1.0` (English auctions of a fixed amount of collateral, however many at
//! once), `flip-1.2` (of a fixed amount of debt, within a limit on all; from 2020-08-31), `clip` (Dutch auctions;
//! ETH-A from 2021-04-30). Parameters of a system end with it.
//! 1.1 of July 2020 let a bidder raise his own bid without paying it twice; nothing else moved, and it is not told
//! apart from 1.0. Source: makerdao/dss, and the executives of each date in makerdao/spells-mainnet.
//!
//! The delay of the oracle and of governance, surplus and debt auctions, and emergency shutdown are not here.

use aftershock_protocol::auction::cat::{Cat, Chunk};
use aftershock_protocol::auction::clip::ClipTerms;
use aftershock_protocol::auction::dog::Dog;
use aftershock_protocol::auction::flip::FlipTerms;
use aftershock_protocol::auction::price::Curve;
use aftershock_protocol::auction::{Auctions, Limit, Module};
use aftershock_protocol::fixed::wmul;

use super::whole::{count, fixed, one_and};
use super::{InForce, Protocol, RecordError};

#[derive(Clone, Copy)]
enum System {
    ByCollateral,
    ByDebt,
    Dutch,
}

pub(super) fn build(rules: &InForce<'_>) -> Result<Protocol, RecordError> {
    let system = rules.word(
        "liquidation",
        &[
            ("flip-1.0", System::ByCollateral),
            ("flip-1.2", System::ByDebt),
            ("clip", System::Dutch),
        ],
    )?;
    let dust = fixed(rules, "vat_dust_usd", 45)?;
    let chop = one_and(rules, "chop_ratio", 18)?;
    let module = match system {
        System::ByCollateral => english(
            rules,
            Cat {
                chop,
                chunk: Chunk::Collateral {
                    lump: fixed(rules, "cat_lump_coin", 18)?,
                },
            },
        )?,
        System::ByDebt => {
            let chunk = Chunk::Debt {
                dunk: fixed(rules, "cat_dunk_usd", 45)?,
                limit: Limit::new(fixed(rules, "cat_box_usd", 45)?),
            };
            english(rules, Cat { chop, chunk })?
        }
        System::Dutch => {
            let chost = wmul(dust, chop).map_err(|error| rules.refuse("vat_dust_usd", error.to_string()))?;
            Module::Dutch {
                dog: Dog {
                    chop,
                    all: Limit::new(fixed(rules, "dog_hole_usd", 45)?),
                    own: Limit::new(fixed(rules, "dog_ilk_hole_usd", 45)?),
                },
                clip: Box::new(ClipTerms {
                    buf: fixed(rules, "clip_buf_ratio", 27)?,
                    curve: Curve::Stairstep {
                        step_s: count(rules, "calc_step_s")?,
                        cut: fixed(rules, "calc_cut_ratio", 27)?,
                    },
                    tail_s: count(rules, "clip_tail_s")?,
                    cusp: fixed(rules, "clip_cusp_ratio", 27)?,
                    chip: fixed(rules, "clip_chip_ratio", 18)?,
                    tip: fixed(rules, "clip_tip_usd", 45)?,
                    chost,
                    stopped: u8::try_from(count(rules, "clip_stopped_level")?)
                        .map_err(|_| rules.refuse("clip_stopped_level", "should be 0 to 3"))?,
                    tolerance: fixed(rules, "mom_tolerance_ratio", 27)?,
                }),
            }
        }
    };
    Ok(Protocol::Auctions(Box::new(Auctions {
        collateral_ratio: fixed(rules, "spot_mat_ratio", 27)?,
        dust,
        module,
    })))
}

fn english(rules: &InForce<'_>, cat: Cat) -> Result<Module, RecordError> {
    Ok(Module::English {
        cat,
        flip: FlipTerms {
            beg: one_and(rules, "flip_beg_ratio", 18)?,
            ttl_s: count(rules, "flip_ttl_s")?,
            tau_s: count(rules, "flip_tau_s")?,
        },
    })
}
