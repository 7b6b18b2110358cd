//! Broken levels are put to the rules, a bracket at a time, and what they leave of the venue's step is closed.

use aftershock_market::Side;
use aftershock_protocol::{Broken, Closed, Cut, Liquidate, Part, Sale};

use super::engine::World;
use super::market::Market;
use super::spec::InstrumentSpec;
use crate::ReplayError;
use crate::response::keeper::Auction;

/// What is done with the broken positions of a bracket.
#[derive(Clone, Copy, Debug)]
struct Decided {
    cut: Cut,
    pause_s: f64,
    sale: Sale,
}

impl World<'_> {
    /// Puts each bracket of a side of which something is broken to the rules, and closes what they say. `fraction` is the
    /// venue's own step, after which it looks at the side again at `pause_until`.
    ///
    /// Brackets that sell on the book go in one order, as without rules; each that is auctioned is a lot of its own.
    pub(super) fn break_by_rules(
        &mut self,
        at: i64,
        place: usize,
        side: Side,
        fraction: f64,
        pause_until: i64,
    ) -> Result<(), ReplayError> {
        let tiers = self.spec.instruments[place].parameters.brackets.tiers().len();
        self.markets[place].tier_paused_until[side.index()].resize(tiers, i64::MIN);
        let mut decided: Vec<Option<Decided>> = vec![None; tiers];
        for (tier, decided) in decided.iter_mut().enumerate() {
            let market = &self.markets[place];
            if market.tier_paused_until[side.index()][tier] > at {
                continue;
            }
            let mark = market.frame.kept(market.log_mark);
            let broken = market.book.broken(side, mark, tier);
            if broken.quantity.0 > 0 {
                *decided = self.put_to_rules(at, place, side, tier, fraction, &broken)?;
            }
        }
        if decided.iter().all(Option::is_none) {
            return Ok(());
        }

        // Those whom the null has crossed go first; of brackets that close a share, the rest goes at the next step.
        let market = &self.markets[place];
        let (mark, null) = (market.frame.kept(market.log_mark), market.null_mark());
        let by = market.crossed_too(side, null, mark);
        let whole = |one: &Decided| one.cut.fraction == 1.0 && one.cut.part == Part::Share;
        let mut left = Vec::new();
        let taken = self.take(place, side, by, &decided, |_| true, &mut left);
        let mut sold = !taken.is_empty();
        self.sell(at, place, side, None, &decided, taken);
        if self.markets[place].book.triggered(side, mark) {
            let now = |one: &Decided| whole(one) || !sold;
            let taken = self.take(place, side, mark, &decided, now, &mut left);
            if !taken.is_empty() {
                sold = true;
                let parent = self.parent(at, place, side);
                self.sell(at, place, side, parent, &decided, taken);
            }
        }
        self.markets[place].book.put_back(side, &mut left);
        if !sold {
            return Ok(());
        }
        let mut steps = false;
        for (tier, one) in decided.iter().enumerate() {
            let Some(one) = one.filter(|one| !whole(one)) else {
                continue;
            };
            steps = true;
            let until = at + (one.pause_s * 1e6) as i64;
            if until > at {
                self.pause(place, side, tier, until);
            }
        }
        self.markets[place].stepped[side.index()] = steps;
        if steps {
            self.suspend(place, side, pause_until.max(at + 1));
        }
        Ok(())
    }

    /// What rules leave of a venue's step; nothing where they let it wait.
    fn put_to_rules(
        &mut self,
        at: i64,
        place: usize,
        side: Side,
        tier: usize,
        fraction: f64,
        broken: &Broken,
    ) -> Result<Option<Decided>, ReplayError> {
        let spec = &self.spec.instruments[place];
        let market = &self.markets[place];
        let step = Liquidate {
            side: market.frame.side(side),
            tier: tier as i32 + 1,
            notional_usd: market.frame.notional_usd(broken.quantity, market.log_mark),
            account_usd: account_usd(spec, tier, broken),
            tier_floor_usd: spec.parameters.brackets.tiers()[tier].floor_usd,
            maintenance_ratio: market.margins.maintenance[2 * tier],
            equity_ratio: broken.equity / broken.value,
            part: Part::Share,
            fraction,
            keeps_margin: false,
            pause_s: 0.0,
            sale: Sale::Book,
        };
        let verdict = self.rules.liquidate(step, &market.view(at, spec))?;
        let mut subject = format!("{} orders", verdict.step.side.closing_order());
        if spec.parameters.brackets.tiers().len() > 1 {
            subject.push_str(&format!(" of bracket {}", tier + 1));
        }
        self.tell_rules(at, "liquidate", &subject, verdict.until, &verdict.interventions);
        if verdict.allowed {
            return Ok(Some(Decided {
                cut: verdict.step.cut(),
                pause_s: verdict.step.pause_s,
                sale: verdict.step.sale,
            }));
        }
        if let Some(until) = verdict.until {
            self.pause(place, side, tier, until.0);
        }
        Ok(None)
    }

    fn pause(&mut self, place: usize, side: Side, tier: usize, until: i64) {
        self.markets[place].tier_paused_until[side.index()][tier] = until;
        if !self.on_grid {
            self.agenda.put(until, super::order::What::Recheck(place));
        }
    }

    /// Takes out what the brackets that go `now` close of what a mark has crossed.
    fn take(
        &mut self,
        place: usize,
        side: Side,
        by: f64,
        decided: &[Option<Decided>],
        now: impl Fn(&Decided) -> bool,
        left: &mut Vec<(aftershock_protocol::Slot, aftershock_protocol::Position)>,
    ) -> Vec<Closed> {
        let cuts: Vec<Option<Cut>> = decided
            .iter()
            .map(|one| one.as_ref().filter(|one| now(one)).map(|one| one.cut))
            .collect();
        let mut taken = Vec::new();
        let Market {
            book,
            frame,
            log_mark,
            ..
        } = &mut self.markets[place];
        let kept_mark = frame.kept(*log_mark);
        book.take_cut(side, by, kept_mark, &cuts, &mut taken, left);
        taken
    }

    fn sell(
        &mut self,
        at: i64,
        place: usize,
        side: Side,
        parent: Option<u32>,
        decided: &[Option<Decided>],
        mut taken: Vec<Closed>,
    ) {
        for (tier, one) in decided.iter().enumerate() {
            let Some(auction) = one.as_ref().and_then(|one| Auction::of(one.sale)) else {
                continue;
            };
            let (lot, rest) = taken.into_iter().partition(|closed| closed.slot.tier == tier);
            taken = rest;
            self.send_cohort(at, place, side, parent, lot, Some(auction));
        }
        self.send_cohort(at, place, side, parent, taken, None);
    }
}

/// Mean account of broken positions: above the first bracket from the maintenance amounts in their keys, which say how many
/// accounts there are; else by the sizes that are believed to stand in the bracket.
fn account_usd(spec: &InstrumentSpec, tier: usize, broken: &Broken) -> f64 {
    let brackets = &spec.parameters.brackets;
    let accounts = broken.unlinked_amount / brackets.tiers()[tier].maintenance_amount_usd;
    if tier > 0 && accounts.is_finite() && accounts > 0.0 {
        return broken.unlinked_value / accounts;
    }
    let sizes = &spec.parameters.mix.account_sizes;
    let (mut notional, mut accounts) = (0.0, 0.0);
    for (size_usd, share) in sizes {
        if brackets.index_of(*size_usd) == tier {
            notional += share;
            accounts += share / size_usd;
        }
    }
    if accounts > 0.0 {
        notional / accounts
    } else {
        brackets.tiers()[tier].floor_usd
    }
}
