//! Prints a digest over every bit of a generated crash, its abduction and its closed loop.
//!
//! Two builds that print the same compute the same, whatever they were optimised for.

use aftershock_calibrate::synthetic::generate;
use aftershock_protocol::RuleSet;
use aftershock_replay::{Mechanisms, Mode, Replay, ReplayError, Silent, lead_in};
use sha2::{Digest, Sha256};

fn main() -> Result<(), ReplayError> {
    let synthetic = generate(1, 1.0)?;
    let rules = RuleSet::default();
    let replay = Replay {
        path: &synthetic.path,
        parameters: &synthetic.parameters,
        table: &synthetic.table,
        rules: &rules,
    };
    let start = lead_in(&replay, &mut Silent)?;
    let abducted = replay.run(start.clone(), Mode::ABDUCT, &mut Silent)?;
    let exogenous = abducted.exogenous.unwrap_or_default();
    let mode = Mode::closed_loop(&exogenous, Mechanisms::ALL);
    let replayed = replay.run(start, mode, &mut Silent)?;
    let mut hash = Sha256::new();
    for column in [
        &synthetic.path.log_price,
        &exogenous.log_price,
        &exogenous.ordinary_usd,
        &exogenous.ordinary_depth,
        &exogenous.log_null,
        &replayed.log_mark,
    ] {
        for value in column {
            hash.update(value.to_bits().to_le_bytes());
        }
    }
    hash.update(format!("{:?}", replayed.totals));
    let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    println!("{hex}");
    Ok(())
}
