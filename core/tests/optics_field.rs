//! The optical section on the complex field, against twins that share nothing with it.

use lightlane::grid::{Grid, SymbolRate};
use lightlane::medium::optics::*;
use lightlane::response::{ChannelResponse, LevelLaw, NoiseKind, Record, Signal};
use num_complex::Complex64;
use rustfft::FftPlanner;
use std::f64::consts::{PI, TAU};

const RATE_HZ: f64 = 106.25e9;
const LEVELS: [f64; 4] = [-0.4, -0.4 / 3.0, 0.4 / 3.0, 0.4];
const NO_FFE: Transmit<'static> = Transmit { levels_v: &LEVELS, ffe: &[1.0], ffe_main: 0 };
const SAMPLES: usize = 16;

fn ideal() -> ChannelResponse {
    ChannelResponse::ideal(Grid::new(SymbolRate::new(RATE_HZ).unwrap(), SAMPLES, SAMPLES * 256).unwrap())
}

/// A driver of 45 GHz before the modulator, nothing but 1 dB of loss behind it.
fn optics(modulator: impl Into<Modulator>) -> Optics {
    let inf = f64::INFINITY;
    Optics {
        laser: Laser { power_w: 5e-3, ..Laser::default() },
        driver: Driver { bandwidth_hz: 45e9, gain_max_db: 60.0, ..Driver::default() },
        modulator: modulator.into(),
        path: vec![OpticalPart::Connector(Connector { loss_db: 1.0, ..Connector::default() })],
        photodiode: Photodiode { bandwidth_hz: inf, dark_current_a: 0.0, ..Photodiode::default() },
        tia: Tia { bandwidth_hz: inf, gain_max_ohm: 1e9, ..Tia::default() },
        ..Optics::default()
    }
}

fn linked(optics: &Optics, linear: bool) -> OpticalLink {
    let settings = OpticalSettings { memory: Some(4), samples_per_symbol: SAMPLES, linear };
    optical_link(optics, &ideal(), &NO_FFE, &ideal(), &settings).unwrap()
}

fn record(link: &OpticalLink) -> &Record {
    match &link.signal {
        Signal::Record(record) => record,
        Signal::Linear { .. } => panic!("a record was asked for"),
    }
}

/// State of the 4th-order Bessel–Thomson driver and of the ring: output and three derivatives in units of the filter's
/// time, and the field in the ring, scaled so that the bus takes `j b` from it.
#[derive(Clone, Copy)]
struct State {
    y: [f64; 4],
    b: Complex64,
}

/// d/dt of the state for a constant input `x`; `detuning` is resonance minus laser for a drive.
fn slope(s: &State, x: f64, tau: f64, ring: &RingModulator, laser_hz: f64) -> State {
    // s⁴ + 10 s³ + 45 s² + 105 s + 105 (Thomson's polynomial).
    let fourth = 105.0 * (x - s.y[0]) - 105.0 * s.y[1] - 45.0 * s.y[2] - 10.0 * s.y[3];
    let f0 = 299_792_458.0 / ring.resonance_m;
    let decay = PI * f0 / ring.q_total;
    let bus = decay - PI * f0 / ring.q_intrinsic;
    let detuning = TAU * (laser_hz + ring.shift_hz_per_v * s.y[0]);
    let b = Complex64::new(-decay, detuning) * s.b + Complex64::new(0.0, 2.0 * bus);
    State { y: [s.y[1] / tau, s.y[2] / tau, s.y[3] / tau, fourth / tau], b }
}

fn moved(s: &State, d: &State, h: f64) -> State {
    State { y: std::array::from_fn(|i| s.y[i] + h * d.y[i]), b: s.b + h * d.b }
}

/// Light behind the ring, power 1 in front of it, at every sample of a record: the differential equations of filter and
/// ring integrated by Runge and Kutta's method, 8 steps a sample.
fn ring_by_runge_kutta(ring: &RingModulator, symbols: &[u8], gain: f64) -> Vec<f64> {
    let steps = 8;
    let h = 1.0 / (RATE_HZ * (SAMPLES * steps) as f64);
    // 3 dB at 2.11391767 rad/s for a delay of 1 s (published tables).
    let tau = 2.113_917_67 / (TAU * 45e9);
    let mut s = State { y: [0.0; 4], b: Complex64::ZERO };
    let mut out = Vec::new();
    let n = symbols.len();
    // The last 40 symbols of the period once before it: what lies before is forgotten by e^−54.
    for k in n - 40..2 * n {
        let x = gain * LEVELS[symbols[k % n] as usize];
        for i in 0..SAMPLES * steps {
            if k >= n && i % steps == 0 {
                out.push((1.0 + Complex64::new(0.0, 1.0) * s.b).norm_sqr());
            }
            let f = |s: &State| slope(s, x, tau, ring, ring.detuning_hz);
            let k1 = f(&s);
            let k2 = f(&moved(&s, &k1, 0.5 * h));
            let k3 = f(&moved(&s, &k2, 0.5 * h));
            let k4 = f(&moved(&s, &k3, h));
            let sum = moved(&moved(&moved(&k1, &k2, 2.0), &k3, 2.0), &k4, 1.0);
            s = moved(&s, &sum, h / 6.0);
        }
    }
    out
}

#[test]
fn the_record_of_a_ring_is_its_differential_equation() {
    let ring = RingModulator { detuning_hz: 15e9, ..RingModulator::default() };
    let optics = optics(ring.clone());
    let link = linked(&optics, false);
    let r = record(&link);
    let gain = 2.5 / 0.8;
    let light = ring_by_runge_kutta(&ring, &r.symbols, gain);
    let mean = light.iter().sum::<f64>() / light.len() as f64;
    let scale = 5e-3 * 10f64.powf(-0.1) * 0.9 * link.tia.gain_ohm;
    let worst = r.v.iter().zip(&light).map(|(v, p)| (v - scale * (p - mean)).abs()).fold(0.0, f64::max);
    // 4,096 symbols of 0.5 V peak to peak; the drive is sampled 16 times a symbol and stepped to fourth order.
    assert!(worst < 0.5e-4, "{worst}");
    assert!(!link.drive.inverts && link.warnings.is_empty(), "{:?}", link.warnings);
}

#[test]
fn a_lossless_ring_keeps_the_light() {
    let ring = RingModulator { q_intrinsic: f64::INFINITY, detuning_hz: 15e9, ..RingModulator::default() };
    let drive: Vec<f64> = (0..4096).map(|i| if (i / 16) % 3 == 0 { 1.0 } else { -0.7 }).collect();
    let field = Modulator::from(ring.clone()).field(&drive, SAMPLES as f64 * RATE_HZ);
    let mean = field.iter().map(Complex64::norm_sqr).sum::<f64>() / 4096.0;
    // Instants take and give back; a period keeps everything but the error of steps across edges.
    assert!((mean - 1.0).abs() < 1e-4, "{mean}");
    assert!(field.iter().any(|e| (e.norm_sqr() - 1.0).abs() > 0.1));
    // Nothing is modulated when it has settled, which is said and not refused.
    let link = linked(&optics(ring), false);
    assert!(link.warnings.iter().any(|w| w.contains("nothing is modulated")), "{:?}", link.warnings);
    assert!(link.level_mismatch.is_finite() && link.extinction_ratio_db.is_finite());
}

fn spectrum(v: &[f64]) -> Vec<Complex64> {
    let mut x: Vec<Complex64> = v.iter().map(|v| Complex64::new(*v, 0.0)).collect();
    FftPlanner::new().plan_fft_forward(x.len()).process(&mut x);
    x
}

/// The field of a weak drive through 10 km at the lowest wavelength, whose first null is at 41.67 GHz, against the cosine:
/// of either sign of chirp and of dispersion.
#[test]
fn a_weak_drive_has_the_cosine_of_chirp_and_dispersion() {
    for chirp in [-1.0, 0.0, 1.0] {
        for (wavelength_m, dispersion_zero_m) in [(1270e-9, 1324e-9), (1340e-9, 1300e-9)] {
            let fiber =
                Fiber { length_m: 10e3, dispersion_zero_m, attenuation_db_per_m: 0.0, ..Fiber::default() };
            let mut near = optics(MachZehnder { chirp, ..MachZehnder::default() });
            near.laser.wavelength_m = wavelength_m;
            near.driver.swing_v = 1e-5;
            let mut far = near.clone();
            far.path.push(OpticalPart::Fiber(fiber.clone()));
            let (near, far) = (linked(&near, false), linked(&far, false));
            let (a, b) = (spectrum(&record(&near).v), spectrum(&record(&far).v));
            let n = record(&near).symbols.len();
            for j in [200, 900, 1600, 2300, 3500] {
                let f = j as f64 * RATE_HZ / n as f64;
                let exact = fiber.small_signal_response(f, wavelength_m, chirp);
                // Second order of a drive of 6e-6 rad, beside lines of random size.
                assert!(
                    (b[j] / a[j] - exact).norm() < 1e-4,
                    "{chirp} {wavelength_m} {f}: {} {exact}",
                    b[j] / a[j]
                );
            }
        }
    }
}

#[test]
fn the_small_signal_form_is_the_record_of_a_weak_drive() {
    let ring = RingModulator { detuning_hz: 15e9, ..RingModulator::default() };
    let eam = Eam { chirp: -0.8, ..Eam::default() };
    for modulator in
        [Modulator::from(ring), eam.into(), MachZehnder { chirp: 1.0, ..MachZehnder::default() }.into()]
    {
        let kind = modulator.kind();
        let mut o = optics(modulator);
        o.laser.wavelength_m = 1270e-9;
        o.path.push(OpticalPart::Fiber(Fiber {
            length_m: 5e3,
            dispersion_zero_m: 1324e-9,
            dgd_s: 3e-12,
            dgd_split: 0.3,
            ..Fiber::default()
        }));
        let residuals = [1e-4, 1e-3].map(|swing_v| {
            o.driver.swing_v = swing_v;
            linked(&o, true).linear_residual.unwrap()
        });
        // The largest difference over half the smallest distance of levels, an interval in which a symbol's edges ring by
        // several times that distance; it falls with the drive.
        assert!(residuals[0] < 1e-3 && residuals[1] < 12.0 * residuals[0], "{kind}: {residuals:?}");
        assert!(residuals[1] > 5.0 * residuals[0], "{kind}: {residuals:?}");
    }
}

#[test]
fn group_delay_is_the_sum_of_two_delayed_powers() {
    let mut o = optics(MachZehnder::default());
    let period = 1.0 / RATE_HZ;
    // One sample either way, 30 % of the power late.
    let fiber =
        Fiber { dgd_s: 2.0 * period / SAMPLES as f64, dgd_split: 0.3, length_m: 1.0, ..Fiber::default() };
    let straight = linked(&o, false);
    o.path.push(OpticalPart::Fiber(Fiber { attenuation_db_per_m: 0.0, ..fiber }));
    let split = linked(&o, false);
    let (a, b) = (&record(&straight).v, &record(&split).v);
    let n = a.len();
    for i in [0, 17, 4000, n - 1] {
        let exact = 0.7 * a[(i + 1) % n] + 0.3 * a[(i + n - 1) % n];
        // A delay of whole samples is exact on the record's frequencies, but for the highest one.
        assert!((b[i] - exact).abs() < 1e-9, "{i}: {} {exact}", b[i]);
    }
}

#[test]
fn amplifiers_and_photodiode_compress_towards_their_saturation() {
    let linear = linked(&optics(MachZehnder::default()), false);
    // Driver: the settled swing stays, the inner levels come closer to the outer ones.
    let mut o = optics(MachZehnder::default());
    o.driver.saturation_v = 1.5;
    let driver = linked(&o, false);
    assert!((driver.drive.swing_v - 2.5).abs() < 1e-12 && !driver.drive.limited);
    let inner = 1.5 * ((2.5f64 / 3.0).atanh() / 3.0).tanh();
    let exact = 0.5 * 5e-3 * (1.0 + (PI * inner / 5.0).sin());
    assert!((driver.settled_w[2] - exact).abs() < 1e-12);
    // TIA: the same on its output, here of the settled light.
    let mut o = optics(MachZehnder::default());
    (o.tia.saturation_v, o.driver.bandwidth_hz) = (0.3, f64::INFINITY);
    o.modulator = MachZehnder { bandwidth_hz: f64::INFINITY, ..MachZehnder::default() }.into();
    let tia = linked(&o, false);
    assert!((tia.tia.swing_v - 0.5).abs() < 1e-12);
    let r = record(&tia);
    let largest = r.v.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    // A mean that the compression leaves is removed with the receiver's.
    assert!((largest - 0.25).abs() < 2e-3, "{largest}");
    // Noise in front of it follows the slope at the level, least at the outer ones.
    let noise = tia.noise.iter().find(|n| n.name == "tia").unwrap();
    let LevelLaw::BySymbol { factor, .. } = &noise.law else { panic!("follows the level") };
    let slope = 1.0 - (0.25f64 / 0.3).powi(2);
    let middle = 1.0 - ((0.25f64 / 0.3).atanh() / 3.0 * 0.98).tanh().powi(2);
    assert!((factor[0] / factor[1] / (slope / middle).powi(2) - 1.0).abs() < 0.2, "{factor:?}");
    let quiet = linear.noise.iter().find(|n| n.name == "tia").unwrap();
    assert_eq!(quiet.law, LevelLaw::Stationary);
    // Photodiode: half the current at its saturation.
    let mut o = optics(MachZehnder::default());
    o.photodiode.saturation_a = 2e-3;
    let diode = linked(&o, false);
    let current = |p: f64| {
        let i = 0.9 * 10f64.powf(-0.1) * p;
        i / (1.0 + i / 2e-3)
    };
    let swing = current(diode.settled_w[3]) - current(diode.settled_w[0]);
    assert!((diode.tia.input_swing_a / swing - 1.0).abs() < 1e-12);
    // What cannot be reached is said.
    let mut o = optics(MachZehnder::default());
    o.driver.saturation_v = 1.0;
    let limited = linked(&o, false);
    assert!((limited.drive.swing_v - 1.8).abs() < 1e-12);
    assert!(limited.warnings.iter().any(|w| w.contains("saturates at 1.000 V")), "{:?}", limited.warnings);
}

#[test]
fn a_modulator_whose_light_falls_is_driven_the_other_way() {
    let link = linked(&optics(Eam::default()), false);
    assert!(link.drive.inverts);
    assert!(link.settled_w.windows(2).all(|w| w[1] > w[0]));
    assert!(link.warnings.iter().any(|w| w.contains("inverts")), "{:?}", link.warnings);
    let r = record(&link);
    let tops = r.symbols.iter().enumerate().filter(|(_, s)| **s == 3);
    let mean =
        tops.clone().map(|(k, _)| r.v[k * SAMPLES + SAMPLES / 2 + 8]).sum::<f64>() / tops.count() as f64;
    assert!(mean > 0.1, "{mean}");
}

#[test]
fn any_detuning_is_answered_or_warned_of() {
    let linewidth = RingModulator::default().linewidth_hz();
    for share in [-3.0, -0.5, -0.1, 0.0, 1e-9, 0.1, 1.0, 10.0] {
        for linear in [false, true] {
            let link = linked(
                &optics(RingModulator { detuning_hz: share * linewidth, ..RingModulator::default() }),
                linear,
            );
            assert!(share.abs() > 0.1 || !link.warnings.is_empty(), "{share}");
            assert!(link.noise.iter().all(|n| match &n.kind {
                NoiseKind::Density { density, transfer } =>
                    density.iter().all(|d| d.is_finite()) && transfer.h().iter().all(|h| h.is_finite()),
                _ => false,
            }));
            assert!(link.level_mismatch.is_finite() && link.extinction_ratio_db.is_finite(), "{share}");
        }
    }
}

#[test]
fn an_amplitude_that_cannot_be_reached_names_the_stage_that_takes_most() {
    let mut o = optics(MachZehnder { loss_db: 5.0, ..MachZehnder::default() });
    o.path.push(OpticalPart::Connector(Connector { loss_db: 30.0, ..Connector::default() }));
    o.tia.gain_max_ohm = 5e3;
    let link = linked(&o, false);
    assert!(link.warnings.iter().any(|w| w.contains("path.1 connector, 30.0 dB")), "{:?}", link.warnings);
}
