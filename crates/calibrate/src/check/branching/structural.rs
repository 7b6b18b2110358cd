//! Branching from positions, impact and the null, without any order.

use aftershock_market::Side;
use aftershock_measure::impact::SquareRootImpact;
use aftershock_replay::world::{EntryKind, Frame, Holder, WorldRun};

use crate::check::Crash;

/// The fixed point is found when a step adds less than this, log.
const STEP: f64 = 1e-12;
/// Steps before the search ends where it stands: it can only rise, and no further than all positions push it.
const STEPS: usize = 10_000;

/// Long positions of a market at the start by the log mark that breaks them, highest first, with their value, USD.
struct Levels(Vec<(f64, f64)>);

impl Levels {
    /// Maintenance margin is charged on the value at the mark: `margin + q y - entry = r q y` for the side that is long in
    /// the frame, and `margin + entry - q y = r q y` for the other.
    fn of(crash: &Crash, run: &WorldRun, market: usize) -> Self {
        let spec = &crash.spec.instruments[market];
        let frame = Frame::new(spec.inverse);
        let side = frame.side(Side::Long);
        let ratio = spec.parameters.brackets.tiers()[0].maintenance_ratio;
        let entries = run.journal.entries.iter();
        let endowed = entries.filter(|one| one.kind == EntryKind::Endow && one.market == market);
        let mut levels: Vec<(f64, f64)> = endowed
            .filter(|one| one.holder == Holder::Cohort && one.side == side)
            .filter_map(|one| {
                let (margin, entry) = (one.margin.to_f64(), one.entry_value.to_f64());
                let quantity = one.quantity.to_f64();
                let kept = (entry - side.sign() * margin) / (quantity * (1.0 - side.sign() * ratio));
                let log_mark = frame.log_price(kept);
                log_mark
                    .is_finite()
                    .then(|| (log_mark, frame.notional_usd(one.quantity, log_mark)))
            })
            .collect();
        levels.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut sum = 0.0;
        for level in &mut levels {
            sum += level.1;
            level.1 = sum;
        }
        Self(levels)
    }

    /// What a fall to a log mark sets free, USD.
    fn broken_by(&self, log_mark: f64) -> f64 {
        match self.0.partition_point(|level| level.0 >= log_mark) {
            0 => 0.0,
            broken => self.0[broken - 1].1,
        }
    }
}

/// A market as the null leaves it.
struct Fallen {
    asset: usize,
    impact: SquareRootImpact,
    held_together: bool,
    levels: Levels,
    /// Lowest log mark of the null.
    low: f64,
    /// State of impact a dollar of what the null breaks.
    standing: f64,
}

fn fallen(crash: &Crash, run: &WorldRun, market: usize) -> Fallen {
    let spec = &crash.spec.instruments[market];
    let impact = &crash.declared.impact;
    let levels = Levels::of(crash, run, market);
    let mut breaks: Vec<(f64, f64)> = Vec::new();
    let (mut low, mut low_s, mut broken) = (f64::INFINITY, 0.0, 0.0);
    for row in run.journal.prices.iter().filter(|row| row.market == market) {
        let null = row.log_null + (row.log_mark - row.log_price);
        if null < low {
            (low, low_s) = (null, row.at.seconds_since(crate::synth::START));
            let now = levels.broken_by(low);
            if now > broken {
                breaks.push((low_s, (now - broken) / row.depth_ratio[0]));
                broken = now;
            }
        }
    }
    let kept = |after_s: f64| -> f64 {
        let states = impact.half_lives_s.iter().zip(impact.weights);
        states
            .map(|(half_life_s, weight)| weight * libm::exp2(-after_s / half_life_s))
            .sum()
    };
    let stands: f64 = breaks.iter().map(|(at_s, usd)| usd * kept(low_s - at_s)).sum();
    Fallen {
        asset: spec.asset,
        impact: spec.parameters.impact,
        held_together: spec.arbitrage.is_some(),
        levels,
        low,
        standing: if broken > 0.0 { stands / broken } else { 1.0 },
    }
}

/// Markets that arbitrage holds together: one market with all their volumes.
struct Group<'a> {
    markets: Vec<&'a Fallen>,
    impact: SquareRootImpact,
    /// How much of what stands in each group stands in this one too, itself being 1.
    joined: Vec<f64>,
}

impl Group<'_> {
    /// State of impact that a fall of `added` beyond the null sets free, USD.
    fn standing(&self, added: f64) -> f64 {
        let stands = |market: &&Fallen| market.standing * market.levels.broken_by(market.low - added);
        self.markets.iter().map(stands).sum()
    }

    /// What such a fall sets free, USD.
    fn broken_by(&self, added: f64) -> f64 {
        let broken = |market: &&Fallen| market.levels.broken_by(market.low - added);
        self.markets.iter().map(broken).sum()
    }
}

/// The structural figure; absent where the null breaks no long.
pub(super) fn structural(crash: &Crash, run: &WorldRun) -> Option<f64> {
    let markets: Vec<Fallen> = (0..crash.markets())
        .map(|market| fallen(crash, run, market))
        .collect();
    let groups = groups(crash, &markets);
    let added = fixed_point(&groups);
    let of_null: f64 = groups.iter().map(|group| group.broken_by(0.0)).sum();
    let of_all: f64 = groups
        .iter()
        .zip(added)
        .map(|(group, added)| group.broken_by(added))
        .sum();
    (of_null > 0.0).then(|| 1.0 - of_null / of_all)
}

fn groups<'a>(crash: &Crash, markets: &'a [Fallen]) -> Vec<Group<'a>> {
    // The group of an asset's reference market first, in the order of assets; then markets that stand alone.
    let assets = crash.spec.assets.len();
    let mut members: Vec<Vec<&Fallen>> = vec![Vec::new(); assets];
    for (place, market) in markets.iter().enumerate() {
        if market.held_together || place == crash.spec.assets[market.asset].reference {
            members[market.asset].push(market);
        } else {
            members.push(vec![market]);
        }
    }
    let of: Vec<usize> = members.iter().map(|group| group[0].asset).collect();
    let weight = |to: usize, from: usize| match (to == from, to < assets && of[to] != of[from]) {
        (true, _) => 1.0,
        (_, true) => crash.spec.cross_impact.weight(of[to], of[from]),
        _ => 0.0,
    };
    let group = |(place, markets): (usize, Vec<&'a Fallen>)| Group {
        impact: SquareRootImpact {
            volume_daily_usd: markets.iter().map(|market| market.impact.volume_daily_usd).sum(),
            j0_usd: markets.iter().map(|market| market.impact.j0_usd).sum(),
            ..markets[0].impact
        },
        joined: (0..of.len()).map(|from| weight(place, from)).collect(),
        markets,
    };
    members.into_iter().enumerate().map(group).collect()
}

/// How much further the markets of each group fall than their null, log.
fn fixed_point(groups: &[Group<'_>]) -> Vec<f64> {
    let mut added = vec![0.0; groups.len()];
    for _ in 0..STEPS {
        let standing: Vec<f64> = groups
            .iter()
            .zip(&added)
            .map(|(group, added)| group.standing(*added))
            .collect();
        let next = |group: &Group<'_>| {
            let met = group.joined.iter().zip(&standing).map(|(share, usd)| share * usd);
            group.impact.log_impact(met.sum())
        };
        let next: Vec<f64> = groups.iter().map(next).collect();
        let grown = next.iter().zip(&added).any(|(next, added)| next - added >= STEP);
        added = next;
        if !grown {
            break;
        }
    }
    added
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: levels of 1 each, 0.01 apart from 0.01 down, and a linear impact of 0.0025 a unit. The null comes to -0.1
    /// and breaks 12 of them; that gives 0.03, which breaks 15, which give 0.0375, which break no more. Half of 15 stands
    /// in another asset where nobody holds anything: 0.01875.
    #[test]
    fn the_fixed_point_by_hand() {
        let levels: Vec<(f64, f64)> = (0..100)
            .map(|k| (0.01 - 0.01 * f64::from(k) + 1e-6, f64::from(k) + 1.0))
            .collect();
        // Far below J0 the law is linear: Y sigma J / (2 sqrt(V J0)).
        let market = Fallen {
            asset: 0,
            impact: SquareRootImpact {
                y: 1.0,
                sigma_daily: 0.005 * 1e6,
                volume_daily_usd: 1.0,
                j0_usd: 1e12,
            },
            held_together: false,
            levels: Levels(levels),
            low: -0.1,
            standing: 1.0,
        };
        assert_eq!(market.levels.broken_by(market.low), 12.0);
        let empty = Fallen {
            asset: 1,
            levels: Levels(Vec::new()),
            ..market
        };
        let group = |market, joined: [f64; 2]| Group {
            impact: empty.impact,
            markets: vec![market],
            joined: joined.to_vec(),
        };
        let found = fixed_point(&[group(&market, [1.0, 0.5]), group(&empty, [0.5, 1.0])]);
        assert!((found[1] - 0.01875).abs() < 1e-9, "{found:?}");
        let added = found[0];
        assert!((added - 0.0375).abs() < 1e-9, "{added}");
        assert_eq!(market.levels.broken_by(market.low - added), 15.0);
    }
}
