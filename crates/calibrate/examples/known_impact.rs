//! Prints what the fit of impact makes of tapes whose impact is known:
//! `cargo run --release -p aftershock-calibrate --example known_impact [seeds] [first]`.

use aftershock_calibrate::fit::impact::Settings;
use aftershock_calibrate::fit::impact::known::{Answer, cases, foreign_cases, known_answers};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count: u64 = std::env::args().nth(1).map_or(Ok(24), |count| count.parse())?;
    let first: u64 = std::env::args().nth(2).map_or(Ok(0), |first| first.parse())?;
    let seeds: Vec<u64> = (first..first + count).collect();
    let settings = Settings::default();
    println!("{}", Answer::header(&settings));
    for case in cases().into_iter().chain(foreign_cases()) {
        for answer in known_answers(&[case], &seeds, &settings)? {
            println!("{answer}");
        }
    }
    Ok(())
}
