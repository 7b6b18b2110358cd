//! One waypoint after another: the tape of bars.
//!
//! A bar has four prices and no more. Between them lies a straight line, and a level that the line crosses breaks at the
//! next waypoint. An order therefore fills at a waypoint too, and where the record drives, the recorded price is the one
//! after it has filled: an order that pushed the price beyond the recorded low until the next waypoint would break levels
//! that the record never came to.

use aftershock_market::Timestamp;

use super::engine::World;
use super::tape::{Grid, WorldTape};
use crate::ReplayError;
use crate::observer::{Standing, Waypoint};

impl World<'_> {
    /// A market's price moves to a waypoint; what is exogenous in it, and the depth that its ordinary flow met.
    pub(super) fn waypoint(
        &mut self,
        k: usize,
        tape: &WorldTape,
        grid: &Grid,
        (given_news, given_depth): (Option<f64>, Option<f64>),
    ) -> Result<(f64, f64), ReplayError> {
        let (at, place) = (tape.at[k], usize::from(tape.market[k]));
        // Margins were assessed at the end of the lead-in; what is asked of trading stands from the first price on.
        if k == 0 && !self.rules.is_record() {
            self.decide_trading(at, place)?;
        }
        let spec = &self.spec.instruments[place];
        let channels = self.channels;
        let market = &mut self.markets[place];
        let may_open = !market.down && market.halted_until.is_some_and(|until| at >= until);
        market.advance(at, &self.spec.table);
        let mut ordinary_usd = tape.ordinary_usd[k];
        let modelled = market.depth(at, ordinary_usd > 0.0);
        let depth = given_depth.unwrap_or(modelled);
        let mut auction = None;
        let reopens = may_open && {
            let log_news = given_news.unwrap_or(market.log_news);
            let met = (ordinary_usd + market.queued_usd, depth);
            self.resume(at, place);
            let market = &self.markets[place];
            let due = market.pending.iter().take_while(|(due, _)| *due <= at);
            let orders: Vec<usize> = due
                .filter(|_| market.auctions())
                .map(|(_, order)| *order)
                .collect();
            let price = self.clear(at, place, log_news, met, &orders);
            auction = Some(price).filter(|_| !orders.is_empty());
            !self.extended(at, place, price.log_price)
        };
        let market = &mut self.markets[place];
        let halted = market.closed() && !reopens;
        if halted {
            market.queued_usd += ordinary_usd * (1.0 - spec.parameters.cancelled_share);
        } else {
            market.trade_ordinary(ordinary_usd + market.queued_usd, depth);
            market.queued_usd = 0.0;
        }

        let mut log_open = given_news.unwrap_or(tape.log_price[k]) + market.impact();
        if halted {
            market.log_news = given_news.unwrap_or(market.log_news);
        } else {
            if reopens {
                market.halted_until = None;
                market.eventful = true;
            }
            // No band stands at a reopening: it finds its own price.
            if let Some(news) = given_news
                && market.band.is_some()
            {
                (market.log_news, market.log_price) = (news, log_open);
                self.hold(at, place);
            }
            let market = &mut self.markets[place];
            if market.halted_until.is_none() {
                let due = market.pending.partition_point(|(due, _)| *due <= at);
                market.log_news = match given_news {
                    Some(news) => news,
                    None if due == 0 => tape.log_price[k] - market.impact(),
                    None => {
                        let orders = market.pending.iter().take(due).filter_map(|(_, order)| {
                            // Whether a keeper buys at this price is not known before the price is.
                            let order = self.orders[*order].as_ref().filter(|one| one.auction.is_none())?;
                            Some((market.frame.side(order.side), order.quantity))
                        });
                        let of = grid.ordinary_holds_forced.then_some(depth);
                        let (news, forced) = market.solve_news(at, channels, tape.log_price[k], of, orders);
                        if grid.ordinary_holds_forced {
                            market.trade_ordinary(-forced, depth);
                            ordinary_usd -= forced;
                        }
                        news
                    }
                };
                if let Some(auction) = auction {
                    market.log_price = auction.log_price;
                    market.publish_mark(at);
                }
                for _ in 0..due {
                    let Some((_, order)) = self.markets[place].pending.pop_front() else {
                        break;
                    };
                    self.execute_at(at, order, auction)?;
                }
                let market = &mut self.markets[place];
                // Where the record drives, it is the price: what solving left of a difference is rounding.
                log_open = match given_news {
                    None => tape.log_price[k],
                    Some(news) => news + market.impact(),
                };
                market.log_price = log_open;
                if reopens {
                    self.enter_halt(at, place);
                } else if market.band.is_some() {
                    self.hold(at, place);
                }
            }
        }

        let market = &mut self.markets[place];
        market.publish_mark(at);
        if let Some(observer) = &mut self.observer
            && observer.listens()
            && !market.closed()
        {
            observer.liquidity(
                Timestamp(at),
                market.log_mark,
                &market.liquidity(channels.depth_withdrawal),
            );
        }
        if grid.recorded[k] {
            let since = at - market.ticked_at;
            let keep = market.volatility_kept(since, &self.spec.table);
            market.state.step(Timestamp(at), market.log_mark, since, keep);
            market.ticked_at = at;
        }
        let log_null = market.log_null();
        let null_mark = market.log_mark + log_null - market.log_price;
        if market.halted_until.is_none() {
            market.null_reached = [
                market.null_reached[0].min(null_mark),
                market.null_reached[1].max(null_mark),
            ];
        }
        if !self.rules.is_record() {
            if reopens {
                market.state.restart_mean(Timestamp(at));
            }
            if grid.bar_close[k] || reopens {
                self.decide_on(at, place)?;
            }
        }
        let market = &self.markets[place];
        if !halted {
            if let Some(observer) = &mut self.observer
                && observer.listens()
            {
                observer.margin_call(&market.view(at, spec));
            }
            if market.alarmed() {
                self.look(at, place)?;
            }
        }
        let market = &mut self.markets[place];
        let eventful = std::mem::take(&mut market.eventful) || grid.recorded[k];
        let log_news = market.log_news;
        if let Some(observer) = &mut self.observer
            && observer.listens()
            && (k == 0 || grid.bar_close[k])
        {
            let standing = Standing::new(&market.book, market.frame, market.log_mark);
            observer.standing(Timestamp(at), &standing);
        }
        if let Some(observer) = &mut self.observer {
            let [bids, asks] = market.depth_seen();
            observer.waypoint(&Waypoint {
                index: k,
                log_mark: market.log_mark,
                log_open,
                log_news,
                log_null,
                ordinary_usd,
                ordinary_depth: depth,
                impact_log: market.impact(),
                depth_ratio: bids.min(asks),
                halted: market.closed(),
                eventful,
            });
        }
        Ok((log_news, depth))
    }
}
