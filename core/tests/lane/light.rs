//! Optical lanes as a whole: what coupling, misalignment and detuning cost, and the memory of the record.

use crate::{prepared, segments};
use lightlane::Run;
use lightlane::lane::{Block, Lane, preset, preset_names};
use lightlane::medium::optics::{Coupler, Modulator, OpticalPart, Optics, RingModulator};
use lightlane::report::LaneReport;
use lightlane::response::SlicerSignal;

fn changed(name: &str, change: impl Fn(&mut Optics)) -> Lane {
    let mut lane = preset(name).unwrap();
    for block in &mut lane.medium {
        if let Block::Optics(optics) = block {
            change(optics);
        }
    }
    lane
}

fn analyzed(lane: &Lane) -> LaneReport {
    prepared(lane).unwrap().analyze(&Run::default()).unwrap()
}

/// The first coupler of the path.
fn coupler(optics: &mut Optics) -> &mut Coupler {
    let found =
        optics.path.iter_mut().find_map(|p| if let OpticalPart::Coupler(c) = p { Some(c) } else { None });
    found.expect("a coupler")
}

#[test]
fn a_decibel_of_coupling_costs_a_decibel_of_sensitivity_in_the_thermal_limit() {
    // Nothing but the TIA's noise: its current follows the sensitivity dB for optical dB.
    let lane = |loss_db: f64, noise_db: f64| {
        let mut lane = changed("cpo-dr1-mzm", |o| {
            coupler(o).excess_loss_db += loss_db;
            (o.laser.rin_per_hz, o.driver.input_noise_v2_per_hz) = (0.0, 0.0);
            // Margins of about ±1 dB: the equalizer is made for the noise that there is, and the margin scales it.
            o.tia.noise_a_per_rthz = 110e-12 * 10f64.powf(noise_db / 10.0);
        });
        (lane.transmitter.snr_db, lane.receiver.noise_v2_per_hz) = (None, 0.0);
        lane
    };
    let (near, far, noisy) =
        (analyzed(&lane(0.0, 0.0)), analyzed(&lane(1.0, 0.0)), analyzed(&lane(0.0, 1.0)));
    assert!(far.ber > 1e-8 && far.ber < 1e-2, "{}", far.ber);
    // Shot noise, a hundredth of the variance, grows with the light.
    assert!((far.margin_db - noisy.margin_db).abs() < 0.03, "{} {}", far.margin_db, noisy.margin_db);
    // Electrical decibels of noise are twice the optical ones of light.
    assert!((near.margin_db - far.margin_db - 2.0).abs() < 0.1, "{} {}", near.margin_db, far.margin_db);
}

#[test]
fn misalignment_never_helps() {
    for name in ["cpo-dr1", "cpo-dr1-mzm"] {
        let mut last = 0.0;
        for offset_um in [0.0, 0.5, 1.0, 2.0, 3.0, 4.0] {
            let ber = analyzed(&changed(name, |o| coupler(o).offset_x_m = offset_um * 1e-6)).ber;
            assert!(ber > last, "{name}: {offset_um} um: {ber} after {last}");
            last = ber;
        }
    }
}

#[test]
fn every_detuning_is_analyzed_or_warned_of() {
    let linewidth = RingModulator::default().linewidth_hz();
    for share in [-2.0, -0.33, 0.0, 1e-6, 0.05, 0.15, 2.0] {
        let lane = changed("cpo-dr1", |o| {
            let Modulator::RingModulator(ring) = &o.modulator else { panic!("a ring") };
            o.modulator = RingModulator { detuning_hz: share * linewidth, ..ring.clone() }.into();
        });
        let r = analyzed(&lane);
        assert!(r.ber.is_finite() && r.ber <= 0.6, "{share}: {}", r.ber);
        assert!(!r.warnings.is_empty(), "{share}");
        assert!(
            r.levels_v.iter().chain(&r.level_noise_v).chain(&r.thresholds_v).all(|v| v.is_finite()),
            "{share}"
        );
    }
}

#[test]
fn the_memory_is_the_smallest_that_explains_enough() {
    let residual = |record_memory| {
        let lane = Lane { record_memory, ..preset("cpo-dr1-mzm").unwrap() };
        analyzed(&lane).nonlinear_residual.unwrap()
    };
    let by_memory: Vec<f64> = (3..=6).map(|m| residual(Some(m))).collect();
    assert!(by_memory.windows(2).all(|w| w[1] < w[0]), "{by_memory:?}");
    // Left to itself a lane has a record for 6 and fits shorter words to that.
    let automatic = analyzed(&preset("cpo-dr1-mzm").unwrap());
    let SlicerSignal::Table { memory, .. } = automatic.model.signal else { panic!("a table") };
    assert_eq!(memory, (4..6).find(|m| by_memory[m - 3] <= 0.05).unwrap_or(6));
    assert!(automatic.nonlinear_residual.unwrap() <= 0.05);
    for bad in [0, 8, usize::MAX] {
        let text = Lane { record_memory: Some(bad), ..Lane::default() }.validate().unwrap_err().to_string();
        assert!(text.starts_with(&format!("record_memory = {bad}: must be between 1 and 7")), "{text}");
    }
}

#[test]
fn every_optical_preset_reports_its_residual_and_has_margin() {
    for name in preset_names().unwrap() {
        let lane = preset(&name).unwrap();
        if !lane.medium.iter().any(Block::is_optical) {
            continue;
        }
        let r = segments(&lane).unwrap().analyze(&Run::default()).unwrap();
        // Words of 6 symbols reach less far than a ring's memory (7.6 %) and than a board's reflections (5.1 % before an
        // engine, 11.4 % before a linear module); the limits leave room for a change of the equalizer.
        let explained = if name == "lpo-dr1" { 0.15 } else { 0.1 };
        assert!(r.nonlinear_residual.is_some_and(|r| r < explained), "{name}: {:?}", r.nonlinear_residual);
        assert!(r.margin_db > if name == "lpo-dr1" { 1.0 } else { 3.0 }, "{name}: {}", r.margin_db);
    }
}
