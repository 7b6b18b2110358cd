//! Signatures of the events, as the protocols' contracts declare them.
//!
//! Sources: aave/protocol-v2 `ILendingPool.sol`, aave/aave-v3-core `IPool.sol`; compound-finance/compound-protocol
//! `CTokenInterfaces.sol`; compound-finance/comet `CometMainInterface.sol`; makerdao/dss `cat.sol`, `dog.sol`,
//! `flip.sol`, `clip.sol`; Uniswap/v2-core `IUniswapV2Pair.sol`, Uniswap/v3-core `IUniswapV3PoolEvents.sol`.
//! The tests hold the topics that others have published.

use alloy_primitives::B256;
use alloy_sol_types::{SolEvent, sol};

sol! {
    interface Aave {
        event LiquidationCall(address indexed collateralAsset, address indexed debtAsset, address indexed user, uint256 debtToCover, uint256 liquidatedCollateralAmount, address liquidator, bool receiveAToken);
    }

    interface CToken {
        event LiquidateBorrow(address liquidator, address borrower, uint256 repayAmount, address cTokenCollateral, uint256 seizeTokens);
    }

    interface Comet {
        event AbsorbCollateral(address indexed absorber, address indexed borrower, address indexed asset, uint256 collateralAbsorbed, uint256 usdValue);
        event AbsorbDebt(address indexed absorber, address indexed borrower, uint256 basePaidOut, uint256 usdValue);
        event BuyCollateral(address indexed buyer, address indexed asset, uint256 baseAmount, uint256 collateralAmount);
    }

    interface Cat {
        event Bite(bytes32 indexed ilk, address indexed urn, uint256 ink, uint256 art, uint256 tab, address flip, uint256 id);
    }

    interface Flip {
        event Kick(uint256 id, uint256 lot, uint256 bid, uint256 tab, address indexed usr, address indexed gal);
        event LogNote(bytes4 indexed sig, address indexed usr, bytes32 indexed arg1, bytes32 indexed arg2, bytes data) anonymous;
    }

    interface Dog {
        event Bark(bytes32 indexed ilk, address indexed urn, uint256 ink, uint256 art, uint256 due, address clip, uint256 indexed id);
    }

    interface Clip {
        event Kick(uint256 indexed id, uint256 top, uint256 tab, uint256 lot, address indexed usr, address indexed kpr, uint256 coin);
        event Take(uint256 indexed id, uint256 max, uint256 price, uint256 owe, uint256 tab, uint256 lot, address indexed usr);
        event Redo(uint256 indexed id, uint256 top, uint256 tab, uint256 lot, address indexed usr, address indexed kpr, uint256 coin);
    }

    interface PairV2 {
        event Swap(address indexed sender, uint256 amount0In, uint256 amount1In, uint256 amount0Out, uint256 amount1Out, address indexed to);
        event Sync(uint112 reserve0, uint112 reserve1);
        event Mint(address indexed sender, uint256 amount0, uint256 amount1);
        event Burn(address indexed sender, uint256 amount0, uint256 amount1, address indexed to);
    }

    interface PoolV3 {
        event Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, uint160 sqrtPriceX96, uint128 liquidity, int24 tick);
        event Mint(address sender, address indexed owner, int24 indexed tickLower, int24 indexed tickUpper, uint128 amount, uint256 amount0, uint256 amount1);
        event Burn(address indexed owner, int24 indexed tickLower, int24 indexed tickUpper, uint128 amount, uint256 amount0, uint256 amount1);
        event Collect(address indexed owner, address recipient, int24 indexed tickLower, int24 indexed tickUpper, uint128 amount0, uint128 amount1);
    }
}

/// Notes of Maker's first auction house: the first four bytes of the topic are the function that was called.
/// Source: makerdao/vdb-mcd-transformers, `transformers/shared/constants/signature_test.go`.
pub(super) const NOTES: [([u8; 4], &str); 4] = [
    ([0x4b, 0x43, 0xed, 0x12], "tend"),
    ([0x5f, 0xf3, 0xa3, 0x82], "dent"),
    ([0xc9, 0x59, 0xc4, 0x2b], "deal"),
    ([0x26, 0xe0, 0x27, 0xf1], "yank"),
];

/// The function of a note, by its first topic.
pub(super) fn note(topic: &B256) -> Option<&'static str> {
    let (function, rest) = topic.split_at(4);
    let known = NOTES.iter().find(|(own, _)| own == function)?;
    rest.iter().all(|byte| *byte == 0).then_some(known.1)
}

/// True for a topic of an event that is read here.
pub(super) fn is_known(topic: &B256, topics: usize) -> bool {
    TOPICS.contains(topic) || (topics == 4 && note(topic).is_some())
}

const TOPICS: [B256; 19] = [
    Aave::LiquidationCall::SIGNATURE_HASH,
    CToken::LiquidateBorrow::SIGNATURE_HASH,
    Comet::AbsorbCollateral::SIGNATURE_HASH,
    Comet::AbsorbDebt::SIGNATURE_HASH,
    Comet::BuyCollateral::SIGNATURE_HASH,
    Cat::Bite::SIGNATURE_HASH,
    Flip::Kick::SIGNATURE_HASH,
    Dog::Bark::SIGNATURE_HASH,
    Clip::Kick::SIGNATURE_HASH,
    Clip::Take::SIGNATURE_HASH,
    Clip::Redo::SIGNATURE_HASH,
    PairV2::Swap::SIGNATURE_HASH,
    PairV2::Sync::SIGNATURE_HASH,
    PairV2::Mint::SIGNATURE_HASH,
    PairV2::Burn::SIGNATURE_HASH,
    PoolV3::Swap::SIGNATURE_HASH,
    PoolV3::Mint::SIGNATURE_HASH,
    PoolV3::Burn::SIGNATURE_HASH,
    PoolV3::Collect::SIGNATURE_HASH,
];

/// The event of a log with its first topic.
pub(super) fn decode<E: SolEvent>(log: &super::Log) -> Result<E, crate::text::Fault> {
    E::decode_raw_log_validate(log.topics.iter().copied(), &log.data).map_err(|_| crate::text::Fault::Event)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published topics: the OpenChain-style collections `github.com/otterscan/topic0` (`signatures/<topic>`) and
    /// `github.com/Search-On-Dora/topic0`; Maker's own indexer, `github.com/makerdao/vdb-mcd-transformers`
    /// (`transformers/shared/constants/signature_test.go`); bindings generated by `abigen` for Uniswap v3's `Collect`;
    /// Flipside's models of Ethereum for Compound v3's `AbsorbCollateral`.
    const PUBLISHED: [(B256, &str, &str); 19] = [
        (
            Aave::LiquidationCall::SIGNATURE_HASH,
            Aave::LiquidationCall::SIGNATURE,
            "e413a321e8681d831f4dbccbca790d2952b56f977908e45be37335533e005286",
        ),
        (
            CToken::LiquidateBorrow::SIGNATURE_HASH,
            CToken::LiquidateBorrow::SIGNATURE,
            "298637f684da70674f26509b10f07ec2fbc77a335ab1e7d6215a4b2484d8bb52",
        ),
        (
            Comet::AbsorbCollateral::SIGNATURE_HASH,
            Comet::AbsorbCollateral::SIGNATURE,
            "9850ab1af75177e4a9201c65a2cf7976d5d28e40ef63494b44366f86b2f9412e",
        ),
        (
            Comet::AbsorbDebt::SIGNATURE_HASH,
            Comet::AbsorbDebt::SIGNATURE,
            "1547a878dc89ad3c367b6338b4be6a65a5dd74fb77ae044da1e8747ef1f4f62f",
        ),
        (
            Comet::BuyCollateral::SIGNATURE_HASH,
            Comet::BuyCollateral::SIGNATURE,
            "f891b2a411b0e66a5f0a6ff1368670fefa287a13f541eb633a386a1a9cc7046b",
        ),
        (
            Cat::Bite::SIGNATURE_HASH,
            Cat::Bite::SIGNATURE,
            "a716da86bc1fb6d43d1493373f34d7a418b619681cd7b90f7ea667ba1489be28",
        ),
        (
            Flip::Kick::SIGNATURE_HASH,
            Flip::Kick::SIGNATURE,
            "c84ce3a1172f0dec3173f04caaa6005151a4bfe40d4c9f3ea28dba5f719b2a7a",
        ),
        (
            Dog::Bark::SIGNATURE_HASH,
            Dog::Bark::SIGNATURE,
            "85258d09e1e4ef299ff3fc11e74af99563f022d21f3f940db982229dc2a3358c",
        ),
        (
            Clip::Kick::SIGNATURE_HASH,
            Clip::Kick::SIGNATURE,
            "7c5bfdc0a5e8192f6cd4972f382cec69116862fb62e6abff8003874c58e064b8",
        ),
        (
            Clip::Take::SIGNATURE_HASH,
            Clip::Take::SIGNATURE,
            "05e309fd6ce72f2ab888a20056bb4210df08daed86f21f95053deb19964d86b1",
        ),
        (
            Clip::Redo::SIGNATURE_HASH,
            Clip::Redo::SIGNATURE,
            "275de7ecdd375b5e8049319f8b350686131c219dd4dc450a08e9cf83b03c865f",
        ),
        (
            PairV2::Swap::SIGNATURE_HASH,
            PairV2::Swap::SIGNATURE,
            "d78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822",
        ),
        (
            PairV2::Sync::SIGNATURE_HASH,
            PairV2::Sync::SIGNATURE,
            "1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1",
        ),
        (
            PairV2::Mint::SIGNATURE_HASH,
            PairV2::Mint::SIGNATURE,
            "4c209b5fc8ad50758f13e2e1088ba56a560dff690a1c6fef26394f4c03821c4f",
        ),
        (
            PairV2::Burn::SIGNATURE_HASH,
            PairV2::Burn::SIGNATURE,
            "dccd412f0b1252819cb1fd330b93224ca42612892bb3f4f789976e6d81936496",
        ),
        (
            PoolV3::Swap::SIGNATURE_HASH,
            PoolV3::Swap::SIGNATURE,
            "c42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67",
        ),
        (
            PoolV3::Mint::SIGNATURE_HASH,
            PoolV3::Mint::SIGNATURE,
            "7a53080ba414158be7ec69b987b5fb7d07dee101fe85488f0853ae16239d0bde",
        ),
        (
            PoolV3::Burn::SIGNATURE_HASH,
            PoolV3::Burn::SIGNATURE,
            "0c396cd989a39f4459b5fa1aed6a9a8dcdbc45908acfd67e028cd568da98982c",
        ),
        (
            PoolV3::Collect::SIGNATURE_HASH,
            PoolV3::Collect::SIGNATURE,
            "70935338e69775456a85ddef226c395fb668b63fa0115f5f20610b388e6ca9c0",
        ),
    ];

    #[test]
    fn every_signature_has_its_published_topic() {
        for (own, signature, published) in PUBLISHED {
            assert_eq!(own.to_string(), format!("0x{published}"), "{signature}");
            assert_eq!(alloy_primitives::keccak256(signature), own, "{signature}");
            assert!(TOPICS.contains(&own), "{signature}");
        }
    }

    #[test]
    fn the_functions_of_notes_have_their_published_selectors() {
        for (selector, signature) in [
            ("tend", "tend(uint256,uint256,uint256)"),
            ("dent", "dent(uint256,uint256,uint256)"),
            ("deal", "deal(uint256)"),
            ("yank", "yank(uint256)"),
        ] {
            let own = NOTES.iter().find(|(_, name)| *name == selector).unwrap().0;
            assert_eq!(own, alloy_primitives::keccak256(signature)[..4], "{signature}");
        }
    }
}
