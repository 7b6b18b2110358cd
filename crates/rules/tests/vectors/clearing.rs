//! What netting through a clearing house saves.

use aftershock_measure::clearing::{ClearingHouses, least_members, netting_exposure};

use crate::table::{Kind, Table};

#[test]
fn netting() {
    let mut table = Table::default();
    let duffie_zhu = "Duffie and Zhu: one class of K helps iff 4 K (N - 1) < N^2; by search in Python";
    for (classes, members) in [(2, 7), (3, 11), (4, 15), (6, 23)] {
        let what = format!("fewest members, {classes} classes");
        table.same(
            "V-CL1",
            Kind::Derived,
            duffie_zhu,
            &what,
            Some(members),
            least_members(classes),
        );
        let exposure = |members, cleared| netting_exposure(members, classes, cleared, ClearingHouses::Joint);
        let turns = exposure(members, 1) < exposure(members, 0)
            && exposure(members - 1, 1) >= exposure(members - 1, 0);
        table.same(
            "V-CL1",
            Kind::Derived,
            duffie_zhu,
            &format!("exposure turns there, {classes} classes"),
            true,
            turns,
        );
    }
    let rba = "RBA RDP 2013-12, equation 13, with equal classes";
    let one = netting_exposure(12, 2, 2, ClearingHouses::Joint);
    let two = netting_exposure(12, 2, 2, ClearingHouses::Separate);
    table.near(
        "V-CL2",
        Kind::Derived,
        rba,
        "one house over two",
        0.5_f64.sqrt(),
        one / two,
        1e-12,
    );
    table.finish();
}
