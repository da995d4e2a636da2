//! Noise, crosstalk and jitter at the slicer, against direct sums.

use crate::links::{M, busy, grid, line, link, run};
use lightlane::receiver::{Ctle, Ffe, Receiver, Sampling, SamplingRule, butterworth4};
use lightlane::response::{
    ChannelResponse, CrosstalkPhase, CrosstalkRule, Jitter, JitterModel, LevelLaw, LinkResponse, NoiseKind,
    NoiseSource, Plane, Signal,
};
use num_complex::Complex64;
use std::f64::consts::TAU;

#[test]
fn filtered_noise_is_its_integral() {
    let (link, receiver) = busy();
    let e = run(&link, &receiver);
    let q = &e.equalizer;
    let rate = link.grid.symbol_rate();
    let stage = Ctle::auto().stage(rate, q.ctle_gdc_db.unwrap(), q.ctle_gdc2_db.unwrap());
    // ∫ S |H_r H_ctf W|² df by the trapezium rule on the link's own grid, W from its definition.
    let density = |f: f64, s: f64, transfer: Complex64| {
        let w: Complex64 = q
            .ffe
            .iter()
            .enumerate()
            .map(|(i, c)| c * Complex64::cis(-TAU * f * (i as f64 - q.ffe_pre as f64) * rate.period_s()))
            .sum();
        s * (transfer * butterworth4(f, 58.4e9) * stage.response(f) * w).norm_sqr()
    };
    let integral = |s: f64, transfer: &ChannelResponse| {
        (0..link.grid.n_freq())
            .map(|k| {
                let weight = if k == 0 { 0.5 } else { 1.0 };
                weight * density(link.grid.freq_hz(k), s, transfer.at(k)) * link.grid.step_hz()
            })
            .sum::<f64>()
    };
    let named = |name: &str| e.budget_v.iter().find(|(n, _)| n == name).unwrap().1.powi(2);
    // Equal but for rounding, and for lags beyond the kept ones in which nothing is left.
    let thermal = integral(7.5e-18, &ChannelResponse::ideal(link.grid));
    assert!((named("thermal") / thermal - 1.0).abs() < 1e-9);
    // RIN at the mean of its factors; the energies by symbol drop 2e-7 at most.
    let rin = integral(2e-17, &line(6.0)) * (0.2 + 0.5 + 1.0 + 2.0) / 4.0;
    assert!((named("rin") / rin - 1.0).abs() < 1e-6);
}

#[test]
fn noise_follows_the_symbol_that_was_on_the_line() {
    // Light straight to an ideal receiver with a front end much wider than the symbol: the noise of a decision is that
    // of the instant it was taken, so of its own symbol. Symbols that reach the plane two
    // symbol times late are two older by then.
    for (delay_ui, share_of) in [(0.0, 0), (2.0, 2)] {
        let mut link = link(ChannelResponse::ideal(grid()));
        link.noise.push(NoiseSource {
            name: "rin".into(),
            plane: Plane::Light,
            kind: NoiseKind::Density {
                density: vec![1e-14; grid().n_freq()],
                transfer: ChannelResponse::ideal(grid()),
            },
            law: LevelLaw::BySymbol { factor: vec![0.0, 1.0, 2.0, 3.0], symbol_delay_s: delay_ui / 106.25e9 },
        });
        let receiver = Receiver {
            bandwidth_hz: Some(300e9),
            sampling: Sampling::Rule(SamplingRule::Peak),
            ..Receiver::default()
        };
        let e = run(&link, &receiver);
        let noise = &e.model.noise.by_symbol[0];
        let total: f64 = noise.energy_v2.iter().sum();
        assert!(noise.energy_v2[noise.main + share_of] > 0.9 * total, "{:?}", noise.energy_v2);
        // The response holds the same energy, symbol by symbol.
        for (i, energy) in noise.energy_v2.iter().enumerate() {
            let part = &noise.response[i * noise.steps..(i + 1) * noise.steps];
            assert!((part.iter().map(|v| v * v).sum::<f64>() - energy).abs() <= 1e-12 * total);
        }
        assert_eq!(noise.response.len(), noise.energy_v2.len() * noise.steps);
        // Closed form: density × noise bandwidth of the Butterworth, (π/8)/sin(π/8) of its 3 dB bandwidth; the grid ends
        // at 850 GHz, (850/300)^-7/7 = 1e-4 of it.
        let x = std::f64::consts::PI / 8.0;
        assert!((total / (1e-14 * 300e9 * x / x.sin()) - 1.0).abs() < 2e-4);
    }
}

#[test]
fn aggressors_arrive_at_every_phase() {
    let (link, receiver) = busy();
    let e = run(&link, &receiver);
    let phases = &e.model.crosstalk[0].phases;
    assert_eq!(phases.len(), M);
    assert!(phases.iter().all(|p| p.len() == phases[0].len()));
    // The mean energy over the phases is the energy of the response at every sample, over M.
    let stage = Ctle::auto().stage(
        link.grid.symbol_rate(),
        e.equalizer.ctle_gdc_db.unwrap(),
        e.equalizer.ctle_gdc2_db.unwrap(),
    );
    let q = &e.equalizer;
    let direct = link.crosstalk[0]
        .response
        .filtered(|f| butterworth4(f, 58.4e9) * stage.response(f))
        .pulse()
        .filtered(&link.crosstalk[0].ffe, 1)
        .filtered(&q.ffe, q.ffe_pre);
    let energy: f64 = phases.iter().flatten().map(|v| v * v).sum();
    let whole: f64 = direct.v().iter().map(|v| v * v).sum();
    assert!((energy / whole - 1.0).abs() < 1e-5, "{energy} {whole}");
    // Phase p is p samples late: what it shows at k, the response has p samples before the sampling instant.
    let position = (q.sampling_ui * M as f64).round() as isize;
    let largest = |g: &[f64]| g.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    for p in [0usize, 5, 15] {
        let best =
            (-40..400).map(|n| direct.at(position - p as isize + n * M as isize).abs()).fold(0.0, f64::max);
        assert!((largest(&phases[p]) - best).abs() < 1e-4 * best);
    }
    // Rules: worst is at least uniform; a phase is one of them.
    let named = |phase: CrosstalkPhase| {
        let link = LinkResponse { crosstalk_phase: phase, ..link.clone() };
        let e = run(&link, &e.resolved);
        e.budget_v.iter().find(|(n, _)| n == "crosstalk").unwrap().1
    };
    let (worst, uniform) = (
        named(CrosstalkPhase::Rule(CrosstalkRule::Worst)),
        named(CrosstalkPhase::Rule(CrosstalkRule::Uniform)),
    );
    let fixed = named(CrosstalkPhase::PhaseUi(0.25));
    assert!(worst > uniform && fixed <= worst && fixed > 0.0);
}

#[test]
fn jitter_is_the_slope_of_what_moves() {
    let mut link = link(line(10.0));
    let taps = [-0.1, 0.9];
    link.signal = Signal::Linear { response: line(10.0), ffe: taps.to_vec(), ffe_main: 1 };
    let receiver = Receiver { ffe: Some(Ffe::new(2, 3)), ..Receiver::default() };
    for model in [JitterModel::Edge, JitterModel::Com] {
        link.jitter = Some(Jitter { rj_ui: 0.01, dd_ui: 0.0, model, ..Jitter::default() });
        let e = run(&link, &receiver);
        let q = &e.equalizer;
        let jitter = e.model.jitter.clone().unwrap();
        let position = (q.sampling_ui * M as f64).round() as isize;
        // Whole symbols: the pulse's own slope. Edges: one edge early by a sample adds the step response's increment,
        // sampled from the leading edge half a symbol before the centre.
        let half = 0.5 * M as f64;
        let slope = |n: isize| match model {
            JitterModel::Com => {
                let p = &e.equalized;
                (p.at(position + n * M as isize + 1) - p.at(position + n * M as isize - 1)) * half
            }
            JitterModel::Edge => {
                let step = line(10.0).step();
                let at = |i: isize| step[i.rem_euclid(step.len() as isize) as usize];
                q.ffe
                    .iter()
                    .enumerate()
                    .map(|(i, c)| {
                        let lag = i as isize - q.ffe_pre as isize;
                        let i = position + (n - lag) * M as isize + M as isize / 2;
                        // Running sums sit half a sample late: the centred difference is between i and i − 1.
                        c * (at(i) - at(i - 1)) * M as f64
                    })
                    .sum()
            }
        };
        for n in -2isize..6 {
            let found = jitter.response[(jitter.main as isize + n) as usize];
            // 1e-6 of the pulse: what trimming leaves out, times M.
            assert!((found - slope(n)).abs() < 1e-4, "{model:?} {n}: {found} {}", slope(n));
        }
        match model {
            JitterModel::Com => assert_eq!((jitter.transmit_taps, jitter.transmit_main), (vec![1.0], 0)),
            JitterModel::Edge => assert_eq!((jitter.transmit_taps, jitter.transmit_main), (taps.to_vec(), 1)),
        }
    }
}
