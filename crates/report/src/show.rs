//! How a cell is written for a reader. Whatever is rounded here stands in full beside it.

use aftershock_query::cells::Cell;

/// How the cells of a column are shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Show {
    /// As it is.
    Plain,
    /// Words set as code.
    Code,
    /// A number times a factor, to so many decimals.
    Fixed(f64, usize),
    /// The same with its sign.
    Signed(f64, usize),
    /// A ratio to so many decimals, which may be not measurable.
    Measured(usize),
    /// A number to so many significant digits.
    Digits(usize),
}

impl Show {
    /// What the value is multiplied by before it is shown.
    pub(crate) fn factor(self) -> f64 {
        match self {
            Self::Fixed(factor, _) | Self::Signed(factor, _) => factor,
            _ => 1.0,
        }
    }

    /// Whether the column is aligned as figures are.
    pub(crate) fn is_figure(self) -> bool {
        matches!(
            self,
            Self::Fixed(..) | Self::Signed(..) | Self::Measured(_) | Self::Digits(_)
        )
    }

    /// The text of a cell; nothing is a dash.
    pub(crate) fn text(self, cell: &Cell) -> String {
        if cell.is_null() {
            let nothing = if matches!(self, Self::Measured(_)) {
                "not measurable"
            } else {
                "–"
            };
            return nothing.to_owned();
        }
        if let Cell::Time(at) = cell {
            let text = at.to_string().replace('T', " ");
            let minute = text.strip_suffix(":00Z").map(str::to_owned);
            return minute.unwrap_or_else(|| text.trim_end_matches('Z').to_owned());
        }
        let Some(value) = cell.number() else {
            return cell.to_string();
        };
        match self {
            Self::Fixed(factor, decimals) => grouped(&format!("{:.decimals$}", value * factor)),
            Self::Signed(factor, decimals) => {
                let text = grouped(&format!("{:.decimals$}", value * factor));
                if text.starts_with('−') || text.trim_matches(['0', '.']).is_empty() {
                    text
                } else {
                    format!("+{text}")
                }
            }
            Self::Measured(decimals) => grouped(&format!("{value:.decimals$}")),
            Self::Digits(digits) => grouped(&significant(value, digits)),
            _ => cell.to_string(),
        }
    }
}

/// A number beside an axis.
pub(crate) fn tick(value: f64) -> String {
    grouped(&aftershock_query::cells::significant(value, 4))
}

/// Rounded to `digits` significant digits, with trailing zeros where they say how exact it is.
fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs().log10().floor();
    if magnitude < -5.0 {
        return format!("{:.*e}", digits.saturating_sub(1), value);
    }
    let decimals = (digits as f64 - 1.0 - magnitude).max(0.0) as usize;
    format!("{value:.decimals$}")
}

/// Thousands apart, a true minus sign, no negative zero.
fn grouped(number: &str) -> String {
    let (negative, digits) = match number.strip_prefix('-') {
        Some(digits) => (digits.contains(|c: char| ('1'..='9').contains(&c)), digits),
        None => (false, number),
    };
    let (whole, rest) = match digits.find(['.', 'e']) {
        Some(at) => digits.split_at(at),
        None => (digits, ""),
    };
    let mut text = String::new();
    if negative {
        text.push('−');
    }
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text + &rest.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_numbers_for_a_reader() {
        let cell = |value| Cell::Float(value);
        assert_eq!(Show::Fixed(1e-6, 1).text(&cell(1_234_567_890.0)), "1,234.6");
        assert_eq!(Show::Fixed(1.0, 1).text(&cell(-0.01)), "0.0");
        assert_eq!(Show::Signed(1.0, 2).text(&cell(0.5)), "+0.50");
        assert_eq!(Show::Signed(1.0, 2).text(&cell(-0.5)), "−0.50");
        assert_eq!(Show::Signed(1.0, 1).text(&cell(0.0)), "0.0");
        assert_eq!(Show::Digits(3).text(&cell(0.004_04)), "0.00404");
        assert_eq!(Show::Digits(3).text(&cell(-1.0e-8)), "−1.00e−8");
        assert_eq!(Show::Plain.text(&Cell::Null), "–");
    }

    #[test]
    fn writes_times_to_the_minute_where_they_are_whole() {
        let at = |seconds| Cell::Time(aftershock_market::Timestamp::from_seconds(seconds));
        assert_eq!(Show::Plain.text(&at(60)), "1970-01-01 00:01");
        assert_eq!(Show::Plain.text(&at(61)), "1970-01-01 00:01:01");
    }
}
