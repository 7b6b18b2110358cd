//! Prints what the fit of impact makes of tapes whose impact is known: `cargo run --release --example known_impact [seeds]`.

use aftershock_calibrate::fit::impact::Settings;
use aftershock_calibrate::fit::impact::known::{Answer, cases, known_answers};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count: u64 = std::env::args().nth(1).map_or(Ok(24), |count| count.parse())?;
    let seeds: Vec<u64> = (0..count).collect();
    let mut settings = Settings::default();
    settings.ahead = std::env::args().nth(2).is_none_or(|a| a == "ahead");
    if let Some(list) = std::env::args().nth(3) {
        settings.windows = list
            .split(',')
            .map(|w| (w.trim_end_matches('t').parse().unwrap(), w.ends_with('t')))
            .collect();
    }
    println!("{}", Answer::header(&settings));
    if let Some(x) = std::env::args().nth(4) {
        settings.form_sd_log = x.parse()?;
    }
    let y: f64 = std::env::args().nth(5).map_or(1.0, |y| y.parse().unwrap());
    for mut case in cases() {
        case.truth.y = y;
        for answer in known_answers(&[case], &seeds, &settings)? {
            println!("{answer}");
        }
    }
    Ok(())
}
