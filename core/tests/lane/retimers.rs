//! Lanes with retimers: their segments together, in both engines.

use crate::engines::{MODEL_TOLERANCE, N_SYMBOLS, thermal};
use crate::{prepared, segments};
use lightlane::Run;
use lightlane::engine::time_domain::{RareSimulation, Simulation};
use lightlane::fec::{Code, ErrorProcess, figures_of_segments};
use lightlane::lane::{Block, Lane, Retimer, preset};
use lightlane::medium::electrical::Ideal;
use lightlane::medium::optics::{ModuleKind, Optics};
use lightlane::receiver::{MlsdSetting, Receiver};
use lightlane::report::LaneReport;
use lightlane::system::ledger_of;
use lightlane::transmitter::Transmitter;

fn analyzed(lane: &Lane) -> LaneReport {
    segments(lane).unwrap().analyze(&Run::default()).unwrap()
}

/// A copper lane with errors to count, and nothing but its thru.
fn noisy() -> Lane {
    let mut lane = thermal(&preset("copper-c2m").unwrap(), 120.0);
    lane.aggressors.clear();
    lane
}

fn named(block: &Block, suffix: &str) -> Block {
    let mut block = block.clone();
    let name = match &mut block {
        Block::Package(b) => &mut b.name,
        Block::Synthetic(b) => &mut b.name,
        other => panic!("{} in copper-c2m", other.kind()),
    };
    *name = name.as_ref().map(|n| format!("{n}_{suffix}"));
    block
}

fn retimer(receiver: &Receiver, transmitter: &Transmitter) -> Block {
    let (receiver, transmitter) = (receiver.clone(), transmitter.clone());
    Block::Retimer(Box::new(Retimer { name: None, receiver, transmitter }))
}

/// The medium `times` times, with the lane's own receiver and transmitter between.
fn repeated(lane: &Lane, times: usize) -> Lane {
    let mut medium = Vec::new();
    for k in 0..times {
        if k > 0 {
            medium.push(retimer(&lane.receiver, &lane.transmitter));
        }
        medium.extend(lane.medium.iter().map(|b| named(b, &k.to_string())));
    }
    Lane { medium, ..lane.clone() }
}

#[test]
fn a_retimer_before_an_ideal_tail_adds_nothing() {
    let lane = noisy();
    let plain = analyzed(&lane);
    let mut tailed = lane.clone();
    tailed.medium.push(retimer(&lane.receiver, &Transmitter::default()));
    tailed.receiver = Receiver::default();
    let report = analyzed(&tailed);
    assert_eq!((report.ber, report.ser, report.worst_segment), (plain.ber, plain.ser, Some(0)));
    assert_eq!(report.segments[1].ber, 0.0);
    assert_eq!((&report.levels_v, &report.noise_budget), (&plain.levels_v, &plain.noise_budget));
    // The margin is the root of the same curve, found to 1e-7 dB.
    assert!((report.margin_db - plain.margin_db).abs() < 1e-6, "{} {}", report.margin_db, plain.margin_db);
    // The code sees one process and one that never errs.
    assert!(
        (report.after_fec.codeword_error_ratio / plain.after_fec.codeword_error_ratio - 1.0).abs() < 1e-9
    );
}

#[test]
fn equal_segments_double_the_error_ratio() {
    let lane = noisy();
    let plain = analyzed(&lane);
    let twice = analyzed(&repeated(&lane, 2));
    assert_eq!((twice.ber, twice.ser), (2.0 * plain.ber, 2.0 * plain.ser));
    assert_eq!(twice.segments.iter().map(|s| s.ber).collect::<Vec<_>>(), [plain.ber; 2]);
    assert_eq!((twice.worst_segment, twice.burst_continuation), (Some(0), plain.burst_continuation));
    // At its own limit each segment may have half of it.
    let half = Lane { ber_limit: Some(0.5 * plain.ber_limit), ..lane.clone() };
    assert!((twice.margin_db - analyzed(&half).margin_db).abs() < 1e-4);
    // The code sees bursts from both.
    let one = ErrorProcess { ber: plain.ber, burst_continuation: plain.burst_continuation };
    let wanted =
        figures_of_segments(lane.modulation, &[one, one], Code::Kp4, lane.interleave, false).unwrap();
    assert_eq!(twice.after_fec, wanted);
    assert!(wanted.codeword_error_ratio > 2.0 * plain.after_fec.codeword_error_ratio);
    // Settled, the lane is the same lane.
    let again = analyzed(&twice.lane);
    assert_eq!((again.ber, &again.lane), (twice.ber, &twice.lane));
}

fn both_modes_agree(label: &str, lane: &Lane) {
    let prepared = segments(lane).unwrap();
    let report = prepared.analyze(&Run::default()).unwrap();
    assert!(report.ber > 1e-4 && report.ber < 0.05, "{label}: {:.2e}", report.ber);
    let simulation = Simulation { n_symbols: N_SYMBOLS, ..Simulation::default() };
    let baud = report.simulate(&simulation).unwrap();
    let agree = |what: &str, counts: &lightlane::engine::time_domain::Counts, ber: f64| {
        let text = format!("{label}, {what}: predicted {ber:.4e}, counted {:.4e}", counts.ber());
        assert!(counts.agrees_with(ber, 0.9999, MODEL_TOLERANCE).unwrap(), "{text}");
    };
    agree("baud", &baud.counts, report.ber);
    for (i, (hop, segment)) in baud.hops.iter().zip(&report.segments).enumerate() {
        agree(&format!("baud, segment {i}"), hop, segment.ber);
    }
    let fewer = Simulation { n_symbols: N_SYMBOLS / 4, ..simulation };
    let waveform = prepared.simulate_waveform(Some(8), &fewer).unwrap();
    agree("waveform", &waveform.lane.counts, report.ber);
    for (i, (hop, segment)) in waveform.segments.iter().zip(&report.segments).enumerate() {
        agree(&format!("waveform, segment {i}"), &hop.counts, segment.ber);
    }
    let rare =
        report.simulate_rare(&RareSimulation { n_draws: 20_000, ..RareSimulation::default() }).unwrap();
    let distance = (rare.ber.ratio / report.ber).ln().abs();
    assert!(
        distance < MODEL_TOLERANCE + 4.0 * rare.ber.relative_error,
        "{label}: {:?} {}",
        rare.ber,
        report.ber
    );
}

#[test]
fn engines_agree_on_repeated_copper() {
    both_modes_agree("twice copper-c2m", &repeated(&noisy(), 2));
}

#[test]
fn engines_agree_on_a_retimed_module() {
    let mut lane = thermal(&preset("retimed-dr1").unwrap(), 8.0);
    // One segment of each kind makes errors of the same order.
    for block in &mut lane.medium {
        if let Block::Retimer(retimer) = block {
            retimer.receiver.noise_v2_per_hz *= 60.0;
        }
    }
    lane.receiver.noise_v2_per_hz *= 8.0;
    both_modes_agree("retimed-dr1", &lane);
}

#[test]
fn a_detected_segment_makes_the_figure_a_bound() {
    let mut lane = repeated(&noisy(), 2);
    for block in &mut lane.medium {
        if let Block::Retimer(retimer) = block {
            retimer.receiver.mlsd = MlsdSetting::Switch(true);
        }
    }
    let report = analyzed(&lane);
    assert_eq!((report.ber_kind, report.segments[1].ber_kind), ("bound", "model"));
    assert!(report.segments[0].ber < report.segments[1].ber && report.worst_segment == Some(1));
    let simulation = Simulation { n_symbols: N_SYMBOLS, ..Simulation::default() };
    let counts = report.simulate(&simulation).unwrap();
    assert!(counts.counts.agrees_with_bound(report.ber, 0.9999, MODEL_TOLERANCE).unwrap());
    assert!(counts.hops[0].agrees_with_bound(report.segments[0].ber, 0.9999, MODEL_TOLERANCE).unwrap());
}

#[test]
fn retimers_at_the_ends_and_in_a_row_have_ideal_segments() {
    let lane = noisy();
    let plain = analyzed(&lane);
    let ideal = || retimer(&Receiver::default(), &Transmitter::default());
    let mut ends = lane.clone();
    ends.medium.insert(0, retimer(&Receiver::default(), &lane.transmitter));
    ends.medium.extend([retimer(&lane.receiver, &Transmitter::default()), ideal()]);
    ends.transmitter = Transmitter::default();
    ends.receiver = Receiver::default();
    let report = analyzed(&ends);
    assert_eq!((report.segments.len(), report.ber, report.worst_segment), (4, plain.ber, Some(1)));
    // Only ideal segments: no error, and no noise that could bring one.
    let medium = vec![ideal(), Block::Ideal(Ideal::default()), ideal()];
    let nothing = analyzed(&Lane { medium, ..Lane::default() });
    assert_eq!((nothing.ber, nothing.margin_db), (0.0, f64::INFINITY));
}

#[test]
fn what_concerns_a_segment_is_named_by_it() {
    let error = prepared(&repeated(&noisy(), 2)).unwrap_err().to_string();
    assert!(error.starts_with("medium.3 = retimer"), "{error}");
    let mut lane = repeated(&noisy(), 2);
    if let Block::Retimer(retimer) = &mut lane.medium[3] {
        retimer.receiver.noise_v2_per_hz = -1.0;
    }
    let error = lane.validate().unwrap_err().to_string();
    assert!(error.starts_with("medium.3.receiver.noise_v2_per_hz"), "{error}");
    let mut lane = repeated(&noisy(), 2);
    if let Block::Retimer(retimer) = &mut lane.medium[3] {
        retimer.receiver.bandwidth_hz = Some(1e15);
    }
    let report = analyzed(&lane);
    assert!(report.warnings.iter().any(|w| w.starts_with("segments.0: receiver.bandwidth_hz")));
    let mut lane = repeated(&noisy(), 2);
    if let Block::Synthetic(channel) = &mut lane.medium[5] {
        channel.path = "fext9".into();
    }
    let error = segments(&lane).unwrap_err().to_string();
    assert!(error.contains("fext9"), "{error}");
}

#[test]
fn crosstalk_stays_in_its_segment() {
    let mut lane = repeated(&noisy(), 2);
    let quiet = analyzed(&lane);
    let mut aggressor = preset("copper-c2m").unwrap().aggressors.remove(0);
    aggressor.place = Some("channel_1".into());
    lane.aggressors.push(aggressor);
    let loud = analyzed(&lane);
    assert_eq!(loud.segments[0].ber, quiet.segments[0].ber);
    assert!(loud.segments[1].ber > 1.02 * quiet.segments[1].ber);
    assert_eq!(loud.ber, loud.segments[0].ber + loud.segments[1].ber);
}

#[test]
fn the_ledger_charges_retimers_and_where_the_optics_sit() {
    let ledger = |name: &str| {
        let lane = preset(name).unwrap();
        let prepared = segments(&lane).unwrap();
        ledger_of(&prepared, &prepared.analyze(&Run::default()).unwrap()).unwrap()
    };
    let term = |l: &lightlane::system::Ledger, name: &str| {
        l.energy_terms.iter().chain(&l.latency_terms).any(|t| t.name.contains(name))
    };
    let (retimed, linear, near) = (ledger("retimed-dr1"), ledger("lpo-dr1"), ledger("npo-dr1"));
    assert!(term(&retimed, "dsp_retimer_full") && term(&retimed, "control_pluggable"));
    assert!(term(&linear, "driver_linear_pluggable") && !term(&linear, "dsp"));
    assert!(term(&near, "control_engine") && !term(&near, "pluggable"));
    // A pair of signal processors is 10 pJ/bit behind the regulator and 60 ns each.
    assert!(retimed.energy_j_per_bit.value > linear.energy_j_per_bit.value + 7e-12);
    assert!(retimed.latency_s.value > linear.latency_s.value + 100e-9);
}

#[test]
fn a_lane_of_different_optical_sections_is_charged_for_both() {
    let optics_of = |name: &str| {
        let optics = |b| if let Block::Optics(o) = b { Some(Optics { name: None, ..*o }) } else { None };
        preset(name).unwrap().medium.into_iter().find_map(optics).unwrap()
    };
    let engine = optics_of("cpo-dr1");
    let pluggable = Optics { module: ModuleKind::Pluggable, ..optics_of("cpo-dr1-mzm") };
    let ledger = |medium: Vec<Block>| {
        let lane = Lane { medium, ..preset("cpo-dr1").unwrap() };
        let prepared = segments(&lane).unwrap();
        ledger_of(&prepared, &prepared.analyze(&Run::default()).unwrap()).unwrap()
    };
    let section = |optics: &Optics| Block::Optics(Box::new(optics.clone()));
    let both = ledger(vec![section(&engine), Block::Retimer(Box::default()), section(&pluggable)]);
    for part in ["driver_mrm", "ring_tuning", "control_engine", "driver_mzm", "control_pluggable"] {
        assert!(both.energy_terms.iter().any(|t| t.name == part), "{part}");
    }
    let fiber_m =
        |l: &lightlane::system::Ledger| l.path.iter().find(|e| e.name == "fiber_length").unwrap().value;
    assert_eq!(fiber_m(&both), engine.fiber_length_m() + pluggable.fiber_length_m());
    let laser_w: f64 = both.path.iter().filter(|e| e.name.ends_with("laser_power")).map(|e| e.value).sum();
    let share = |o: &Optics| o.laser.power_w / o.laser.lanes_per_laser as f64;
    assert_eq!(laser_w, share(&engine) + share(&pluggable));
}
