use aftershock_calibrate::check::crash::{Crash, declared};
use aftershock_market::Side;
fn main() {
    let fall: f64 = std::env::args().nth(1).and_then(|s| s.parse().ok()).unwrap_or(0.08);
    let mut t = std::time::Instant::now();
    for s in 1..=20 {
        let mut d = declared(s);
        d.ramp.size = fall;
        let c = Crash::new(&d).unwrap();
        let r = c.factual().unwrap();
        let end = d.ramp.span_s().1;
        let j = &r.journal;
        // per market
        let mut num = 0.0; let mut den = 0.0; let mut cov = String::new();
        let mut add = 0.0; let mut addall=0.0; let mut all=0.0; let mut long = 0.0; let mut by=0.0;
        let m = c.markets();
        let mut local=0.0; let mut rad=0.0; let mut lw=0.0;
        for o in &j.orders {
            let v = o.notional_usd + o.deleveraged_usd;
            all += v; if o.additional { addall += v; }
            let secs=(o.triggered_at.0-aftershock_calibrate::synth::START.0) as f64/1e6;
            let row = ((secs*2.0) as usize).min(j.clock.len()-1);
            if o.side==Side::Long { local += v*j.clock[row].response[o.market*m+o.market]; rad += v*j.clock[row].spectral_radius; lw+=v; }
        }
        for k in 0..m {
            let rows: Vec<_> = j.prices.iter().filter(|p| p.market==k).collect();
            let trough = rows.iter().filter(|p| true || (p.at.0-aftershock_calibrate::synth::START.0) as f64/1e6 <= end+60.0).min_by(|a,b| a.log_price.total_cmp(&b.log_price)).unwrap();
            let p0 = rows[0].log_price;
            let fallp = p0 - trough.log_price;
            let impact = trough.log_null - trough.log_price;
            let lownull = rows.iter().filter(|p| p.at<=trough.at).map(|p| p.log_null).fold(f64::INFINITY,f64::min);
            let impact2 = lownull - trough.log_price;
            let mut q=0.0; let mut a=0.0;
            for o in j.orders.iter().filter(|o| o.market==k && o.side==Side::Long && o.triggered_at<=trough.at) {
                let v=o.notional_usd + o.deleveraged_usd; q+=v; if o.additional {a+=v;} if o.parent.is_some(){by+=v;}
            }
            num += q*impact/fallp; den += q; add += a; long += q;
            cov += &format!(" [{k} fall {:.4} imp {:.4} imp2 {:.4} q {:.0}M add {:.3}]", fallp, impact, impact2, q/1e6, a/q);
        }
        println!("{s} n={} sec {:.3} add {:.3} (all {:.3}) by {:.3} local {:.3} rad {:.3} calls {} debt {:?} {cov}", j.orders.len(), num/den, add/long, addall/all, by/long, local/lw, rad/lw,
          j.orders.iter().filter(|o| o.cause!=aftershock_replay::world::Cause::Liquidation).count(), r.bad_debt.iter().map(|d| d.to_f64()).collect::<Vec<_>>());
        if s<3 {println!("{:?} imb {:?} liq {:?} delev {}", t.elapsed(), r.imbalance, r.accounts.iter().map(|a| (a.name.clone(), a.liquidated_at.is_some(), a.is_flat())).collect::<Vec<_>>(), j.orders.iter().map(|o|o.deleveraged_usd).sum::<f64>());
        t=std::time::Instant::now();}
    }
}
