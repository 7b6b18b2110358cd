use super::*;
use proptest::prelude::*;

const HOUR_S: i64 = 3_600;

/// The venues' 30 % within eight hours.
const DRAWN_DOWN: Begins = Begins::FundDrawnDown {
    share: 0.3,
    window_s: 28_800.0,
};

fn usd(amount: f64) -> Cash {
    Cash::from_f64(amount)
}

fn hour(hours: i64) -> Timestamp {
    Timestamp::from_seconds(1_760_000_000 + hours * HOUR_S)
}

/// V-BY4. Source: Bybit help, "Insurance fund": a long liquidated at 7,000 is bankrupt at 6,950; closed at 6,980 the fund
/// gains, at 6,930 it pays. Twenty and thirty dollars a coin by hand; a short bankrupt at 6,950 mirrored.
#[test]
fn better_than_bankruptcy_gains_and_worse_pays() {
    let won = |side, fill| {
        let bankruptcy = Price::from_f64(6_950.0);
        surplus(
            Contract::COIN,
            side,
            Coin::from_f64(2.0),
            bankruptcy,
            Price::from_f64(fill),
        )
    };
    assert_eq!(won(Side::Long, 6_980.0), usd(60.0));
    assert_eq!(won(Side::Long, 6_930.0), usd(-40.0));
    assert_eq!(won(Side::Short, 6_980.0), usd(-60.0));
    let mut fund = InsuranceFund::new(usd(100.0), Begins::FundEmpty);
    assert_eq!(fund.settle(hour(0), won(Side::Long, 6_980.0)), Borne::ByFund);
    assert_eq!(fund.settle(hour(1), won(Side::Long, 6_930.0)), Borne::ByFund);
    assert_eq!(
        (fund.balance(), fund.gained(), fund.paid()),
        (usd(120.0), usd(60.0), usd(40.0))
    );
}

/// Source: BitMEX, the payoff of its contract: 10,000 dollars taken over at 8,000 and closed at 10,000 win 1.25 - 1 XBT.
#[test]
fn a_fund_of_coin_wins_in_coin() {
    let long = |fill| {
        surplus(
            Contract::DOLLAR,
            Side::Long,
            Coin::from_f64(10_000.0),
            Price::from_f64(8_000.0),
            Price::from_f64(fill),
        )
    };
    assert_eq!(long(10_000.0), usd(0.25));
    assert_eq!(long(6_250.0), usd(-0.35));
    // 10,000 over 7,000 is no whole number of units: the fund pays the unit that is left over.
    assert_eq!(long(7_000.0), Cash(125_000_000 - 142_857_143));
}

/// V-AMP2. Source: Chitra et al. on auto-deleveraging, appendix: 0.4 closed at 0.78 against 0.8747 leave 0.0379, by hand
/// 0.4 x 0.0947 = 0.03788.
#[test]
fn the_deficit_of_a_paper() {
    let lost = surplus(
        Contract::COIN,
        Side::Long,
        Coin::from_f64(0.4),
        Price::from_f64(0.874_7),
        Price::from_f64(0.78),
    );
    assert_eq!(lost, usd(-0.037_88));
    let mut fund = InsuranceFund::new(usd(1.0), Begins::FundEmpty);
    fund.settle(hour(0), lost);
    assert_eq!(fund.paid(), usd(0.037_88));
}

#[test]
fn an_empty_fund_pays_no_part_of_a_loss() {
    let mut fund = InsuranceFund::new(usd(10.0), Begins::FundEmpty);
    assert_eq!(fund.settle(hour(0), usd(-10.0)), Borne::ByFund);
    assert_eq!(fund.balance(), Cash::ZERO);
    assert_eq!(fund.settle(hour(0), Cash(-1)), Borne::ByWinners);
    assert_eq!((fund.balance(), fund.paid()), (Cash::ZERO, usd(10.0)));
    let mut strict = InsuranceFund::new(usd(10.0), Begins::AccountNegative);
    assert_eq!(strict.settle(hour(0), usd(-1.0)), Borne::ByWinners);
    assert_eq!(strict.balance(), usd(10.0));
}

/// Source: OKX help and Bybit's announcement, 30 % from the peak within eight hours, by hand: of 1,000 the fund pays 200
/// and 100, then no more; eight hours after it stood at 1,000 its peak is 800, of which 700 is no 30 % less.
#[test]
fn a_fund_that_falls_fast_stops_paying_for_a_time() {
    let mut fund = InsuranceFund::new(usd(1_000.0), DRAWN_DOWN);
    assert_eq!(fund.settle(hour(1), usd(-200.0)), Borne::ByFund);
    assert_eq!(fund.settle(hour(2), usd(-100.0)), Borne::ByFund);
    assert_eq!(fund.settle(hour(3), usd(-1.0)), Borne::ByWinners);
    assert_eq!(fund.balance(), usd(700.0));
    assert!(
        fund.spares_itself(Timestamp(hour(9).0 - 1), usd(1.0)),
        "it stood at 1,000 until hour 1"
    );
    assert!(!fund.spares_itself(hour(9), usd(1.0)));
    assert_eq!(fund.settle(hour(9), usd(-150.0)), Borne::ByFund);
    // At 550 it is 31.25 % below the 800 that it had until hour 2.
    assert_eq!(
        fund.settle(Timestamp(hour(10).0 - 1), usd(-1.0)),
        Borne::ByWinners
    );
    assert_eq!(
        fund.settle(hour(10), usd(-1.0)),
        Borne::ByFund,
        "its peak is 700 now"
    );
    fund.receive(hour(11), usd(451.0));
    assert_eq!(fund.balance(), usd(1_000.0));
    assert_eq!(
        fund.settle(hour(12), usd(-1_001.0)),
        Borne::ByWinners,
        "more than there is"
    );
}

/// A lower balance between two higher ones does not lengthen the life of the first.
#[test]
fn a_peak_lasts_until_its_balance_ceased() {
    let mut fund = InsuranceFund::new(usd(100.0), DRAWN_DOWN);
    fund.settle(hour(1), usd(-25.0));
    fund.receive(hour(5), usd(10.0));
    assert_eq!(fund.peak(Timestamp(hour(9).0 - 1), 28_800.0), usd(100.0));
    assert_eq!(fund.peak(hour(9), 28_800.0), usd(85.0));
}

proptest! {
    #[test]
    fn a_fund_never_owes_and_loses_nothing_on_the_way(
        steps in prop::collection::vec((0_i64..5, -400_i64..300), 1..60),
        drawn_down in any::<bool>(),
    ) {
        let begins = if drawn_down { DRAWN_DOWN } else { Begins::FundEmpty };
        let mut fund = InsuranceFund::new(Cash(1_000), begins);
        let (mut at, mut stood) = (hour(0), vec![(hour(-100), 1_000_i128)]);
        for (hours, won) in steps {
            at = at.plus_seconds((hours * HOUR_S) as f64);
            // The peak by looking at every balance: those in force after the window's start.
            let from = Timestamp(at.0 - 28_800 * MICROS_PER_SECOND);
            let last_before = stood.iter().rposition(|(begun_at, _)| *begun_at <= from).unwrap_or(0);
            let peak = stood[last_before..].iter().map(|(_, balance)| *balance).max().unwrap_or(0);
            if drawn_down {
                prop_assert_eq!(fund.peak(at, 28_800.0), Cash(peak));
            }
            fund.settle(at, Cash(won as i128));
            stood.push((at, fund.balance().0));
            prop_assert!(fund.balance() >= Cash::ZERO);
            prop_assert_eq!(fund.balance(), Cash(1_000) + fund.gained() - fund.paid());
        }
    }
}
