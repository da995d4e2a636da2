//! Eye closure of synthetic waveforms against closed forms, and waveforms that cannot be measured.

use lightlane::engine::tdecq::{Tdecq, TdecqConfig, Waveform, noise_enhancement, tdecq};
use lightlane::medium::optics::inverse_q;
use lightlane::modulation::{prbs13q, ssprq};
use lightlane::{Error, Run};
use proptest::prelude::*;

/// Enough that the images of the samples' spectrum, which the wide filter passes in part, do not ring: at 16 they close the
/// eye by 0.11 dB, at 32 by 0.007 dB.
const SAMPLES: usize = 32;

/// Rectangular symbols of 1 mW to 3 mW.
fn rectangular(symbols: &[u8]) -> Vec<f64> {
    let level = |s: &u8| 1e-3 + 2e-3 / 3.0 * f64::from(*s);
    symbols.iter().flat_map(|s| std::iter::repeat_n(level(s), SAMPLES)).collect()
}

fn given<'a>(waveform_w: &'a [f64], symbols: Option<&'a [u8]>) -> Waveform<'a> {
    Waveform { waveform_w, samples_per_symbol: SAMPLES, symbol_rate_hz: 53.125e9, symbols }
}

/// A filter so wide that rectangular symbols are settled at both histograms.
fn wide() -> TdecqConfig {
    TdecqConfig { bandwidth_ratio: 4.0, ..TdecqConfig::default() }
}

/// The same receiver without freedom: its noise enhancement is 1, so the closed forms hold.
fn fixed() -> TdecqConfig {
    TdecqConfig { ffe_taps: 1, optimize_timing: false, ..wide() }
}

fn measure(wave: &[f64], symbols: Option<&[u8]>, config: &TdecqConfig) -> lightlane::Result<Tdecq> {
    tdecq(&given(wave, symbols), config, &Run::default())
}

#[test]
fn an_ideal_signal_has_none() {
    for symbols in [prbs13q(None).unwrap(), ssprq().unwrap()] {
        let mut wave = rectangular(&symbols);
        wave.rotate_right(7 * SAMPLES);
        let found = measure(&wave, Some(&symbols), &fixed()).unwrap();
        // 0.01 dB is what is asked for; bins cost 0.001 dB.
        assert!(found.tdecq_db.abs() < 0.01, "{} {:?}", found.tdecq_db, found.taps);
        // The filter has settled to 1e-4 in the middle of a run.
        assert!((found.oma_w - 2e-3).abs() < 1e-6 && (found.level_mismatch - 1.0).abs() < 2e-3);
        assert!((found.extinction_ratio_db - 10.0 * 3f64.log10()).abs() < 1e-3);
        assert!((found.symbol_error_ratio / 4.8e-4 - 1.0).abs() < 1e-6);
        assert!(found.warnings.is_empty(), "{:?}", found.warnings);
        assert!(found.eye_closure_db.abs() < 0.1, "{}", found.eye_closure_db);
        // Five taps average noise at first order for interference at second: slightly less, but for the 0.005 dB that
        // the smooth maximum of the two sides leaves to the search.
        let free = measure(&wave, Some(&symbols), &wide()).unwrap();
        let gain = found.tdecq_db - free.tdecq_db;
        assert!(gain > -0.005 && gain < 0.08, "{} {}", free.tdecq_db, found.tdecq_db);
        assert!(free.noise_enhancement < 1.0, "{}", free.noise_enhancement);
    }
}

#[test]
fn noise_of_the_instrument_counts_as_noise_allowed() {
    let symbols = prbs13q(None).unwrap();
    let wave = rectangular(&symbols);
    let instrument_noise_w = 3e-5;
    let config = TdecqConfig { instrument_noise_w, ..wide() };
    let found = measure(&wave, Some(&symbols), &config).unwrap();
    assert!((found.instrument_noise_w - instrument_noise_w).abs() < 1e-20);
    let allowed = found.added_noise_w.hypot(instrument_noise_w);
    let q = inverse_q(4.8e-4 / 1.5).unwrap();
    assert!((q - 3.41407).abs() < 5e-6);
    let closed = 10.0 * (found.oma_w / (6.0 * q * allowed)).log10();
    // The definition, in the same numbers: rounding.
    assert!((found.tdecq_db - closed).abs() < 1e-9);
}

#[test]
fn neighbouring_taps_see_correlated_noise() {
    // Published to four decimals.
    assert!((noise_enhancement(&[-0.1, 1.2, -0.1], 0.5) - 1.2042).abs() < 5e-5);
    // White noise before no filter: the root of the sum of squares.
    assert!((noise_enhancement(&[-0.1, 1.2, -0.1], f64::INFINITY) - 1.46f64.sqrt()).abs() < 1e-12);
    assert!((noise_enhancement(&[1.0], 0.5) - 1.0).abs() < 1e-12);
}

/// Rectangular symbols behind a single pole at 0.4 of the symbol rate, periodic.
fn smeared(symbols: &[u8]) -> Vec<f64> {
    let step = 1.0 - (-std::f64::consts::TAU * 0.4 / SAMPLES as f64).exp();
    let mut level = 2e-3;
    let mut turn = || {
        let follow = |p: f64| {
            level += step * (p - level);
            level
        };
        rectangular(symbols).into_iter().map(follow).collect::<Vec<f64>>()
    };
    // The first turn forgets where it began.
    turn();
    turn()
}

#[test]
fn given_taps_are_used_as_they_are() {
    let symbols = prbs13q(None).unwrap();
    let wave = smeared(&symbols);
    let best = measure(&wave, Some(&symbols), &TdecqConfig::default()).unwrap();
    let given = |taps: &[f64]| {
        let config = TdecqConfig { taps: Some(taps.to_vec()), ..TdecqConfig::default() };
        measure(&wave, Some(&symbols), &config).unwrap()
    };
    let again = given(&best.taps);
    assert_eq!((&again.taps, again.main_tap), (&best.taps, best.main_tap));
    // The timing is found anew, each time to some thousandths of a decibel.
    assert!((again.tdecq_db - best.tdecq_db).abs() < 0.005, "{} {}", again.tdecq_db, best.tdecq_db);
    let other = given(&[-0.1, 1.2, -0.1]);
    assert_eq!((other.taps.len(), other.main_tap), (3, 1));
    assert!(other.tdecq_db > best.tdecq_db && (other.noise_enhancement - 1.2042).abs() < 5e-5);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn scale_offset_and_start_do_not_matter(scale in 0.1f64..10.0, offset in 0.0f64..3e-3, start in 0usize..262_112) {
        let symbols = prbs13q(None).unwrap();
        let plain = rectangular(&symbols);
        let config = TdecqConfig::default();
        let reference = measure(&plain, Some(&symbols), &config).unwrap();
        let mut moved: Vec<f64> = plain.iter().map(|p| scale * p + offset).collect();
        moved.rotate_left(start);
        let found = measure(&moved, Some(&symbols), &config).unwrap();
        // The search steps between samples from another first place: it ends within some thousandths of a decibel.
        prop_assert!((found.tdecq_db - reference.tdecq_db).abs() < 0.01);
        prop_assert!((found.oma_w / (scale * reference.oma_w) - 1.0).abs() < 1e-4);
    }
}

#[test]
fn powers_of_any_size_are_measured() {
    // Two periods whose noise differs, so that every figure has a value.
    let symbols = prbs13q(None).unwrap();
    let mut plain = rectangular(&symbols);
    let noisy: Vec<f64> = plain.iter().enumerate().map(|(i, p)| p + 1e-5 * (1.7 * i as f64).sin()).collect();
    plain.extend(noisy);
    let reference = measure(&plain, Some(&symbols), &fixed()).unwrap();
    assert!(reference.rin_oma_db_per_hz.is_finite());
    for scale in [1e152, 1e200f64.recip(), 1e-22] {
        let scaled: Vec<f64> = plain.iter().map(|p| scale * p).collect();
        for known in [Some(&symbols[..]), None] {
            let found = measure(&scaled, known, &fixed()).unwrap();
            // Powers are scaled before anything else: rounding.
            assert!((found.tdecq_db - reference.tdecq_db).abs() < 1e-6, "{scale} {}", found.tdecq_db);
            assert!((found.rin_oma_db_per_hz - reference.rin_oma_db_per_hz).abs() < 1e-3);
            assert!((found.oma_w / scale / reference.oma_w - 1.0).abs() < 1e-6);
        }
    }
}

#[test]
fn powers_beyond_any_sum_are_named() {
    let symbols = prbs13q(None).unwrap();
    for factor in [5e307, f64::INFINITY, f64::NAN, -1e155] {
        let mut wave = rectangular(&symbols);
        wave.iter_mut().for_each(|p| *p *= factor);
        let error = measure(&wave, None, &wide()).unwrap_err().to_string();
        assert!(error.starts_with("waveform_w[0] = ") && error.contains("at most 1e150"), "{error}");
    }
}

#[test]
fn what_cannot_be_measured_is_named() {
    let symbols = prbs13q(None).unwrap();
    let wave = rectangular(&symbols);
    let name = |result: lightlane::Result<Tdecq>| match result {
        Err(Error::Parameter { name, .. }) => name,
        other => panic!("{other:?}"),
    };
    let short = &wave[..wave.len() - SAMPLES];
    assert_eq!(name(measure(short, Some(&symbols), &wide())), "waveform_w");
    assert_eq!(name(measure(&vec![1e-3; wave.len()], Some(&symbols), &wide())), "waveform_w");
    let reversed: Vec<u8> = symbols.iter().rev().copied().collect();
    assert_eq!(name(measure(&wave, Some(&reversed), &wide())), "symbols");
    let mut slipped = symbols.clone();
    slipped.remove(5000);
    slipped.insert(7000, 2);
    assert_eq!(name(measure(&rectangular(&slipped), Some(&symbols), &wide())), "waveform_w");
    let narrow = TdecqConfig { bandwidth_ratio: 17.0, ..wide() };
    assert_eq!(name(measure(&wave, Some(&symbols), &narrow)), "samples_per_symbol");
    let run = Run::default();
    run.cancel_flag().store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(tdecq(&given(&wave, Some(&symbols)), &wide(), &run).unwrap_err(), Error::Interrupted);
}
