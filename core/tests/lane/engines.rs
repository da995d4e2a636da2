//! The statistical engine against the counted errors of the time-domain engine, lane by lane.

use crate::{prepared, segments, shared};
use lightlane::Run;
use lightlane::engine::time_domain::{Simulation, simulate, simulate_sequence};
use lightlane::lane::{Aggressor, AggressorKind, Block, Channel, CrosstalkPath, Lane, preset, preset_names};
use lightlane::medium::optics::{Eam, Fiber, Modulator, OpticalPart, Optics, RingModulator};
use lightlane::receiver::{Dfe, Mlsd, MlsdSetting};
use lightlane::response::{Jitter, JitterModel};
use lightlane::system::ledger_of;
use std::f64::consts::FRAC_PI_2;

/// Symbols of a run: some hundred errors at 1e-3, a second or two of time.
pub(crate) const N_SYMBOLS: u64 = 400_000;
/// The engines share model and thresholds, so what is left is the sampling error (exact interval, bursts allowed for) and
/// that of the bursts that the statistical engine draws: 1 to 2 % of sampling, and up to 5 % where the eye is closed and
/// bursts never quite end.
pub(crate) const MODEL_TOLERANCE: f64 = 0.05;

pub(crate) fn engines_agree(label: &str, lane: &Lane, model_tolerance: f64) {
    let report = prepared(lane).unwrap().analyze(&Run::default()).unwrap();
    assert!(report.ber > 1e-5 && report.ber < 0.2, "{label}: {:.2e} cannot be counted here", report.ber);
    let counts =
        simulate(&report.model, &Simulation { n_symbols: N_SYMBOLS, ..Simulation::default() }).unwrap();
    let agrees = counts.agrees_with(report.ber, 0.9999, model_tolerance).unwrap();
    assert!(
        agrees,
        "{label}: predicted {:.4e}, counted {:.4e} ({} errors)",
        report.ber,
        counts.ber(),
        counts.n_bit_errors
    );
}

fn noisier(name: &str, factor: f64) -> Lane {
    let mut lane = preset(name).unwrap();
    lane.receiver.noise_v2_per_hz *= factor;
    lane
}

#[test]
fn on_the_copper_presets_with_more_thermal_noise() {
    engines_agree("copper-kr1", &noisier("copper-kr1", 4.0), MODEL_TOLERANCE);
    engines_agree("copper-c2m", &noisier("copper-c2m", 60.0), MODEL_TOLERANCE);
}

#[test]
fn on_the_optical_preset_with_more_thermal_noise() {
    let mut lane = preset("cpo-dr1-mzm").unwrap();
    for block in &mut lane.medium {
        if let Block::Optics(optics) = block {
            optics.tia.noise_a_per_rthz *= 6.0;
        }
    }
    engines_agree("cpo-dr1-mzm, TIA", &lane, MODEL_TOLERANCE);
}

#[test]
fn on_the_optical_preset_with_more_intensity_noise() {
    let mut lane = preset("cpo-dr1-mzm").unwrap();
    for block in &mut lane.medium {
        if let Block::Optics(optics) = block {
            optics.laser.rin_per_hz *= 8.0;
        }
    }
    engines_agree("cpo-dr1-mzm, RIN", &lane, MODEL_TOLERANCE);
}

/// The optics of a lane changed.
fn with_optics(name: &str, change: impl Fn(&mut Optics)) -> Lane {
    let mut lane = preset(name).unwrap();
    for block in &mut lane.medium {
        if let Block::Optics(optics) = block {
            change(optics);
        }
    }
    lane
}

/// Half a linewidth of detuning either way from the preset's: towards resonance levels fold, away from it the light
/// hardly changes.
#[test]
fn on_the_ring_half_a_linewidth_off() {
    let ring = |lane: &mut Optics| match &mut lane.modulator {
        Modulator::RingModulator(ring) => ring.clone(),
        _ => panic!("cpo-dr1 has a ring"),
    };
    let best = prepared(&preset("cpo-dr1").unwrap()).unwrap().analyze(&Run::default()).unwrap();
    for side in [-0.5, 0.5] {
        let lane = with_optics("cpo-dr1", |o| {
            let at = ring(o);
            let detuning_hz = at.detuning_hz + side * at.linewidth_hz();
            o.modulator = RingModulator { detuning_hz, ..at }.into();
        });
        let off = prepared(&lane).unwrap().analyze(&Run::default()).unwrap();
        assert!(off.margin_db < best.margin_db - 1.0, "{side}: {} {}", off.margin_db, best.margin_db);
        engines_agree(
            &format!("ring {side} linewidths off"),
            &thermal(&lane, countable(&lane)),
            MODEL_TOLERANCE,
        );
    }
    engines_agree(
        "ring",
        &thermal(&preset("cpo-dr1").unwrap(), countable(&preset("cpo-dr1").unwrap())),
        MODEL_TOLERANCE,
    );
}

/// A chirp that adds to the dispersion, with the first null of the small-signal response just above half the symbol rate.
#[test]
fn on_a_chirped_link_near_its_first_null() {
    for chirp in [-1.0, 0.7] {
        let lane = with_optics("cpo-dr1-mzm", |o| {
            o.laser.wavelength_m = 1270e-9;
            o.modulator = Eam { chirp, ..Eam::default() }.into();
            let mut fiber = Fiber { dispersion_zero_m: 1324e-9, ..Fiber::default() };
            // (θ + atan α) is a right angle at 62 GHz: D is negative here, and so is θ.
            let turn = -FRAC_PI_2 - f64::atan(chirp);
            fiber.length_m *= turn / 62e9f64.powi(2) / fiber.dispersion_phase_s2(1270e-9);
            let null = fiber.small_signal_response(62e9, 1270e-9, chirp);
            assert!(null.abs() < 1e-12, "{null}");
            o.path = vec![OpticalPart::Fiber(fiber)];
        });
        engines_agree(&format!("chirp {chirp}"), &thermal(&lane, countable(&lane)), MODEL_TOLERANCE);
    }
}

/// Every segment of every preset with every kind of jitter and its feedback on, at the noise that makes errors countable. The feedback is that of the decisions in both engines: the statistical one propagates
/// errors by its chain or its drawn bursts, the other by deciding.
#[test]
fn on_every_preset_with_jitter_crosstalk_and_feedback() {
    let optical = |lane: &Lane| lane.medium.iter().any(Block::is_optical);
    // The electrical segments of a retimed lane are copper-c2m at either end, which is a preset itself.
    let tried = |name: &String| {
        let segments = preset(name).unwrap().segments().unwrap();
        let alone = segments.len() == 1;
        segments.into_iter().filter(move |s| alone || optical(s))
    };
    for mut lane in preset_names().unwrap().iter().flat_map(tried) {
        let name = lane.name.take().unwrap();
        let crosstalk = lane.medium.iter().any(Block::is_channel);
        lane.receiver.dfe.get_or_insert_with(Dfe::default);
        for model in [JitterModel::Edge, JitterModel::Com] {
            lane.transmitter.jitter = Some(Jitter {
                rj_ui: 0.01,
                dd_ui: 0.02,
                sj_ui: 0.05,
                // Some whole periods in a run.
                sj_hz: lane.symbol_rate_hz / 4000.0,
                dcd_ui: 0.03,
                model,
                ..Jitter::default()
            });
            assert!(!crosstalk || !lane.aggressors.is_empty());
            let noisy = thermal(&lane, countable(&lane));
            engines_agree(&format!("{name}, {model:?}"), &noisy, MODEL_TOLERANCE);
        }
    }
}

/// The lane with its thermal noise, of the receiver and of the TIA, `factor` times as large.
pub(crate) fn thermal(lane: &Lane, factor: f64) -> Lane {
    let mut noisy = lane.clone();
    noisy.receiver.noise_v2_per_hz *= factor;
    for block in &mut noisy.medium {
        if let Block::Optics(optics) = block {
            optics.tia.noise_a_per_rthz *= factor.sqrt();
        }
    }
    noisy
}

/// How much thermal noise makes a bit error ratio of about 1e-3, without jitter that symbols share.
pub(crate) fn countable(lane: &Lane) -> f64 {
    let mut lane = lane.clone();
    if let Some(jitter) = &mut lane.transmitter.jitter {
        (jitter.sj_ui, jitter.dcd_ui) = (0.0, 0.0);
    }
    let mut factor = 1.0;
    while prepared(&thermal(&lane, factor)).unwrap().analyze(&Run::default()).unwrap().ber < 7e-4 {
        factor *= 2.0;
    }
    factor
}

/// The copper-c2m preset with a shared channel and its aggressors, at 106.25 GBd or at the rate that the files were made
/// for; `None` where the folder is absent.
fn on_file(id: &str, symbol_rate_hz: f64, noise: f64) -> Option<Lane> {
    let thru = shared(&format!("channels/{id}__THRU.s4p.gz"))?;
    let file =
        |path: std::path::PathBuf| Channel { file: Some(path.display().to_string()), ..Channel::default() };
    let mut lane = noisier("copper-c2m", noise);
    lane.receiver.bandwidth_hz = lane.receiver.bandwidth_hz.map(|b| b * symbol_rate_hz / lane.symbol_rate_hz);
    lane.symbol_rate_hz = symbol_rate_hz;
    lane.medium[1] = Block::Channel(file(thru));
    let aggressor = |role: &str, kind| {
        let path = shared(&format!("channels/{id}__{role}1.s4p.gz"))?;
        Some(Aggressor { channel: CrosstalkPath::Channel(file(path)), kind, amplitude_v: None, place: None })
    };
    lane.aggressors = [aggressor("FEXT", AggressorKind::Fext), aggressor("NEXT", AggressorKind::Next)]
        .into_iter()
        .flatten()
        .collect();
    Some(lane)
}

#[test]
fn on_the_measured_channels_with_decision_feedback() {
    // At the files' own rate with more noise, and at 106.25 GBd, where the feedback tap is at its limit and the FFE
    // colours noise and interference over many symbols.
    for (id, symbol_rate_hz, noise) in [
        ("c2m_z100_14db", 53.125e9, 600.0),
        ("dpo_4in", 53.125e9, 600.0),
        ("c2m_z100_14db", 106.25e9, 1.0),
        ("c2c_12db", 106.25e9, 10.0),
    ] {
        let Some(lane) = on_file(id, symbol_rate_hz, noise) else { return };
        engines_agree(id, &lane, MODEL_TOLERANCE);
    }
}

/// At 106.25 GBd the files' stub nulls close the eye of a receiver without feedback: errors are plenty, and what is left
/// of the two engines' difference is sampling alone.
#[test]
fn on_the_measured_channels_without_decision_feedback() {
    for id in ["c2m_z100_14db", "dpo_4in"] {
        let Some(mut lane) = on_file(id, 106.25e9, 3.0) else { return };
        lane.receiver.dfe = None;
        engines_agree(id, &lane, 0.0);
    }
}

/// The counted sequence lies below the bound and above half of it, makes fewer errors than the feedback on the same
/// samples, and that feedback is the one that is predicted without a detector.
#[test]
fn on_the_copper_presets_with_sequence_detection() {
    let cases = [
        ("copper-kr1", 4.0, 0),
        ("copper-kr1", 4.0, 1),
        ("copper-c2m", 60.0, 1),
        ("copper-c2m", 150.0, 0),
        ("copper-c2m", 150.0, 2),
    ];
    for (name, factor, whitening_taps) in cases {
        let mut lane = noisier(name, factor);
        let plain = prepared(&lane).unwrap().analyze(&Run::default()).unwrap();
        lane.receiver.mlsd = MlsdSetting::Detector(Mlsd { whitening_taps });
        let prepared = prepared(&lane).unwrap();
        let report = prepared.analyze(&Run::default()).unwrap();
        let detection = report.detection.clone().unwrap();
        let simulation = Simulation { n_symbols: N_SYMBOLS, ..Simulation::default() };
        let counts = simulate_sequence(&report.model, &detection.detector, &simulation).unwrap();
        let label = format!(
            "{name}, {whitening_taps} whitening taps: at most {:.3e} (feedback {:.3e}, gain {:.2} dB), counted {:.3e} \
             ({:.3e})",
            report.ber,
            detection.dfe_ber,
            detection.gain_db,
            counts.counts.ber(),
            counts.dfe.ber()
        );
        assert_eq!((report.ber_kind, plain.ber_kind), ("bound", "model"));
        assert_eq!(detection.dfe_ber, plain.ber);
        assert!(report.ber <= plain.ber && report.margin_db >= plain.margin_db, "{label}");
        assert!(counts.counts.agrees_with_bound(report.ber, 0.9999, MODEL_TOLERANCE).unwrap(), "{label}");
        // Where errors are plenty the count lies where the published ones do, 0.65 to 0.95, but for the sampling error.
        let ratio = counts.counts.ber() / report.ber;
        assert!(counts.counts.n_symbol_errors < 300 || (0.6..1.0).contains(&ratio), "{label}: {ratio}");
        assert!(counts.dfe.agrees_with(detection.dfe_ber, 0.9999, MODEL_TOLERANCE).unwrap(), "{label}");
        assert!(counts.counts.n_bit_errors <= counts.dfe.n_bit_errors, "{label}");
        // The detector is paid for.
        let energy = |r| ledger_of(&segments(&lane).unwrap(), r).unwrap().energy_j_per_bit.value;
        assert!(energy(&report) > energy(&plain));
        // A frozen lane is the same lane.
        let again = crate::prepared(&report.lane).unwrap().analyze(&Run::default()).unwrap();
        assert_eq!((again.ber, again.detection), (report.ber, report.detection));
    }
}

/// Behind optics levels, noise and interference follow the symbols: the sum of events is as near to the count, and not
/// always above it.
#[test]
fn on_the_optical_preset_with_sequence_detection() {
    for (tia, rin) in [(9.0, 1.0), (1.0, 8.0)] {
        let mut lane = preset("cpo-dr1-mzm").unwrap();
        for block in &mut lane.medium {
            if let Block::Optics(optics) = block {
                optics.tia.noise_a_per_rthz *= tia;
                optics.laser.rin_per_hz *= rin;
            }
        }
        lane.receiver.mlsd = MlsdSetting::Switch(true);
        let report = prepared(&lane).unwrap().analyze(&Run::default()).unwrap();
        let detector = &report.detection.as_ref().unwrap().detector;
        let simulation = Simulation { n_symbols: 5 * N_SYMBOLS, ..Simulation::default() };
        let counts = simulate_sequence(&report.model, detector, &simulation).unwrap().counts;
        // 0.65 to 0.95 on straight levels; a fifth more here.
        let ratio = counts.ber() / report.ber;
        assert!((0.6..1.15).contains(&ratio), "TIA x {tia}, RIN x {rin}: {ratio}");
    }
}
