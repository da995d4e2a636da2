//! Electrical blocks against closed forms.

use lightlane::medium::Network;
use lightlane::medium::electrical::{
    BoardConnector, Ideal, Lumped, Material, Package, PackageLine, Side, Trace, Twinax, TwoPort, Via,
    cascade, differential_network,
};
use lightlane::units::{SPEED_OF_LIGHT_M_PER_S, amplitude_db};
use num_complex::Complex64;
use std::f64::consts::{FRAC_2_PI, PI, TAU};

/// A trace without any loss.
fn lossless(length_m: f64, z0_ohm: f64) -> Trace {
    // 1e40 S/m: a resistance below 1e-13 ohm/m at 110 GHz.
    Trace { length_m, z0_ohm, df: 0.0, conductivity_s_per_m: 1e40, roughness_rz_m: 0.0, ..Trace::default() }
}

fn loss_db(network: &Network, k: usize) -> f64 {
    -amplitude_db(network.at(k, 1, 0).norm())
}

fn band() -> Vec<f64> {
    (0..=220).map(|k| f64::from(k) * 0.5e9).collect()
}

/// Smaller eigenvalue of 1 - S^H S: the share of power a two-port keeps from the worst excitation.
fn kept_power(n: &Network, k: usize) -> f64 {
    let s = |o, i| n.at(k, o, i);
    let p = 1.0 - s(0, 0).norm_sqr() - s(1, 0).norm_sqr();
    let r = 1.0 - s(0, 1).norm_sqr() - s(1, 1).norm_sqr();
    let q = s(0, 0).conj() * s(0, 1) + s(1, 0).conj() * s(1, 1);
    0.5 * (p + r) - (0.25 * (p - r) * (p - r) + q.norm_sqr()).sqrt()
}

#[test]
fn lossless_line_is_a_delay() {
    let trace = lossless(0.05, 100.0);
    let n = trace.network(&band()).unwrap();
    let delay = 0.05 * 3.2f64.sqrt() / SPEED_OF_LIGHT_M_PER_S;
    for (k, &f) in band().iter().enumerate() {
        // 205 rad of phase at 110 GHz leave 205 * 2e-16 of rounding, and some more in the square roots.
        assert!((n.at(k, 1, 0) - Complex64::from_polar(1.0, -TAU * f * delay)).norm() < 1e-12);
        assert!(n.at(k, 0, 0).norm() < 1e-12);
    }
}

#[test]
fn mismatched_line_has_the_reflection_of_its_impedance() {
    let n = lossless(0.01, 85.0).network(&[7.3e9]).unwrap();
    let x = TAU * 7.3e9 * 0.01 * 3.2f64.sqrt() / SPEED_OF_LIGHT_M_PER_S;
    let (rho, turn) = ((85.0 - 100.0) / 185.0, Complex64::from_polar(1.0, -2.0 * x));
    let s11 = rho * (1.0 - turn) / (1.0 - rho * rho * turn);
    // The closed form; rounding only.
    assert!((n.at(0, 0, 0) - s11).norm() < 1e-12);
}

#[test]
fn at_rest_a_trace_is_its_resistance() {
    let n = Trace { length_m: 0.3, ..Trace::default() }.network(&[0.0, 1e3]).unwrap();
    let ohm = 2.0 * 0.3 / (5.8e7 * 125e-6 * 15e-6);
    assert!((n.at(0, 1, 0) - 200.0 / (200.0 + ohm)).norm() < 1e-14);
    // No jump between 0 and 1 kHz: capacitance and inductance of 0.3 m turn the phase by 1e-5.
    assert!((n.at(1, 1, 0) - n.at(0, 1, 0)).norm() < 2e-5);
}

#[test]
fn dielectric_loss_follows_the_rule() {
    let f_ghz = 14.0;
    let inch = Trace { df: 0.0015, ..lossless(0.0254, 100.0) }.network(&[f_ghz * 1e9]).unwrap();
    let rule = 2.312 * f_ghz * 3.2f64.sqrt() * 0.0015;
    // 2.312 is rounded to four digits: 2.3120 against 20 log10(e) pi 0.0254e9/c = 2.31194.
    assert!((loss_db(&inch, 0) / rule - 1.0).abs() < 1e-4, "{} {rule}", loss_db(&inch, 0));
}

#[test]
fn conductor_loss_follows_the_rule() {
    let smooth = Trace { df: 0.0, roughness_rz_m: 0.0, length_m: 0.0254, ..Trace::default() };
    let n = smooth.network(&[10e9, 40e9]).unwrap();
    let ohm_per_m = 2.0 * (PI * 40e9 * 4e-7 * PI / 5.8e7).sqrt() * 1.35 / (2.0 * 140e-6);
    let rule = amplitude_db((ohm_per_m / 200.0 * 0.0254).exp());
    // alpha = R/(2 Z0) leaves out the internal inductance (0.5 % of L at 40 GHz raises Z0 by half of that).
    assert!((loss_db(&n, 1) / rule - 1.0).abs() < 5e-3, "{} {rule}", loss_db(&n, 1));
    assert!((loss_db(&n, 1) / loss_db(&n, 0) - 2.0).abs() < 1e-2);
}

#[test]
fn presets_have_their_loss() {
    let f = [53.125e9];
    let per_inch = |name: &str| loss_db(&Trace::preset(name, 0.0254).unwrap().network(&f).unwrap(), 0);
    // The system ledger's board: 0.059 dB/mm, range 0.045 to 0.08.
    assert!((per_inch("megtron8") - 1.5).abs() < 0.1, "{}", per_inch("megtron8"));
    assert!(per_inch("megtron8-u") < per_inch("megtron8") && per_inch("megtron7") > per_inch("megtron8"));
    assert!(per_inch("fr4") > 5.0);
    // Its flyover cable: 0.009 dB/mm, range 0.007 to 0.012; its connector: 1.5 dB, range 1.0 to 2.5, pads included.
    let cable = loss_db(&Twinax { length_m: 1.0, ..Twinax::default() }.network(&f).unwrap(), 0);
    assert!((7.0..12.0).contains(&cable), "{cable}");
    let connector = loss_db(&BoardConnector::default().network(&f).unwrap(), 0);
    assert!((0.3..2.5).contains(&connector), "{connector}");
}

#[test]
fn package_line_is_the_annex_formula() {
    let bare = |lines| Package {
        die_capacitance_f: vec![],
        die_inductance_h: vec![],
        bump_capacitance_f: 0.0,
        board_capacitance_f: 0.0,
        lines,
        ..Package::default()
    };
    let line = PackageLine::default();
    let f_ghz = [0.0, 0.05, 1.0, 26.5625, 53.125, 100.0];
    let n = bare(vec![line]).network(&f_ghz.map(|f: f64| f * 1e9)).unwrap();
    for (k, &f) in f_ghz.iter().enumerate() {
        // In the annex's units: GHz, mm, ns; class A of D3.3, 12 mm.
        let j = Complex64::I;
        let log = if f > 0.0 { f * f.ln() } else { 0.0 };
        let gamma =
            5e-4 + 8.9e-4 * (1.0 + j) * f.sqrt() + 2e-4 * (f - j * FRAC_2_PI * log) + j * TAU * 6.141e-3 * f;
        let (rho, turn) = ((87.5 - 100.0) / 187.5, (-2.0 * gamma * 12.0).exp());
        let denominator = 1.0 - rho * rho * turn;
        let (s11, s21) =
            (rho * (1.0 - turn) / denominator, (1.0 - rho * rho) * (-gamma * 12.0).exp() / denominator);
        // Two forms of one line: rounding only.
        assert!((n.at(k, 0, 0) - s11).norm() < 1e-12 && (n.at(k, 1, 0) - s21).norm() < 1e-12, "{f} GHz");
    }
}

#[test]
fn package_ladder_is_single_ended() {
    let (f, r0) = (30e9, 50.0);
    let one = |die_c: f64, die_l: f64| Package {
        die_capacitance_f: vec![die_c],
        die_inductance_h: vec![die_l],
        bump_capacitance_f: 0.0,
        board_capacitance_f: 0.0,
        lines: vec![],
        ..Package::default()
    };
    let x = Complex64::new(0.0, TAU * f * 120e-15 * r0);
    // 93A-8: S11 = -jwC R0/(2 + jwC R0) of one leg, and its dual for the series inductance.
    let s11 = one(120e-15, 0.0).network(&[f]).unwrap().at(0, 0, 0);
    assert!((s11 + x / (2.0 + x)).norm() < 1e-14);
    let y = Complex64::new(0.0, TAU * f * 120e-12 / r0);
    let s11 = one(0.0, 120e-12).network(&[f]).unwrap().at(0, 0, 0);
    assert!((s11 - y / (2.0 + y)).norm() < 1e-14);
}

#[test]
fn receiver_package_is_the_mirror_image() {
    let f = band();
    for name in Package::names().unwrap() {
        let tx = Package::preset(&name, Side::Tx).unwrap();
        let rx = Package { side: Side::Rx, ..tx.clone() };
        let (t, r) = (tx.network(&f).unwrap(), rx.network(&f).unwrap());
        for k in 0..f.len() {
            // Reciprocal two-ports: rounding only.
            assert!((t.at(k, 0, 0) - r.at(k, 1, 1)).norm() < 1e-12);
            assert!((t.at(k, 1, 0) - r.at(k, 1, 0)).norm() < 1e-12);
        }
        assert!(Package::termination_ohm(&name).unwrap() >= 46.25);
        assert!(Package::evidence(&name).unwrap().iter().all(|g| !g.source.is_empty()));
    }
    assert_eq!(Package::preset("802.3dj-class-b-long", Side::Rx).unwrap().lines[0].length_m, 0.044);
    let slip = Package::preset("802.3dj-clas-a", Side::Tx).unwrap_err().to_string();
    assert!(slip.ends_with("did you mean \"802.3dj-class-a\"?"), "{slip}");
}

#[test]
fn every_block_is_passive_and_reciprocal() {
    let f = band();
    let mut networks = vec![
        Trace { skew_s: 3e-12, z0_ohm: 88.0, ..Trace::default() }.network(&f).unwrap(),
        Twinax { skew_s: -5e-12, ..Twinax::default() }.network(&f).unwrap(),
        Via { stub_length_m: 1e-3, ..Via::default() }.network(&f).unwrap(),
        BoardConnector::default().network(&f).unwrap(),
        Lumped { shunt_l_h: Some(1e-9), ..Lumped::ac_coupling(100e-9) }.network(&f).unwrap(),
        Ideal::default().network(&f).unwrap(),
    ];
    for name in Package::names().unwrap() {
        networks.push(Package::preset(&name, Side::Tx).unwrap().network(&f).unwrap());
    }
    for name in Material::names().unwrap() {
        networks.push(Trace::preset(&name, 0.4).unwrap().network(&f).unwrap());
    }
    for (i, n) in networks.iter().enumerate() {
        for k in 0..f.len() {
            // Lossless reactances are on the limit itself: rounding only.
            assert!(kept_power(n, k) >= -1e-12, "block {i} at {} Hz: {:e}", f[k], kept_power(n, k));
            assert_eq!(n.at(k, 0, 1), n.at(k, 1, 0));
        }
    }
}

#[test]
fn cascade_keeps_order_and_matches_the_sum() {
    let f = band();
    let parts = [
        Package::default().chain(&f).unwrap(),
        Trace::default().chain(&f).unwrap(),
        Via::default().chain(&f).unwrap(),
    ];
    let left = cascade(&cascade(&parts[0], &parts[1]).unwrap(), &parts[2]).unwrap();
    let right = cascade(&parts[0], &cascade(&parts[1], &parts[2]).unwrap()).unwrap();
    let (l, r) = (differential_network(&f, &left).unwrap(), differential_network(&f, &right).unwrap());
    for (a, b) in l.s().iter().zip(r.s()) {
        assert!((a - b).norm() < 1e-12);
    }
    // Two lines of one impedance add up to one of their total length.
    let half = Trace { length_m: 0.05, ..Trace::default() }.chain(&f).unwrap();
    let joined = differential_network(&f, &cascade(&half, &half).unwrap()).unwrap();
    let whole = Trace::default().network(&f).unwrap();
    for (a, b) in joined.s().iter().zip(whole.s()) {
        assert!((a - b).norm() < 1e-12);
    }
    assert!(cascade(&half, &[TwoPort::IDENTITY]).is_err());
}

#[test]
fn lumped_elements_have_their_divider() {
    let load = Lumped { shunt_r_ohm: Some(100.0), ..Lumped::default() }.network(&[0.0, 1e9]).unwrap();
    assert!(
        (load.at(1, 0, 0).re + 1.0 / 3.0).abs() < 1e-15 && (load.at(0, 1, 0).re - 2.0 / 3.0).abs() < 1e-15
    );
    let capacitor = Lumped::ac_coupling(100e-9).network(&[0.0, 1e12]).unwrap();
    assert!(capacitor.at(0, 1, 0).norm() < 1e-9 && (capacitor.at(1, 1, 0).norm() - 1.0).abs() < 1e-9);
    let inductor = Lumped { shunt_l_h: Some(1e-6), ..Lumped::default() }.network(&[0.0]).unwrap();
    assert!((inductor.at(0, 0, 0).re + 1.0).abs() < 1e-9);
    assert_eq!(Ideal::default().network(&[0.0, 1e9]).unwrap().at(1, 1, 0), Complex64::new(1.0, 0.0));
}

#[test]
fn stub_nulls_at_its_quarter_wave() {
    let via = Via { stub_length_m: 1e-3, pad_capacitance_f: 0.0, df: 0.0, ..Via::default() };
    let f = SPEED_OF_LIGHT_M_PER_S / (4.0 * 1e-3 * via.dk.sqrt());
    let n = via.network(&[0.5 * f, f]).unwrap();
    assert!(loss_db(&n, 1) > 30.0 && loss_db(&n, 0) < 3.0);
}

#[test]
fn skew_turns_differential_into_common_mode() {
    // Uncoupled legs: the common mode is a quarter of the differential impedance and meets no mismatch.
    let trace = Trace { z0_common_ohm: 25.0, skew_s: 2e-12, ..lossless(0.03, 100.0) };
    let f = [5e9, 40e9];
    let (pair, dd) = (trace.pair_network(&f).unwrap(), trace.network(&f).unwrap());
    for k in 0..f.len() {
        let s = |o, i| pair.at(k, o, i);
        let sdd21 = 0.5 * (s(1, 0) - s(1, 2) - s(3, 0) + s(3, 2));
        let scd21 = 0.5 * (s(1, 0) - s(1, 2) + s(3, 0) - s(3, 2));
        let angle = PI * f[k] * 2e-12;
        // Closed forms: rounding only.
        assert!((sdd21.norm() - angle.cos()).abs() < 1e-12 && (scd21.norm() - angle.sin()).abs() < 1e-12);
        assert!((sdd21 - dd.at(k, 1, 0)).norm() < 1e-12);
    }
}

#[test]
fn bad_values_are_named() {
    let message = |e: lightlane::Error| e.to_string();
    assert!(
        message(Trace { length_m: -0.1, ..Trace::default() }.validate().unwrap_err())
            .starts_with("length_m = -0.1")
    );
    assert!(
        message(Trace { dk: f64::NAN, ..Trace::default() }.validate().unwrap_err()).starts_with("dk = NaN")
    );
    assert!(message(Trace::default().chain(&[-1.0]).unwrap_err()).starts_with("freq_hz[0] = -1"));
    let endless = Trace { length_m: 100.0, df: 0.3, ..Trace::default() };
    assert!(message(endless.chain(&[100e9]).unwrap_err()).starts_with("length_m = 100"));
    let mut package = Package::default();
    package.lines[1].z0_ohm = 0.0;
    assert!(message(package.validate().unwrap_err()).starts_with("lines.1.z0_ohm = 0"));
    package.die_inductance_h.pop();
    assert!(message(package.validate().unwrap_err()).starts_with("die_inductance_h = 2 values"));
    assert!(Lumped { series_c_f: Some(0.0), ..Lumped::default() }.validate().is_err());
    assert!(message(Trace::preset("megtron9", 0.1).unwrap_err()).contains("did you mean"));
}

#[test]
fn configurations_round_trip_and_refuse_slips() {
    let trace = Trace { name: Some("host_trace".into()), skew_s: 1.3e-12, ..Trace::default() };
    let text = toml::to_string(&trace).unwrap();
    assert_eq!(toml::from_str::<Trace>(&text).unwrap(), trace);
    let package = Package::preset("802.3dj-class-b", Side::Rx).unwrap();
    assert_eq!(toml::from_str::<Package>(&toml::to_string(&package).unwrap()).unwrap(), package);
    assert!(toml::from_str::<Trace>("lenght_m = 0.1").is_err());
    assert_eq!(toml::from_str::<Package>("side = \"rx\"").unwrap().side, Side::Rx);
}
