//! Who bears a loss beyond margin: reserves, then winners.

use aftershock_market::{Cash, Coin};
use aftershock_protocol::{
    CoverDeficit, Decision, Deleverage, ProtocolRule, RuleSet, Shared, SizeFund, View,
};

use super::testing::{begin, crash, reserves, three};
use super::*;

/// A venue without a fund closes winners at the bankruptcy price instead of leaving debt, and both sides shrink alike.
#[test]
fn winners_pay_where_no_reserve_is_left() {
    let rules = RuleSet::default();
    let mut spec = three();
    for one in &mut spec.instruments {
        one.parameters.pools[0].fund_ratio = 0.0;
        // A thin book: fills beyond the bankruptcy price.
        one.parameters.book_usd_per_log /= 300.0;
        if let Some(liquidation) = &mut one.liquidation {
            liquidation.keeps_remainder = false;
        }
    }
    let tape = crash(0.12, 3_600);
    let run = begin(&spec, &rules, Channels::ALL)
        .run(&tape, Drive::Record)
        .expect("runs");
    let taken: f64 = run.journal.orders.iter().map(|row| row.deleveraged_usd).sum();
    assert!(taken > 1e6, "{taken}");
    assert_eq!(run.imbalance, (Coin::ZERO, Cash::ZERO));
    audit(&run, &reserves(&spec, &rules)).expect("both ledgers agree");
    for one in &mut spec.instruments {
        if let Some(liquidation) = &mut one.liquidation {
            liquidation.deleverages = false;
        }
    }
    let owing = begin(&spec, &rules, Channels::ALL)
        .run(&tape, Drive::Record)
        .expect("runs");
    let debt = |run: &WorldRun| run.bad_debt.iter().map(|debt| debt.to_f64()).collect::<Vec<_>>();
    assert!(
        debt(&owing)[0] > debt(&run)[0],
        "{:?} {:?}",
        debt(&owing),
        debt(&run)
    );
    assert!(
        owing
            .journal
            .orders
            .iter()
            .all(|row| row.deleveraged == Coin::ZERO)
    );
    audit(&owing, &reserves(&spec, &rules)).expect("both ledgers agree");
}

/// Closes winners in one form, or charges them half of what no fund pays.
#[derive(Debug)]
struct OnWinners(Option<Shared>);

impl ProtocolRule for OnWinners {
    fn name(&self) -> &str {
        "on-winners"
    }

    fn size_fund(&self, step: &SizeFund, _: &View<'_>) -> Decision<SizeFund> {
        Decision::Amend(
            SizeFund {
                fund_usd: 1000.0,
                ..step.clone()
            },
            "small".into(),
        )
    }

    fn deleverage(&self, step: &Deleverage, _: &View<'_>) -> Decision<Deleverage> {
        let Some(shared) = self.0 else {
            return Decision::Accept;
        };
        Decision::Amend(
            Deleverage {
                share: 0.5,
                shared,
                ..step.clone()
            },
            "half".into(),
        )
    }

    fn cover_deficit(&self, step: &CoverDeficit, _: &View<'_>) -> Decision<CoverDeficit> {
        let rest = step.unpaid() + step.socialised;
        Decision::Amend(
            CoverDeficit {
                socialised: Cash(if self.0.is_none() { rest.0 / 2 } else { 0 }),
                ..step.clone()
            },
            "half".into(),
        )
    }
}

/// Whatever rules lay on winners, contracts and money are counted twice and every loss is borne by somebody.
#[test]
fn rules_lay_losses_on_winners_and_the_books_agree() {
    let mut spec = three();
    for one in &mut spec.instruments {
        one.parameters.book_usd_per_log /= 300.0;
        if let Some(liquidation) = &mut one.liquidation {
            (liquidation.keeps_remainder, liquidation.deleverages) = (false, false);
        }
    }
    let lot = Coin::from_f64(0.5);
    let forms = [
        None,
        Some(Shared::Queue),
        Some(Shared::ProRata),
        Some(Shared::WholeLots { lot }),
        Some(Shared::ByProfit),
    ];
    for form in forms {
        let rules = RuleSet::new(vec![Box::new(OnWinners(form))]);
        let reserves = reserves(&spec, &rules);
        assert_eq!(reserves[0][0], Cash::from_f64(1000.0));
        let run = begin(&spec, &rules, Channels::ALL)
            .run(&crash(0.12, 3_600), Drive::Record)
            .expect("runs");
        assert_eq!(run.imbalance, (Coin::ZERO, Cash::ZERO), "{form:?}");
        audit(&run, &reserves).expect("both ledgers agree");
        let orders = &run.journal.orders;
        assert!(
            orders
                .iter()
                .all(|row| row.deficit == row.covered + row.socialised + row.bad_debt)
        );
        let taken: f64 = orders.iter().map(|row| row.deleveraged_usd).sum();
        let charged: Cash = run.socialised.iter().copied().sum();
        assert_eq!(taken > 1e5, form.is_some(), "{form:?} {taken}");
        assert_eq!(charged > Cash::ZERO, form.is_none(), "{form:?} {charged:?}");
    }
}
