//! What each channel of the world adds: exact Shapley values over all subsets of channels, under the rules of record.

use std::num::NonZero;
use std::thread;

use aftershock_market::synthetic::ShapleyRow;
use aftershock_measure::drawdown::max_drawdown_log;
use aftershock_measure::shapley::shapley;
use aftershock_replay::world::{Channels, InstrumentSpec, WorldRun, WorldSpec};

use super::SynthError;
use super::nulls::Paths;
use super::run::Stage;
use super::under::held;

/// What is attributed, of one subset of channels.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Values {
    log_amplification: f64,
    fall_log: f64,
    /// How far the price stands from the null at most, log.
    from_null_log: f64,
}

/// One of the figures that are attributed.
type Measure = fn(&Values) -> f64;

/// Attribution, and how far the price without any channel stands from the null, log.
pub(super) struct Attribution {
    pub(super) rows: Vec<ShapleyRow>,
    pub(super) none_from_null_log: f64,
    pub(super) largest_gap: f64,
}

/// Channels that something in this world goes through, as their bits: one that nobody uses would double the runs and get
/// a share of nothing.
fn present(spec: &WorldSpec, truth: &WorldRun) -> Vec<usize> {
    let any = |has: fn(&InstrumentSpec) -> bool| spec.instruments.iter().any(has);
    let used = [
        any(|one| one.liquidation.is_some()),
        any(|one| one.parameters.depth_elasticity != 0.0) || any(|one| one.liquidation.is_some()),
        any(|one| one.arbitrage.is_some()),
        any(|one| one.carry.is_some()),
        !truth.accounts.is_empty(),
    ];
    (0..used.len()).filter(|bit| used[*bit]).collect()
}

/// The channels of a subset of those present.
fn switched(present: &[usize], subset: u32) -> Channels {
    let bits = present.iter().enumerate();
    Channels::from_mask(bits.fold(0, |mask, (player, bit)| mask | (subset >> player & 1) << bit))
}

impl Stage<'_> {
    pub(super) fn attribution(&self, spec: &WorldSpec, truth: &WorldRun) -> Result<Attribution, SynthError> {
        let null = self.paths(truth, true);
        let present = present(spec, truth);
        let masks: Vec<u32> = (0..1 << present.len()).collect();
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let share = masks.len().div_ceil(threads);
        let work = &|masks: &[u32]| -> Result<Vec<Values>, SynthError> {
            let of = |mask: &u32| self.values(spec, truth, &null, switched(&present, *mask));
            masks.iter().map(of).collect()
        };
        // In the order of the masks, whoever is done first.
        let parts: Vec<Result<Vec<Values>, SynthError>> = thread::scope(|scope| {
            let started: Vec<_> = masks
                .chunks(share)
                .map(|part| scope.spawn(move || work(part)))
                .collect();
            started
                .into_iter()
                .map(|one| {
                    one.join()
                        .unwrap_or_else(|cause| std::panic::resume_unwind(cause))
                })
                .collect()
        });
        let mut values = Vec::with_capacity(masks.len());
        for part in parts {
            values.extend(part?);
        }
        let measures: [(&str, Measure); 2] = [
            ("log_amplification", |one| one.log_amplification),
            ("fall_log", |one| one.fall_log),
        ];
        let (mut rows, mut largest_gap) = (Vec::new(), 0.0_f64);
        for (measure, value) in measures {
            let shares = shapley(present.len(), |mask| value(&values[mask as usize]));
            let efficiency_gap = shares.efficiency_gap();
            largest_gap = largest_gap.max(efficiency_gap.unwrap_or(f64::INFINITY));
            rows.extend(present.iter().enumerate().map(|(player, bit)| ShapleyRow {
                measure,
                channel: Channels::NAMES[*bit],
                phi: shares.phi[player],
                first_in: shares.first_in[player],
                last_out: shares.last_out[player],
                total: shares.total,
                efficiency_gap,
                order_dependent: shares.is_order_dependent(player).unwrap_or(false),
            }));
        }
        Ok(Attribution {
            rows,
            none_from_null_log: values[0].from_null_log,
            largest_gap,
        })
    }

    fn values(
        &self,
        spec: &WorldSpec,
        truth: &WorldRun,
        null: &Paths,
        channels: Channels,
    ) -> Result<Values, SynthError> {
        let run = self.run(spec, channels, held(truth))?;
        let price = self.paths(&run, false);
        let clock_s = self.declared.amplification_clock_s;
        let amplification = self
            .amplifications(&price, null, self.whole_s())
            .into_iter()
            .find(|one| one.clock_s == clock_s)
            .and_then(|one| one.all);
        let apart = |(price, null): (&Vec<f64>, &Vec<f64>)| {
            let gaps = price.iter().zip(null).map(|(price, null)| (price - null).abs());
            gaps.fold(0.0, f64::max)
        };
        Ok(Values {
            log_amplification: amplification.map_or(f64::NAN, libm::log),
            fall_log: price
                .0
                .iter()
                .map(|path| max_drawdown_log(path))
                .fold(0.0, f64::max),
            from_null_log: price.0.iter().zip(&null.0).map(apart).fold(0.0, f64::max),
        })
    }

    /// The whole tape, s from its start.
    pub(super) fn whole_s(&self) -> (f64, f64) {
        (0.0, f64::from(self.declared.duration_s))
    }
}
