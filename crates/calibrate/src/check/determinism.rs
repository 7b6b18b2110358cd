//! G0: the same run gives the same bytes, again and on another thread.

use std::fmt::{self, Debug, Write as _};

use aftershock_replay::ReplayError;
use sha2::{Digest, Sha256};

use super::{CheckError, Crash, Finding, Gate, Verdict};

/// SHA-256 of all that a value holds, hex: its `Debug` form names every field and writes every float so that it reads
/// back to the same bits.
pub fn digest(value: &impl Debug) -> String {
    struct Hashing(Sha256);
    impl fmt::Write for Hashing {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.update(text.as_bytes());
            Ok(())
        }
    }
    let mut hashing = Hashing(Sha256::new());
    write!(hashing, "{value:?}").expect("hashing does not fail");
    let digest = hashing.0.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Two runs one after the other, then two at the same time on two threads.
pub(super) fn gate(crash: &Crash) -> Result<Finding, CheckError> {
    let run = || Ok::<_, ReplayError>(digest(&crash.factual()?));
    let mut digests = vec![run()?, run()?];
    let at_once = std::thread::scope(|scope| {
        let threads = [scope.spawn(run), scope.spawn(run)];
        threads.map(|thread| thread.join().expect("a run does not panic"))
    });
    for one in at_once {
        digests.push(one?);
    }
    Ok(judge(&digests))
}

fn judge(digests: &[String]) -> Finding {
    let mut different = digests.to_vec();
    different.sort_unstable();
    different.dedup();
    Finding {
        gate: Gate::Determinism,
        figure: format!(
            "{} of {} runs differ; all that happened has digest {}",
            different.len() - 1,
            digests.len(),
            &digests[0][..16]
        ),
        verdict: Verdict::of(different.len() == 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::declared;

    /// Source: `printf '%s' '[1.0, -0.0]' | sha256sum`.
    #[test]
    fn a_digest_is_that_of_the_written_value() {
        assert_eq!(
            digest(&[1.0, -0.0]),
            "398640556a9f1fe4c513d60d83ade043956b541d69788479b68f88ab169c06a2"
        );
    }

    #[test]
    fn one_bit_is_a_failure() {
        let crash = Crash::new(&declared(1)).expect("it is a crash");
        let mut run = crash.factual().expect("it runs");
        let before = digest(&run);
        let row = run.journal.prices.last_mut().expect("it has prices");
        row.log_price = f64::from_bits(row.log_price.to_bits() ^ 1);
        let verdict = |digests: &[String]| judge(digests).verdict;
        assert_eq!(verdict(&[before.clone(), before.clone()]), Verdict::Pass);
        assert_eq!(verdict(&[before, digest(&run)]), Verdict::Fail);
    }
}
