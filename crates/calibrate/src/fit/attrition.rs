//! Who closes first: a stock of positions by when and where they were opened.

/// Which positions are closed by their holders. All four are kept as structural alternatives: no tape tells them apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Attrition {
    /// All alike.
    #[default]
    Proportional,
    /// The oldest first.
    OldestFirst,
    /// The newest first.
    NewestFirst,
    /// Gains rather than losses, 0.148 to 0.098: the shares of gains and of losses that holders of stock realise, Odean
    /// (1998), *Are investors reluctant to realize their losses?*
    Disposition,
}

impl Attrition {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Proportional,
        Self::OldestFirst,
        Self::NewestFirst,
        Self::Disposition,
    ];

    /// Its name in a calibration file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proportional => "proportional",
            Self::OldestFirst => "oldest-first",
            Self::NewestFirst => "newest-first",
            Self::Disposition => "disposition",
        }
    }
}

/// Hazard of a gain and of a loss, their mean being one.
const DISPOSITION: [f64; 2] = [0.148 / 0.123, 0.098 / 0.123];

/// What one side holds, by node of entry, the oldest first; any unit of quantity.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Stock {
    /// Log entry price of each node.
    pub(super) log_entry: Vec<f64>,
    /// Quantity over `scale`, so that closing all alike is one multiplication.
    quantity: Vec<f64>,
    scale: f64,
    total: f64,
    /// The first node that still holds something, for closing the oldest.
    oldest: usize,
}

impl Stock {
    pub(super) fn new() -> Self {
        Self {
            scale: 1.0,
            ..Self::default()
        }
    }

    pub(super) fn total(&self) -> f64 {
        self.total
    }

    /// What a node holds.
    pub(super) fn held(&self, node: usize) -> f64 {
        self.quantity[node] * self.scale
    }

    pub(super) fn open(&mut self, log_entry: f64, quantity: f64) {
        self.log_entry.push(log_entry);
        self.quantity.push(quantity / self.scale);
        self.total += quantity;
    }

    /// Multiplies all that is held.
    pub(super) fn rescale(&mut self, factor: f64) {
        self.scale *= factor;
        self.total *= factor;
    }

    /// Closes up to `quantity`, at a log price, of a side that gains from a rise with sign 1, from a fall with −1.
    pub(super) fn close(&mut self, attrition: Attrition, quantity: f64, log_price: f64, sign: f64) {
        let quantity = quantity.min(self.total);
        if quantity <= 0.0 {
            return;
        }
        match attrition {
            Attrition::Proportional => {
                // What has all but gone is kept above the smallest number, so that it can be opened again.
                let keep = (1.0 - quantity / self.total).max(1e-12);
                return self.rescale(keep);
            }
            Attrition::OldestFirst => {
                let mut left = quantity / self.scale;
                while left > 0.0 && self.oldest < self.quantity.len() {
                    let taken = self.quantity[self.oldest].min(left);
                    self.quantity[self.oldest] -= taken;
                    left -= taken;
                    if left > 0.0 {
                        self.oldest += 1;
                    }
                }
            }
            Attrition::NewestFirst => {
                let mut left = quantity / self.scale;
                for held in self.quantity.iter_mut().rev() {
                    let taken = held.min(left);
                    *held -= taken;
                    left -= taken;
                    if left <= 0.0 {
                        break;
                    }
                }
            }
            Attrition::Disposition => {
                let hazard = |log_entry: f64| DISPOSITION[usize::from(sign * (log_price - log_entry) <= 0.0)];
                let rows = || self.log_entry.iter().zip(&self.quantity);
                let weighted: f64 = rows().map(|(entry, held)| hazard(*entry) * held).sum();
                let part = quantity / self.scale / weighted;
                for (entry, held) in self.log_entry.iter().zip(&mut self.quantity) {
                    *held *= (1.0 - part * hazard(*entry)).max(0.0);
                }
            }
        }
        self.total -= quantity;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(attrition: Attrition) -> Vec<f64> {
        let mut stock = Stock::new();
        for (entry, quantity) in [(0.0, 4.0), (0.2, 2.0), (0.1, 2.0)] {
            stock.open(entry, quantity);
        }
        stock.close(attrition, 3.0, 0.15, 1.0);
        assert!((stock.total() - 5.0).abs() < 1e-12);
        (0..3).map(|node| stock.held(node)).collect()
    }

    /// By hand, three of eight closed at 0.15 by longs opened at 0, 0.2 and 0.1: gains are 6 and losses 2, so hazards
    /// weigh (6·0.148 + 2·0.098) and a part 3/1.084 of each is closed.
    #[test]
    fn who_closes() {
        let close = |found: Vec<f64>, wanted: [f64; 3]| {
            let worst = found.iter().zip(wanted).map(|(a, b)| (a - b).abs());
            assert!(worst.fold(0.0, f64::max) < 1e-12, "{found:?} is not {wanted:?}");
        };
        close(closed(Attrition::Proportional), [2.5, 1.25, 1.25]);
        close(closed(Attrition::OldestFirst), [1.0, 2.0, 2.0]);
        close(closed(Attrition::NewestFirst), [4.0, 1.0, 0.0]);
        let (gain, loss) = (1.0 - 3.0 * 0.148 / 1.084, 1.0 - 3.0 * 0.098 / 1.084);
        close(
            closed(Attrition::Disposition),
            [4.0 * gain, 2.0 * loss, 2.0 * gain],
        );
    }
}
