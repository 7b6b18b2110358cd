//! A time axis whose marks stand at whole hours or days.

use std::ops::Range;

use aftershock_market::Timestamp;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

/// Seconds since the epoch, marked at whole multiples of an hour count.
#[derive(Clone)]
pub(crate) struct Time(pub(crate) Range<f64>);

const HOUR_S: f64 = 3600.0;

impl Ranged for Time {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let share = (value - self.0.start) / (self.0.end - self.0.start);
        limit.0 + (share * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        let most = hint.max_num_points().max(2) as f64;
        let span = (self.0.end - self.0.start) / HOUR_S;
        // Minutes only where hours would leave the axis all but bare.
        let minutes = [60.0, 300.0, 600.0, 900.0, 1_800.0].into_iter();
        let fine = minutes
            .filter(|_| span < 4.0)
            .find(|step| span * HOUR_S / step <= most);
        let hours = [1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 48.0, 96.0, 168.0]
            .into_iter()
            .find(|step| span / step <= most)
            .unwrap_or(336.0);
        let step = fine.unwrap_or(hours * HOUR_S);
        let mut points = Vec::new();
        let mut at = (self.0.start / step).ceil() * step;
        while at <= self.0.end {
            points.push(at);
            at += step;
        }
        points
    }

    fn range(&self) -> Range<f64> {
        self.0.clone()
    }
}

impl ValueFormatter<f64> for Time {
    fn format(value: &f64) -> String {
        let text = Timestamp::from_seconds(*value as i64).to_string();
        let (day, hour) = (
            text.get(5..10).unwrap_or_default(),
            text.get(11..16).unwrap_or_default(),
        );
        if hour == "00:00" {
            day.to_owned()
        } else {
            hour.to_owned()
        }
    }
}
