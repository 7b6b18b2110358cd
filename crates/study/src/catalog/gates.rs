//! The gates, a row each.

use aftershock_calibrate::check::Gate;
use aftershock_query::catalog::GateRow;

/// Every gate in the order of its number.
pub(super) fn rows() -> Vec<GateRow> {
    let mut rows: Vec<GateRow> = Gate::ALL.into_iter().map(row).collect();
    rows.extend([
        in_replays_alone(
            "G3",
            "Do known answers come out?",
            "relative difference at most 1e-9",
        ),
        in_replays_alone(
            "G18",
            "Is forced flow in no bar more than all that traded in scope?",
            "at most 1",
        ),
        in_replays_alone(
            "G19",
            "Does forced flow come to an end in every draw?",
            "no draw left out; a run of which one in twenty would be is refused",
        ),
    ]);
    rows.sort_by_key(|row| row.gate[1..].parse().unwrap_or(u32::MAX));
    rows
}

fn in_replays_alone(gate: &str, asks: &str, threshold: &str) -> GateRow {
    GateRow {
        gate: gate.into(),
        asks: asks.into(),
        threshold: threshold.into(),
        in_replays: true,
        ..GateRow::default()
    }
}

fn row(gate: Gate) -> GateRow {
    let name = gate.name();
    let command = if gate.elsewhere().is_some() {
        None
    } else if Gate::CALIBRATION.contains(&gate) {
        Some(format!("aftershock check --calibration --gate {name}"))
    } else {
        Some(format!("aftershock check --gate {name}"))
    };
    let in_replays = matches!(
        gate,
        Gate::Determinism
            | Gate::Conservation
            | Gate::Identity
            | Gate::Placebo
            | Gate::Attribution
            | Gate::LookAhead
    );
    GateRow {
        gate: name.into(),
        asks: asks(gate).into(),
        threshold: gate.threshold().into(),
        command,
        in_replays,
        note: gate.elsewhere().map(str::to_owned),
    }
}

fn asks(gate: Gate) -> &'static str {
    match gate {
        Gate::Determinism => "Does the same run give the same bytes, on one thread and on many?",
        Gate::Conservation => "Are money and contracts conserved to the unit?",
        Gate::Identity => "Does what is abducted from a record give the record back?",
        Gate::ForcedVolume => "How much is forced, where the mix was not fitted?",
        Gate::ForcedTiming => "When is it forced?",
        Gate::ForcedPrices => "At which prices is it forced?",
        Gate::OpenInterest => "Does open interest take the path it took?",
        Gate::Depth => "Does depth take the path it took, where it was not fitted?",
        Gate::ImpactOutOfSample => "What does impact explain of prices that its fit has not seen?",
        Gate::InstrumentStrength => "Is the instrument of impact strong?",
        Gate::Placebo => "Is there no amplification where there was no crash?",
        Gate::FlowShuffle => "Does amplification go when forced flow is moved in time?",
        Gate::Recovery => "Does a calibration recover the truth of crashes whose truth is known?",
        Gate::Branching => "Do two counts agree of how much forced flow forced flow brings about?",
        Gate::Attribution => "Do the parts of an attribution add up to the whole?",
        Gate::External => {
            "Does an event come out as one venue published it, given the accounts that it published?"
        }
        Gate::LookAhead => "Does what comes later change nothing before?",
    }
}
