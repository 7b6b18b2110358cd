//! Steps of collateral auctions: Maker's two liquidation systems, and Compound v3's sale of what it absorbed.
//!
//! Maker counts collateral in wad (18 decimals), debt in rad (45) and prices in ray (27), whatever the token.
//! Source: <https://docs.makerdao.com/glossary/glossary-smart-contracts>.

use aftershock_archive::tape::{Int, Kind, Real, Text, auctions as columns};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolEvent;

use super::events::{Cat, Clip, Comet, Dog, Flip, decode, note};
use super::lending::amount;
use super::{Event, Origin, raw_json};
use crate::Output;
use crate::chain::{Asset, scaled};
use crate::text::Fault;

const ORIGIN: Origin = Origin {
    at: columns::OCCURRED_AT,
    block: columns::BLOCK_NUMBER,
    transaction: columns::TRANSACTION,
    index: columns::LOG_INDEX,
};

const WAD: usize = 18;
const RAY: usize = 27;
const RAD: usize = 45;

/// True for events that no other protocol is known to log.
pub(super) fn is_makers(topic: &B256) -> bool {
    const OWN: [B256; 6] = [
        Cat::Bite::SIGNATURE_HASH,
        Flip::Kick::SIGNATURE_HASH,
        Dog::Bark::SIGNATURE_HASH,
        Clip::Kick::SIGNATURE_HASH,
        Clip::Take::SIGNATURE_HASH,
        Clip::Redo::SIGNATURE_HASH,
    ];
    OWN.contains(topic) || note(topic).is_some()
}

/// Reads the event if it is a step of an auction.
pub(super) fn read(event: &Event<'_>, output: &mut Output) -> Option<Result<(), Fault>> {
    let topic = event.log.topics.first()?;
    Some(match *topic {
        Cat::Bite::SIGNATURE_HASH => bite(event, output),
        Flip::Kick::SIGNATURE_HASH => first_kick(event, output),
        Dog::Bark::SIGNATURE_HASH => bark(event, output),
        Clip::Kick::SIGNATURE_HASH => kick(event, output),
        Clip::Take::SIGNATURE_HASH => take(event, output),
        Clip::Redo::SIGNATURE_HASH => redo(event, output),
        Comet::BuyCollateral::SIGNATURE_HASH => buy(event, output),
        _ => noted(event, note(topic)?, output),
    })
}

fn bite(event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
    let bite: Cat::Bite = decode(event.log)?;
    let mut step = Step::new("bite", collateral_type(&bite.ilk)?, Some(bite.id));
    step.set(columns::COLLATERAL_QUANTITY, bite.ink, WAD);
    step.set(columns::DEBT_QUANTITY, bite.tab, RAD);
    step.account(columns::BORROWER, bite.urn);
    step.raw("ink", bite.ink)
        .raw("art", bite.art)
        .raw("tab", bite.tab);
    step.raw("flip", format!("{:#x}", bite.flip)).raw("id", bite.id);
    step.write(event, output)
}

fn bark(event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
    let bark: Dog::Bark = decode(event.log)?;
    let mut step = Step::new("bark", collateral_type(&bark.ilk)?, Some(bark.id));
    step.set(columns::COLLATERAL_QUANTITY, bark.ink, WAD);
    step.set(columns::DEBT_QUANTITY, bark.due, RAD);
    step.account(columns::BORROWER, bark.urn);
    step.raw("ink", bark.ink)
        .raw("art", bark.art)
        .raw("due", bark.due);
    step.raw("clip", format!("{:#x}", bark.clip)).raw("id", bark.id);
    step.write(event, output)
}

fn first_kick(event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
    let kick: Flip::Kick = decode(event.log)?;
    let mut step = Step::new("kick", sold_by(event), Some(kick.id));
    step.set(columns::COLLATERAL_QUANTITY, kick.lot, WAD);
    step.set(columns::BID_QUANTITY, kick.bid, RAD);
    step.set(columns::DEBT_QUANTITY, kick.tab, RAD);
    step.account(columns::BORROWER, kick.usr);
    step.raw("id", kick.id)
        .raw("lot", kick.lot)
        .raw("bid", kick.bid)
        .raw("tab", kick.tab);
    step.raw("gal", format!("{:#x}", kick.gal));
    step.write(event, output)
}

/// A note says which function was called and with what. Maker's auctions of surplus and of debt have functions of the
/// same names with other units, so quantities are only set for houses that are known to sell collateral.
fn noted(event: &Event<'_>, name: &'static str, output: &mut Output) -> Result<(), Fault> {
    let note: Flip::LogNote = decode(event.log)?;
    let id = U256::from_be_bytes(note.arg1.0);
    let mut step = Step::new(name, sold_by(event), Some(id));
    step.raw("usr", format!("{:#x}", note.usr)).raw("id", id);
    if matches!(name, "tend" | "dent") {
        let lot = U256::from_be_bytes(note.arg2.0);
        let bid = note.data.get(68..100).ok_or(Fault::Event)?;
        let bid = U256::try_from_be_slice(bid).ok_or(Fault::Event)?;
        step.raw("lot", lot).raw("bid", bid);
        if event
            .log
            .contract
            .is_some_and(|contract| contract.sells.is_some())
        {
            step.set(columns::COLLATERAL_QUANTITY, lot, WAD);
            step.set(columns::BID_QUANTITY, bid, RAD);
        }
        step.account(columns::BIDDER, note.usr);
    }
    step.write(event, output)
}

fn kick(event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
    let kick: Clip::Kick = decode(event.log)?;
    let mut step = Step::new("kick", sold_by(event), Some(kick.id));
    step.started(kick.top, kick.tab, kick.lot, kick.usr);
    step.raw("kpr", format!("{:#x}", kick.kpr)).raw("coin", kick.coin);
    step.write(event, output)
}

fn redo(event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
    let redo: Clip::Redo = decode(event.log)?;
    let mut step = Step::new("redo", sold_by(event), Some(redo.id));
    step.started(redo.top, redo.tab, redo.lot, redo.usr);
    step.raw("kpr", format!("{:#x}", redo.kpr)).raw("coin", redo.coin);
    step.write(event, output)
}

fn take(event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
    let take: Clip::Take = decode(event.log)?;
    let mut step = Step::new("take", sold_by(event), Some(take.id));
    step.set(columns::COLLATERAL_QUANTITY, take.lot, WAD);
    step.set(columns::BID_QUANTITY, take.owe, RAD);
    step.set(columns::DEBT_QUANTITY, take.tab, RAD);
    step.set(columns::PRICE, take.price, RAY);
    step.account(columns::BORROWER, take.usr);
    step.raw("max", take.max)
        .raw("price", take.price)
        .raw("owe", take.owe);
    step.raw("tab", take.tab).raw("lot", take.lot);
    step.write(event, output)
}

fn buy(event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
    let buy: Comet::BuyCollateral = decode(event.log)?;
    let sold = amount(buy.asset, buy.collateralAmount);
    let paid = Asset::named(event.lends()).amount(buy.baseAmount.to_string());
    let mut step = Step::new("buy", sold.asset.name().to_owned(), None);
    for (column, amount) in [
        (columns::COLLATERAL_QUANTITY, sold),
        (columns::BID_QUANTITY, paid),
    ] {
        step.numbers.extend(amount.scaled.map(|scaled| (column, scaled)));
    }
    step.account(columns::BIDDER, buy.buyer);
    step.raw("baseAmount", buy.baseAmount)
        .raw("collateralAmount", buy.collateralAmount);
    step.write(event, output)
}

/// The text of a collateral type, `ETH-A` in thirty-two bytes.
fn collateral_type(ilk: &B256) -> Result<String, Fault> {
    let end = ilk.iter().position(|byte| *byte == 0).unwrap_or(ilk.len());
    let text = std::str::from_utf8(&ilk[..end]).map_err(|_| Fault::Encoding)?;
    let fit = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    fit.then(|| text.to_owned()).ok_or(Fault::Instrument)
}

/// What an auction house sells; a house that is not known goes by its address.
fn sold_by(event: &Event<'_>) -> String {
    let known = event.log.contract.and_then(|contract| contract.sells.clone());
    let said = || event.instrument.map(str::to_owned);
    known.or_else(said).unwrap_or_else(|| event.log.address.clone())
}

/// A row in the making.
struct Step {
    name: &'static str,
    instrument: String,
    id: Option<U256>,
    numbers: Vec<(Real, String)>,
    accounts: Vec<(Text, Address)>,
    raw: Vec<(&'static str, String)>,
}

impl Step {
    fn new(name: &'static str, instrument: String, id: Option<U256>) -> Self {
        Self {
            name,
            instrument,
            id,
            numbers: Vec::new(),
            accounts: Vec::new(),
            raw: Vec::new(),
        }
    }

    fn set(&mut self, column: Real, value: U256, decimals: usize) {
        self.numbers.push((column, scaled(&value.to_string(), decimals)));
    }

    fn account(&mut self, column: Text, account: Address) {
        self.accounts.push((column, account));
    }

    fn raw(&mut self, name: &'static str, value: impl ToString) -> &mut Self {
        self.raw.push((name, value.to_string()));
        self
    }

    /// An auction by falling price, at its start or restart.
    fn started(&mut self, top: U256, tab: U256, lot: U256, vault: Address) {
        self.set(columns::PRICE, top, RAY);
        self.set(columns::DEBT_QUANTITY, tab, RAD);
        self.set(columns::COLLATERAL_QUANTITY, lot, WAD);
        self.account(columns::BORROWER, vault);
        self.raw("top", top).raw("tab", tab).raw("lot", lot);
    }

    fn write(&self, event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
        let rows = output.rows(Kind::Auctions, event.venue, &self.instrument);
        event.begin(rows, &ORIGIN);
        if let Some(key) = event.key() {
            rows.text(columns::EVENT_KEY, &key);
        }
        rows.word(columns::EVENT, self.name);
        rows.text(columns::CONTRACT, &event.log.address);
        if let Some(id) = self.id.and_then(|id| i64::try_from(id).ok()) {
            let column: Int = columns::AUCTION_ID;
            rows.int(column, id);
        }
        for (column, digits) in &self.numbers {
            rows.number(*column, digits.as_bytes())?;
        }
        for (column, account) in &self.accounts {
            rows.text(*column, &format!("{account:#x}"));
        }
        rows.text(columns::RAW, &raw_json(&self.raw));
        Ok(())
    }
}
