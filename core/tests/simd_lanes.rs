//! Every kernel in lanes against its naive twin, stream by stream, at every level of this processor.

use lightlane::random::{Purpose, Stream};
use lightlane::simd::Level;
use lightlane::simd::lanes::{self, LANES, LmsRows, LmsRowsSums, LmsRowsUpdate, Row, VITERBI_STATES, naive};
use proptest::prelude::*;

/// Rows of values between −1 and 1.
fn rows(n: usize, seed: u64) -> Vec<Row> {
    let mut words = vec![0; n * LANES];
    Stream::new(Level::from_name("portable").unwrap(), seed, Purpose::Residual, 9).words(0, &mut words);
    let value = |w: &u32| *w as f32 / 2f32.powi(31) - 1.0;
    words.chunks_exact(LANES).map(|w| Row(std::array::from_fn(|lane| value(&w[lane])))).collect()
}

fn lane(rows: &[Row], lane: usize) -> Vec<f64> {
    Row::lane(rows, lane).into_iter().map(f64::from).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lms(
        n in 0usize..70, taps in prop_oneof![1usize..20, prop::sample::select(&[8usize, 16, 24][..])],
        feedback in prop_oneof![0usize..5, Just(1)], trained in 0usize..70, gap in 0usize..40, block in 1usize..9,
        seed: u64,
    ) {
        let samples = rows(n + taps - 1, seed);
        let past = rows(feedback, seed ^ 1);
        // Distances of slicer inputs from thresholds and slicer decisions are the test of the receiver: here the
        // levels are known up to where the decision could fall either way.
        let known = rows(n, seed ^ 2);
        let (mut ffe, dfe) = (rows(taps, seed ^ 3), rows(feedback, seed ^ 4));
        // One place without a tap, or none.
        let there = |i: usize| i != gap || taps == 1;
        let places: Vec<usize> = (0..taps).filter(|i| there(*i)).collect();
        (0..taps).filter(|i| !there(*i)).for_each(|i| ffe[i] = Row::default());
        let groups: Vec<(usize, usize)> = match gap {
            _ if gap >= taps || taps == 1 => vec![(0, taps)],
            _ => [(0, gap), (gap + 1, taps)].into_iter().filter(|(a, b)| a < b).collect(),
        };
        let step = 0.01;
        let updates = [naive::Update::Plain, naive::Update::SignSign, naive::Update::Block(block)];
        for (level, update) in Level::available().into_iter().flat_map(|l| updates.map(|u| (l, u))) {
            let mut sums = LmsRowsSums::new(block, taps, feedback);
            let (mut c, mut d) = (ffe.clone(), dfe.clone());
            let mut levels = past.clone();
            levels.resize(feedback + n, Row::default());
            let mut soft = vec![Row::default(); n];
            let (mut energy, mut worst) = (Row::splat(0.5), Row::splat(0.25));
            let training = &known[..trained.min(n)];
            // In two calls: a block may begin in one and end in the other.
            let half = n / 2;
            for (from, to) in [(0, half), (half, n)] {
                let mut taps = LmsRows {
                    step,
                    update: match update {
                        naive::Update::Plain => LmsRowsUpdate::Plain,
                        naive::Update::SignSign => LmsRowsUpdate::SignSign,
                        naive::Update::Block(_) => LmsRowsUpdate::Block(&mut sums),
                    },
                    groups: &groups,
                    ffe: &mut c,
                    dfe: &mut d,
                };
                let known = &training[from.min(training.len())..to.min(training.len())];
                lanes::lms(
                    level, &mut taps, &samples[from..], known, &mut levels[from..feedback + to], &mut soft[from..to],
                    &mut energy, &mut worst,
                );
            }
            for i in 0..LANES {
                let (mut wanted_c, mut wanted_d) = (lane(&ffe, i), lane(&dfe, i));
                let mut wanted_levels = lane(&past, i);
                wanted_levels.resize(feedback + n, 0.0);
                let mut wanted = vec![0.0; n];
                // Beyond training, the levels that the lane decided: they are the sliced ones, checked below.
                let decided = lane(&levels[feedback..], i);
                let sum = naive::lms(
                    &lane(&samples, i), &decided, f64::from(step), update, &places,
                    &mut wanted_c, &mut wanted_d, &mut wanted_levels, &mut wanted,
                );
                // An error within rounding of 0 has either sign.
                let errors = || wanted.iter().zip(&decided).map(|(z, a)| (z - a).abs());
                if update == naive::Update::SignSign && errors().any(|e| e < 1e-5) {
                    continue;
                }
                let largest = wanted.iter().zip(&decided).fold(0.25f64, |m, (z, a)| m.max((z - a).abs()));
                // Some 20 products below a few units, 70 times over: roundings of 6e-8 each.
                let close = |a: f64, b: f64| (a - b).abs() <= 2e-5 * (1.0 + a.abs());
                prop_assert!(close(sum + 0.5, f64::from(energy.0[i])), "{}: {sum} {}", level.name(), energy.0[i]);
                prop_assert!(close(largest, f64::from(worst.0[i])));
                for (rows, wanted) in [(&soft, &wanted), (&c, &wanted_c), (&d, &wanted_d)] {
                    for (row, wanted) in rows.iter().zip(wanted) {
                        prop_assert!(close(*wanted, f64::from(row.0[i])), "{}: {wanted} {}", level.name(), row.0[i]);
                    }
                }
                for k in training.len()..n {
                    // The nearest level, or one as near to rounding.
                    let z = wanted[k];
                    let nearest = [-1.0, -1.0 / 3.0, 1.0 / 3.0, 1.0].map(|a: f64| (z - a).abs());
                    let least = nearest.into_iter().fold(f64::INFINITY, f64::min);
                    prop_assert!((z - decided[k]).abs() <= least + 1e-4);
                }
            }
        }
    }

    #[test]
    fn viterbi(n in 0usize..100, states in prop::sample::select(&VITERBI_STATES[..]), seed: u64) {
        let samples = rows(n, seed);
        let outputs = Row::lane(&rows(4 * states, seed ^ 1), 0);
        let start = rows(states, seed ^ 2);
        let exact: Vec<f64> = outputs.iter().map(|e| f64::from(*e)).collect();
        let words = states.div_ceil(16);
        for level in Level::available() {
            let mut metrics = start.clone();
            let mut survivors = vec![Row::<u32>::default(); words * n];
            lanes::viterbi(level, &samples, &outputs, &mut metrics, &mut survivors);
            let mut ends = std::array::from_fn(|i| (i * 7 % states) as u32);
            let first = ends;
            let mut decisions = vec![[0; LANES]; n];
            lanes::viterbi_trace(level, states, &survivors, &mut ends, &mut decisions);
            for i in 0..LANES {
                let mut wanted = lane(&start, i);
                let kept = naive::viterbi(&lane(&samples, i), &exact, &mut wanted);
                // Metrics are known but for a constant; sums of a hundred terms of about 1 in single precision.
                let (base, wanted_base) = (f64::from(metrics[0].0[i]), wanted[0]);
                for (row, wanted) in metrics.iter().zip(&wanted) {
                    let difference = f64::from(row.0[i]) - base - (wanted - wanted_base);
                    prop_assert!(difference.abs() < 1e-4, "{}: {difference}", level.name());
                }
                // The trace follows what was kept, whatever was kept.
                let mut state = first[i] as usize;
                for k in (0..n).rev() {
                    prop_assert_eq!(usize::from(decisions[k][i]), state % 4);
                    let p = survivors[k * words + state / 16].0[i] >> (2 * (state % 16)) & 3;
                    state = state / 4 + p as usize * (states / 4);
                }
                prop_assert_eq!(state as u32, ends[i]);
                // Survivors differ from the twin's at most where two paths are equally good to rounding.
                let total = n * states;
                let differing = (0..total)
                    .filter(|j| {
                        let (k, s) = (j / states, j % states);
                        survivors[k * words + s / 16].0[i] >> (2 * (s % 16)) & 3 != u32::from(kept[k][s])
                    })
                    .count();
                prop_assert!(differing * 500 <= total.max(500), "{differing} of {total}");
            }
        }
    }
}

#[test]
fn rows_hold_the_streams() {
    for n in [0, 1, 15, 16, 17, 100] {
        let streams: Vec<Vec<f32>> =
            (0..LANES).map(|lane| (0..n + 3).map(|k| (lane * 1000 + k) as f32).collect()).collect();
        let rows = Row::interleave(&std::array::from_fn(|lane| streams[lane].as_slice()), n);
        assert_eq!(rows.len(), n);
        for lane in 0..LANES {
            assert_eq!(Row::lane(&rows, lane), streams[lane][..n]);
        }
    }
    assert_eq!(align_of::<Row>(), 64);
}
