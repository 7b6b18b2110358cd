use super::*;
#[test]
fn explore() {
    for (a, seed) in [(1.0,1),(1.1,1),(1.25,1),(1.1,2)] {
        let mut d = Declared::default();
        d.seed = seed;
        d.amplification = Target::Ratio(a);
        let t = std::time::Instant::now();
        match generate(&d) {
          Err(e) => println!("{a} {seed}: {e} {:?}", t.elapsed()),
          Ok(g) => {
            println!("{a} {seed}: {:?} {:?} {:?}", g.truth.amplification(), g.truth.search, t.elapsed());
            for n in &g.truth.nulls { println!("   {} {:?} {:?} {:?}", n.name, n.whole.iter().map(|c| (c.clock_s, c.all)).collect::<Vec<_>>(), n.crash.iter().map(|c| (c.clock_s, c.returns, c.all)).collect::<Vec<_>>(), n.drawdown); }
            println!("   {:?} imb {} {} json {}", g.truth.branching, g.truth.contracts_imbalance, g.truth.money_imbalance, g.truth.to_json().len());
            for m in &g.truth.markets { println!("   {} {} {:?} {:?} {:?} {:?} {:?} bd {} {:?}", m.venue, m.open_interest_usd, m.feed, m.contracts_at_start, m.contracts_at_end, m.fund, m.vault, m.bad_debt, m.leverage.iter().map(|l| (l.leverage, l.declared, l.long, l.short)).collect::<Vec<_>>()); }
            for m in &g.printed.markets { println!("   {} trades {} liq {} oi {} depth {}", m.venue, m.trades.len(), m.liquidations.len(), m.open_interest.at.len(), m.depth.at.len()); }
          }
        }
    }
}
