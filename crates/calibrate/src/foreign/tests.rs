use super::*;

#[test]
fn quick_look() {
    for kind in [Kind::Propagator, Kind::OrderBook] {
        for seed in 0..10 {
            let declared = Declared::drawn(kind, seed);
            let began = std::time::Instant::now();
            match generate(&declared) {
                Ok(made) => {
                    let truth = &made.truth;
                    println!(
                        "{kind:?} {seed} {:.2}s A {:?} target {:?} ratio {:.3} scale {:.3} n {} dd {:.3}/{:.3} liq {:?} stop {:?} rules {:?} prints {} oi {:.2e}",
                        began.elapsed().as_secs_f64(),
                        truth.amplification.iter().map(|one| one.value.map(|v| (v * 1e3).round() / 1e3)).collect::<Vec<_>>(),
                        declared.amplification, declared.positions.open_interest_ratio,
                        truth.open_interest_scale, truth.search.len(),
                        truth.record.drawdown_log, truth.off_book.drawdown_log,
                        truth.record.liquidated_usd.map(|x| (x / 1e6).round()),
                        truth.record.stopped_usd.map(|x| (x / 1e6).round()),
                        truth.rules.iter().map(|one| one.effect_log[2].value.map(|v| (v * 1e3).round() / 1e3)).collect::<Vec<_>>(),
                        made.observed.trades.len(), truth.open_interest_usd,
                    );
                }
                Err(error) => println!("{kind:?} {seed} {error}"),
            }
        }
    }
}
