//! Adaptation against the closed form, its variants against one another, lanes against the serial run.

use lightlane::random::{Purpose, Stream};
use lightlane::receiver::{Ffe, Lms, LmsUpdate, mmse, mmse_floating};
use lightlane::simd::Level;
use lightlane::simd::lanes::{LANES, Row};
use lightlane::{Error, Run};
use proptest::prelude::*;

/// Symbols and the samples that a response makes of them, its tap `main` in line with its symbol.
pub(crate) fn record(n: usize, response: &[f64], main: usize, sigma: f32, seed: u64) -> (Vec<u8>, Vec<f32>) {
    let level = Level::from_name("portable").unwrap();
    let (mut symbols, mut noise) = (vec![0; n], vec![0.0; n]);
    Stream::new(level, seed, Purpose::Symbols, 0).symbols(2, 0, &mut symbols);
    Stream::new(level, seed, Purpose::Noise, 0).normals(0, &mut noise);
    let sample = |k: usize| -> f32 {
        let sum: f64 = (0..response.len())
            .filter_map(|m| {
                Some(
                    response[m]
                        * symbols.get((k + main).checked_sub(m)?).map(|s| f64::from(*s) * 2.0 / 3.0 - 1.0)?,
                )
            })
            .sum();
        sum as f32 + sigma * noise[k]
    };
    let samples = (0..n).map(sample).collect();
    (symbols, samples)
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

#[test]
fn every_update_converges_to_the_closed_form() {
    let (response, sigma, n) = ([0.15, 1.0, 0.4, -0.1], 0.08, 150_000);
    let (symbols, samples) = record(n, &response, 1, sigma, 3);
    let best =
        mmse(&response, &[f64::from(sigma).powi(2)], 4, 3, 1, 5.0 / 9.0, Some(1), &Run::default()).unwrap();
    let taps = [best.ffe.as_slice(), &best.dfe].concat();
    for (update, step, tolerance) in [
        // Gradient noise: sqrt(step · mse / 2 · taps) = sqrt(1e-3 · 7e-3 / 2 · 5) = 4e-3 rms; three of that.
        (LmsUpdate::Lms, 1e-3, 0.012),
        (LmsUpdate::Block(16), 1e-3, 0.012),
        // A neighbourhood as wide as the steps: each tap wanders by sqrt(step · error) = sqrt(1e-4 · 0.08) = 3e-3.
        (LmsUpdate::SignSign, 1e-4, 0.02),
    ] {
        let lms = Lms { update, ..Lms::new(4, 3, 1, step).unwrap() };
        let run = lms.run(&samples, &symbols, n, &Run::default()).unwrap();
        let reached = [run.ffe.as_slice(), &run.dfe].concat();
        assert!(distance(&taps, &reached) < tolerance, "{update:?}: {taps:?} {reached:?}");
        let last = run.error_rms_trace[100..140].iter().sum::<f64>() / 40.0;
        // Misadjustment step/2 trace R = 0.15 % in power, and the spread of 40,000 errors.
        assert!((last / best.mse.sqrt() - 1.0).abs() < 0.03, "{update:?}: {last} {}", best.mse.sqrt());
    }
}

#[test]
fn decisions_take_over_from_training() {
    let (symbols, samples) = record(20_000, &[0.1, 0.8, 0.3], 1, 0.02, 4);
    let lms = Lms::new(9, 4, 1, 5e-3).unwrap();
    let run = lms.run(&samples, &symbols[..4000], 4000, &Run::default()).unwrap();
    // Trained, the error of 0.03 rms is a tenth of the distance to the threshold.
    assert_eq!(run.decisions[4000..19_990], symbols[4000..19_990]);
    // One stream in two runs, the second resuming: equal but for the samples and symbols across the cut.
    let first = lms.run(&samples[..10_000], &symbols[..4000], 4000, &Run::default()).unwrap();
    let resumed = Lms { ffe: first.ffe, dfe: first.dfe, ..lms.clone() };
    let second = resumed.run(&samples[10_000..], &[], 0, &Run::default()).unwrap();
    assert_eq!(second.decisions[10..9_990], symbols[10_010..19_990]);
    assert!(distance(&second.ffe, &run.ffe) < 1e-2);
    let frozen = Lms { step: 0.0, ffe: run.ffe.clone(), dfe: run.dfe.clone(), ..lms };
    let still = frozen.run(&samples, &[], 0, &Run::default()).unwrap();
    assert_eq!((still.ffe, still.dfe), (run.ffe, run.dfe));
}

#[test]
fn what_cannot_be_is_refused_and_divergence_is_named() {
    let run = Run::default();
    for (taps, pre, dfe, step) in [
        (0, 0, 0, 0.1),
        (4, 4, 0, 0.1),
        (5000, 0, 0, 0.1),
        (4, 0, 5000, 0.1),
        (4, 0, 0, -0.1),
        (4, 0, 0, f64::NAN),
    ] {
        assert!(
            matches!(Lms::new(taps, pre, dfe, step), Err(Error::Parameter { .. })),
            "{taps} {pre} {dfe} {step}"
        );
    }
    let lms = Lms::new(4, 1, 1, 50.0).unwrap();
    let (symbols, samples) = record(3000, &[1.0, 0.3], 0, 0.1, 5);
    let diverged = lms.run(&samples, &symbols, 3000, &run);
    assert!(
        matches!(&diverged, Err(Error::Convergence { value, limit, .. }) if value.abs() > *limit),
        "{diverged:?}"
    );
    assert!(lms.run(&[f64::NAN], &[], 0, &run).is_err());
    assert!(lms.run::<f64>(&[], &[], 0, &run).is_err());
    assert!(lms.run(&[1.0], &[4], 1, &run).is_err());
    assert!(lms.run(&[1.0], &[3], 2, &run).is_err());
    // Samples beyond what can be squared are an error, not a number that is none.
    assert!(lms.run(&[1e300; 8], &[], 0, &run).is_err());
    let rows = vec![Row::splat(0.9); 3000];
    assert!(matches!(lms.run_lanes(&rows, &[], 0, &run), Err(Error::Convergence { .. })));
    assert!(lms.run_lanes(&[Row::splat(f32::NAN)], &[], 0, &run).is_err());
    assert!(lms.run_lanes(&rows, &[[4; LANES]], 0, &run).is_err());
    assert!(lms.run_lanes(&rows, &[[3; LANES]], 2, &run).is_err());
    run.cancel_flag().store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(Lms::new(1, 0, 0, 0.1).unwrap().run(&[1.0], &[], 0, &run), Err(Error::Interrupted));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_lane_is_the_serial_run_of_its_stream(
        taps in 1usize..20, pre in 0usize..8, dfe in 0usize..4, n in 1usize..5000, echo in -0.3..0.3f64, gap in 0usize..40,
        update in prop::sample::select(vec![LmsUpdate::Lms, LmsUpdate::SignSign, LmsUpdate::Block(7)]), seed: u64,
    ) {
        let run = Run::default();
        let by_signs = update == LmsUpdate::SignSign;
        let wire = Lms::new(taps, pre.min(taps - 1), dfe, if by_signs { 1e-4 } else { 2e-3 }).unwrap();
        // One place without a tap, or none.
        let places: Vec<usize> = (0..taps).filter(|i| *i != gap || *i == wire.pre).collect();
        let lms = Lms { update, positions: (places.len() < taps).then_some(places), ..wire };
        let streams: Vec<_> = (0..LANES as u64).map(|i| record(n, &[0.9, echo], 0, 0.05, seed ^ i)).collect();
        let samples = Row::interleave(&std::array::from_fn(|i| streams[i].1.as_slice()), n);
        // Trained throughout, so that no decision on a threshold can set the two apart.
        let training: Vec<[u8; LANES]> = (0..n).map(|k| std::array::from_fn(|i| streams[i].0[k])).collect();
        let lanes = lms.run_lanes(&samples, &training, n, &run).unwrap();
        for (i, (symbols, samples)) in streams.iter().enumerate() {
            let serial = lms.run(samples, symbols, n, &run).unwrap();
            // Single precision: some 20 products, and errors of the taps that decay over 1/(step · power) = 1000
            // symbols, of 6e-8 · step each. By signs an error within rounding of 0 may count with either: then a tap is
            // off by twice the step, which the loop makes good; ten such in 5000 symbols, at 20 taps.
            let (tolerance, rms) = if by_signs { (4e-2, 1e-3) } else { (1e-4, 1e-5) };
            for (rows, wanted) in [(&lanes.soft, &serial.soft), (&lanes.ffe, &serial.ffe), (&lanes.dfe, &serial.dfe)] {
                for (row, wanted) in rows.iter().zip(wanted) {
                    prop_assert!((f64::from(row.0[i]) - wanted).abs() < tolerance);
                }
            }
            prop_assert!((lanes.error_rms[i] - serial.error_rms).abs() < rms);
            for (k, row) in lanes.decisions.iter().enumerate() {
                let z = 1.5 * serial.soft[k] + 2.0;
                prop_assert!(row[i] == serial.decisions[k] || (z - z.round()).abs() < 2.0 * tolerance);
            }
        }
    }
}

#[test]
fn floating_taps_adapt_where_they_are_and_nowhere_else() {
    // An echo beyond the fixed taps.
    let mut pulse = vec![0.0; 13];
    (pulse[0], pulse[1], pulse[12]) = (1.0, 0.3, 0.2);
    let (symbols, samples) = record(60_000, &pulse, 0, 0.03, 5);
    let ffe = Ffe { floating_groups: 1, floating_taps: 2, floating_span_ui: 20, ..Ffe::new(0, 2) };
    let best = mmse_floating(&pulse, &[9e-4], &ffe, 0, 5.0 / 9.0, Some(0), &Run::default()).unwrap();
    let run = Run::default();
    let wire = Lms::new(best.ffe.len(), 0, 0, 2e-3).unwrap();
    let floating = Lms { positions: Some(best.positions.clone()), ..wire.clone() };
    for update in [LmsUpdate::Lms, LmsUpdate::Block(8)] {
        let lms = Lms { update, ..floating.clone() };
        let found = lms.run(&samples, &symbols, symbols.len(), &run).unwrap();
        for (i, tap) in found.ffe.iter().enumerate() {
            assert_eq!(*tap == 0.0, !best.positions.contains(&i), "tap {i}");
            // Gradient noise: about sqrt(step mse) a tap.
            assert!((tap - best.ffe[i]).abs() < 0.01, "tap {i}: {tap} {}", best.ffe[i]);
        }
    }
    // All places given are none given, bit by bit.
    let all = Lms { positions: Some((0..best.ffe.len()).collect()), ..wire.clone() };
    let (a, b) =
        (all.run(&samples, &symbols, 9000, &run).unwrap(), wire.run(&samples, &symbols, 9000, &run).unwrap());
    assert_eq!(a, b);
    let refused = |positions: Vec<usize>| {
        let lms = Lms { positions: Some(positions), ..wire.clone() };
        lms.validate().unwrap_err().to_string()
    };
    assert!(refused(vec![0, 99]).starts_with("positions[1] = 99"));
    assert!(refused(vec![0, 3, 3]).starts_with("positions[2] = 3"));
    assert!(refused(vec![1, 2]).starts_with("positions = [1, 2]: must be with 0"));
}
