//! The Touchstone oracles under proptest.

use lightlane::medium::Network;
use lightlane::medium::touchstone::Version;
use lightlane_fuzz::touchstone::{FORMATS, NAMES, UNITS, reads_or_refuses, round_trip, scans_like_std};
use num_complex::Complex64;
use proptest::collection::vec;
use proptest::prelude::*;

/// Networks with values of very different size, exact zeros included.
fn networks() -> impl Strategy<Value = Network> {
    let value = prop_oneof![4 => -1.0..1.0f64, 1 => -1e-9..1e-9f64, 1 => Just(0.0), 1 => -1e6..1e6f64];
    (1usize..=6, 1usize..=4, any::<bool>()).prop_flat_map(move |(n, points, alike)| {
        let s = vec((value.clone(), value.clone()), points * n * n);
        (s, vec(1e-3..1e3f64, points), vec(1.0..500.0f64, n)).prop_map(move |(s, steps, mut z0)| {
            if alike {
                z0 = vec![z0[0]; n];
            }
            let mut f = 0.0;
            let freq_hz = steps.iter().map(|step| {
                f += step * 1e6;
                f
            });
            let s = s.into_iter().map(|(re, im)| Complex64::new(re, im)).collect();
            Network::new(freq_hz.collect(), s, z0).expect("built to be valid")
        })
    })
}

/// Tokens near the edges of the fast path: many digits, exponents about 22, stray signs and dots.
fn tokens() -> impl Strategy<Value = String> {
    let digits = "[0-9]{0,24}";
    (("[+-]?", digits, prop::option::of(digits)), prop::option::of(("[eE][+-]?", "[0-9]{0,4}")), "[ !x,]?")
        .prop_map(|((sign, whole, fraction), exponent, tail)| {
            let fraction = fraction.map_or(String::new(), |f| format!(".{f}"));
            let exponent = exponent.map_or(String::new(), |(e, n)| format!("{e}{n}"));
            format!("{sign}{whole}{fraction}{exponent}{tail}")
        })
}

const SEEDS: [&str; 4] = [
    "! c\n# MHz S MA R 50\n1 .5 90 ! x\n2 .5 -90\n",
    "# GHz S DB R 75\n1 -3 1 -1 2 -1 2 -3 4\n2 -3 1 -1 2 -1 2 -3 4\n1 0.4 .6 100 .3\n",
    "# Hz S RI R 50\n1e9 1 0 2 0 3 0\n 4 0 5 0 6 0\n 7 0 8 0 9 0\n2e9 1 0 2 0 3 0\n 4 0 5 0 6 0\n 7 0 8 0 9 0\n",
    "[Version] 2.0\n# GHz S RI R 50\n[Number of Ports] 2\n[Two-Port Data Order] 21_12\n[Number of Frequencies] 1\n\
     [Reference] 50\n75\n[Matrix Format] Lower\n[Mixed-Mode Order] S1 S2\n[Begin Information]\nx\n[End Information]\n\
     [Network Data]\n1 1 0\n 2 0 3 0\n[Noise Data]\n1 2 3 4 5\n[End]\n",
];

/// A valid file after a few edits: bytes replaced, removed or repeated, words of the format dropped in.
fn mutants() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec![
        "nan",
        "inf",
        "1e999",
        "-",
        "\n",
        "\r",
        "!",
        "#",
        "[",
        "]",
        "[End]\n",
        "[Network Data]\n",
        "# S\n",
        "[Number of Ports] 4096\n",
        "99999999999999999999",
        "\u{0}",
        "\u{feff}",
        " R ",
        "D1,2 C1,2",
        "0",
    ]);
    let edit = (any::<prop::sample::Index>(), 0usize..24, words, any::<u8>(), 0u8..4);
    (prop::sample::select(SEEDS.to_vec()), vec(edit, 1..8)).prop_map(|(seed, edits)| {
        let mut bytes = seed.as_bytes().to_vec();
        for (place, length, word, byte, kind) in edits {
            let from = place.index(bytes.len() + 1);
            let to = (from + length).min(bytes.len());
            match kind {
                0 => drop(bytes.splice(from..to, word.bytes())),
                1 => bytes.truncate(from),
                2 => bytes.insert(from, byte),
                _ => {
                    let copy = bytes[from..to].to_vec();
                    drop(bytes.splice(from..from, copy));
                }
            }
        }
        bytes
    })
}

proptest! {
    #[test]
    fn written_networks_are_read_back(network in networks(), format in 0usize..3, unit in 0usize..4, two in any::<bool>()) {
        round_trip(&network, FORMATS[format], UNITS[unit], if two { Version::V2 } else { Version::V1 });
    }

    #[test]
    fn numbers_are_scanned_like_std(token in tokens()) {
        scans_like_std(token.as_bytes());
    }

    #[test]
    fn printed_floats_are_scanned_like_std(value in any::<f64>(), digits in 0usize..20) {
        scans_like_std(format!("{value}").as_bytes());
        scans_like_std(format!("{value:e}").as_bytes());
        scans_like_std(format!("{value:.digits$e}").as_bytes());
    }

    #[test]
    fn damaged_files_are_read_or_refused(bytes in mutants(), name in 0usize..5) {
        reads_or_refuses(&bytes, NAMES[name]);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..200), gzip in any::<bool>()) {
        let mut bytes = bytes;
        if gzip {
            bytes.splice(0..0, [0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 3]);
        }
        reads_or_refuses(&bytes, None);
    }
}
