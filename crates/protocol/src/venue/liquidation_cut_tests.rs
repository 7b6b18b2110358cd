use super::*;

/// Source: by hand on Binance's table of 2021: from 500,000 to 250,000 dollars closing frees 1 % and costs 0.6 %, below that it
/// frees less than it costs. With 2,900.1 the 800 that are short are met by 199,975 dollars; closing all would cost 3,000.
#[test]
fn a_cut_is_found_where_closing_all_would_not_do() {
    let margins = binance();
    let rule = LiquidationRule::SmartIoc { fee: 0.006 };
    let cut = sent(rule.propose(&account(&margins, 10.0, 50_000.0, 2_900.1)));
    assert_eq!(cut.quantity, coins(4.0));
}

/// By hand: 50,000 dollars at 30,000 are 1.666 666 66(6) coins; one unit more would stand in the tier above. In the
/// lowest tier there is nothing to cut down to.
#[test]
fn a_cut_ends_within_the_tier_and_is_never_empty() {
    let margins = binance();
    let fine = |quantity, equity| Account {
        lot: Coin(1),
        ..account(&margins, quantity, 30_000.0, equity)
    };
    let cut = sent(LiquidationRule::BYBIT.propose(&fine(2.0, 100.0)));
    assert_eq!(cut.quantity, Coin(200_000_000 - 166_666_666));
    for target in [Target::Below, Target::Lowest] {
        let always = LiquidationRule::TieredPartial {
            target,
            whole_through_tier: 0,
            partial: OrderKind::Market,
            whole: OrderKind::TakeOver,
            retry_s: 0.0,
        };
        let whole = sent(always.propose(&fine(1.0, 100.0)));
        assert_eq!(
            (whole.quantity, whole.order_kind),
            (coins(1.0), OrderKind::TakeOver)
        );
    }
}
