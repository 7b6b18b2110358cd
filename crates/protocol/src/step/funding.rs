use super::Step;
use crate::venue::funding::FundingRule;

/// Funding of an interval: as its premium is sampled, and when it is paid.
#[derive(Clone, Debug, PartialEq)]
pub struct ChargeFunding {
    /// From premium to rate, its divisor that of an interval of this length.
    pub rule: FundingRule,
    /// Mean premium of the perpetual over the index in the interval so far, ratio; read only.
    pub premium: f64,
    /// Rate paid last, of its own interval; absent the first time; read only.
    pub previous_rate: Option<f64>,
    /// From the payment before to this one, s; read only.
    pub interval_s: f64,
}

impl ChargeFunding {
    /// Rate of the interval, positive where longs pay.
    pub fn rate(&self) -> f64 {
        self.rule.rate(self.premium, self.previous_rate)
    }
}

impl Step for ChargeFunding {
    const NAME: &'static str = "charge_funding";
    fn breach(&self) -> Option<String> {
        let (rate, cap) = (self.rate(), self.rule.cap.rate);
        (!(rate.abs() < 1.0 && cap >= 0.0))
            .then(|| format!("rate {rate} within (-1, 1) and its cap {cap} >= 0"))
    }
    /// Rate of the interval, ratio.
    fn value(&self) -> f64 {
        self.rate()
    }
}

/// How long the next funding interval is, asked before the first and after each payment. An interval is paid the part of the
/// eight-hour rate that it is.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduleFunding {
    /// From this payment to the next, s.
    pub interval_s: f64,
    /// Rate paid now, over eight hours, positive where longs paid; absent before the first; read only.
    pub last_rate_8h: Option<f64>,
}

const DAY_S: f64 = 86_400.0;

impl Step for ScheduleFunding {
    const NAME: &'static str = "schedule_funding";
    fn breach(&self) -> Option<String> {
        let divides =
            self.interval_s >= 1.0 && self.interval_s.fract() == 0.0 && DAY_S % self.interval_s == 0.0;
        (!divides).then(|| format!("interval {} s, whole seconds that divide a day", self.interval_s))
    }
    /// From this payment to the next, s.
    fn value(&self) -> f64 {
        self.interval_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_divides_a_day() {
        let breach = |interval_s| {
            ScheduleFunding {
                interval_s,
                last_rate_8h: None,
            }
            .breach()
            .is_some()
        };
        for (interval_s, broken) in [
            (1.0, false),
            (3_600.0, false),
            (86_400.0, false),
            (0.5, true),
            (0.0, true),
            (f64::NAN, true),
            (7.0 * 3_600.0, true),
            (172_800.0, true),
        ] {
            assert_eq!(breach(interval_s), broken, "{interval_s}");
        }
    }
}
