//! What the user brought: accounts of his own, and a move that no record holds.

use super::List;
use crate::Case;
use crate::own::SMALL_SHARE;

/// Says that part of the price is made up.
pub(super) fn shock(case: &Case<'_>, list: &mut List) {
    let Some(shock) = case.shock else { return };
    list.text(
        "shock",
        &format!(
            "this is not what happened: a move of {shock} from {} on was made up and added to the news of the record, \
             linear in the log price; forced flow answers to it, ordinary flow \
             and the depth it met are those of the record",
            case.from
        ),
        "declared",
        "made up",
    );
}

/// Says what is assumed of the user's accounts, and how much of the market they are.
pub(super) fn accounts(case: &Case<'_>, open_interest_usd: &[f64], list: &mut List) {
    let Some(own) = case.own else { return };
    list.text(
        "own_accounts",
        "the user's own accounts are too small to move the market: they are valued against the replayed mark, and their \
         orders take nothing off the book and nothing out of insurance; each order walks the book alone, after the forced \
         orders of its waypoint",
        "declared",
        "positions file",
    );
    list.text(
        "own_accounts_closing",
        "an own account is closed where its equity meets the maintenance margin in force, at the replay's latency, all of \
         it unless a rule closes a part; what is gained or lost in part stays with the account, and a cross account closes \
         all its positions; its orders go to the book whatever a rule says of how to sell, and of a rule that closes each \
         position by its own size it takes the share of the mean one; no funding, no fee, and nothing is posted later",
        "declared",
        "model",
    );
    let path = &case.recorded.paths[0];
    let notional_usd = own.notional_usd(libm::exp(path.log_price[path.first - 1]));
    let shares = || open_interest_usd.iter().map(|usd| notional_usd / usd);
    let largest = shares().fold(0.0, f64::max);
    list.number(
        "own_accounts_share",
        largest,
        "the user's own positions over open interest at the start, in the draw where it is largest",
        "ratio",
        "derived",
        "positions file",
    );
    let felt = shares().filter(|share| *share > SMALL_SHARE).count();
    if felt > 0 {
        list.text(
            "own_accounts_large",
            &format!(
                "the user's own positions are more than {} % of open interest in {felt} of {} draws, {:.1} % at most: a \
                 book of that size would have moved the price against itself, so that its losses are understated",
                100.0 * SMALL_SHARE,
                open_interest_usd.len(),
                100.0 * largest
            ),
            "derived",
            "positions file",
        );
    }
}
