use aftershock_market::{Cash, Coin, Side};
use aftershock_protocol::venue::deleveraging::Allocation;
use aftershock_protocol::{CoverDeficit, ProtocolRule, SizeFund};

use super::*;
use crate::testing::view;

fn amended<S>(decision: Decision<S>) -> Option<S> {
    match decision {
        Decision::Amend(step, _) => Some(step),
        _ => None,
    }
}

fn step(share: f64, shared: Shared) -> Deleverage {
    Deleverage {
        side: Side::Short,
        deficit: Cash::from_f64(7000.0),
        share,
        shared,
    }
}

#[test]
fn deleveraging_is_switched_on_never_down() {
    let queue = |share| DeleverageQueue { share };
    let laid = amended(queue(0.5).deleverage(&step(0.0, Shared::Queue), &view())).expect("switched on");
    assert_eq!((laid.share, laid.shared), (0.5, Shared::Queue));
    assert!(amended(queue(1.0).deleverage(&step(1.0, Shared::Queue), &view())).is_none());
    assert!(amended(queue(0.0).deleverage(&step(0.0, Shared::Queue), &view())).is_none());
    let pro_rata = DeleverageProRata { share: 0.5 };
    let laid = amended(pro_rata.deleverage(&step(1.0, Shared::Queue), &view())).expect("laid otherwise");
    assert_eq!((laid.share, laid.shared), (1.0, Shared::ProRata));
    let lots = DeleverageWholeLots {
        share: 1.0,
        lot_btc: 0.001,
    };
    let laid = amended(lots.deleverage(&step(0.0, Shared::Queue), &view())).expect("switched on");
    assert_eq!(laid.shared, Shared::WholeLots { lot: Coin(100_000) });
    let profit = DeleverageByProfit { share: 1.0 };
    let laid = amended(profit.deleverage(&step(0.0, Shared::Queue), &view())).expect("switched on");
    assert_eq!((laid.share, laid.shared), (1.0, Shared::ByProfit));
}

/// Gains of 10, 5 and 1 against 7.5 keep 170/32, 85/32 and 17/32; here in units of 1/32. The two who lost give nothing.
///
/// Source: Chitra et al., arXiv 2512.01112, section 2.4.
#[test]
fn the_same_share_of_each_gain() {
    let gains = [320, 160, 32, 0, 0];
    let held = gains.map(Coin);
    let mut shares = Vec::new();
    assert_eq!(
        Allocation::Weights(&gains).allocate(Coin(240), &held, &mut shares),
        Coin::ZERO
    );
    let kept: Vec<i64> = shares.iter().map(|(at, given)| gains[*at] - given.0).collect();
    assert_eq!(kept, [170, 85, 17]);
}

/// 12,000 on 5,000 of the own fund and 1,000 of others: 6,000 are left, half of them 3,000.
#[test]
fn a_share_of_the_rest_is_charged() {
    let usd = Cash::from_f64;
    let step = CoverDeficit {
        deficit: usd(12_000.0),
        pool: 0,
        reserves: Vec::new(),
        left: vec![usd(5000.0), usd(1000.0)],
        draws: vec![usd(5000.0), usd(1000.0)],
        socialised: Cash::ZERO,
    };
    let charged = |share: f64, step: &CoverDeficit| {
        amended(LossSocialisation { share }.cover_deficit(step, &view())).map(|step| step.socialised.to_f64())
    };
    assert_eq!(charged(1.0, &step), Some(6000.0));
    assert_eq!(charged(0.5, &step), Some(3000.0));
    assert_eq!(charged(0.0, &step), None);
    let more = CoverDeficit {
        socialised: usd(3000.0),
        ..step
    };
    assert_eq!(charged(0.5, &more), None);
}

/// 0.02 of 600,000 is 12,000.
#[test]
fn a_fund_is_raised_and_never_lowered() {
    let sized = |fund_usd: f64| {
        let step = SizeFund {
            fund_usd,
            open_interest_usd: 600_000.0,
        };
        amended(InsuranceSize { ratio: 0.02 }.size_fund(&step, &view())).map(|step| step.fund_usd)
    };
    assert_eq!(sized(5000.0), Some(12_000.0));
    assert_eq!(sized(12_000.0), None);
    assert_eq!(sized(12_001.0), None);
}
