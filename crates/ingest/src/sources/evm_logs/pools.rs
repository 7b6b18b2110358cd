//! Events of Uniswap's pools, and of forks whose venue the user names.
//!
//! Amounts are above zero into the pool. A burn of a v3 position frees its tokens and does not move them; the
//! `collect` after it does, fees included.

use aftershock_archive::tape::{Kind, Text, pools as columns};
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolEvent;

use super::events::{PairV2, PoolV3, decode};
use super::{Event, Origin, raw_json};
use crate::Output;
use crate::chain::{Registry, scaled};
use crate::text::Fault;

const ORIGIN: Origin = Origin {
    at: columns::OCCURRED_AT,
    block: columns::BLOCK_NUMBER,
    transaction: columns::TRANSACTION,
    index: columns::LOG_INDEX,
};

/// Reads the event if it is one of a pool.
pub(super) fn read(event: &Event<'_>, output: &mut Output) -> Option<Result<(), Fault>> {
    let topic = event.log.topics.first()?;
    let change = match *topic {
        PairV2::Swap::SIGNATURE_HASH => decode(event.log).map(pair_swap),
        PairV2::Sync::SIGNATURE_HASH => decode(event.log).map(pair_sync),
        PairV2::Mint::SIGNATURE_HASH => decode(event.log).map(pair_mint),
        PairV2::Burn::SIGNATURE_HASH => decode(event.log).map(pair_burn),
        PoolV3::Swap::SIGNATURE_HASH => decode(event.log).map(pool_swap),
        PoolV3::Mint::SIGNATURE_HASH => decode(event.log).map(pool_mint),
        PoolV3::Burn::SIGNATURE_HASH => decode(event.log).map(pool_burn),
        PoolV3::Collect::SIGNATURE_HASH => decode(event.log).map(pool_collect),
        _ => return None,
    };
    Some(change.and_then(|change| change.write(event, output)))
}

fn pair_swap(swap: PairV2::Swap) -> Change {
    let mut change = Change::new("swap");
    change.amounts = Some([
        difference(swap.amount0In, swap.amount0Out),
        difference(swap.amount1In, swap.amount1Out),
    ]);
    change
        .account(columns::SENDER, swap.sender)
        .account(columns::RECIPIENT, swap.to);
    change
        .raw("amount0In", swap.amount0In)
        .raw("amount1In", swap.amount1In);
    change
        .raw("amount0Out", swap.amount0Out)
        .raw("amount1Out", swap.amount1Out);
    change
}

fn pair_sync(sync: PairV2::Sync) -> Change {
    let mut change = Change::new("sync");
    change.reserves = Some([sync.reserve0.to_string(), sync.reserve1.to_string()]);
    change
        .raw("reserve0", sync.reserve0)
        .raw("reserve1", sync.reserve1);
    change
}

fn pair_mint(mint: PairV2::Mint) -> Change {
    let mut change = Change::new("mint");
    change.amounts = Some([mint.amount0.to_string(), mint.amount1.to_string()]);
    change.account(columns::SENDER, mint.sender);
    change.raw("amount0", mint.amount0).raw("amount1", mint.amount1);
    change
}

fn pair_burn(burn: PairV2::Burn) -> Change {
    let mut change = Change::new("burn");
    change.amounts = Some([out(burn.amount0), out(burn.amount1)]);
    change
        .account(columns::SENDER, burn.sender)
        .account(columns::RECIPIENT, burn.to);
    change.raw("amount0", burn.amount0).raw("amount1", burn.amount1);
    change
}

fn pool_swap(swap: PoolV3::Swap) -> Change {
    let mut change = Change::new("swap");
    change.amounts = Some([swap.amount0.to_string(), swap.amount1.to_string()]);
    change
        .account(columns::SENDER, swap.sender)
        .account(columns::RECIPIENT, swap.recipient);
    change.root = Some(swap.sqrtPriceX96.to_string());
    change.liquidity = Some(swap.liquidity.to_string());
    change.ticks = Ticks::After(swap.tick.as_i32());
    change.raw("amount0", swap.amount0).raw("amount1", swap.amount1);
    change
        .raw("sqrtPriceX96", swap.sqrtPriceX96)
        .raw("liquidity", swap.liquidity);
    change.raw("tick", swap.tick);
    change
}

fn pool_mint(mint: PoolV3::Mint) -> Change {
    let mut change = Change::new("mint");
    change.amounts = Some([mint.amount0.to_string(), mint.amount1.to_string()]);
    change
        .account(columns::SENDER, mint.sender)
        .account(columns::RECIPIENT, mint.owner);
    change.liquidity = Some(mint.amount.to_string());
    change.ticks = Ticks::Between(mint.tickLower.as_i32(), mint.tickUpper.as_i32());
    change
        .raw("amount", mint.amount)
        .raw("amount0", mint.amount0)
        .raw("amount1", mint.amount1);
    change
}

fn pool_burn(burn: PoolV3::Burn) -> Change {
    let mut change = Change::new("burn");
    change.amounts = Some([out(burn.amount0), out(burn.amount1)]);
    change.account(columns::SENDER, burn.owner);
    change.liquidity = Some(burn.amount.to_string());
    change.ticks = Ticks::Between(burn.tickLower.as_i32(), burn.tickUpper.as_i32());
    change
        .raw("amount", burn.amount)
        .raw("amount0", burn.amount0)
        .raw("amount1", burn.amount1);
    change
}

fn pool_collect(collect: PoolV3::Collect) -> Change {
    let mut change = Change::new("collect");
    change.amounts = Some([out(U256::from(collect.amount0)), out(U256::from(collect.amount1))]);
    change
        .account(columns::SENDER, collect.owner)
        .account(columns::RECIPIENT, collect.recipient);
    change.ticks = Ticks::Between(collect.tickLower.as_i32(), collect.tickUpper.as_i32());
    change
        .raw("amount0", collect.amount0)
        .raw("amount1", collect.amount1);
    change
}

/// What goes out of the pool, below zero.
fn out(amount: U256) -> String {
    if amount.is_zero() {
        "0".to_owned()
    } else {
        format!("-{amount}")
    }
}

fn difference(into: U256, out_of: U256) -> String {
    if into >= out_of {
        (into - out_of).to_string()
    } else {
        out(out_of - into)
    }
}

#[derive(Clone, Copy)]
enum Ticks {
    None,
    After(i32),
    Between(i32, i32),
}

/// A row in the making; whole units of the contracts.
struct Change {
    name: &'static str,
    amounts: Option<[String; 2]>,
    reserves: Option<[String; 2]>,
    root: Option<String>,
    liquidity: Option<String>,
    ticks: Ticks,
    accounts: Vec<(Text, Address)>,
    raw: Vec<(&'static str, String)>,
}

impl Change {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            amounts: None,
            reserves: None,
            root: None,
            liquidity: None,
            ticks: Ticks::None,
            accounts: Vec::new(),
            raw: Vec::new(),
        }
    }

    fn account(&mut self, column: Text, account: Address) -> &mut Self {
        self.accounts.push((column, account));
        self
    }

    fn raw(&mut self, name: &'static str, value: impl ToString) -> &mut Self {
        self.raw.push((name, value.to_string()));
        self
    }

    fn write(&self, event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
        let tokens = event.log.contract.and_then(|contract| contract.tokens.as_ref());
        let decimals = tokens.and_then(|[first, second]| {
            let decimals = |symbol: &str| {
                Registry::ethereum()
                    .token_named(symbol)
                    .map(|token| token.decimals)
            };
            Some([decimals(first)?, decimals(second)?])
        });
        let rows = output.rows(
            Kind::Pools,
            event.venue,
            event.instrument.unwrap_or(&event.log.address),
        );
        event.begin(rows, &ORIGIN);
        if let Some(key) = event.key() {
            rows.text(columns::EVENT_KEY, &key);
        }
        rows.word(columns::EVENT, self.name);
        if let Some([first, second]) = decimals {
            if let Some(amounts) = &self.amounts {
                rows.number(columns::AMOUNT_0, scaled(&amounts[0], first).as_bytes())?;
                rows.number(columns::AMOUNT_1, scaled(&amounts[1], second).as_bytes())?;
            }
            if let Some(reserves) = &self.reserves {
                rows.number(columns::RESERVE_0, scaled(&reserves[0], first).as_bytes())?;
                rows.number(columns::RESERVE_1, scaled(&reserves[1], second).as_bytes())?;
            }
        }
        for (column, text) in [
            (columns::SQRT_PRICE_X96, &self.root),
            (columns::LIQUIDITY, &self.liquidity),
        ] {
            if let Some(text) = text {
                rows.text(column, text);
            }
        }
        match self.ticks {
            Ticks::None => {}
            Ticks::After(tick) => rows.int(columns::TICK, tick.into()),
            Ticks::Between(lower, upper) => {
                rows.int(columns::TICK_LOWER, lower.into());
                rows.int(columns::TICK_UPPER, upper.into());
            }
        }
        for (column, account) in &self.accounts {
            rows.text(*column, &format!("{account:#x}"));
        }
        rows.text(columns::RAW, &raw_json(&self.raw));
        rows.word(
            columns::AMOUNT_ORIGIN,
            if decimals.is_some() { "scaled" } else { "raw" },
        );
        Ok(())
    }
}
