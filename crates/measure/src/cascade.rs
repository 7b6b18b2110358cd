//! Who was brought down by whom: the causal record of a replay, its branching ratio and its avalanches.
//!
//! Inside a replay this is exact. It says nothing about a venue beyond what the replay's own impact says: a slope of
//! impact twice too large doubles the descendants.

use crate::not_measurable::{NotMeasurable, divide, require_finite};

/// A forced trade: when its level was crossed on the factual path, and which way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trigger {
    /// Base step at which it was triggered.
    pub step: usize,
    /// Its level, log price.
    pub level_log: f64,
    /// Whether the price had to fall to it (a long) rather than rise to it (a short).
    pub on_fall: bool,
}

/// Which triggers are immigrants: the path without feedback had crossed their level by the same step. The others are
/// descendants, brought about by the feedback.
///
/// # Errors
/// Where a price of the null path or a level is not finite, and where a step lies beyond the path; the index is that
/// of the trigger.
pub fn immigrants(null_log: &[f64], triggers: &[Trigger]) -> Result<Vec<bool>, NotMeasurable> {
    require_finite(null_log, 1)?;
    let extreme = |from: f64, better: fn(f64, f64) -> f64| -> Vec<f64> {
        let mut so_far = from;
        let mut next = |p: &f64| {
            so_far = better(so_far, *p);
            so_far
        };
        null_log.iter().map(&mut next).collect()
    };
    let low = extreme(f64::INFINITY, f64::min);
    let high = extreme(f64::NEG_INFINITY, f64::max);
    let crossed = |(index, trigger): (usize, &Trigger)| {
        if !trigger.level_log.is_finite() {
            return Err(NotMeasurable::NotFinite { index });
        }
        if trigger.step >= null_log.len() {
            return Err(NotMeasurable::OutOfRange {
                index,
                value: trigger.step as f64,
                wanted: "a step of the path",
            });
        }
        Ok(if trigger.on_fall {
            low[trigger.step] <= trigger.level_log
        } else {
            high[trigger.step] >= trigger.level_log
        })
    };
    triggers.iter().enumerate().map(crossed).collect()
}

/// A forest of forced trades, each with the one that brought it about.
#[derive(Debug, Clone, PartialEq)]
pub struct Cascade {
    generation: Vec<usize>,
    root: Vec<usize>,
    volumes: Vec<f64>,
}

/// An immigrant with everything it brought about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Avalanche {
    /// Index of the immigrant.
    pub root: usize,
    /// How many forced trades it holds, the immigrant counted in.
    pub count: usize,
    /// Their volume, in the unit of the volumes.
    pub volume: f64,
}

impl Cascade {
    /// A forest from each trade's parent, `None` for an immigrant, and each trade's volume of any one unit.
    ///
    /// # Errors
    /// Where a volume is negative or not finite, and where a parent does not come before its child.
    ///
    /// # Panics
    /// When the slices differ in length.
    pub fn from_parents(parents: &[Option<usize>], volumes: &[f64]) -> Result<Self, NotMeasurable> {
        assert_eq!(parents.len(), volumes.len(), "every trade needs one volume");
        require_finite(volumes, 0)?;
        let out_of_range =
            |index: usize, value: f64, wanted| NotMeasurable::OutOfRange { index, value, wanted };
        if let Some(index) = volumes.iter().position(|v| *v < 0.0) {
            return Err(out_of_range(index, volumes[index], "at least zero"));
        }
        let (mut generation, mut root) = (Vec::new(), Vec::new());
        for (index, parent) in parents.iter().enumerate() {
            match *parent {
                None => {
                    generation.push(0);
                    root.push(index);
                }
                Some(parent) if parent < index => {
                    generation.push(generation[parent] + 1);
                    root.push(root[parent]);
                }
                Some(parent) => {
                    return Err(out_of_range(
                        index,
                        parent as f64,
                        "the index of an earlier trade",
                    ));
                }
            }
        }
        Ok(Self {
            generation,
            root,
            volumes: volumes.to_vec(),
        })
    }

    /// Causal branching ratio by volume, `1 − V_immigrants/V_all`.
    ///
    /// # Errors
    /// Where nothing was traded.
    pub fn branching_ratio(&self) -> Result<f64, NotMeasurable> {
        Ok(1.0 - divide(self.first_generation(), self.volumes.iter().sum())?)
    }

    /// Causal branching ratio by number, `1 − N_immigrants/N_all`.
    ///
    /// # Errors
    /// Where there is no trade.
    pub fn branching_ratio_by_count(&self) -> Result<f64, NotMeasurable> {
        let immigrants = self.generation.iter().filter(|g| **g == 0).count();
        Ok(1.0 - divide(immigrants as f64, self.generation.len() as f64)?)
    }

    /// Flow amplification `Q_amp = ∫|q|/∫|q| of the immigrants`; `1/(1−R)` in the linear case.
    ///
    /// # Errors
    /// Where no immigrant traded.
    pub fn flow_amplification(&self) -> Result<f64, NotMeasurable> {
        divide(self.volumes.iter().sum(), self.first_generation())
    }

    /// Volume of each generation, the immigrants first.
    pub fn generations(&self) -> Vec<f64> {
        let last = self.generation.iter().max().map_or(0, |g| g + 1);
        let mut volumes = vec![0.0; last];
        for (generation, volume) in self.generation.iter().zip(&self.volumes) {
            volumes[*generation] += volume;
        }
        volumes
    }

    /// The avalanches, in the order of their immigrants.
    pub fn avalanches(&self) -> Vec<Avalanche> {
        let mut all: Vec<Avalanche> = Vec::new();
        // Where the avalanche of an immigrant stands in `all`; immigrants come before their descendants.
        let mut place = vec![0; self.root.len()];
        for (index, (&root, &volume)) in self.root.iter().zip(&self.volumes).enumerate() {
            if root == index {
                place[index] = all.len();
                all.push(Avalanche {
                    root,
                    count: 0,
                    volume: 0.0,
                });
            }
            let avalanche = &mut all[place[root]];
            avalanche.count += 1;
            avalanche.volume += volume;
        }
        all
    }

    fn first_generation(&self) -> f64 {
        let immigrants = self
            .generation
            .iter()
            .zip(&self.volumes)
            .filter(|(g, _)| **g == 0);
        immigrants.map(|(_, volume)| volume).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::{Draws, assert_close};

    fn ten() -> Cascade {
        let parents = [
            None,
            Some(0),
            Some(0),
            Some(1),
            None,
            Some(4),
            Some(3),
            None,
            Some(2),
            Some(6),
        ];
        let volumes = [10.0, 4.0, 3.0, 2.0, 8.0, 1.5, 0.5, 6.0, 2.5, 0.25];
        Cascade::from_parents(&parents, &volumes).unwrap()
    }

    /// Source: computed by hand and in Python: 24 of 37.75 came from immigrants, three trades of ten.
    #[test]
    fn ten_trades() {
        let cascade = ten();
        assert_close(cascade.branching_ratio().unwrap(), 0.36423841059602646);
        assert_close(cascade.branching_ratio_by_count().unwrap(), 0.7);
        assert_close(cascade.flow_amplification().unwrap(), 1.5729166666666667);
        assert_eq!(cascade.generations(), [24.0, 8.5, 4.5, 0.5, 0.25]);
        let avalanches: Vec<_> = cascade
            .avalanches()
            .iter()
            .map(|a| (a.root, a.count, a.volume))
            .collect();
        assert_eq!(avalanches, [(0, 7, 22.25), (4, 2, 9.5), (7, 1, 6.0)]);
    }

    #[test]
    fn amplification_and_ratio_are_one_number() {
        let cascade = ten();
        let multiplied = crate::branching::multiplier(cascade.branching_ratio().unwrap());
        assert_close(cascade.flow_amplification().unwrap(), multiplied.unwrap());
    }

    /// Source: Poisson offspring of mean R have sizes of mean 1/(1−R); within three standard errors of the known
    /// variance R/(1−R)³.
    #[test]
    fn a_made_branching_process_gives_its_ratio_back() {
        let (ratio, mut draws) = (0.5, Draws(9));
        let (mut parents, limit) = (vec![None; 20_000], libm::exp(-0.5));
        let mut next = 0;
        while next < parents.len() {
            let mut product = draws.next();
            while product > limit {
                parents.push(Some(next));
                product *= draws.next();
            }
            next += 1;
        }
        let cascade = Cascade::from_parents(&parents, &vec![1.0; parents.len()]).unwrap();
        let mean = parents.len() as f64 / 20_000.0;
        assert!((mean - 2.0).abs() < 3.0 * (4.0_f64 / 20_000.0).sqrt());
        assert!((cascade.branching_ratio().unwrap() - ratio).abs() < 0.01);
        assert_eq!(cascade.avalanches().len(), 20_000);
    }

    #[test]
    fn immigrants_are_those_that_news_alone_would_have_reached() {
        let null = [0.0, -0.01, -0.03, -0.02, 0.04];
        let trigger = |step, level_log, on_fall| Trigger {
            step,
            level_log,
            on_fall,
        };
        let triggers = [
            trigger(1, -0.01, true),
            trigger(1, -0.02, true),
            trigger(3, -0.03, true), // crossed at an earlier step
            trigger(3, 0.04, false),
            trigger(4, 0.04, false),
        ];
        assert_eq!(
            immigrants(&null, &triggers),
            Ok(vec![true, false, true, false, true])
        );
        assert_eq!(
            immigrants(&null, &[trigger(5, 0.0, true)]),
            Err(NotMeasurable::OutOfRange {
                index: 0,
                value: 5.0,
                wanted: "a step of the path"
            })
        );
        assert_eq!(
            immigrants(&null, &[trigger(0, f64::NAN, true)]),
            Err(NotMeasurable::NotFinite { index: 0 })
        );
        assert!(immigrants(&[], &[]).is_err());
    }

    #[test]
    fn nothing_to_measure() {
        let none = Cascade::from_parents(&[], &[]).unwrap();
        assert_eq!(none.branching_ratio(), Err(NotMeasurable::NoVariation));
        assert_eq!(none.branching_ratio_by_count(), Err(NotMeasurable::NoVariation));
        assert_eq!(none.flow_amplification(), Err(NotMeasurable::NoVariation));
        assert!(none.generations().is_empty() && none.avalanches().is_empty());
        assert!(Cascade::from_parents(&[Some(0)], &[1.0]).is_err());
        assert!(Cascade::from_parents(&[None], &[-1.0]).is_err());
        assert!(Cascade::from_parents(&[None], &[f64::NAN]).is_err());
    }
}
