//! Liquidations of loans: Aave's and Compound's.

use aftershock_archive::tape::{Kind, Real, lending_liquidations as columns};
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolEvent;

use super::events::{Aave, CToken, Comet, decode};
use super::{Event, Origin};
use crate::Output;
use crate::chain::{Amount, Asset, event_key, scaled};
use crate::text::{self, Fault};

const ORIGIN: Origin = Origin {
    at: columns::LIQUIDATED_AT,
    block: columns::BLOCK_NUMBER,
    transaction: columns::TRANSACTION,
    index: columns::LOG_INDEX,
};

/// Decimals of values in US dollars of Compound v3. Source: compound-finance/comet, `contracts/CometCore.sol`.
const USD_DECIMALS: usize = 8;

/// Reads the event if it is one of a loan's liquidation.
pub(super) fn read(event: &Event<'_>, output: &mut Output) -> Option<Result<(), Fault>> {
    let topic = event.log.topics.first()?;
    Some(match *topic {
        Aave::LiquidationCall::SIGNATURE_HASH => aave(event, output),
        CToken::LiquidateBorrow::SIGNATURE_HASH => compound_v2(event, output),
        Comet::AbsorbCollateral::SIGNATURE_HASH => absorbed_collateral(event, output),
        Comet::AbsorbDebt::SIGNATURE_HASH => absorbed_debt(event, output),
        _ => return None,
    })
}

fn aave(event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
    let call: Aave::LiquidationCall = decode(event.log)?;
    Liquidation {
        name: "LiquidationCall",
        collateral: Some(amount(call.collateralAsset, call.liquidatedCollateralAmount)),
        debt: Some(amount(call.debtAsset, call.debtToCover)),
        usd: None,
        borrower: call.user,
        liquidator: call.liquidator,
    }
    .write(event, output)
}

/// The contract is the cToken of what was lent, and what is taken are cTokens of the collateral.
fn compound_v2(event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
    let call: CToken::LiquidateBorrow = decode(event.log)?;
    Liquidation {
        name: "LiquidateBorrow",
        collateral: Some(amount(call.cTokenCollateral, call.seizeTokens)),
        debt: Some(Asset::named(event.lends()).amount(call.repayAmount.to_string())),
        usd: None,
        borrower: call.borrower,
        liquidator: call.liquidator,
    }
    .write(event, output)
}

fn absorbed_collateral(event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
    let call: Comet::AbsorbCollateral = decode(event.log)?;
    Liquidation {
        name: "AbsorbCollateral",
        collateral: Some(amount(call.asset, call.collateralAbsorbed)),
        debt: None,
        usd: Some((columns::COLLATERAL_USD, call.usdValue)),
        borrower: call.borrower,
        liquidator: call.absorber,
    }
    .write(event, output)
}

/// Has no collateral of its own: the instrument is the asset that was lent.
fn absorbed_debt(event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
    let call: Comet::AbsorbDebt = decode(event.log)?;
    Liquidation {
        name: "AbsorbDebt",
        collateral: None,
        debt: Some(Asset::named(event.lends()).amount(call.basePaidOut.to_string())),
        usd: Some((columns::DEBT_USD, call.usdValue)),
        borrower: call.borrower,
        liquidator: call.absorber,
    }
    .write(event, output)
}

/// A quantity of the token at an address.
pub(super) fn amount(address: Address, raw: U256) -> Amount {
    Asset::at(&format!("{address:#x}")).amount(raw.to_string())
}

struct Liquidation {
    name: &'static str,
    collateral: Option<Amount>,
    debt: Option<Amount>,
    usd: Option<(Real, U256)>,
    borrower: Address,
    liquidator: Address,
}

impl Liquidation {
    fn write(&self, event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
        let taken = self
            .collateral
            .as_ref()
            .or(self.debt.as_ref())
            .ok_or(Fault::Event)?;
        let instrument = Some(taken.asset.name()).filter(|name| !name.is_empty());
        let instrument = instrument.or(event.instrument).ok_or(Fault::Instrument)?;
        let borrower = format!("{:#x}", self.borrower);
        let counted = taken.scaled.as_ref().unwrap_or(&taken.raw);
        let counted = text::number(counted.as_bytes()).ok_or(Fault::Number)?.value;
        let mut key = event_key(event.second, &borrower, counted);
        if self.collateral.is_none() {
            key.push_str(":debt");
        }
        let rows = output.rows(Kind::LendingLiquidations, event.venue, instrument);
        event.begin(rows, &ORIGIN);
        rows.text(columns::EVENT_KEY, &key);
        rows.word(columns::EVENT, self.name);
        if let Some(amount) = &self.collateral {
            let places = (
                columns::COLLATERAL_ASSET,
                columns::COLLATERAL_QUANTITY,
                columns::COLLATERAL_QUANTITY_RAW,
            );
            amount.write(rows, places)?;
        }
        if let Some(amount) = &self.debt {
            let places = (
                columns::DEBT_ASSET,
                columns::DEBT_QUANTITY,
                columns::DEBT_QUANTITY_RAW,
            );
            amount.write(rows, places)?;
        }
        if let Some((column, value)) = &self.usd
            && event.log.contract.is_some_and(|contract| contract.values_in_usd)
        {
            rows.number(*column, scaled(&value.to_string(), USD_DECIMALS).as_bytes())?;
        }
        rows.text(columns::BORROWER, &borrower);
        rows.text(columns::LIQUIDATOR, &format!("{:#x}", self.liquidator));
        rows.text(columns::POOL, &event.log.address);
        let amounts = [&self.collateral, &self.debt];
        let known = amounts
            .into_iter()
            .flatten()
            .all(|amount| amount.scaled.is_some());
        rows.word(columns::AMOUNT_ORIGIN, if known { "scaled" } else { "raw" });
        Ok(())
    }
}
