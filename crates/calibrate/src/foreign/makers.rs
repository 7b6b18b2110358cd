//! Market makers: they quote about a fair value that they learn late and with errors, lean against their inventory, and
//! leave. What others
//! left standing far beyond fair they take, which is how news enters the price.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1};

use super::book::{Book, Met};
use super::declared::Declared;
use super::order_book::{LOT, step_normals};
use crate::synth::stream::stream;

/// Levels that one quotes on each side.
const RUNGS: usize = 3;
/// From one of its levels to the next, over its spread.
const RUNG: f64 = 2.0;
/// Part of its limit that one quotes on a level.
const RUNG_SHARE: f64 = 0.125;
/// How far beyond fair others' orders must stand for it to take them, over its spread.
const EDGE: f64 = 2.0;
/// Part of makers that a burst takes along.
const FOLLOWS: f64 = 0.85;
/// Probability that one looks at its quotes in a step.
const LOOKS: f64 = 0.5;

/// What makers see in a step.
pub(super) struct Seen<'a> {
    pub(super) step: usize,
    /// Log price less impact at the end of each step.
    pub(super) news_log: &'a [f64],
    /// Variance over normal.
    pub(super) unrest: f64,
}

#[derive(Clone, Debug)]
struct Maker {
    delay: usize,
    spread: f64,
    limit_lots: f64,
    /// Variance over normal at which it leaves.
    leaves_at: f64,
    inventory_lots: f64,
    quotes: Vec<(usize, u64)>,
}

/// All of them.
#[derive(Clone)]
pub(super) struct Makers {
    makers: Vec<Maker>,
    /// Whether each is away in each step, for no reason of the market.
    withdrawn: Vec<Vec<bool>>,
    errors: ChaCha8Rng,
    error: f64,
    skew: f64,
    /// What one takes at a look.
    take_lots: u64,
    /// What is left of inventory after a step.
    kept: f64,
}

impl Makers {
    pub(super) fn new(declared: &Declared, steps: usize) -> Self {
        let told = &declared.order_book;
        let mut rng = stream(declared.seed, "foreign/makers");
        let makers: Vec<Maker> = (0..told.makers)
            .map(|_| {
                let mut about = |mean: f64| mean * (0.5 + rng.random::<f64>());
                Maker {
                    delay: about(told.maker_delay_s).round() as usize,
                    spread: about(told.maker_spread),
                    limit_lots: about(told.maker_limit_usd) / declared.price_usd / LOT,
                    leaves_at: {
                        let times = about(told.maker_volatility_limit);
                        times * times
                    },
                    inventory_lots: 0.0,
                    quotes: Vec::new(),
                }
            })
            .collect();
        Self {
            withdrawn: withdrawn(declared, makers.len(), steps),
            makers,
            errors: stream(declared.seed, "foreign/errors"),
            error: told.maker_error,
            skew: told.maker_skew,
            take_lots: (told.maker_take_usd / declared.price_usd / LOT).round() as u64,
            kept: libm::exp2(-1.0 / told.maker_unwind_s),
        }
    }

    /// Those who look at their quotes take them back, take what others offer far beyond fair, and quote anew unless
    /// volatility is too much for them.
    pub(super) fn quote(
        &mut self,
        seen: &Seen<'_>,
        level_of: &dyn Fn(f64) -> f64,
        book: &mut Book,
        met: &mut Vec<Met>,
    ) {
        let mut draws = vec![0.0; self.makers.len()];
        step_normals(&mut self.errors, seen.step, &mut draws);
        for (place, (maker, draw)) in self.makers.iter_mut().zip(&draws).enumerate() {
            let looks = self.errors.random::<f64>() < LOOKS;
            let away = self.withdrawn[seen.step.min(self.withdrawn.len() - 1)][place];
            maker.inventory_lots *= self.kept;
            // A withdrawal takes effect at once.
            if !looks && !away {
                continue;
            }
            for (level, id) in maker.quotes.drain(..) {
                book.cancel(level, id);
            }
            if away {
                continue;
            }
            let learnt = seen.news_log[seen.step.saturating_sub(maker.delay).min(seen.news_log.len() - 1)];
            let held = maker.inventory_lots / maker.limit_lots;
            let fair = learnt + self.error * draw - self.skew * held;
            for buys in [true, false] {
                let edge = if buys { -EDGE } else { EDGE } * maker.spread;
                let level = level_of(fair + edge);
                if level >= 1.0 && level < book.len() as f64 - 1.0 {
                    let level = if buys { level.floor() } else { level.ceil() } as usize;
                    // Whatever it takes it hedges elsewhere at once: its inventory is what others traded with it.
                    book.take(buys, self.take_lots, level, met);
                }
            }
            if seen.unrest > maker.leaves_at {
                continue;
            }
            for buys in [true, false] {
                // What it can still add on this side.
                let room = if buys { 1.0 - held } else { 1.0 + held };
                let sign = if buys { -1.0 } else { 1.0 };
                let mut used = 0.0;
                for rung in 0..RUNGS {
                    let share = RUNG_SHARE.min(room - used);
                    let lots = (share * maker.limit_lots).floor();
                    if lots < 1.0 {
                        break;
                    }
                    used += share;
                    let away_log = maker.spread * (1.0 + RUNG * rung as f64);
                    let level = level_of(fair + sign * away_log);
                    let level = if buys { level.floor() } else { level.ceil() };
                    if !(level >= 0.0 && level < book.len() as f64) {
                        continue;
                    }
                    // It does not trade with what it quotes.
                    let level = match (buys, book.best_ask(), book.best_bid()) {
                        (true, Some(ask), _) => (level as usize).min(ask.saturating_sub(1)),
                        (false, _, Some(bid)) => (level as usize).max(bid + 1),
                        _ => level as usize,
                    };
                    let id = book.limit(buys, level, lots as u64, place as u32, met);
                    maker.quotes.extend(id.map(|id| (level, id)));
                }
            }
        }
    }

    /// Books what rested of a maker and was met.
    pub(super) fn met(&mut self, met: &Met) {
        if let Some(maker) = self.makers.get_mut(met.owner as usize) {
            let lots = met.lots as f64;
            maker.inventory_lots += if met.buys { -lots } else { lots };
        }
    }

    #[cfg(test)]
    pub(super) fn withdrawn_share(&self, step: usize) -> f64 {
        let away = self.withdrawn[step].iter().filter(|away| **away).count();
        away as f64 / self.makers.len() as f64
    }
}

/// Who is away when: bursts begin at random and take most makers along, each for a time of its own.
fn withdrawn(declared: &Declared, makers: usize, steps: usize) -> Vec<Vec<bool>> {
    let told = &declared.order_book;
    let mut rng = stream(declared.seed, "foreign/withdrawals");
    let mut withdrawn = vec![vec![false; makers]; steps + 1];
    for step in 0..=steps {
        if rng.random::<f64>() >= told.withdrawals_per_h / 3_600.0 {
            continue;
        }
        let length: f64 = Exp1.sample(&mut rng);
        for maker in 0..makers {
            let follows = rng.random::<f64>() < FOLLOWS;
            let times = 0.7 + 0.6 * rng.random::<f64>();
            let end = step + (told.withdrawal_s * length * times) as usize;
            if follows {
                for away in &mut withdrawn[step..=end.min(steps)] {
                    away[maker] = true;
                }
            }
        }
    }
    withdrawn
}
