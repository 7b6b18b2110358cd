use aftershock_calibrate::clocked::Clocked;
use aftershock_calibrate::fit::impact::known::*;
use aftershock_calibrate::fit::impact::*;
use aftershock_market::Timestamp;
fn main() {
    let settings = Settings::default();
    let base = KnownTruth::default();
    for corr in [0.0, 0.3, 0.6] {
        let truth = KnownTruth {
            correlation: corr,
            ..base.clone()
        };
        let f = |n: &str, hl: f64| ImpactForm::single(n, hl, KnownTruth::SHAPE);
        let forms = [
            f("23", 23.0),
            f("69", 69.3),
            f("208", 208.0),
            f("624", 624.0),
            f("6000", 6000.0),
            base.form.with_decay(
                "six",
                &[3.5, 20.8, 124.8, 748.6, 4491.6, 26949.7],
                &[0.25, 0.2, 0.2, 0.15, 0.1, 0.1],
            ),
            base.form.with_shape("linear", KnownTruth::SHAPE.linear_at(3e8)),
            base.form.with_shape("log", KnownTruth::SHAPE.log_at(3e8, 1e7)),
        ];
        let mut mean = vec![0.0; 8];
        for seed in 0..12 {
            let o = truth.tape(seed);
            let tape = Clocked::new(&o, Timestamp(0), Timestamp(21_600_000_000), 1.0).unwrap();
            let forced = predetermined(&o, &tape, Choice::All);
            let t0 = std::time::Instant::now();
            let cells = fit_cells(&tape, &forms, &forced, None, &settings);
            let dt = t0.elapsed();
            for (m, w) in mean.iter_mut().zip(weights(&cells)) {
                *m += w / 12.0;
            }
            if seed < 2 {
                println!("corr {corr} seed {seed} in {dt:?}");
                for c in &cells {
                    println!(
                        "{:8} y {:.2} iv {:.2} F {:.0} rev {:?} quiet {:?}",
                        c.fit.form,
                        c.fit.y,
                        c.fit.y_iv.unwrap(),
                        c.fit.f.unwrap(),
                        c.reversal_bound,
                        c.quiet.as_ref().map(|q| (
                            q.steps,
                            q.slope,
                            q.r2,
                            q.log_likelihood,
                            q.log_likelihood_given_flow
                        ))
                    );
                }
                let path = Path::new(&tape, &forms[2], &forced, None);
                for y in [1.0, cells[2].fit.y, 2.5, 4.7] {
                    println!("{y} {:?}", gates::held_out(&tape, &path, y, 0..10500, 1));
                    println!("{y} {:?}", gates::held_out(&tape, &path, y, 10800..21600, 1));
                    println!("{:?}", gates::shuffled(&tape, &forms[2], &tape.forced_usd, y, 1));
                }
                println!("{:?}", gates::strength(&cells[2].fit));
            }
        }
        println!("mean weights {mean:.2?}");
    }
    // Pooling of calm tapes, leaving one out.
    let mut calm = KnownTruth {
        correlation: 0.3,
        ..base.clone()
    };
    calm.ramp.size = 0.0;
    for (name, truth) in [
        ("calm", calm),
        (
            "fall",
            KnownTruth {
                correlation: 0.3,
                ..base.clone()
            },
        ),
    ] {
        let fits: Vec<ImpactFit> = (0..12)
            .map(|seed| {
                let o = truth.tape(seed);
                let tape = Clocked::new(&o, Timestamp(0), Timestamp(21_600_000_000), 1.0).unwrap();
                fit(
                    &tape,
                    &truth.form,
                    &predetermined(&o, &tape, Choice::All),
                    None,
                    &settings,
                )
            })
            .collect();
        for out in 0..4 {
            let p = pooled(&fits, Some(out), &settings);
            println!(
                "{name} without {out}: {} tapes iv {:?} F {:?} interval {:?} between {:.3}",
                p.tapes, p.fit.y_iv, p.fit.f, p.fit.interval, p.between_sd
            );
        }
    }
}
