use super::Step;

/// Funding at the end of an interval.
#[derive(Clone, Debug, PartialEq)]
pub struct ChargeFunding {
    /// Mean premium of the perpetual over the index in the interval, ratio.
    pub premium: f64,
    /// Rate of the interval, positive where longs pay.
    pub rate: f64,
    /// Rate paid last; absent the first time.
    pub previous_rate: Option<f64>,
    /// From this payment to the next, s.
    pub interval_s: f64,
}

impl Step for ChargeFunding {
    const NAME: &'static str = "charge_funding";
    fn breach(&self) -> Option<String> {
        (!(self.rate.abs() < 1.0 && self.interval_s >= 1.0)).then(|| {
            format!(
                "rate {} within (-1, 1) and interval {} s >= 1",
                self.rate, self.interval_s
            )
        })
    }
    fn value(&self) -> f64 {
        self.rate
    }
}
