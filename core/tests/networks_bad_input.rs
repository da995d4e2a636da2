//! Touchstone files that are wrong: each gets one error with its line, what stands there and what must.

use lightlane::Error;
use lightlane::medium::Network;

/// The error of a file, which must name the line and hold a part of what was found or is required.
fn refuse(text: &str, line: usize, part: &str) {
    refuse_named(text, None, line, part);
}

fn refuse_named(text: &str, name: Option<&str>, line: usize, part: &str) {
    match Network::read_bytes(text.as_bytes(), name) {
        Ok(_) => panic!("accepted:\n{text}"),
        Err(Error::Touchstone { line: at, found, requirement, .. }) => {
            assert_eq!(at, line, "{found}: {requirement}\n{text}");
            assert!(found.contains(part) || requirement.contains(part), "{found}: {requirement}\n{text}");
        }
        Err(other) => panic!("{other}\n{text}"),
    }
}

const HEAD: &str = "# GHz S RI R 50\n";

#[test]
fn empty_and_headless_files() {
    refuse("", 0, "no data");
    refuse("! only a comment\n", 0, "no data");
    refuse(HEAD, 2, "first record of 0");
    refuse_named(HEAD, Some("x.s2p"), 2, "no network data");
    refuse("1 2 3\n", 1, "option line");
    refuse("# GHz Z RI R 50\n1 2 3\n", 1, "parameter type Z");
    refuse("! first\n# GHz S XY R 50\n1 2 3\n", 2, "option 'xy'");
    refuse("\0\0\0", 0, "no data");
}

#[test]
fn numbers_and_frequencies() {
    refuse(&format!("{HEAD}1 .5 0\n3 .5 0\n2 .5 0\n"), 4, "above the frequency before it, 3000000000 Hz");
    refuse(&format!("{HEAD}1 .5 0\n1 .5 0\n"), 3, "above the frequency");
    refuse(&format!("{HEAD}-1 .5 0\n"), 2, "at least 0");
    for word in ["nan", "inf", "-inf", "1e999", "0,5", "abc", "1.2.3", "\u{7f}"] {
        refuse(&format!("{HEAD}1 .5 0\n2 {word} 0\n"), 3, "a finite number");
        refuse(&format!("{HEAD}1 .5 0\n{word} 0 0\n"), 3, "a finite number");
    }
    refuse("# GHz S DB R 50\n1 9e300 0\n", 0, "range of double precision");
}

#[test]
fn cut_and_misshapen_records() {
    let two = format!("{HEAD}1 1 0 1 0 1 0 1 0\n2 1 0 1 0 1 0 1 0\n");
    refuse(&format!("{two}3 1 0 1 0 1\n"), 4, "cut off after 6 of 9");
    refuse(&format!("{two}3 1 0 1 0 1 0 1 0 1 0\n"), 4, "does not end at the end of line 4");
    refuse(&format!("{two}3 1 0 1 0 1 0 1\n4 1 0 1 0 1 0 1 0\n"), 4, "does not end at the end of line 5");
    refuse(&format!("{HEAD}1 .5 0 7\n"), 2, "first record of 4");
    refuse(&format!("{two}[Number of Ports] 2\n"), 4, "no keyword");
    refuse(&format!("{two}1 0.4 .6 100 .3\n2 .5 .6\n"), 5, "5 numbers");
}

#[test]
fn wrong_port_counts() {
    let one = format!("{HEAD}1 .5 0\n2 .5 0\n3 .5 0\n4 .5 0\n");
    let row = "1 0 1 0 1 0 1 0\n";
    let two = format!("{HEAD}1 {row}2 {row}3 {row}4 {row}");
    refuse_named(&one, Some("dir/x.s2p"), 2, "a record of 3 numbers");
    refuse_named(&one, Some("x.s3p.gz"), 2, "a record of 3 numbers");
    refuse_named(&two, Some("x.s4p"), 2, "33 numbers on lines of their own, for 4 ports");
    refuse_named(&two, Some("x.s1p"), 2, "a record of 9 numbers");
    refuse_named(&two, Some("x.s0p"), 0, "0 ports");
    refuse_named(&two, Some("x.s99999p"), 0, "99999 ports");
    assert!(Network::read_bytes(two.as_bytes(), Some("x.ts")).is_ok());
    let version_2 = "[Version] 2.0\n# GHz S RI R 50\n[Number of Ports] 1\n[Number of Frequencies] 1\n[Network Data]\n1 .5 0\n[End]\n";
    refuse_named(version_2, Some("x.s2p"), 5, "2, as the file's extension says");
}

#[test]
fn version_2_headers_and_ends() {
    let file = |ports: &str, more: &str, count: &str, tail: &str| {
        format!(
            "[Version] 2.0\n{HEAD}[Number of Ports] {ports}\n{more}[Number of Frequencies] {count}\n[Network Data]\n{tail}"
        )
    };
    let order = "[Two-Port Data Order] 12_21\n";
    let row = "1 .1 0 .2 0 .2 0 .1 0\n";
    assert!(Network::read_bytes(file("2", order, "1", &format!("{row}[End]")).as_bytes(), None).is_ok());
    refuse(&file("2", "", "1", row), 5, "[Two-Port Data Order]");
    refuse(&file("2", order, "2", &format!("{row}[End]")), 8, "2, as [Number of Frequencies] says");
    refuse(&file("2", order, "1", row), 8, "[End]");
    refuse(&file("2", order, "1", "1 .1 0 .2 0 .2 0 .1\n[End]"), 7, "cut off after 8 of 9");
    refuse(&file("0", order, "1", row), 3, "'0'");
    refuse(&file("99999999999", order, "1", row), 3, "from 1 to 4096");
    refuse(&file("2", "[Two-Port Data Order] 11_22\n", "1", row), 4, "12_21 or 21_12");
    refuse(&file("2", "[Two-Port Data Ordre] 12_21\n", "1", row), 4, "did you mean [two-port data order]?");
    refuse(&file("2", &order.repeat(2), "1", row), 5, "given once");
    refuse(&file("2", "[Reference] 50 0\n", "1", row), 4, "above 0 ohm");
    refuse(&file("2", "[Begin Information]\n", "1", row), 4, "[End Information]");
    refuse(&file("2", "stray\n", "1", row), 4, "a keyword");
    refuse("[Version] 3.0\n", 1, "2.0 or 2.1");
    refuse("[Number of Ports] 2\n[Version] 2.0\n", 1, "[Version] first");
    // A count that promises the world must not be believed when memory is set aside.
    refuse(&file("4096", "", "999999999999", "1 .5 0\n"), 6, "cut off");
}

#[test]
fn mixed_mode_orders() {
    let file = |more: &str| {
        format!(
            "[Version] 2.0\n{HEAD}[Number of Ports] 4\n[Number of Frequencies] 1\n{more}\n[Network Data]\n1 {}\n[End]\n",
            "0 0 ".repeat(16)
        )
    };
    assert!(Network::read_bytes(file("[Mixed-Mode Order] D2,3 D1,4 C2,3 C1,4").as_bytes(), None).is_ok());
    refuse(&file("[Mixed-Mode Order] D2,3 D1,4 C2,3 S1"), 5, "each port once");
    refuse(&file("[Mixed-Mode Order] D2,3 D1,5 C2,3 C1,5"), 5, "'d1,5'");
    refuse(&file("[Mixed-Mode Order] D2,3 D1,4 C2,3"), 6, "descriptors");
    refuse(&file("[Reference] 50 50 60 50\n[Mixed-Mode Order] D2,3 D1,4 C2,3 C1,4"), 6, "one reference");
}

#[test]
fn one_point_files_are_networks_and_say_what_they_lack() {
    let network = Network::read_bytes(format!("{HEAD}1 0 0 1 0 1 0 0 0\n").as_bytes(), None).expect("legal");
    let warnings = network.quality().expect("converges").warnings;
    assert!(warnings.iter().any(|w| w.contains("a single frequency")), "{warnings:?}");
}
