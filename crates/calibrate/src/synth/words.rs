//! What a reader of a generated crash must know, in words.

use aftershock_market::synthetic::LimitRow;

/// Topic and text, in the order in which they are told.
const LIMITS: [(&str, &str); 19] = [
    (
        "made up",
        "Nothing of this happened. News, flow and positions are drawn from a seed; the year is 2099, and no venue of these names exists.",
    ),
    (
        "made up",
        "The crash was made with the replay's own equations. It shows what they do, and whether an estimate recovers what was declared; it says nothing about the world.",
    ),
    (
        "made up",
        "No calibration reads these tables or this page: they are the truth, and lie apart from the tape.",
    ),
    (
        "the comparison",
        "Truth is known, so that no calibration stands between the crash and a rule set: news, ordinary flow in USD and the depth that ordinary flow met are given as they were, and only the rules differ. The difference between two rule sets is exact for this world.",
    ),
    (
        "the comparison",
        "Ordinary flow meets the depth of the truth under every rule set, so that the null is one but for halts, which hold ordinary flow back and cancel a quarter of it. Where it met the books of its own rule set, the fall would be that of the column so named.",
    ),
    (
        "the comparison",
        "One seed is one path. Nothing here has an interval; another seed gives another crash.",
    ),
    (
        "the comparison",
        "Positions at the start were opened under the margins of record, also where the rules ask for more: a rule set meets them a minute after the start, and whom it asks too much of is closed then.",
    ),
    (
        "the comparison",
        "Rules decide margins and bands once a minute. While a market is halted its price stands, and the reopening finds what news made of it: a low that nobody could trade at is not a fall avoided.",
    ),
    (
        "the model",
        "The null off-book is the same news and ordinary flow with no forced order, arbitrage or carry trade in any book. Positions break as they did, and nothing of it reaches the price.",
    ),
    (
        "the model",
        "Positions are levels of many small holders, opened along a random walk before the start; a level breaks as a whole or by the venue's steps.",
    ),
    (
        "the model",
        "The response matrix holds what forced flow does at once: its own market, and the reference market of other assets through cross impact. Arbitrage takes time and is not in it, so that markets of one asset stand on its diagonal alone.",
    ),
    (
        "the model",
        "The spectral radius is that of the matrix at one instant, with the slope of impact as it stands, and impact is concave: above one says that a small push would grow, and not how far.",
    ),
    (
        "the model",
        "Half-lives of arbitrage, makers' withdrawal, carry traders' speeds and the shape of the book are declared beliefs and measured on no record.",
    ),
    (
        "not modelled",
        "Holders who add margin or close of their own will, and fees.",
    ),
    (
        "not modelled",
        "Accounts that hold several positions: the channel of cross-margin is there and has nobody to call.",
    ),
    (
        "not modelled",
        "Positions that offset each other at two venues, and funds of one market behind losses of another: the only other fund that rules may draw on is the market's own vault.",
    ),
    (
        "not modelled",
        "A queue in the book, spreads, and makers' inventory.",
    ),
    ("not modelled", "Options, portfolio margin and pools on chains."),
    (
        "not modelled",
        "Traders who change their ordinary flow because rules differ.",
    ),
];

pub(super) fn limits() -> Vec<LimitRow> {
    let row = |(number, (topic, text)): (usize, &(&'static str, &str))| LimitRow {
        number: number as i32,
        topic,
        text: (*text).to_owned(),
    };
    LIMITS.iter().enumerate().map(row).collect()
}
