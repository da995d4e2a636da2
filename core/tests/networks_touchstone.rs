//! Touchstone files: the cases the specification describes, in files written for this test.

use lightlane::medium::Network;
use lightlane::medium::network::{ChosenPairs, PairOrigin, PortPairs};
use lightlane::medium::touchstone::{Format, FrequencyUnit, Version};
use num_complex::Complex64;
use std::io::Write as _;

fn read(text: &str) -> Network {
    Network::read_bytes(text.as_bytes(), None).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

fn c(re: f64, im: f64) -> Complex64 {
    Complex64::new(re, im)
}

fn assert_close(a: Complex64, b: Complex64) {
    // degrees, decibels and one polar conversion of a number of order 1
    assert!((a - b).norm() < 1e-14, "{a} {b}");
}

#[test]
fn version_1_defaults_formats_and_units() {
    let one = read("! one port\n#\n2 0.5 90 ! comment\n\n! between\n3 0.25 -180\n");
    assert_eq!((one.freq_hz(), one.n_ports(), one.z0_ohm()), (&[2e9, 3e9][..], 1, &[50.0][..]));
    assert_close(one.at(0, 0, 0), c(0.0, 0.5));
    assert_close(one.at(1, 0, 0), c(-0.25, 0.0));
    for (unit, hz) in [("Hz", 2.0), ("KHZ", 2e3), ("mhz", 2e6), ("GHz", 2e9)] {
        assert_eq!(read(&format!("# {unit} S RI R 75\n2 1 0\n")).freq_hz(), [hz]);
    }
    assert_close(read("# Hz DB S\n1 -20 180\n").at(0, 0, 0), c(-0.1, 0.0));
}

#[test]
fn version_1_two_ports_go_down_the_columns_and_noise_is_skipped() {
    let data = "# GHz S RI R 50\n1 .11 0 .21 0 .12 0 .22 0\n2 .1 0 .2 0 .1 0 .2 0\n";
    let two = read(&format!("{data}! noise\n1 0.4 .6 100 .3\n2 .5 .6 120 .3 ! end\n"));
    assert_eq!(two.freq_hz(), [1e9, 2e9]);
    assert_eq!(two.matrix(0), [0.11, 0.12, 0.21, 0.22].map(|v| c(v, 0.0)));
}

#[test]
fn version_1_larger_networks_wrap_their_rows() {
    for n in [3, 4, 5, 7, 12] {
        let s: Vec<Complex64> = (0..2 * n * n).map(|i| c(i as f64 / 1000.0, -0.5)).collect();
        let network = Network::new(vec![1e9, 2e9], s, vec![50.0; n]).expect("network");
        let text = network.to_touchstone(Format::Ri, FrequencyUnit::GHz, Version::V1).expect("version 1");
        assert_eq!(read(&text), network);
        // The same numbers, a record a line.
        assert_eq!(read(&text.replace("\n ", " ")), network);
        assert_eq!(Network::read_bytes(text.as_bytes(), Some(&format!("x.S{n}P"))).as_ref(), Ok(&network));
    }
}

#[test]
fn version_2_keywords_orders_and_references() {
    let full = "[Version] 2.0\n# GHz S RI R 50\n[Number of Ports] 2\n[Two-Port Data Order] 12_21\n\
        [Number of Frequencies] 1\n[Reference] 50\n  75 ! the second\n[Begin Information]\n\
        [Manufacturer] any text ]\n[End Information]\n[Network Data]\n1 .11 0 .12 0 .21 0 .22 0\n[End]\nafter the end\n";
    let two = read(full);
    assert_eq!(two.z0_ohm(), [50.0, 75.0]);
    assert_eq!(two.matrix(0), [0.11, 0.12, 0.21, 0.22].map(|v| c(v, 0.0)));
    let swapped = read(&full.replace("12_21", "21_12"));
    assert_eq!(swapped.matrix(0), [0.11, 0.21, 0.12, 0.22].map(|v| c(v, 0.0)));
    let noisy = full.replace("[Reference]", "[Number of Noise Frequencies] 1\n[Reference]");
    assert_eq!(read(&noisy.replace("[End]\n", "[Noise Data]\n4 1 .5 90 .3\n[End]\n")), two);
}

#[test]
fn version_2_triangles_are_symmetric() {
    let triangle = |kind: &str, rows: &str| {
        read(&format!(
            "! comment first\n[version] 2.0\n# hz S RI r 50\n[NUMBER OF PORTS] 3\n[Number of Frequencies] 1\n\
             [Matrix Format] {kind}\n[Network Data]\n7 {rows}\n[End]\n"
        ))
    };
    let lower = triangle("Lower", "11 0\n 21 0 22 0\n 31 0 32 0 33 0");
    assert_eq!(lower, triangle("Upper", "11 0 21 0 31 0\n 22 0 32 0\n 33 0"));
    let rows = [11.0, 21.0, 31.0, 21.0, 22.0, 32.0, 31.0, 32.0, 33.0];
    assert_eq!(lower.matrix(0), rows.map(|v| c(v, 0.0)));
}

#[test]
fn mixed_mode_data_is_brought_to_single_ended_ports() {
    // Differential through 0.8 with reflection 0.1, common through 0.7, conversion 0.05 from left d to right c.
    let file = "[Version] 2.0\n# GHz S RI R 50\n[Number of Ports] 4\n[Number of Frequencies] 1\n\
        [Mixed-Mode Order] D2,3 D1,4\n C2,3 C1,4\n[Network Data]\n\
        1 .1 0 .8 0 0 0 0 0\n .8 0 .1 0 0 0 0 0\n 0 0 0 0 0 0 .7 0\n .05 0 0 0 .7 0 0 0\n[End]\n";
    let network = read(file);
    let pairs = PortPairs { left: (2, 3), right: (1, 4) };
    assert_eq!(network.port_pairs(), Some(ChosenPairs { pairs, origin: PairOrigin::File }));
    assert_eq!(network.z0_ohm(), [50.0; 4]);
    let mixed = network.mixed_mode(None).expect("4-port");
    assert_eq!(mixed.port_pairs().map(|c| c.origin), Some(PairOrigin::File));
    for (out, input, value) in [(0, 0, 0.1), (1, 0, 0.8), (3, 0, 0.05), (3, 2, 0.7), (2, 0, 0.0)] {
        assert_close(mixed.at(0, out, input), c(value, 0.0));
    }
    assert_close(network.differential(None).expect("4-port").at(0, 1, 0), c(0.8, 0.0));
}

#[test]
fn gzip_is_told_by_its_magic_bytes() {
    let text = "# GHz S RI R 50\n1 .5 0\n";
    let compress = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("in memory")
    };
    let packed = compress(text.as_bytes());
    assert_eq!(Network::read_bytes(&packed, Some("x.s1p")), Ok(read(text)));
    let cut = Network::read_bytes(&packed[..packed.len() - 9], None).expect_err("cut").to_string();
    assert!(cut.contains("gzip"), "{cut}");
    // 65 MiB of blanks in 64 KiB.
    let message = Network::read_bytes(&compress(&vec![b' '; 65 << 20]), None).expect_err("bomb").to_string();
    assert!(message.contains("more than 67108864 bytes"), "{message}");
}

#[test]
fn the_writer_keeps_its_promises() {
    let s = vec![c(0.1, -0.2), c(0.9, 1e-9), c(1e-17, 0.3), c(0.0, 0.0)];
    let network = Network::new(vec![0.0], s, vec![50.0, 75.0]).expect("two-port");
    let error =
        network.to_touchstone(Format::Ri, FrequencyUnit::GHz, Version::V1).expect_err("two references");
    assert!(error.to_string().contains("one reference impedance"), "{error}");
    let dir = std::env::temp_dir().join(format!("lightlane-writer-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a temporary directory");
    for name in ["x.ts", "x.ts.gz"] {
        let path = dir.join(name);
        network.write(&path, Format::Ri, FrequencyUnit::KHz, None).expect("version 2 by name");
        assert_eq!(Network::read(&path), Ok(network.clone()));
    }
    assert!(network.write(dir.join("x.s2p"), Format::Ri, FrequencyUnit::GHz, None).is_err());
    let wrong = network.write(dir.join("x.s4p"), Format::Ri, FrequencyUnit::GHz, Some(Version::V2));
    assert!(wrong.expect_err("extension").to_string().contains(".s2p"));
    assert!(matches!(Network::read(dir.join("absent.s2p")), Err(lightlane::Error::Io { .. })));
    assert!(matches!(Network::read(&dir), Err(lightlane::Error::Io { .. })));
    std::fs::remove_dir_all(&dir).expect("own directory");
}
