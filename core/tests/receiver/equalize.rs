//! From a link to what the slicer sees: closed forms, limits, search, sampling, bounds, refusals.

use crate::links::{LEVELS, M, busy, cursors, grid, line, link, nyquist, run};
use lightlane::receiver::{
    Ctle, Dfe, Ffe, Receiver, Sampling, SamplingRule, Setting, SettingRange, equalize,
};
use lightlane::response::{ChannelResponse, LinkResponse};
use lightlane::{Error, Run};
use num_complex::Complex64;
use std::f64::consts::TAU;

#[test]
fn white_noise_on_an_ideal_medium_is_one_cursor_and_one_variance() {
    let mut link = link(ChannelResponse::ideal(grid()));
    link.noise.push(nyquist(1e-14));
    let e = run(&link, &Receiver::default());
    let (g, main) = cursors(&e);
    assert_eq!((g, main), (&[1.0][..], 0));
    assert_eq!(e.model.noise.autocorrelation_v2, vec![1e-14 * 106.25e9 / 2.0]);
    assert_eq!(e.equalizer.sampling_ui, 0.0);
    // SNR = (5/9) A²/σ²; the tolerance is rounding of a logarithm.
    let snr = 5.0 / 9.0 * 0.16 / (1e-14 * 106.25e9 / 2.0);
    assert!((e.equalizer.snr_db - 10.0 * f64::log10(snr)).abs() < 1e-12);
    assert!((e.equalizer.mse_v2 - 1e-14 * 106.25e9 / 2.0).abs() < 1e-18);
    // An FFE and a DFE with nothing to do leave it alone.
    let idle = Receiver { ffe: Some(Ffe::new(3, 5)), dfe: Some(Dfe::default()), ..Receiver::default() };
    let e = run(&link, &idle);
    assert!(
        (cursors(&e).0[cursors(&e).1] - 1.0).abs() < 1e-12
            && (e.equalizer.snr_db - 10.0 * snr.log10()).abs() < 1e-9
    );
}

#[test]
fn the_resolved_receiver_reproduces_the_model_bit_for_bit() {
    let (link, receiver) = busy();
    let first = run(&link, &receiver);
    let second = run(&link, &first.resolved);
    assert_eq!(first.model, second.model);
    assert_eq!(first.equalizer, second.equalizer);
    assert_eq!(first.equalized, second.equalized);
    assert_eq!(first.resolved, second.resolved);
    // And so does the resolved receiver read back from TOML.
    let text = toml::to_string(&first.resolved).unwrap();
    assert_eq!(toml::from_str::<Receiver>(&text).unwrap(), first.resolved);
    // One thread finds what two find.
    let single = equalize(&link, &receiver, &Run::with_threads(Some(1)).unwrap()).unwrap();
    assert_eq!(single, first);
}

#[test]
fn limits_are_kept_and_the_budget_is_the_models() {
    let (link, receiver) = busy();
    let e = run(&link, &receiver);
    let q = &e.equalizer;
    assert_eq!(q.ffe[q.ffe_pre], 1.0);
    for (i, tap) in q.ffe.iter().enumerate() {
        let limit = if i <= 6 + 8 { 0.7 } else { 0.05 };
        assert!(i == q.ffe_pre || tap.abs() <= limit * (1.0 + 1e-12), "{i}: {tap}");
    }
    assert!(q.ffe[15..].iter().filter(|t| **t != 0.0).count() <= 8);
    assert!((0.0..=0.85).contains(&q.dfe[0]));
    let names: Vec<&str> = e.budget_v.iter().map(|(n, _)| n.as_str()).collect();
    for name in ["thermal", "transmitter", "rin", "crosstalk", "jitter", "isi"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    let gaussian: f64 = e.model.noise.budget_v.iter().map(|(_, v)| v * v).sum();
    assert!((e.model.noise.mean_variance_v2() / gaussian - 1.0).abs() < 1e-12);
    let all: f64 = e.budget_v.iter().map(|(_, v)| v * v).sum();
    let power: f64 = LEVELS.iter().map(|l| l * l).sum::<f64>() / 4.0;
    let snr = 10.0 * (power * q.cursor * q.cursor / all).log10();
    assert!((q.snr_db - snr).abs() < 1e-9);
    // Feedback in volts is the relative tap times the cursor.
    assert_eq!(e.model.dfe, vec![q.dfe[0] * q.cursor]);
}

#[test]
fn a_ctle_search_finds_what_trying_every_setting_finds() {
    let (link, receiver) = busy();
    let range = |min: f64, max: f64| Setting::Range(SettingRange { min, max, step: 2.0 });
    let mut receiver = receiver;
    receiver.ffe = Some(Ffe::new(3, 3));
    let mut best = f64::NEG_INFINITY;
    for gdc in [-12.0, -10.0, -8.0, -6.0, -4.0, -2.0, 0.0] {
        for gdc2 in [-4.0, -2.0, 0.0] {
            receiver.ctle = Some(Ctle::fixed(gdc, gdc2));
            best = best.max(run(&link, &receiver).equalizer.snr_db);
        }
    }
    receiver.ctle = Some(Ctle { gdc_db: range(-12.0, 0.0), gdc2_db: range(-4.0, 0.0), ..Ctle::auto() });
    let found = run(&link, &receiver).equalizer.snr_db;
    // The reduced copy has a coarser phase (1/8 UI): a setting that is 0.05 dB from the best is as good as the best.
    assert!(found > best - 0.05, "{found} {best}");
}

#[test]
fn the_sampling_criteria_do_what_they_say() {
    let link = link(line(10.0));
    let at = |rule| run(&link, &Receiver { sampling: Sampling::Rule(rule), ..Receiver::default() });
    let (mmse, peak, mm) = (at(SamplingRule::Mmse), at(SamplingRule::Peak), at(SamplingRule::MuellerMuller));
    assert_eq!(peak.equalizer.sampling_offset_ui, 0.0);
    assert!(mmse.equalizer.snr_db >= peak.equalizer.snr_db);
    let (g, main) = cursors(&mm);
    // h(−1) = h(+1) to the slope over one sample.
    assert!((g[main - 1] - g[main + 1]).abs() < 0.1);
    let fixed = run(&link, &Receiver { sampling: Sampling::PhaseUi(0.25), ..Receiver::default() });
    assert_eq!(fixed.equalizer.sampling_offset_ui, 0.25);
}

#[test]
fn a_long_equalizer_approaches_the_bound_of_salz_on_a_one_pole_channel() {
    // After H_r the sampled pulse h of the lane and white Nyquist noise give SNR(f) = P|Σ h e^(−jωm)|²/σ²; the unbiased
    // SNR of the infinite MMSE-DFE is exp(mean ln(1 + SNR)) − 1.
    let grid = grid();
    let pole = ChannelResponse::from_fn(grid, 8.0 * 106.25e9, |f| {
        Complex64::cis(-TAU * f * 5.0 / 106.25e9) / Complex64::new(1.0, f / 20e9)
    });
    let mut link = link(pole);
    link.noise.push(nyquist(2e-15));
    let power = 5.0 / 9.0 * 0.16;
    let variance = 2e-15 * 106.25e9 / 2.0;
    let mut last = f64::NEG_INFINITY;
    for (pre, dfe) in [(0, 0), (2, 1), (8, 4), (16, 30)] {
        let receiver = Receiver {
            ffe: Some(Ffe::new(pre, 0)),
            dfe: Some(Dfe::unlimited(dfe)),
            sampling: Sampling::Rule(SamplingRule::Peak),
            ..Receiver::default()
        };
        let e = run(&link, &receiver);
        let position = (e.equalizer.sampling_ui * M as f64).round() as isize;
        let h = e.unequalized.cursors(position, 30, 60);
        let n = 4096;
        let mean: f64 = (0..n)
            .map(|k| {
                let w = TAU * (k as f64 + 0.5) / n as f64;
                let x: Complex64 = h.iter().enumerate().map(|(m, v)| v * Complex64::cis(-w * m as f64)).sum();
                (1.0 + power * x.norm_sqr() / variance).ln()
            })
            .sum::<f64>()
            / n as f64;
        let bound_db = 10.0 * (mean.exp() - 1.0).log10();
        let snr_db = e.equalizer.snr_db;
        assert!(snr_db <= bound_db + 1e-6 && snr_db >= last, "{pre} {dfe}: {snr_db} {bound_db}");
        last = snr_db;
        if dfe == 30 {
            assert!(bound_db - snr_db < 0.01, "{snr_db} {bound_db}");
        }
    }
}

#[test]
fn what_cannot_be_equalized_is_named() {
    let refused = |link: &LinkResponse, receiver: &Receiver, word: &str| {
        let error = equalize(link, receiver, &Run::default()).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    };
    let ok = link(line(5.0));
    refused(&ok, &Receiver { bandwidth_hz: Some(0.0), ..Receiver::default() }, "receiver.bandwidth_hz");
    refused(&ok, &Receiver { thresholds_v: Some(vec![0.0]), ..Receiver::default() }, "receiver.thresholds_v");
    refused(&LinkResponse { levels: vec![0.1; 4], ..ok.clone() }, &Receiver::default(), "levels");
    refused(
        &link(ChannelResponse::from_fn(grid(), 1e12, |_| Complex64::new(0.0, 0.0))),
        &Receiver::default(),
        "pulse response",
    );
    // Far from its peak the pulse of an ideal medium is 0: no cursor.
    let far = Receiver { sampling: Sampling::PhaseUi(3.0), ..Receiver::default() };
    refused(&link(ChannelResponse::ideal(grid())), &far, "cursor");
    // A resonance that rings for longer than the window.
    let ringing =
        ChannelResponse::from_fn(grid(), 1.5 * 106.25e9, |f| 1.0 / Complex64::new(1.0, (f - 20e9) / 5e6));
    assert!(matches!(
        equalize(&link(ringing), &Receiver::default(), &Run::default()),
        Err(Error::Window { .. } | Error::Parameter { .. })
    ));
    let stopped = Run::default();
    stopped.cancel_flag().store(true, std::sync::atomic::Ordering::Relaxed);
    let (link, receiver) = busy();
    assert_eq!(equalize(&link, &receiver, &stopped).unwrap_err(), Error::Interrupted);
}
