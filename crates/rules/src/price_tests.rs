use aftershock_market::Timestamp;
use aftershock_protocol::venue::index::{IndexRule, Source};
use aftershock_protocol::venue::mark::{MarkInputs, MarkState};
use aftershock_protocol::{ChooseIndex, ChooseMark, Mark, RuleSet, ValueCollateral};

use crate::testing::view;

fn rules(toml: &str) -> RuleSet {
    let head = "name = \"n\"\ntitle = \"t\"\nsummary = \"s\"\ncosts = \"c\"\n";
    crate::RuleSetFile::parse("test", &format!("{head}{toml}"))
        .expect("reads")
        .rules
}

/// The mark a minute after a market that stood at 40,000 for half an hour fell to 36,000, with the index where it was.
fn mark_after(toml: &str, seconds: i64) -> f64 {
    let chosen = rules(toml)
        .choose_mark(ChooseMark { mark: Mark::Last })
        .expect("sound")
        .step;
    let Mark::Rule { rule, every_s } = chosen.mark else {
        panic!("a rule chooses a mark");
    };
    let mut state = MarkState::new(rule, every_s).expect("sound");
    let mut mark = f64::NAN;
    for second in -1_800..=seconds {
        let last = if second <= 0 { 40_000.0 } else { 36_000.0 };
        mark = state.update(
            Timestamp::from_seconds(1_600_000_000 + second),
            &MarkInputs {
                index: 40_000.0,
                last,
                bid: Some(last),
                ask: Some(last),
                funding_rate: 0.0,
                funding_at: Timestamp(0),
                others: &[],
            },
        );
    }
    mark
}

/// Source: computed independently in Python by the recursion of Hyperliquid's "Robust price indices", a sample a second:
/// num = num exp(-t/tau) + x t, den = den exp(-t/tau) + t; 36,000 + 4,000 / e after one time constant.
#[test]
fn a_smoothed_mark_comes_late() {
    let rule = "[[rule]]\nkind = \"smoothed-mark\"\ntau_s = 30\n";
    let e = std::f64::consts::E;
    for (seconds, mark) in [
        (0, 40_000.0),
        (30, 36_000.0 + 4_000.0 / e),
        (60, 36_000.0 + 4_000.0 / (e * e)),
    ] {
        let found = mark_after(rule, seconds);
        assert!((found - mark).abs() < 1e-6, "{seconds}: {found}");
    }
}

/// By hand: the basis of -4,000 fades in as above; a band of 5 % of 40,000 ends at 38,000.
#[test]
fn a_mark_by_index_and_basis_stays_within_its_band() {
    let rule =
        |band: f64| format!("[[rule]]\nkind = \"index-basis-mark\"\ntau_s = 30\nband_pct = {band:?}\n");
    let wide = 40_000.0 - 4_000.0 * (1.0 - (-1.0_f64).exp());
    assert!((mark_after(&rule(50.0), 30) - wide).abs() < 1e-6);
    assert!((mark_after(&rule(5.0), 30) - 38_000.0).abs() < 1e-6);
    assert!(
        (mark_after(&rule(5.0), 10) - (40_000.0 - 4_000.0 * (1.0 - (-1.0_f64 / 3.0).exp()))).abs() < 1e-6
    );
}

fn index(toml: &str, rows: &[(f64, f64)]) -> Option<f64> {
    let step = ChooseIndex {
        index: IndexRule::Median,
        sources: 1,
        markets: rows.len(),
        everywhere: false,
    };
    let left = rules(toml).choose_index(step).expect("sound").step;
    let sources: Vec<Source> = rows
        .iter()
        .take(if left.everywhere { rows.len() } else { 1 })
        .map(|(price, weight)| Source {
            price_usd: Some(*price),
            weight: *weight,
        })
        .collect();
    left.index.index(&sources)
}

/// By hand. The first market alone is history's index. Source of the guard: Binance, "Price index", 5 % off the median: of
/// 36,000, 39,000 and 40,000 the first is 7.7 % off the median and drops out, 39,000 + 1,000/4 is left.
#[test]
fn an_index_of_all_markets() {
    let median = "[[rule]]\nkind = \"median-index\"\n";
    let volume = "[[rule]]\nkind = \"volume-index\"\nguard_pct = 5\n";
    let three = [(36_000.0, 9.0), (39_000.0, 3.0), (40_000.0, 1.0)];
    assert_eq!(index("", &three), Some(36_000.0));
    assert_eq!(index(median, &three), Some(39_000.0));
    assert_eq!(index(volume, &three), Some(39_250.0));
    assert_eq!(index(volume, &[(38_000.0, 3.0), (40_000.0, 1.0)]), Some(38_500.0));
    // Two of three off: the median. With a wide guard the mean of all: (36 · 9 + 39 · 3 + 40) / 13.
    assert_eq!(
        index(volume, &[(30_000.0, 9.0), (39_000.0, 3.0), (48_000.0, 1.0)]),
        Some(39_000.0)
    );
    let wide = volume.replace('5', "100");
    let mean = index(&wide, &three).expect("all are up");
    assert!((mean - 481_000.0 / 13.0).abs() < 1e-9, "{mean}");
    // One market is its own index.
    for rule in [median, volume] {
        assert_eq!(index(rule, &three[..1]), Some(36_000.0));
    }
    let both = format!("{median}{volume}");
    assert_eq!(index(&both, &three), Some(39_250.0));
}

fn value(toml: &str, own_book_usd: Option<f64>, redemption_usd: Option<f64>) -> f64 {
    let step = ValueCollateral {
        own_book_usd,
        redemption_usd,
        value_usd: 0.998,
    };
    rules(toml)
        .value_collateral(step, &view())
        .expect("sound")
        .step
        .value_usd
}

/// Source: 2025-10-10 (press): USDe at 0.65 on Binance's own book, Curve within 0.3 % of 1, redeemed for 1.
#[test]
fn collateral_of_october_2025() {
    let own = "[[rule]]\nkind = \"own-book-collateral\"\n";
    let redeemed = "[[rule]]\nkind = \"redemption-collateral\"\nweight = 1.0\n";
    let half = "[[rule]]\nkind = \"redemption-collateral\"\nweight = 0.5\n";
    assert_eq!(value("", Some(0.65), Some(1.0)), 0.998);
    assert_eq!(value(own, Some(0.65), Some(1.0)), 0.65);
    assert_eq!(value(own, None, Some(1.0)), 0.998);
    assert!((value(redeemed, Some(0.65), Some(1.0)) - 1.0).abs() < 1e-15);
    assert_eq!(value(redeemed, Some(0.65), None), 0.998);
    assert!((value(half, Some(0.65), Some(1.0)) - 0.999).abs() < 1e-15);
    // The second sees what the first left: half way from 0.65 to 1.
    assert!((value(&format!("{own}{half}"), Some(0.65), Some(1.0)) - 0.825).abs() < 1e-15);
    assert_eq!(value(&format!("{half}{own}"), Some(0.65), Some(1.0)), 0.65);
}
