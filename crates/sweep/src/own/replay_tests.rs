//! Accounts and shocks in a whole replay of a made-up path.

use aftershock_calibrate::synthetic;
use aftershock_market::{BarOrder, Cash, Coin, Shock, Side, Timestamp};
use aftershock_protocol::{Position, RuleSet, Slot, View};
use aftershock_replay::{
    Exogenous, ForcedOrder, Liquidity, MarginInForce, Mechanisms, Mode, Observer, Parameters, Path, Replay,
    Silent, Waypoint, lead_in,
};

use super::Watch;
use super::tests::{LONG, STEP_S, book, brackets, close, minute, rules};

/// Waypoints before the replay.
const LEAD: usize = 60;

/// A path at 8,000 for an hour and then at `marks`, a minute apart, without ordinary flow.
fn path(marks: &[f64]) -> Path {
    let mut path = Path {
        first: LEAD,
        ..Path::default()
    };
    // The lead-in moves by a hair: without any volatility nothing is normal.
    let lead = (0..LEAD).map(|i| 8_000.0 + 0.5 * (i % 2) as f64);
    for (i, mark) in lead.chain(marks.iter().copied()).enumerate() {
        path.at.push(Timestamp::from_seconds(STEP_S * i as i64));
        path.log_price.push(libm::log(mark));
        path.volume_usd.push(1e6);
        path.ordinary_usd.push(0.0);
        path.bar_close.push(true);
        path.recorded.push(true);
    }
    path
}

fn parameters(usd_per_log: f64) -> Parameters {
    Parameters {
        brackets: brackets(),
        book_usd_per_log: usd_per_log,
        ..synthetic::parameters(0.5)
    }
}

/// The path as news, with nothing else that moves the price.
fn news(path: &Path) -> Exogenous {
    let log_price = path.log_price[path.first..].to_vec();
    Exogenous {
        ordinary_depth: vec![1.0; log_price.len()],
        ordinary_usd: vec![0.0; log_price.len()],
        log_null: log_price.clone(),
        log_price,
    }
}

#[test]
fn a_rule_that_raises_maintenance_closes_earlier_in_a_replay() {
    let raised = rules(
        "on = \"assess_margin\"\nwhen = \"tier == 1\"\nthen.maintenance_ratio = \"0.02\"\nthen.initial_ratio = \"0.04\"",
    );
    let own = book(LONG);
    let path = path(&[8_000.0, 7_347.0, 7_346.9, 7_300.0, 7_228.9, 7_228.9]);
    let (parameters, table, exogenous) = (parameters(1e15), synthetic::decay_table(), news(&path));
    for (rules, triggered, mark) in [
        (&RuleSet::default(), LEAD as i64 + 4, 7_228.9),
        (&raised.rules, LEAD as i64 + 2, 7_346.9),
    ] {
        let replay = Replay {
            path: &path,
            parameters: &parameters,
            table: &table,
            rules,
        };
        let mut watch = Watch::new(own.accounts(), &parameters.brackets, rules, parameters.latency_s);
        let start = lead_in(&replay, &mut watch).unwrap_or_else(|error| panic!("{error}"));
        let off = Mode::closed_loop(&exogenous, Mechanisms::from_mask(0));
        replay
            .run(start, off, &mut watch)
            .unwrap_or_else(|error| panic!("{error}"));
        let rows = watch
            .rows(0, BarOrder::HighFirst)
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(
            (rows[0].fate, rows[0].triggered_at),
            ("liquidated", minute(triggered))
        );
        close(rows[0].trigger_usd.unwrap_or(0.0), mark);
    }
}

/// An account and the replay's own forced orders.
struct Both<'a> {
    watch: Watch<'a>,
    orders: Vec<ForcedOrder>,
}

impl Observer for Both<'_> {
    fn margin(&mut self, margin: &MarginInForce) {
        self.watch.margin(margin);
    }
    fn liquidity(&mut self, at: Timestamp, log_mark: f64, liquidity: &Liquidity) {
        self.watch.liquidity(at, log_mark, liquidity);
    }
    fn margin_call(&mut self, view: &View<'_>) {
        self.watch.margin_call(view);
    }
    fn waypoint(&mut self, waypoint: &Waypoint) {
        self.watch.waypoint(waypoint);
    }
    fn forced_order(&mut self, order: &ForcedOrder) {
        self.orders.push(*order);
    }
}

/// The replay holds the same long itself: both go out at one instant and fill at one price, in a shallow book.
#[test]
fn an_own_account_fares_as_the_same_position_of_the_replay() {
    let own = book(LONG);
    let path = path(&[8_000.0, 7_500.0, 7_220.0, 7_180.0, 7_300.0]);
    let (parameters, table, exogenous) = (parameters(1e6), synthetic::decay_table(), news(&path));
    let rules = RuleSet::default();
    let replay = Replay {
        path: &path,
        parameters: &parameters,
        table: &table,
        rules: &rules,
    };
    let held = |side: Side, margin: f64| {
        let (quantity, entry_value, margin) = (
            Coin::from_f64(2.0),
            Cash::from_f64(16_000.0),
            Cash::from_f64(margin),
        );
        let key = Position::key(side, quantity, entry_value, margin, 0.0, 1.0);
        let position = Position {
            key,
            quantity,
            entry_value,
            margin,
        };
        let slot = Slot {
            tier: 0,
            linked: false,
        };
        (side, slot, position)
    };
    let start = lead_in(&replay, &mut Silent)
        .unwrap_or_else(|error| panic!("{error}"))
        .with_positions(vec![held(Side::Long, 1_600.0), held(Side::Short, 1e6)]);
    let mut both = Both {
        watch: Watch::new(own.accounts(), &parameters.brackets, &rules, parameters.latency_s),
        orders: Vec::new(),
    };
    let off = Mode::closed_loop(&exogenous, Mechanisms::from_mask(0));
    replay
        .run(start, off, &mut both)
        .unwrap_or_else(|error| panic!("{error}"));
    let order = both.orders.first().expect("the long of the replay is closed");
    let rows = both
        .watch
        .rows(0, BarOrder::HighFirst)
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(rows[0].triggered_at, Some(order.triggered_at));
    assert_eq!(rows[0].filled_at, Some(order.executed_at));
    close(rows[0].fill_usd.unwrap_or(0.0), order.fill_usd);
    assert!(order.fill_usd < 7_150.0, "{}", order.fill_usd);
    let shortfall: f64 = both.orders.iter().map(|order| order.shortfall_usd).sum();
    assert!(
        (rows[0].bad_debt_usd - shortfall).abs() < 1e-4,
        "{} is not {shortfall}",
        rows[0].bad_debt_usd
    );
}

#[test]
fn a_shock_of_minus_thirty_percent_ends_at_seven_tenths_where_nothing_answers() {
    let marks = [8_000.0, 7_900.0, 8_100.0, 8_050.0, 8_000.0, 8_200.0];
    let path = path(&marks);
    let (parameters, table, mut exogenous) = (parameters(1e15), synthetic::decay_table(), news(&path));
    let from = path.at[LEAD - 1];
    let shock = Shock {
        move_bp: -3_000,
        over_s: 240,
    };
    crate::shock::add(shock, from, &path, &mut exogenous);
    let rules = RuleSet::default();
    let replay = Replay {
        path: &path,
        parameters: &parameters,
        table: &table,
        rules: &rules,
    };
    let start = lead_in(&replay, &mut Silent).unwrap_or_else(|error| panic!("{error}"));
    let off = Mode::closed_loop(&exogenous, Mechanisms::from_mask(0));
    let replayed = replay
        .run(start, off, &mut Silent)
        .unwrap_or_else(|error| panic!("{error}"));
    let found: Vec<f64> = replayed
        .log_mark
        .iter()
        .map(|log_mark| libm::exp(*log_mark))
        .collect();
    close(found[5], 0.7 * 8_200.0);
    close(found[3], 0.7 * 8_050.0);
    // Half of the time is half of the logarithm: a factor of the root of 0.7.
    close(found[1], 0.836_660_026_534_075_5 * 7_900.0);
}
