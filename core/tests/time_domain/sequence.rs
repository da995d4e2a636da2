//! Sequence detection against the whole record's Viterbi, the published bound and gain, and decision feedback.

use super::*;
use lightlane::Run;
use lightlane::engine::statistical::Prepared;
use lightlane::engine::time_domain::{SequenceCounts, simulate_sequence};
use lightlane::receiver::{Mlsd, SequenceDetector, mlsd};

/// 1 + Σ taps D^j, all of it fed back or detected; the noise has that autocorrelation over its variance.
fn partial_response(modulation: Modulation, taps: &[f64], sigma: f64, correlation: &[f64]) -> DecisionModel {
    let mut model = ideal(modulation, sigma);
    let cursors = std::iter::once(1.0).chain(taps.iter().copied()).collect();
    model.signal = SlicerSignal::Linear { cursors, main: 0 };
    model.dfe = taps.to_vec();
    model.noise.autocorrelation_v2 = std::iter::once(1.0).chain(correlation.iter().copied()).collect();
    model.noise.autocorrelation_v2.iter_mut().for_each(|r| *r *= sigma * sigma);
    model
}

fn detect(model: &DecisionModel, whitening_taps: usize, n_symbols: u64, seed: u64) -> SequenceCounts {
    let detector = SequenceDetector::new(model, &Mlsd { whitening_taps }).unwrap();
    simulate_sequence(model, &detector, &Simulation { n_symbols, seed, ..Simulation::default() }).unwrap()
}

fn bound(model: &DecisionModel, whitening_taps: usize) -> Prepared {
    let detector = SequenceDetector::new(model, &Mlsd { whitening_taps }).unwrap();
    Prepared::with_detector(model, &detector, &Run::default()).unwrap()
}

#[test]
fn the_sequence_is_that_of_the_whole_record() {
    let n = 200_000;
    for (modulation, taps, whitening_taps) in [
        (Modulation::Pam4, &[1.0][..], 0),
        (Modulation::Pam4, &[0.5], 0),
        (Modulation::Pam4, &[0.9, -0.4], 0),
        (Modulation::Pam4, &[0.8, 0.5, 0.3], 0),
        (Modulation::Pam4, &[0.7], 1),
        (Modulation::Pam4, &[0.7], 2),
        (Modulation::Nrz, &[1.0], 0),
        (Modulation::Nrz, &[0.9, -0.4, 0.2], 0),
        (Modulation::Nrz, &[0.7], 1),
    ] {
        let correlation: &[f64] = if whitening_taps > 0 { &[0.4, -0.1] } else { &[] };
        let model = partial_response(modulation, taps, 0.55, correlation);
        let counts = detect(&model, whitening_taps, n, 5);
        // The same samples with the feedback given back, in one pass of double precision.
        let (g, sent) = naive::slicer_input(&model, 5, 0, n as usize).unwrap();
        let level = |s: u8| model.levels[usize::from(s)];
        let samples: Vec<f64> = (0..g.len())
            .map(|k| {
                let past = taps.iter().enumerate().filter(|(j, _)| *j < k);
                f64::from(g[k]) + past.map(|(j, t)| t * level(sent[k - 1 - j])).sum::<f64>()
            })
            .collect();
        let outer = model.levels[model.levels.len() - 1];
        let response: Vec<f64> = std::iter::once(outer).chain(taps.iter().map(|t| outer * t)).collect();
        // Yule and Walker solved by hand for the predictor of that noise.
        let w = match whitening_taps {
            0 => vec![1.0],
            1 => vec![1.0, -0.4],
            _ => vec![1.0, -(0.4 + 0.4 * 0.1) / (1.0 - 0.16), -(-0.1 - 0.16) / (1.0 - 0.16)],
        };
        let filtered = |x: &[f64], n: usize| -> Vec<f64> {
            let at = |k: usize, m: usize| k.checked_sub(m).and_then(|i| x.get(i)).copied().unwrap_or(0.0);
            (0..n).map(|k| w.iter().enumerate().map(|(m, w)| w * at(k, m)).sum()).collect()
        };
        let response = filtered(&response, response.len() + w.len() - 1);
        let decided =
            mlsd(&filtered(&samples, samples.len()), &response, modulation, &Run::default()).unwrap();
        let wrong = decided.iter().zip(&sent).filter(|(d, s)| d != s).count() as i64;
        // The record's own ends are decided with less: an event or two at each.
        let counted = counts.counts.n_symbol_errors as i64;
        assert!(wrong > 100 && (counted - wrong).abs() <= 8, "{taps:?}: {counted} for {wrong}");
    }
}

#[test]
fn feedback_is_counted_on_the_same_samples() {
    let model = partial_response(Modulation::Pam4, &[0.9, -0.4], 0.4, &[]);
    for n_symbols in [1, 1000, 65_536, 150_001] {
        let simulation = Simulation { n_symbols, seed: 8, ..Simulation::default() };
        let detector = SequenceDetector::new(&model, &Mlsd::default()).unwrap();
        let counts = simulate_sequence(&model, &detector, &simulation).unwrap();
        assert_eq!(counts.dfe, simulate(&model, &simulation).unwrap());
        assert_eq!(counts.counts.n_symbols, n_symbols);
    }
}

/// G. D. Forney's union over alternating events, d² = 4 (1 + (L − 1)(1 − a)² + a²) at steps of 2.
fn published(a: f64, sigma: f64) -> f64 {
    (1..200)
        .map(|l| {
            let d = 2.0 * (1.0 + f64::from(l - 1) * (1.0 - a).powi(2) + a * a).sqrt();
            2.0 * f64::from(l) * 0.75f64.powi(l) * q(d / (2.0 * sigma))
        })
        .sum()
}

#[test]
fn the_bound_is_the_published_one_and_counts_stay_below_it() {
    // At noise where 1e6 symbols show some hundred errors.
    for (a, sigma) in [(1.0, 0.42), (1.0, 0.36), (0.5, 0.36), (0.5, 0.32)] {
        let model = partial_response(Modulation::Pam4, &[a], sigma, &[]);
        let prepared = bound(&model, 0);
        let ratios = prepared.ratios(1.0);
        // Events that do not alternate add a little.
        let published = published(a, sigma);
        assert!(
            ratios.ser >= 0.9999 * published && ratios.ser < 1.05 * published,
            "{a} {}",
            ratios.ser / published
        );
        let gain = 10.0 * (1.0 + a * a).log10();
        assert!((prepared.detection_gain_db().unwrap() - gain).abs() < 1e-9);
        let run = detect(&model, 0, 2_000_000, 3);
        let ratio = run.counts.ser() / ratios.ser;
        // A full traceback lies between 0.65 and 0.95 of the bound, closing as errors get rare; three standard
        // deviations of a few hundred bursts beside.
        assert!(ratio > 0.55 && ratio < 1.05, "a = {a}, sigma = {sigma}: {ratio}");
        assert!(run.counts.n_symbol_errors as f64 <= 1.02 * run.dfe.n_symbol_errors as f64);
        if a == 1.0 {
            assert!(2 * run.counts.n_symbol_errors < run.dfe.n_symbol_errors);
        }
    }
}

#[test]
fn coloured_noise_enters_along_the_event_and_whitening_pays() {
    for rho in [-0.3, 0.3] {
        let model = partial_response(Modulation::Pam4, &[0.5], 0.36, &[rho]);
        let (white, whitened) = (bound(&model, 0), bound(&model, 1));
        let (plain, filtered) = (detect(&model, 0, 2_000_000, 3), detect(&model, 1, 2_000_000, 3));
        for (prepared, run) in [(&white, &plain), (&whitened, &filtered)] {
            let ratio = run.counts.ser() / prepared.ratios(1.0).ser;
            assert!(ratio > 0.5 && ratio < 1.05, "rho = {rho}: {ratio}");
        }
        // The samples are the same, so even small differences are the detector's.
        assert!(filtered.counts.n_symbol_errors < plain.counts.n_symbol_errors, "rho = {rho}");
        assert_eq!(plain.dfe, filtered.dfe);
    }
}

#[test]
fn the_figure_is_never_worse_than_that_of_the_feedback() {
    for taps in [&[0.3][..], &[1.0], &[0.7, 0.3], &[0.9, -0.5, 0.4]] {
        for sigma in [0.2, 0.4, 0.8, 2.0] {
            let prepared = bound(&partial_response(Modulation::Pam4, taps, sigma, &[]), 0);
            for scale in [0.5, 1.0, 2.0] {
                let (mlsd, dfe) = (prepared.ratios(scale), prepared.feedback_ratios(scale));
                assert!(
                    mlsd.ser <= dfe.ser && mlsd.ber <= dfe.ber * (1.0 + 1e-9),
                    "{taps:?} {sigma} {scale}"
                );
                let mean = mlsd.ser_by_level.iter().sum::<f64>() / 4.0;
                assert!((mean / mlsd.ser - 1.0).abs() < 1e-6);
            }
        }
    }
}

#[test]
fn a_detector_without_a_trellis_is_refused() {
    let model = partial_response(Modulation::Pam4, &[0.5], 0.3, &[]);
    let refused = |taps: &[f64], whitening_taps| {
        let model = DecisionModel { dfe: taps.to_vec(), ..model.clone() };
        SequenceDetector::new(&model, &Mlsd { whitening_taps }).unwrap_err().to_string()
    };
    assert!(refused(&[], 0).starts_with("receiver.dfe.taps = 0: must be 1 to 3"));
    assert!(refused(&[0.5, 0.2], 2).starts_with("receiver.mlsd = 4^4 states: must be at most 64"));
    assert!(refused(&[f64::NAN], 0).contains("NaN"));
}
