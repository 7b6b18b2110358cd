use super::*;
use crate::check::Verdict;

fn priors() -> Priors {
    let text = include_str!("../../../../../data/priors.toml");
    Priors::parse("data/priors.toml", text).expect("they are read")
}

#[test]
#[ignore]
fn survey() {
    let priors = priors();
    let kinds = std::env::var("KIND").unwrap_or_default();
    for number in 60..75 {
        let tape = match kinds.as_str() {
            "p" => Tape::foreign(Kind::Propagator, number),
            "b" => Tape::foreign(Kind::OrderBook, number),
            _ => Tape::own(number),
        }
        .expect("made");
        let now = std::time::Instant::now();
        let found = judge(&tape, &priors, &Gate::CALIBRATION).expect("judged");
        println!("== {} {} {:?}", number, tape.about, now.elapsed());
        for one in found {
            println!("  {} {:?} {}", one.gate.name(), one.verdict, one.figure);
        }
    }
}
