//! Sensitivity, power penalties and alignment yield of an optical lane against closed forms and direct analysis.

use crate::prepared;
use lightlane::lane::{Block, Lane, Networks};
use lightlane::medium::optics::*;
use lightlane::modulation::Modulation;
use lightlane::receiver::{Ffe, Receiver};
use lightlane::report::{
    AlignmentStudy, AlignmentYield, PenaltyCause, PowerPenalties, Sensitivity, alignment_yield,
    power_penalties, sensitivity,
};
use lightlane::transmitter::Transmitter;
use lightlane::units::power_ratio;
use lightlane::{Result, Run};
use std::path::Path;

/// Noise of the TIA, A/√Hz: so strong that the shot noise of the light that it asks for is a thousandth of it.
const TIA_A_PER_RTHZ: f64 = 2e-8;

/// PAM4 through a modulator in its linear range, a path of two couplers and a thermal receiver, at a rate for which the TIA is
/// no limit: no interference, and noise within the TIA's bandwidth.
fn thermal() -> Lane {
    let inf = f64::INFINITY;
    let optics = Optics {
        laser: Laser { power_w: 50.0, rin_per_hz: 0.0, ..Laser::default() },
        driver: Driver {
            // A fortieth of the half-wave voltage: levels are equidistant to 1e-3.
            swing_v: 0.125,
            bandwidth_hz: inf,
            input_noise_v2_per_hz: 0.0,
            ..Driver::default()
        },
        modulator: MachZehnder { v_pi_v: 5.0, bandwidth_hz: inf, ..MachZehnder::default() }.into(),
        path: vec![
            OpticalPart::Coupler(Coupler { excess_loss_db: 1.0, ..Coupler::default() }),
            OpticalPart::Fiber(Fiber { length_m: 100.0, ..Fiber::default() }),
            OpticalPart::Coupler(Coupler::default()),
        ],
        photodiode: Photodiode { bandwidth_hz: inf, dark_current_a: 0.0, ..Photodiode::default() },
        tia: Tia { noise_a_per_rthz: TIA_A_PER_RTHZ, gain_max_ohm: 1e9, ..Tia::default() },
        ..Optics::default()
    };
    Lane {
        // The TIA settles within a quarter of a symbol; the grid ends at eight times the rate, far above its bandwidth.
        symbol_rate_hz: 35e9,
        modulation: Modulation::Pam4,
        transmitter: Transmitter { amplitude_v: 0.4, ..Transmitter::default() },
        medium: vec![Block::Optics(Box::new(optics))],
        receiver: Receiver::default(),
        ber_limit: Some(2.4e-4),
        ..Lane::default()
    }
}

fn optics_mut(lane: &mut Lane) -> &mut Optics {
    let optics = lane.medium.iter_mut().find_map(|b| if let Block::Optics(o) = b { Some(o) } else { None });
    optics.unwrap()
}

fn first_coupler(lane: &mut Lane) -> &mut Coupler {
    let part = optics_mut(lane)
        .path
        .iter_mut()
        .find_map(|p| if let OpticalPart::Coupler(c) = p { Some(c) } else { None });
    part.unwrap()
}

fn sensitivity_of(lane: &Lane, curve: &[f64]) -> Result<Sensitivity> {
    sensitivity(lane, &Networks::default(), Path::new("."), None, Some(curve), &Run::default())
}

fn penalties_of(lane: &Lane, causes: &[PenaltyCause]) -> Result<PowerPenalties> {
    power_penalties(lane, &Networks::default(), Path::new("."), Some(causes), None, &Run::default())
}

/// Q of a bit error ratio of Gray-coded PAM4 whose errors are by one level.
fn q_of(ber: f64) -> f64 {
    inverse_q(2.0 * ber / 1.5).unwrap()
}

#[test]
fn the_thermal_bound_is_reached_without_interference() {
    let found = sensitivity_of(&thermal(), &[]).unwrap();
    let bandwidth_hz = noise_bandwidth_hz(55e9, FilterKind::Bessel, 4).unwrap();
    // Shot noise of the received light, which the bound leaves out.
    let current_a = 0.9 * found.limit.power_w;
    let noise = level_noise_a(current_a, TIA_A_PER_RTHZ, 0.0, 1.0);
    let bound = 6.0 * q_of(2.4e-4) * noise * bandwidth_hz.sqrt() / 0.9;
    // A Bessel step overshoots by 0.8 %, 0.035 dB, which the sampling instant may use; levels and shot noise are equal to
    // 1e-3 within the small swing.
    let off_db = 10.0 * (found.limit.oma_w / bound).log10();
    assert!(off_db > -0.04 && off_db < 0.01, "{off_db} dB: {} {bound}", found.limit.oma_w);
    assert!(bound >= sensitivity_oma_w(2.0 * 2.4e-4, TIA_A_PER_RTHZ, bandwidth_hz, 0.9).unwrap());
    assert!(found.limit.ber <= 2.4e-4 && found.limit.ber > 2.39e-4);
}

#[test]
fn a_decibel_of_coupling_costs_a_decibel_of_launched_light_and_no_received_light() {
    let before = sensitivity_of(&thermal(), &[0.0]).unwrap();
    let mut lane = thermal();
    first_coupler(&mut lane).excess_loss_db += 1.0;
    let after = sensitivity_of(&lane, &[0.0]).unwrap();
    // Both are found to 1e-3 dB.
    assert!((10.0 * (after.limit.oma_w / before.limit.oma_w).log10()).abs() < 2e-3);
    assert!((before.limit.attenuation_db - after.limit.attenuation_db - 1.0).abs() < 2e-3);
    assert!((before.curve[0].oma_w / after.curve[0].oma_w / power_ratio(1.0) - 1.0).abs() < 1e-12);
    assert!((before.launched_limit_w() / after.launched_limit_w() / power_ratio(-1.0) - 1.0).abs() < 1e-3);
    // The lane as it is, on the curve.
    let report = prepared(&lane).unwrap().analyze(&Run::default()).unwrap();
    assert_eq!(after.curve[0].ber, report.ber);
}

#[test]
fn a_weak_lane_gets_a_stronger_laser_and_has_the_same_sensitivity() {
    let strong = sensitivity_of(&thermal(), &[]).unwrap();
    let mut lane = thermal();
    let short_db = strong.limit.attenuation_db + 5.0;
    first_coupler(&mut lane).excess_loss_db += short_db;
    let weak = sensitivity_of(&lane, &[-5.0, -3.0, 0.0]).unwrap();
    assert!((weak.limit.attenuation_db + 5.0).abs() < 3e-3, "{}", weak.limit.attenuation_db);
    assert!((10.0 * (weak.limit.oma_w / strong.limit.oma_w).log10()).abs() < 3e-3);
    let bers: Vec<f64> = weak.curve.iter().map(|l| l.ber).collect();
    assert!(bers.windows(2).all(|b| b[0] < b[1]), "{bers:?}");
    assert!((weak.curve[0].ber / 2.4e-4 - 1.0).abs() < 0.02, "{bers:?}");
}

#[test]
fn a_floor_of_intensity_noise_has_no_sensitivity_and_a_lane_without_noise_needs_no_light() {
    let mut lane = thermal();
    optics_mut(&mut lane).laser.rin_per_hz = 1e-11;
    let found = sensitivity_of(&lane, &[]).unwrap();
    assert_eq!((found.limit.oma_w, found.limit.attenuation_db), (f64::INFINITY, f64::NEG_INFINITY));
    assert!(found.limit.ber > 2.4e-4);
    // What is left is the shot noise of the light: small enough in 60 dB less than a megawatt.
    let mut quiet = thermal();
    optics_mut(&mut quiet).tia.noise_a_per_rthz = 0.0;
    optics_mut(&mut quiet).laser.power_w = 1e6;
    let found = sensitivity_of(&quiet, &[]).unwrap();
    assert_eq!((found.limit.oma_w, found.limit.attenuation_db), (0.0, f64::INFINITY));
}

#[test]
fn noise_of_the_signal_has_the_closed_penalty() {
    // Noise of every symbol in proportion to the outer levels, as the transmitter's is: OMA/σ does not depend on light.
    let mut lane = thermal();
    lane.transmitter.snr_db = Some(30.0);
    let found = penalties_of(&lane, &[PenaltyCause::TransmitterNoise]).unwrap();
    let sigma_over_oma = lane.transmitter.noise_rms_v() / (2.0 * 0.4);
    let closed = -5.0 * (1.0 - (6.0 * q_of(2.4e-4) * sigma_over_oma).powi(2)).log10();
    let penalty = found.penalties[0];
    // Shot noise falls with the light, 0.01 dB; both limits are found to 1e-3 dB.
    assert!((penalty.received_db - closed).abs() < 0.02, "{} {closed}", penalty.received_db);
    assert!((penalty.launched_db - penalty.received_db).abs() < 3e-3);
    assert!(closed > 0.2);
}

#[test]
fn losses_cost_launched_light_and_noises_cost_both() {
    let mut lane = thermal();
    (first_coupler(&mut lane).offset_x_m, first_coupler(&mut lane).gap_m) = (1e-6, 10e-6);
    optics_mut(&mut lane).laser.rin_per_hz = 1e-16;
    let lost_db = first_coupler(&mut lane).loss_db(1310e-9) - 1.0;
    let found = penalties_of(&lane, &[PenaltyCause::Rin, PenaltyCause::Misalignment]).unwrap();
    let of = |cause| *found.penalties.iter().find(|p| p.cause == cause).unwrap();
    let (rin, misalignment) = (of(PenaltyCause::Rin), of(PenaltyCause::Misalignment));
    assert!((misalignment.launched_db - lost_db).abs() < 3e-3 && lost_db > 0.2);
    assert!(misalignment.received_db.abs() < 3e-3);
    // The light is the average's to 4 % at every level.
    let bandwidth_hz = noise_bandwidth_hz(55e9, FilterKind::Bessel, 4).unwrap();
    let limit = found.sensitivity.limit;
    let sigma_over_oma = limit.power_w * (1e-16 * bandwidth_hz).sqrt() / limit.oma_w;
    let closed = -5.0 * (1.0 - (6.0 * q_of(2.4e-4) * sigma_over_oma).powi(2)).log10();
    assert!((rin.received_db - closed).abs() < 0.03 && closed > 0.5, "{} {closed}", rin.received_db);
    assert!((rin.received_db - rin.launched_db).abs() < 3e-3);
    // The dearest comes first; a cause that was asked for must be there.
    assert!(found.penalties[0].launched_db >= found.penalties[1].launched_db);
    assert!(penalties_of(&lane, &[PenaltyCause::Crosstalk]).is_err());
    assert_eq!(PenaltyCause::named("driver noise").unwrap(), PenaltyCause::DriverNoise);
    assert!(PenaltyCause::named("rim").unwrap_err().to_string().contains("\"rin\""));
}

#[test]
fn dispersion_costs_light() {
    // Devices of their own bandwidths: where nothing else limits, dispersion peaks the response and may even gain.
    let far = Fiber { length_m: 3e3, dispersion_zero_m: 1324e-9, ..Fiber::default() };
    let optics = Optics {
        laser: Laser { power_w: 20e-3, wavelength_m: 1270e-9, ..Laser::default() },
        path: vec![OpticalPart::Fiber(far)],
        ..Optics::default()
    };
    let lane = Lane {
        transmitter: Transmitter { amplitude_v: 0.4, ..Transmitter::default() },
        medium: vec![Block::Optics(Box::new(optics))],
        receiver: Receiver { ffe: Some(Ffe { pre: 4, post: 8, ..Ffe::default() }), ..Receiver::default() },
        ber_limit: Some(2.4e-4),
        ..Lane::default()
    };
    let dispersion = penalties_of(&lane, &[PenaltyCause::Dispersion]).unwrap().penalties[0];
    // Half the symbol rate keeps 0.73 of its amplitude: 1.4 dB of light, which the equalizer pays for in noise.
    assert!(dispersion.received_db > 0.3 && dispersion.received_db < 3.0, "{}", dispersion.received_db);
    // Attenuation stays: it is no dispersion.
    assert!((dispersion.received_db - dispersion.launched_db).abs() < 3e-3);
}

fn study<'a>(alignment: &'a Alignment, couplers: Option<&'a [usize]>) -> AlignmentStudy<'a> {
    AlignmentStudy { alignment, couplers, ber_limit: None, n_arrays: 20_000, seed: 4 }
}

fn yield_of(lane: &Lane, study: &AlignmentStudy<'_>, threads: usize) -> Result<AlignmentYield> {
    let run = Run::with_threads(Some(threads)).unwrap();
    alignment_yield(lane, &Networks::default(), Path::new("."), study, &run)
}

#[test]
fn the_yield_of_a_lane_is_that_within_the_loss_that_it_bears() {
    let mut lane = thermal();
    // Half a decibel of margin in light.
    let spare_db = sensitivity_of(&lane, &[]).unwrap().limit.attenuation_db - 0.5;
    first_coupler(&mut lane).excess_loss_db += spare_db;
    let alignment = Alignment {
        sigma_fiber_m: 0.4e-6,
        sigma_common_m: 0.5e-6,
        sigma_rotation_rad: 1e-3,
        n_fibers: 8,
        ..Alignment::default()
    };
    let found = yield_of(&lane, &study(&alignment, Some(&[0])), 2).unwrap();
    // Excess of the coupler and half a decibel: the curve is interpolated to 0.01 dB.
    assert!((found.budget_db - (1.0 + spare_db + 0.5)).abs() < 0.01, "{}", found.budget_db);
    let exact = alignment.array_yield(9.2e-6, 0.5).unwrap();
    let drawn = found.n_passed as f64 / 20_000.0;
    // Four deviations of a binomial, and 0.01 dB of the budget.
    let sigma = (exact * (1.0 - exact) / 20_000.0).sqrt();
    assert!((drawn - exact).abs() < 4.0 * sigma + 0.01, "{drawn} {exact}");
    assert!((found.integrated.unwrap() / exact - 1.0).abs() < 0.02);
    assert!(exact > 0.2 && exact < 0.98, "{exact}");
    assert_eq!(yield_of(&lane, &study(&alignment, Some(&[0])), 1).unwrap(), found);

    // The margin of an array is that of the lane analysed with its loss.
    for k in [0, 7, 19] {
        let mut there = lane.clone();
        first_coupler(&mut there).excess_loss_db = found.worst_loss_db[k];
        let direct = prepared(&there).unwrap().analyze(&Run::default()).unwrap().margin_db;
        // A cubic through points 1 dB apart of what is nearly a line.
        assert!((found.margin_db[k] - direct).abs() < 0.01, "{k}: {} {direct}", found.margin_db[k]);
    }
}

#[test]
fn unequal_modes_and_all_couplers_have_no_integral_but_a_yield() {
    let mut lane = thermal();
    first_coupler(&mut lane).mfd_b_m = Some(8e-6);
    let alignment = Alignment {
        sigma_fiber_m: 0.8e-6,
        sigma_tilt_rad: 0.01,
        sigma_gap_m: 5e-6,
        n_fibers: 4,
        ..Alignment::default()
    };
    let spare_db = sensitivity_of(&lane, &[]).unwrap().limit.attenuation_db - 1.0;
    first_coupler(&mut lane).excess_loss_db += spare_db;
    let found = yield_of(&lane, &study(&alignment, None), 2).unwrap();
    assert_eq!(found.integrated, None);
    let share = found.n_passed as f64 / 20_000.0;
    assert!(share > 0.05 && share < 0.98, "{share}");
    assert_eq!(found.n_passed, found.worst_loss_db.iter().filter(|l| **l <= found.budget_db).count());
    assert!(
        found.worst_loss_db.iter().zip(&found.margin_db).all(|(l, m)| (*l <= found.budget_db) == (*m >= 0.0))
    );
}

#[test]
fn lanes_that_cannot_be_asked_are_refused() {
    let copper = Lane::default();
    assert!(sensitivity_of(&copper, &[]).unwrap_err().to_string().contains("Optics"));
    assert!(penalties_of(&copper, &[PenaltyCause::Rin]).is_err());
    let alignment = Alignment::default();
    assert!(yield_of(&copper, &study(&alignment, None), 1).is_err());
    for couplers in [&[2usize][..], &[0, 0], &[]] {
        assert!(yield_of(&thermal(), &study(&alignment, Some(couplers)), 1).is_err(), "{couplers:?}");
    }
    assert!(sensitivity_of(&thermal(), &[99.0]).is_err());
    let limit = Some(0.7);
    let refused = sensitivity(&thermal(), &Networks::default(), Path::new("."), limit, None, &Run::default());
    assert!(refused.unwrap_err().to_string().starts_with("ber_limit = 0.7"));
}
