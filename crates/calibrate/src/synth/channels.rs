//! What each channel of the world adds: exact Shapley values over all subsets of channels, under the rules of record.

use std::num::NonZero;
use std::thread;

use aftershock_market::synthetic::ShapleyRow;
use aftershock_measure::drawdown::max_drawdown_log;
use aftershock_measure::shapley::shapley;
use aftershock_replay::world::{Channels, WorldRun, WorldSpec};

use super::SynthError;
use super::nulls::Paths;
use super::run::Stage;
use super::under::held;

const COUNT: usize = Channels::NAMES.len();

/// What is attributed, of one subset of channels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Values {
    log_amplification: f64,
    fall_log: f64,
    /// How far the price stands from the null at most, log.
    from_null_log: f64,
}

/// Attribution, and how far the price without any channel stands from the null, log.
pub(super) struct Attribution {
    pub(super) rows: Vec<ShapleyRow>,
    pub(super) none_from_null_log: f64,
    pub(super) largest_gap: f64,
}

impl Stage<'_> {
    pub(super) fn attribution(&self, spec: &WorldSpec, truth: &WorldRun) -> Result<Attribution, SynthError> {
        let null = self.paths(truth, true);
        let masks: Vec<u32> = (0..1 << COUNT).collect();
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let share = masks.len().div_ceil(threads);
        let work = |masks: &[u32]| -> Result<Vec<Values>, SynthError> {
            let of = |mask: &u32| self.values(spec, truth, &null, Channels::from_mask(*mask));
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
        let measures: [(&str, fn(&Values) -> f64); 2] = [
            ("log_amplification", |one| one.log_amplification),
            ("fall_log", |one| one.fall_log),
        ];
        let (mut rows, mut largest_gap) = (Vec::new(), 0.0_f64);
        for (measure, value) in measures {
            let shares = shapley(COUNT, |mask| value(&values[mask as usize]));
            let efficiency_gap = shares.efficiency_gap();
            largest_gap = largest_gap.max(efficiency_gap.unwrap_or(f64::INFINITY));
            rows.extend((0..COUNT).map(|channel| ShapleyRow {
                measure,
                channel: Channels::NAMES[channel],
                phi: shares.phi[channel],
                first_in: shares.first_in[channel],
                last_out: shares.last_out[channel],
                total: shares.total,
                efficiency_gap,
                order_dependent: shares.is_order_dependent(channel).unwrap_or(false),
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
