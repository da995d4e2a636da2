//! The optical section against closed forms and against sums written out term by term.

use lightlane::grid::{Grid, SymbolRate};
use lightlane::medium::optics::*;
use lightlane::response::{
    ChannelResponse, FitWindow, LevelLaw, NoiseKind, NoiseSource, Record, Signal, linear_pulse, record_fit,
};
use num_complex::Complex64;
use std::f64::consts::{PI, TAU};

const LEVELS: [f64; 4] = [-0.4, -0.4 / 3.0, 0.4 / 3.0, 0.4];
const NO_FFE: Transmit<'static> = Transmit { levels_v: &LEVELS, ffe: &[1.0], ffe_main: 0 };

fn grid() -> Grid {
    Grid::new(SymbolRate::new(106.25e9).unwrap(), 16, 16 * 256).unwrap()
}

/// No speed limit anywhere and no loss but the modulator's quadrature and one connector.
fn ideal_optics() -> Optics {
    let inf = f64::INFINITY;
    Optics {
        laser: Laser { power_w: 2e-3, rin_per_hz: 1e-14, ..Laser::default() },
        driver: Driver { swing_v: 2.5, bandwidth_hz: inf, gain_max_db: 60.0, ..Driver::default() },
        modulator: MachZehnder { bandwidth_hz: inf, ..MachZehnder::default() }.into(),
        path: vec![OpticalPart::Connector(Connector { loss_db: 1.0, ..Connector::default() })],
        photodiode: Photodiode { bandwidth_hz: inf, dark_current_a: 0.0, ..Photodiode::default() },
        tia: Tia { bandwidth_hz: inf, gain_max_ohm: 1e9, ..Tia::default() },
        ..Optics::default()
    }
}

fn settings() -> OpticalSettings {
    OpticalSettings { memory: Some(4), samples_per_symbol: 16, linear: false }
}

/// A host path: one pole at 30 GHz, 5.25 symbols of delay, nothing above 180 GHz.
fn host(grid: Grid) -> ChannelResponse {
    let delay = 5.25 * grid.symbol_rate().period_s();
    ChannelResponse::from_fn(grid, 180e9, |f| {
        Complex64::cis(-TAU * f * delay) / Complex64::new(1.0, f / 30e9)
    })
}

fn record(link: &OpticalLink) -> &Record {
    match &link.signal {
        Signal::Record(record) => record,
        Signal::Linear { .. } => panic!("a record was asked for"),
    }
}

/// ∫ density |transfer|² df for factor 1.
fn variance(source: &NoiseSource) -> f64 {
    let NoiseKind::Density { density, transfer } = &source.kind else { panic!("a density") };
    let sum: f64 = density.iter().enumerate().map(|(k, d)| d * transfer.at(k).norm_sqr()).sum();
    // The trapezoid rule: the first point has half weight.
    (sum - 0.5 * density[0] * transfer.at(0).norm_sqr()) * transfer.grid().step_hz()
}

fn factor(law: &LevelLaw, symbol: usize) -> f64 {
    match law {
        LevelLaw::Stationary => 1.0,
        LevelLaw::BySymbol { factor, .. } => factor[symbol],
    }
}

#[test]
fn an_ideal_chain_gives_the_static_levels() {
    let one = ChannelResponse::ideal(grid());
    let link = optical_link(&ideal_optics(), &one, &NO_FFE, &one, &settings()).unwrap();
    let r = record(&link);
    r.validate(4).unwrap();
    assert_eq!((r.order, r.symbols.len(), r.v.len()), (6, 4096, 4096 * 16));
    // Output: 0.5 V from outer to outer, mean removed, inner levels those of sin.
    let x = 0.25 * PI;
    let inner = 0.25 * (x / 3.0).sin() / x.sin();
    let expected = [-0.25, -inner, inner, 0.25];
    for k in [0, 1, 2, 100, 4095] {
        for i in [1, 8, 15] {
            // Rounding of a forward and an inverse transform of 65,536 points.
            assert!((r.v[k * 16 + i] - expected[r.symbols[k] as usize]).abs() < 1e-12);
        }
    }
    // Figures of half V_pi: OMA sin 45° of the input, 7.656 dB, R_LM 0.90192 (printed digits).
    assert!((link.oma_w / 2e-3 - 0.5f64.sqrt()).abs() < 1e-12);
    assert!((link.extinction_ratio_db - 7.656).abs() < 5e-4);
    assert!((link.level_mismatch - 0.90192).abs() < 5e-6);
    assert!((link.drive.swing_v - 2.5).abs() < 1e-12 && (link.tia.swing_v - 0.5).abs() < 1e-12);
    assert!(link.warnings.is_empty(), "{:?}", link.warnings);
    // The light's way: 2 mW, halved at quadrature, 1 dB of connector.
    let expected = [2e-3, 2e-3, 1e-3, 1e-3 * 10f64.powf(-0.1)];
    for (stage, e) in link.stages.iter().zip(expected) {
        assert!((stage.power_w / e - 1.0).abs() < 1e-12, "{stage:?}");
    }
}

#[test]
fn the_noise_of_each_level_is_its_closed_form() {
    let one = ChannelResponse::ideal(grid());
    let mut optics = ideal_optics();
    optics.tia.bandwidth_hz = 50e9;
    let link = optical_link(&optics, &one, &NO_FFE, &one, &settings()).unwrap();
    let b = noise_bandwidth_hz(50e9, FilterKind::Bessel, 4).unwrap();
    let z = link.tia.gain_ohm;
    let per_w = 0.9 * 10f64.powf(-0.1);
    for s in 0..4 {
        let current = link.settled_w[s] * per_w;
        let at_level = |n: &NoiseSource| variance(n) * factor(&n.law, s);
        let total: f64 = link.noise.iter().filter(|n| n.name != "driver").map(at_level).sum();
        let sigma = level_noise_a(current, 16e-12, 1e-14, b) * z;
        // The grid ends at 850 GHz, beyond which the filter leaves less than 1e-8 of the noise.
        assert!((total.sqrt() / sigma - 1.0).abs() < 1e-6, "{s}: {} {sigma}", total.sqrt());
        // Driver noise: gain times the slope of the transmission at the level, in the same bandwidth.
        let driver = link.noise.iter().find(|n| n.name == "driver").unwrap();
        let (gain, v) = (2.5 / 0.8, LEVELS[s] * 2.5 / 0.8);
        let slope = 0.5 * 2e-3 * PI / 5.0 * (PI * v / 5.0).cos();
        let exact = 2.5e-17 * (gain * slope * per_w * z).powi(2) * b;
        assert!((at_level(driver) / exact - 1.0).abs() < 1e-6);
        // The light of a symbol without transitions is its settled light.
        assert!((link.light.power_w[s] / link.settled_w[s] - 1.0).abs() < 1e-12);
    }
}

#[test]
fn the_record_is_the_bent_sum_of_the_lanes_pulses() {
    // The host's pulses summed symbol by symbol, then the sine: no spectrum of the sequence involved. The transmit
    // FFE has a precursor and a postcursor so that its direction counts.
    let g = grid();
    let (before, after) = (host(g), ChannelResponse::ideal(g));
    let ffe = [-0.1, 0.7, -0.2];
    let transmit = Transmit { levels_v: &LEVELS, ffe: &ffe, ffe_main: 1 };
    let link = optical_link(&ideal_optics(), &before, &transmit, &after, &settings()).unwrap();
    let r = record(&link);
    let gain: f64 = 2.5 / (0.8 * 0.4);
    assert!((link.drive.gain_db - 20.0 * gain.log10()).abs() < 1e-9);
    let pulse = before.pulse();
    let n = r.symbols.len() as isize;
    let level = |k: isize| LEVELS[r.symbols[k.rem_euclid(n) as usize] as usize];
    let x = |k: isize| ffe[0] * level(k + 1) + ffe[1] * level(k) + ffe[2] * level(k - 1);
    let scale = 2e-3 * 10f64.powf(-0.1) * 0.9 * link.tia.gain_ohm;
    for i in [40isize, 41, 1000, 7777, 30_001] {
        // Symbol k is centred on sample 16 k + 8.
        let k0 = i / 16;
        let v: f64 = (k0 - 200..k0 + 20).map(|k| gain * x(k) * pulse.at(i - 16 * k - 8)).sum();
        let direct = scale * 0.5 * (PI * v / 5.0).sin();
        // The host's band ends at a step of 1/6, whose ripple is cut at different times: 1e-4 of 0.25 V. The mean of
        // the record, which is taken off, is 0 by the sine's symmetry up to the same.
        assert!((r.v[i as usize] - direct).abs() < 1e-3, "{i}: {} {direct}", r.v[i as usize]);
    }
    // One pole at 30 GHz after 5.25 symbols: the symbol is centred later than that, by at most its time constant.
    let delay = link.light.light_delay_s * 106.25e9;
    assert!(delay > 5.25 && delay < 5.25 + 106.25 / (TAU * 30.0) + 1.0 / 16.0, "{delay}");
}

#[test]
fn a_weak_drive_is_linear_and_the_residual_grows_with_its_square() {
    let g = grid();
    let (before, after) = (host(g), ChannelResponse::ideal(g));
    let linear = OpticalSettings { linear: true, ..settings() };
    let residuals = [0.02, 0.2, 2.0].map(|swing_v| {
        let mut optics = ideal_optics();
        optics.driver.swing_v = swing_v;
        optical_link(&optics, &before, &NO_FFE, &after, &linear).unwrap().linear_residual.unwrap()
    });
    // sin x = x − x³/6: ten times the drive, a hundred times the residual; at 2 V the fifth order is seen.
    assert!(residuals[0] < 1e-4, "{residuals:?}");
    assert!((residuals[1] / residuals[0] / 100.0 - 1.0).abs() < 0.02, "{residuals:?}");
    assert!(residuals[2] > 0.05, "{residuals:?}");
    // Without memory the linear form is exact: its levels carry the bend.
    let one = ChannelResponse::ideal(g);
    let link = optical_link(&ideal_optics(), &one, &NO_FFE, &one, &linear).unwrap();
    // The edges, at half height before the sine, are the only samples that differ.
    assert!(((link.levels_v[2] / 0.4) - (PI / 12.0).sin() / (PI / 4.0).sin()).abs() < 1e-12);
    assert!(link.linear_residual.unwrap() < 0.2, "{:?}", link.linear_residual);
}

#[test]
fn linear_form_and_record_agree_when_the_drive_is_weak() {
    let g = grid();
    let before = host(g);
    let after = ChannelResponse::from_fn(g, 150e9, |f| Complex64::cis(-TAU * f * 20e-12));
    let mut optics = Optics::default();
    optics.driver.swing_v = 0.01;
    optics.laser.power_w = 1.0;
    optics.tia.gain_max_ohm = 1e9;
    let link = optical_link(&optics, &before, &NO_FFE, &after, &settings()).unwrap();
    let flat = OpticalSettings { linear: true, ..settings() };
    let linear = optical_link(&optics, &before, &NO_FFE, &after, &flat).unwrap();
    let Signal::Linear { response, .. } = &linear.signal else { panic!("linear form") };
    let (pulse, r) = (response.pulse(), record(&link));
    let n = r.symbols.len() as isize;
    for i in [0isize, 8, 5000, 60_001] {
        let k0 = i / 16;
        let sum: f64 = (k0 - 200..k0 + 20)
            .map(|k| linear.levels_v[r.symbols[k.rem_euclid(n) as usize] as usize] * pulse.at(i - 16 * k - 8))
            .sum();
        // 0.25 V of amplitude; band edges ripple at 1e-4.
        assert!((r.v[i as usize] - sum).abs() < 5e-4, "{i}: {} {sum}", r.v[i as usize]);
    }
    // The small-signal response of the record is the same one: the drive is 2e-3 of V_pi.
    let (a, b) = (r.small_signal.at(20), response.at(20));
    assert!((a - b).norm() < 1e-4 * b.norm());
}

#[test]
fn table_and_remainder_explain_what_one_pulse_does_not() {
    let g = grid();
    let (before, after) = (host(g), ChannelResponse::ideal(g));
    let mut optics = Optics::default();
    optics.tia.gain_max_ohm = 1e9;
    let link = optical_link(&optics, &before, &NO_FFE, &after, &settings()).unwrap();
    let r = record(&link);
    // The phase of the largest correlation with the symbol itself.
    let at = |i: usize| -> Vec<f64> { (0..4096).map(|k| r.v[(16 * k + i) % r.v.len()]).collect() };
    let correlation =
        |z: &[f64]| -> f64 { z.iter().zip(&r.symbols).map(|(z, s)| z * LEVELS[*s as usize]).sum() };
    let phases: Vec<Vec<f64>> = (0..16 * 16).map(at).collect();
    let z = phases.iter().max_by(|a, b| correlation(a).total_cmp(&correlation(b))).unwrap();
    let window = FitWindow { memory: 4, after: 1, pre: 6, post: 30 };
    let fit = record_fit(z, &r.symbols, &LEVELS, window).unwrap();
    let left = fit.residual(z, &r.symbols).unwrap();
    let one = linear_pulse(z, &r.symbols, &LEVELS, 6, 30).unwrap();
    // A Mach–Zehnder at half V_pi: a pulse leaves several times what a table of four symbols does.
    assert!(left.rms < 0.4 * one.rms_error, "{} {}", left.rms, one.rms_error);
}

#[test]
fn gains_stop_at_their_limits_and_say_so() {
    let one = ChannelResponse::ideal(grid());
    let mut optics = ideal_optics();
    optics.driver.gain_max_db = 6.0;
    optics.tia.gain_max_ohm = 100.0;
    let link = optical_link(&optics, &one, &NO_FFE, &one, &settings()).unwrap();
    assert!((link.drive.swing_v - 0.8 * 10f64.powf(0.3)).abs() < 1e-12);
    assert!((link.tia.swing_v - 100.0 * link.tia.input_swing_a).abs() < 1e-15);
    assert_eq!(link.warnings.len(), 2, "{:?}", link.warnings);
    optics.driver =
        Driver { swing_v: 9.0, bandwidth_hz: f64::INFINITY, gain_max_db: 60.0, ..Driver::default() };
    let folded = optical_link(&optics, &one, &NO_FFE, &one, &settings()).unwrap();
    assert!(folded.warnings.iter().any(|w| w.starts_with("modulator: the drive passes")));
}

#[test]
fn a_channel_that_blocks_direct_current_settles_at_its_first_step() {
    let g = grid();
    let mut h = vec![Complex64::new(0.5, 0.0); 400];
    h[0] = Complex64::new(0.0, 0.0);
    let before = ChannelResponse::new(g, h, 0.0).unwrap();
    let after = ChannelResponse::ideal(g);
    let link = optical_link(&ideal_optics(), &before, &NO_FFE, &after, &settings()).unwrap();
    assert!((link.drive.input_swing_v - 0.4).abs() < 1e-12);
}

#[test]
fn strange_inputs_are_answered_or_refused() {
    let g = grid();
    let one = ChannelResponse::ideal(g);
    let run = |optics: &Optics, transmit: &Transmit<'_>, settings: &OpticalSettings| {
        optical_link(optics, &one, transmit, &one, settings)
    };
    let optics = Optics::default();
    for memory in [0, 40, usize::MAX] {
        let memory = Some(memory);
        assert!(run(&optics, &NO_FFE, &OpticalSettings { memory, ..settings() }).is_err());
    }
    assert!(run(&optics, &NO_FFE, &OpticalSettings { samples_per_symbol: 3, ..settings() }).is_err());
    assert!(run(&optics, &Transmit { levels_v: &[1.0, 0.0], ..NO_FFE }, &settings()).is_err());
    assert!(run(&optics, &Transmit { ffe: &[0.5, -0.5], ..NO_FFE }, &settings()).is_err());
    assert!(run(&optics, &Transmit { ffe: &[], ..NO_FFE }, &settings()).is_err());
    let other = ChannelResponse::ideal(Grid::new(g.symbol_rate(), 16, 1024).unwrap());
    assert!(optical_link(&optics, &one, &NO_FFE, &other, &settings()).is_err());
    // Any power and no RIN are answers; so are a drive that folds the outer levels together and almost none.
    for (power_w, swing_v) in [(1e-15, 2.5), (1e3, 2.5), (1e-3, 10.0), (1e-3, 1e-9)] {
        let laser = Laser { power_w, rin_per_hz: 0.0, ..Laser::default() };
        let mut o = Optics { laser, ..Optics::default() };
        o.driver.swing_v = swing_v;
        for linear in [false, true] {
            let link = run(&o, &NO_FFE, &OpticalSettings { linear, ..settings() }).unwrap();
            assert!(link.noise.iter().all(|n| n.name != "rin"));
            if let Signal::Record(r) = &link.signal {
                r.validate(4).unwrap();
            }
        }
    }
    let nrz = run(&optics, &Transmit { levels_v: &[-0.4, 0.4], ..NO_FFE }, &settings()).unwrap();
    assert_eq!(record(&nrz).symbols.len(), 4096);
    record(&nrz).validate(2).unwrap();
}
