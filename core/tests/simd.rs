//! Every kernel against its naive twin, at every level of this processor.

use lightlane::Error;
use lightlane::random::{Purpose, Stream};
use lightlane::simd::{
    self, Level, LmsTaps, PHILOX_GROUP, Polyphase, PolyphaseSum, RecursiveFilter, RingLight, RingRates,
    SpectralWorkspace, SumWorkspace, naive,
};
use num_complex::Complex64;
use proptest::prelude::*;

/// Lengths around the widths of the kernels: 0, 1, N − 1, N, N + 1 for vectors of 4 to 16 and tiles of 2 and 8.
const LENGTHS: [usize; 20] = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 127, 128, 129, 255, 1025];

fn lengths() -> impl Strategy<Value = usize> {
    prop_oneof![prop::sample::select(&LENGTHS[..]), 0..300usize]
}

/// Values that differ from call to call without a generator of their own: words of Philox.
fn noise(n: usize, seed: u64) -> Vec<f32> {
    let level = Level::from_name("portable").unwrap();
    let mut words = vec![0; n];
    Stream::new(level, seed, Purpose::Residual, 7).words(0, &mut words);
    words.iter().map(|w| *w as f32 / 2f32.powi(31) - 1.0).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn fir(n in lengths(), taps in lengths(), seed: u64) {
        // Not one sample more than the kernel may read.
        let input = noise((n + taps).saturating_sub(1), seed);
        let h = noise(taps, seed ^ 1);
        let start = noise(n, seed ^ 2);
        let mut wanted: Vec<f64> = start.iter().map(|y| f64::from(*y)).collect();
        if n > 0 && taps > 0 {
            naive::fir_add(&input, &h, &mut wanted);
        }
        for level in Level::available() {
            let mut reached = start.clone();
            simd::fir_add(level, &input, &h, &mut reached);
            for (w, r) in wanted.iter().zip(&reached) {
                // Terms and sums of at most `taps + 1`: half a unit in the last place of the running sum each.
                let tolerance = 6e-8 * (taps as f64 + 1.0).powf(1.5) + 1e-7;
                prop_assert!((w - f64::from(*r)).abs() <= tolerance, "{} {n} {taps}: {w} {r}", level.name());
            }
        }
    }

    #[test]
    fn fir_does_not_depend_on_the_cut(n in lengths(), taps in lengths(), cut in 0..300usize, seed: u64) {
        let h = noise(taps, seed);
        let input = noise((n + taps).saturating_sub(1), seed ^ 1);
        let cut = cut.min(n);
        for level in Level::available() {
            let (mut whole, mut parts) = (vec![0.0; n], vec![0.0; n]);
            simd::fir_add(level, &input, &h, &mut whole);
            simd::fir_add(level, &input, &h, &mut parts[..cut]);
            simd::fir_add(level, &input[cut.min(input.len())..], &h, &mut parts[cut..]);
            prop_assert_eq!(&whole, &parts);
        }
    }

    #[test]
    fn ring(
        n in lengths(),
        decay in prop_oneof![1e-4..1e-2f64, 1e-2..2.0f64],
        share in 0.0..1.0f64,
        swing in prop_oneof![0.0..1e-3f64, 0.0..30.0f64],
        seed: u64,
    ) {
        let window = simd::ring_window(n);
        let values = |s: u64| noise(window, seed ^ s).into_iter().map(f64::from).collect::<Vec<f64>>();
        let theta: Vec<f64> = values(1).iter().map(|v| swing * v).collect();
        let (re, im) = (values(2), values(3));
        let rates = RingRates { decay, into: 2.0 * share * decay };
        let start = Complex64::new(0.3, -0.2);
        for varying in [false, true] {
            let at = |i: usize| if varying { Complex64::new(re[i], im[i]) } else { 1.0.into() };
            let light: Vec<Complex64> = (0..window).map(at).collect();
            let (mut wanted, mut left) = (vec![Complex64::default(); n], start);
            naive::ring(rates, &theta, &light, &mut left, &mut wanted);
            for level in Level::available() {
                let (mut reached, mut b) = (vec![Complex64::default(); n], start);
                let light = if varying { RingLight::Varying(&re, &im) } else { RingLight::Constant };
                simd::ring(level, rates, &theta, light, &mut b, &mut reached);
                for (w, r) in wanted.iter().zip(&reached) {
                    // The twin takes φ₂ as it is written, which loses 1e-16/|z|², 1e-8 at least, times a coupling as
                    // small as |z| over a decay as slow; the kernel does not.
                    prop_assert!((w - r).norm() < 1e-9, "{} {n} {varying}: {w} {r}", level.name());
                }
            }
        }
    }

    #[test]
    fn polyphase(
        n in lengths(),
        sps in prop::sample::select(&[1usize, 2, 3, 8, 12, 16, 17, 32][..]),
        symbols in prop::sample::select(&[1usize, 2, 3, 8, 23, 24, 25, 55, 56, 64, 95, 96, 97, 130, 199, 200][..]),
        short in 0..8usize,
        seed: u64,
    ) {
        let pulse = noise(symbols * sps - short.min(sps - 1), seed);
        let levels = noise(n + symbols - 1, seed ^ 1);
        let mut wanted = vec![0.0; n * sps];
        naive::synthesize(&pulse, sps, &levels, &mut wanted);
        for level in Level::available() {
            let ways = [Polyphase::new(level, &pulse, sps), Polyphase::direct(level, &pulse, sps)];
            let mut ws = SpectralWorkspace::default();
            for way in &ways {
                prop_assert_eq!(way.history(), symbols - 1);
                let mut reached = vec![9.0; n * sps];
                way.synthesize(&levels, &mut ws, &mut reached);
                for (w, r) in wanted.iter().zip(&reached) {
                    // Direct: half a unit in the last place of the running sum a term. Transforms: a few units of
                    // the rms of input times that of the pulse, below 2 √symbols here.
                    let tolerance = 6e-8 * (symbols as f64 + 1.0).powf(1.5) + 2e-6 * (symbols as f64).sqrt();
                    prop_assert!((w - f64::from(*r)).abs() <= tolerance, "{} {n} {sps} {symbols}", level.name());
                }
                // Cut where transforms begin, the samples are the same to the last bit.
                let cut = way.hop().min(n);
                let mut parts = vec![9.0; n * sps];
                let (first, rest) = parts.split_at_mut(cut * sps);
                way.synthesize(&levels, &mut ws, first);
                way.synthesize(&levels[cut..], &mut ws, rest);
                prop_assert_eq!(&reached, &parts);
            }
        }
    }

    #[test]
    fn polyphase_sum(
        n in prop_oneof![1..40usize, Just(511), Just(512), 700..1300usize],
        sps in prop::sample::select(&[1usize, 2, 12, 16, 17, 32][..]),
        lengths in prop::collection::vec(prop::sample::select(&[1usize, 2, 24, 130, 300][..]), 1..4),
        seed: u64,
    ) {
        let streams = Streams::new(&lengths, sps, seed);
        let events = streams.events(n, seed);
        let mut wanted = vec![0.0; n * sps];
        naive::synthesize_sum(&streams.responses, &events, &mut wanted);
        let taps = lengths.iter().sum::<usize>() as f64;
        for level in Level::available() {
            let sum = PolyphaseSum::new(level, &streams.responses);
            // With a workspace that has seen another length.
            let mut ws = SumWorkspace::default();
            let mut synthesize = |first, waveform: &mut [f32]| streams.synthesize(&sum, &events, first, waveform, &mut ws);
            let mut reached = vec![9.0; n * sps];
            synthesize(0, &mut reached);
            for (w, r) in wanted.iter().zip(&reached) {
                // A few units of the rms of input times that of the responses, below 2 √taps.
                prop_assert!((w - f64::from(*r)).abs() <= 4e-6 * taps.sqrt(), "{} {n} {sps} {lengths:?}", level.name());
            }
            // Cut where transforms begin, the samples are the same to the last bit.
            let cut = sum.hop();
            if cut < n {
                let mut parts = vec![9.0; n * sps];
                let (first, rest) = parts.split_at_mut(cut * sps);
                synthesize(0, first);
                synthesize(cut, rest);
                prop_assert_eq!(&reached, &parts);
            }
        }
    }

    #[test]
    fn columns(n in 0..40usize, width in 1..40usize, taps in 1..20usize, seed: u64) {
        let samples = noise((n + taps + 3) * width + 3, seed);
        let parts = noise(n, seed ^ 1);
        let at: Vec<(usize, f32)> =
            parts.iter().enumerate().map(|(k, x)| (1 + k * width, 0.5 + 0.499 * x)).collect();
        let rows: Vec<u32> = parts.iter().map(|x| ((x + 1.0) * 4.99) as u32).collect();
        let h = noise(taps, seed ^ 2);
        let mut wanted = vec![0.0; n * width];
        for level in Level::available() {
            let mut reached = vec![0.0; n * width];
            naive::interpolate(&samples, &at, width, &mut wanted);
            simd::interpolate(level, &samples, &at, width, &mut reached);
            for (w, r) in wanted.iter().zip(&reached) {
                // Weights below 1 of values below 1: a few roundings each.
                prop_assert!((w - f64::from(*r)).abs() <= 1e-6);
            }
            let mut sum = vec![0.0; n * width];
            naive::strided_fir_add(&samples, &h, width, &mut sum);
            let mut reached = vec![0.0; n * width];
            simd::strided_fir_add(level, &samples, &h, width, &mut reached);
            for (w, r) in sum.iter().zip(&reached) {
                // Half a unit in the last place of the running sum a term.
                prop_assert!((w - f64::from(*r)).abs() <= 6e-8 * (taps as f64 + 1.0).powf(1.5) + 1e-7);
            }
            let table = noise(10 * width, seed ^ 3);
            let (mut wanted, mut reached) = (samples.clone(), samples.clone());
            naive::add_rows(&table, width, &rows, &mut wanted);
            simd::add_rows(level, &table, width, &rows, &mut reached);
            prop_assert_eq!(wanted, reached);
        }
    }

    #[test]
    fn autocorrelation(n in lengths(), lags in 0..70usize, seed: u64) {
        let x: Vec<f64> = noise(n, seed).into_iter().map(f64::from).collect();
        let mut wanted = vec![9.0; lags];
        naive::autocorrelate(&x, &mut wanted);
        for level in Level::available() {
            let mut reached = vec![9.0; lags];
            simd::autocorrelate(level, &x, &mut reached);
            for (w, r) in wanted.iter().zip(&reached) {
                // Up to 1025 terms below 1 and sums below 400: half a unit in the last place of the running sum each.
                prop_assert!((w - r).abs() < 3e-11, "{} {w} {r}", level.name());
            }
        }
    }

    #[test]
    fn correlation(n in prop_oneof![lengths(), 4090..4100usize], lags in 0..40usize, seed: u64) {
        let x = noise(n, seed);
        // Not one sample more than the kernel may read.
        let y = noise((n + lags).saturating_sub(1), seed ^ 1);
        let start: Vec<f64> = noise(lags, seed ^ 2).into_iter().map(f64::from).collect();
        let mut wanted = start.clone();
        naive::correlate_add(&x, &y, &mut wanted);
        for level in Level::available() {
            let mut reached = start.clone();
            simd::correlate_add(level, &x, &y, &mut reached);
            for (w, r) in wanted.iter().zip(&reached) {
                // Half a unit in the last place of a running sum a term: of four lanes at least, whose sums of n/4 signs
                // that do not agree stay below √n.
                let tolerance = 6e-8 * (1.0 + n as f64 * (n as f64).sqrt() / 4.0);
                prop_assert!((w - r).abs() <= tolerance, "{} {n}: {w} {r}", level.name());
            }
        }
    }

    #[test]
    fn triangular(n in 0..30usize, columns in 0..80usize, more in 0..3usize, from in 0..30usize, seed: u64) {
        let width = n + more;
        let mut values: Vec<f64> = noise(n * width, seed).into_iter().map(|v| 0.2 * f64::from(v)).collect();
        // Far from singular; above the diagonal is what is not looked at.
        for i in 0..n {
            values[i * width + i] = 1.0 + values[i * width + i].abs();
            values[i * width + i + 1..(i + 1) * width].fill(f64::NAN);
        }
        let l = simd::Lower { values: &values, width };
        let rows: Vec<f64> = noise(n * columns, seed ^ 1).into_iter().map(f64::from).collect();
        let (mut wanted, mut wanted_back) = (rows.clone(), rows.clone());
        naive::substitute(l, columns, &mut wanted);
        naive::substitute_back(l, columns, &mut wanted_back);
        for level in Level::available() {
            let (mut reached, mut back) = (rows.clone(), rows.clone());
            // In two goes.
            let from = from.min(n);
            simd::substitute(level, l, columns, 0, &mut reached[..from * columns]);
            simd::substitute(level, l, columns, from, &mut reached);
            simd::substitute_back(level, l, columns, &mut back);
            for (w, r) in wanted.iter().zip(&reached).chain(wanted_back.iter().zip(&back)) {
                // Thirty steps that may grow by a fifth each, 240 at most, with a few roundings of 1e-16 a term.
                prop_assert!((w - r).abs() < 1e-11, "{} {n} {columns}: {w} {r}", level.name());
            }
        }
    }

    #[test]
    fn recursive(order in 0..9usize, steps in 0..6usize, seed: u64) {
        let draws = |n: usize, seed: u64| noise(n, seed).into_iter().map(f64::from).collect::<Vec<_>>();
        let b = draws(order + 1, seed);
        // Σ|a_i| below 0.9: whatever enters is amplified by at most 10.
        let a: Vec<f64> = std::iter::once(1.0)
            .chain(draws(order, seed ^ 1).iter().map(|v| 0.9 * v / order as f64))
            .collect();
        let (x, mut wanted) = (draws(4 * steps, seed ^ 2), vec![0.0; 4 * steps]);
        naive::recursive(&b, &a, &x, &mut wanted);
        let filter = RecursiveFilter::new(&b, &a).unwrap();
        for level in Level::available() {
            let (mut state, mut y, mut parts) = (filter.at_rest(), vec![0.0; x.len()], vec![0.0; x.len()]);
            filter.run(level, &x, &mut state, &mut y);
            for (w, y) in wanted.iter().zip(&y) {
                // Values up to 100, a few dozen roundings each.
                prop_assert!((w - y).abs() < 1e-12, "{}", level.name());
            }
            // A record in parts, one of them shorter than the memory.
            let (mut state, mut done) = (filter.at_rest(), 0);
            for part in [4, 8, x.len()] {
                let end = x.len().min(done + part);
                filter.run(level, &x[done..end], &mut state, &mut parts[done..end]);
                done = end;
            }
            prop_assert_eq!(&y, &parts);
        }
        prop_assert!(RecursiveFilter::new(&[1.0; 10], &[1.0; 10]).is_none());
    }

    #[test]
    fn lms(n in 0..200usize, ffe in prop_oneof![1..20usize, prop::sample::select(&[8usize, 16, 24][..])], dfe in 0..4usize, known in 0..250usize, seed: u64) {
        let draws = |n: usize, seed: u64| noise(n, seed).into_iter().map(f64::from).collect::<Vec<_>>();
        let (samples, start) = (draws(n + ffe - 1, seed), (draws(ffe, seed ^ 1), draws(dfe, seed ^ 2)));
        let known: Vec<u8> = draws(known, seed ^ 3).iter().map(|v| (2.0 * (v + 1.0)).min(3.0) as u8).collect();
        // Every step of the recursion shrinks a difference: step below 2 over the energy of what the taps see.
        let step = 0.5 / (ffe + dfe) as f64;
        let run = |level: Option<Level>| {
            let (mut c, mut d, mut levels) = (start.0.clone(), start.1.clone(), vec![0.0; n + dfe]);
            let (mut soft, mut decisions) = (vec![0.0; n], vec![9; n]);
            let mut taps = LmsTaps { step, ffe: &mut c, dfe: &mut d };
            match level {
                Some(level) => simd::lms(level, &mut taps, &samples, &known, &mut levels, &mut soft, &mut decisions),
                None => naive::lms(&mut taps, &samples, &known, &mut levels, &mut soft, &mut decisions),
            }
            (soft, decisions, c, d)
        };
        let wanted = run(None);
        // At a threshold rounding decides, and the two go different ways.
        let clear = wanted.0.iter().all(|z| ((1.5 * z + 2.0) - (1.5 * z + 2.0).round()).abs() > 1e-9);
        for level in Level::available().into_iter().filter(|_| clear) {
            let reached = run(Some(level));
            prop_assert_eq!(&wanted.1, &reached.1);
            for (w, r) in wanted.0.iter().chain(&wanted.2).chain(&wanted.3).zip(reached.0.iter().chain(&reached.2).chain(&reached.3)) {
                // Hundreds of roundings of values below 20.
                prop_assert!((w - r).abs() < 1e-11, "{} {w} {r}", level.name());
            }
        }
    }

    #[test]
    fn steps_and_bins(n in lengths(), seed: u64) {
        let values: Vec<f32> = noise(n, seed).iter().map(|v| 1.5 * v).collect();
        for level in Level::available() {
            // 8 steps of 1/4, exact in single precision: the double-precision quantizer gives the same.
            let quantizer = lightlane::receiver::Quantizer::new(3, 1.0);
            let mut reached = values.clone();
            simd::quantize(level, 0.25, 0.875, &mut reached);
            let mut bins = vec![9; n];
            simd::bins(level, &values, 4.0, 8, &mut bins);
            for ((v, q), bin) in values.iter().zip(&reached).zip(&bins) {
                prop_assert_eq!(quantizer.quantize(f64::from(*v)), f64::from(*q));
                let exact = f64::from(*v) * 4.0;
                // At an edge single precision may round up.
                if (exact - exact.round()).abs() > 1e-5 {
                    prop_assert_eq!(f64::from(*bin), (exact.floor() + 5.0).clamp(0.0, 9.0), "{}", v);
                }
            }
        }
    }

    #[test]
    fn places(n in lengths(), last in 0..4096u16, seed: u64) {
        let values: Vec<f32> = noise(n, seed).iter().map(|v| 1.5 * v).collect();
        let (mut wanted, mut reached) = (vec![9; n], vec![9; n]);
        naive::places(&values, -1.0, 1024.0, last, &mut wanted);
        let mut bad = vec![f32::NAN; n];
        bad.extend([f32::INFINITY, f32::NEG_INFINITY]);
        for level in Level::available() {
            simd::places(level, &values, -1.0, 1024.0, last, &mut reached);
            for (w, r) in wanted.iter().zip(&reached) {
                // The difference from the lowest value is rounded to 2⁻²³ of 2: 2⁻¹³ of a bin of 1/1024.
                prop_assert!(w.abs_diff(*r) <= 1 << (simd::PLACE_BITS - 13), "{} {w} {r}", level.name());
                prop_assert!((0..=i32::from(last)).contains(&(r >> simd::PLACE_BITS)));
            }
            let mut ends = vec![9; n + 2];
            simd::places(level, &bad, -1.0, 1024.0, last, &mut ends);
            prop_assert!(ends[..n].iter().all(|p| *p == 0));
            prop_assert_eq!(&ends[n..], &[i32::from(last) << simd::PLACE_BITS, 0]);
        }
    }

    #[test]
    fn elementwise(n in lengths(), a in -2f32..2.0, seed: u64) {
        let (x, y) = (noise(n, seed), noise(n, seed ^ 1));
        let mut words = vec![0; n];
        Stream::new(Level::from_name("portable").unwrap(), seed, Purpose::Symbols, 3).words(0, &mut words);
        let (mut bytes, mut wanted_bytes) = (vec![0; n], vec![0; n]);
        let table = [a, 0.5, -3.0, 7.25];
        for level in Level::available() {
            let mut sum: Vec<f64> = y.iter().map(|v| f64::from(*v)).collect();
            naive::axpy(a, &x, &mut sum);
            let mut reached = y.clone();
            simd::axpy(level, a, &x, &mut reached);
            for (w, r) in sum.iter().zip(&reached) {
                // Two roundings of a value below 4.
                prop_assert!((w - f64::from(*r)).abs() <= 5e-7);
            }
            let (mut wanted, mut reached) = (y.clone(), y.clone());
            naive::multiply(&x, &mut wanted);
            simd::multiply(level, &x, &mut reached);
            prop_assert_eq!(&wanted, &reached);
            simd::unpack(level, &words, 6, 3, &mut bytes);
            naive::unpack(&words, 6, 3, &mut wanted_bytes);
            prop_assert_eq!(&bytes, &wanted_bytes);
            simd::lookup(level, &bytes, &table, &mut reached);
            naive::lookup(&bytes, &table, &mut wanted);
            prop_assert_eq!(&wanted, &reached);
            for thresholds in [&[-0.5, 0.0, 0.6][..], &[0.1][..]] {
                simd::count_greater(level, &x, thresholds, &mut bytes);
                naive::count_greater(&x, thresholds, &mut wanted_bytes);
                prop_assert_eq!(&bytes, &wanted_bytes);
            }
        }
    }

    #[test]
    fn philox(key: [u32; 2], high: [u32; 2], first: u64, groups in 0..3usize) {
        let mut wanted = vec![0; groups * PHILOX_GROUP];
        naive::philox_words(key, high, first, &mut wanted);
        for level in Level::available() {
            let mut words = vec![1; groups * PHILOX_GROUP];
            simd::philox_words(level, key, high, first, &mut words);
            prop_assert_eq!(&words, &wanted);
        }
    }

    #[test]
    fn normals(seed: u64, groups in 0..3usize) {
        let mut words = vec![0; groups * PHILOX_GROUP];
        simd::philox_words(Level::from_name("portable").unwrap(), [seed as u32, 0], [1, 2], seed, &mut words);
        // The corners of the uniform: 0, its neighbour, the middle and the top.
        for (word, corner) in words.iter_mut().zip([0, 1, u32::MAX, u32::MAX - 1, 1 << 31, 1 << 30, 0xFFFF_FF00]) {
            *word = corner;
        }
        let mut wanted = vec![0.0; words.len()];
        naive::normals(&words, &mut wanted);
        for level in Level::available() {
            let mut reached = vec![9.0; words.len()];
            simd::normals(level, &words, &mut reached);
            for (w, r) in wanted.iter().zip(&reached) {
                // The uniform is rounded to 24 bits near 1, which moves radii below 1e-2 by up to 3.5e-4; elsewhere
                // logarithm, root, sine and product leave a few units in the last place of values up to 6.8.
                let tolerance = if w.abs() < 1e-2 { 4e-4 } else { 3e-6 };
                prop_assert!((w - f64::from(*r)).abs() <= tolerance, "{}: {w} {r}", level.name());
                prop_assert!(f64::from(r.abs()) <= simd::NORMAL_LIMIT);
            }
        }
    }
}

#[test]
fn philox_known_answers() {
    // tests/kat_vectors of the Random123 library by the authors of Philox, lines "philox4x32 10".
    let vectors = [
        ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
        ([u32::MAX; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
        (
            [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
            [0xa409_3822, 0x299f_31d0],
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
        ),
    ];
    for (counter, key, wanted) in vectors {
        assert_eq!(simd::philox4x32_10(counter, key), wanted);
        for level in Level::available() {
            let mut words = vec![0; PHILOX_GROUP];
            let first = u64::from(counter[0]) | u64::from(counter[1]) << 32;
            simd::philox_words(level, key, [counter[2], counter[3]], first, &mut words);
            assert_eq!([words[0], words[64], words[128], words[192]], wanted, "{}", level.name());
        }
    }
}

#[test]
fn normals_have_the_moments_and_tails_of_a_normal() {
    let level = Level::detect().unwrap();
    let n = 1 << 21;
    let mut z = vec![0.0; n];
    Stream::new(level, 5, Purpose::Noise, 0).normals(12_345, &mut z);
    let moment = |p: i32| z.iter().map(|z| f64::from(*z).powi(p)).sum::<f64>() / n as f64;
    let deviation = 1.0 / (n as f64).sqrt();
    // Five standard deviations of each moment: Var z^p = 1, 2, 15, 96.
    assert!(moment(1).abs() < 5.0 * deviation);
    assert!((moment(2) - 1.0).abs() < 5.0 * deviation * 2f64.sqrt());
    assert!(moment(3).abs() < 5.0 * deviation * 15f64.sqrt());
    assert!((moment(4) - 3.0).abs() < 5.0 * deviation * 96f64.sqrt());
    // Neighbours, and the two normals of a pair (64 apart), are uncorrelated.
    for lag in [1, 16, 64, 128, 256] {
        let r = z.iter().zip(&z[lag..]).map(|(a, b)| f64::from(a * b)).sum::<f64>() / n as f64;
        assert!(r.abs() < 5.0 * deviation, "lag {lag}: {r}");
    }
    // P(|z| > x) for x = 1, 3, 4.5 within five standard deviations of a binomial count.
    for (x, p) in [(1.0, 0.317_310_5), (3.0, 2.699_796e-3), (4.5, 6.795_3e-6)] {
        let count = z.iter().filter(|z| z.abs() > x).count() as f64;
        assert!((count - n as f64 * p).abs() < 5.0 * (n as f64 * p).sqrt(), "{x}: {count}");
    }
}

#[test]
fn the_tail_beyond_five_deviations_is_there() {
    // Only the radius matters, so all uniforms that reach 5 σ are tried: u < exp(−12.5) is 16,006 words of 2³².
    // Averaged over 64 equally spaced angles, the share beyond ±5 must be 5.733e-7.
    let level = Level::detect().unwrap();
    let count = 16_100u32;
    let mut beyond = 0u64;
    let mut words = vec![0; PHILOX_GROUP];
    let mut z = vec![0.0; PHILOX_GROUP];
    for first in (0..count).step_by(4) {
        // Lanes: 4 radii by 64 angles, as the first pairs of four groups.
        for radius in first..first + 4 {
            for lane in 0..64 {
                (words[lane], words[64 + lane]) = (radius, (lane as u32) << 26 | 1 << 25);
            }
            simd::normals(level, &words, &mut z);
            beyond += z[..128].iter().filter(|z| z.abs() > 5.0).count() as u64;
        }
    }
    let share = beyond as f64 / (128.0 * 4_294_967_296.0);
    // Radius steps and angles are a lattice: 2 % is its coarseness near the limit angle.
    assert!((share / 5.733e-7 - 1.0).abs() < 0.02, "{share}");
}

#[test]
fn pieces_of_a_stream_are_the_stream() {
    for level in Level::available() {
        let stream = Stream::new(level, u64::MAX, Purpose::CrosstalkSymbols, 2);
        for bits in [1, 2] {
            let mut whole = vec![0; 20_000];
            stream.symbols(bits, 77, &mut whole);
            assert!(whole.iter().all(|s| *s < 1 << bits));
            for (start, n) in [(0, 1), (1, 4095), (4019, 4096), (8100, 9000), (19_999, 1), (5, 0)] {
                let mut part = vec![0; n];
                stream.symbols(bits, 77 + start as u64, &mut part);
                assert_eq!(part, whole[start..start + n]);
            }
            // Each symbol within five standard deviations of its share.
            let share = 20_000.0 / f64::from(1 << bits);
            for symbol in 0..1 << bits {
                let count = whole.iter().filter(|s| **s == symbol).count() as f64;
                assert!((count - share).abs() < 5.0 * share.sqrt());
            }
        }
    }
    let level = Level::detect().unwrap();
    let draw = |seed, purpose, number| {
        let mut words = [0; 4];
        Stream::new(level, seed, purpose, number).words(0, &mut words);
        words
    };
    let base = draw(1, Purpose::Symbols, 0);
    assert_ne!(base, draw(2, Purpose::Symbols, 0));
    assert_ne!(base, draw(1 << 32 | 1, Purpose::Symbols, 0));
    assert_ne!(base, draw(1, Purpose::Noise, 0));
    assert_ne!(base, draw(1, Purpose::Symbols, 1));
}

#[test]
fn an_unknown_level_names_the_nearest() {
    assert!(
        matches!(Level::from_name("avx513"), Err(Error::Unknown { nearest: Some(n), .. }) if n == "avx512")
    );
    assert!(matches!(Level::from_name("fast"), Err(Error::Unknown { nearest: None, .. })));
    for level in Level::available() {
        assert_eq!(Level::from_name(level.name()).unwrap().name(), level.name());
    }
}

/// Responses of several streams, by stream, phase and symbol.
struct Streams {
    responses: Vec<Vec<Vec<f32>>>,
}

impl Streams {
    /// One stream a length, in symbols.
    fn new(lengths: &[usize], sps: usize, seed: u64) -> Self {
        let phases = |(s, length): (u64, &usize)| {
            (0..sps as u64).map(|p| noise(*length, seed ^ (s * 64 + p + 1))).collect()
        };
        Self { responses: (0..).zip(lengths).map(phases).collect() }
    }

    fn length(&self, stream: usize) -> usize {
        self.responses[stream][0].len()
    }

    /// Events of every stream for `n` symbols, with the past that its response has.
    fn events(&self, n: usize, seed: u64) -> Vec<Vec<f32>> {
        let stream = |s: usize| noise(n + self.length(s) - 1, seed ^ ((s as u64) << 32));
        (0..self.responses.len()).map(stream).collect()
    }

    /// The waveform from symbol `first` on.
    fn synthesize(
        &self,
        sum: &PolyphaseSum,
        events: &[Vec<f32>],
        first: usize,
        waveform: &mut [f32],
        ws: &mut SumWorkspace,
    ) {
        let symbols = waveform.len() / self.responses[0].len();
        for (s, events) in events.iter().enumerate() {
            sum.transform(s, &events[first..first + symbols + self.length(s) - 1], ws);
        }
        sum.synthesize(ws, waveform);
    }
}

/// Ends of a go of transforms, where a symbol has fewer samples than a vector has lanes, and cuts between goes.
#[test]
fn stretches_that_go_together_are_whole_and_cut_where_goes_begin() {
    for level in Level::available() {
        for sps in [3usize, 4, 5, 8, 16] {
            let streams = Streams::new(&[1, 24], sps, 0);
            let sum = PolyphaseSum::new(level, &streams.responses);
            let hop = sum.hop();
            for n in [hop - 1, hop, hop + 1, 2 * hop + 7] {
                let events = streams.events(n, 0);
                let mut ws = SumWorkspace::default();
                let mut synthesize =
                    |first, waveform: &mut [f32]| streams.synthesize(&sum, &events, first, waveform, &mut ws);
                let (mut wanted, mut reached) = (vec![0.0; n * sps], vec![9.0; n * sps]);
                naive::synthesize_sum(&streams.responses, &events, &mut wanted);
                synthesize(0, &mut reached);
                for (w, r) in wanted.iter().zip(&reached) {
                    // As in the property above, of 25 taps.
                    assert!((w - f64::from(*r)).abs() <= 2e-5, "{} {n} {sps}", level.name());
                }
                let mut parts = vec![9.0; n * sps];
                let (first, rest) = parts.split_at_mut(hop.min(n) * sps);
                synthesize(0, first);
                if !rest.is_empty() {
                    synthesize(hop, rest);
                }
                assert_eq!(reached, parts, "{} {n} {sps}", level.name());
            }
        }
    }
}
