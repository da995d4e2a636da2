//! The closed-form MMSE equalizer against an independent least-squares solution, and against the bound of Salz.

use lightlane::Run;
use lightlane::receiver::{Mmse, mmse};
use nalgebra::{DMatrix, DVector};

/// A deterministic stream of numbers in −1..1 (splitmix64).
struct Stream(u64);

impl Stream {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) as f64 / u64::MAX as f64 * 2.0 - 1.0
    }

    fn take(&mut self, n: usize) -> Vec<f64> {
        (0..n).map(|_| self.next()).collect()
    }
}

/// One problem: noise is white noise through the filter `noise`, so that it needs no covariance matrix.
struct Problem {
    pulse: Vec<f64>,
    noise: Vec<f64>,
    ffe_taps: usize,
    pre: usize,
    dfe_taps: usize,
    power: f64,
}

impl Problem {
    fn autocorrelation(&self) -> Vec<f64> {
        let g = &self.noise;
        (0..g.len()).map(|l| (0..g.len() - l).map(|i| g[i] * g[i + l]).sum()).collect()
    }

    fn solve(&self, delay: Option<usize>) -> Mmse {
        let Self { pulse, ffe_taps, pre, dfe_taps, power, .. } = self;
        mmse(pulse, &self.autocorrelation(), *ffe_taps, *pre, *dfe_taps, *power, delay, &Run::default())
            .unwrap()
    }

    /// The twin: one row for what every symbol and every white noise sample adds to z − a, solved by singular values.
    fn least_squares(&self, delay: usize) -> (DVector<f64>, f64) {
        let (n, b) = (self.ffe_taps as isize, self.dfe_taps as isize);
        let symbols = -(self.pulse.len() as isize + n)..=(self.pulse.len() as isize + n + b);
        let noises = -n..=(n + self.noise.len() as isize);
        let rows = symbols.clone().count() + noises.clone().count();
        let mut matrix = DMatrix::zeros(rows, (n + b) as usize);
        let mut target = DVector::zeros(rows);
        let at = |v: &[f64], i: isize| if i >= 0 && (i as usize) < v.len() { v[i as usize] } else { 0.0 };
        for (row, s) in symbols.clone().enumerate() {
            // Coefficient of a_(k−s): tap i sees r_(k+pre−i), which holds pulse[m] a_(k+pre−i−m+delay).
            for i in 0..n {
                let m = s + self.pre as isize - i + delay as isize;
                matrix[(row, i as usize)] = at(&self.pulse, m) * self.power.sqrt();
            }
            if s >= 1 && s <= b {
                matrix[(row, (n + s - 1) as usize)] = -self.power.sqrt();
            }
            if s == 0 {
                target[row] = self.power.sqrt();
            }
        }
        for (row, s) in noises.enumerate() {
            for i in 0..n {
                matrix[(row + symbols.clone().count(), i as usize)] = at(&self.noise, s - i);
            }
        }
        let solution = matrix.clone().svd(true, true).solve(&target, 1e-14).unwrap();
        let error = (matrix * &solution - target).norm_squared();
        (solution, error)
    }
}

fn problems() -> Vec<Problem> {
    let mut stream = Stream(7);
    let mut list = Vec::new();
    for (length, ffe_taps, pre, dfe_taps, sigma) in [
        (1, 1, 0, 0, 0.1),
        (5, 8, 3, 1, 0.05),
        (12, 16, 4, 1, 0.02),
        (20, 23, 6, 3, 0.1),
        (3, 5, 0, 4, 0.01),
        (9, 4, 3, 0, 0.3),
    ] {
        let mut pulse: Vec<f64> = stream.take(length).iter().map(|v| 0.3 * v).collect();
        pulse[length / 3] += 1.0;
        let noise = [1.0, 0.4, -0.2].iter().map(|g| g * sigma).collect();
        list.push(Problem { pulse, noise, ffe_taps, pre, dfe_taps, power: 5.0 / 9.0 });
    }
    list
}

#[test]
fn taps_equal_an_independent_least_squares_solution() {
    for problem in problems() {
        for delay in 0..problem.pulse.len() {
            let found = problem.solve(Some(delay));
            let (taps, error) = problem.least_squares(delay);
            let joined: Vec<f64> = found.ffe.iter().chain(&found.dfe).copied().collect();
            // Normal equations lose twice the digits of the SVD: condition numbers here stay below 1e3 squared.
            let scale = taps.amax().max(1.0);
            for (a, b) in joined.iter().zip(taps.iter()) {
                assert!((a - b).abs() < 1e-9 * scale, "{a} {b}");
            }
            assert!((found.mse - error).abs() < 1e-9 * problem.power);
            let snr_db = 10.0 * (problem.power / error - 1.0).log10();
            assert!((found.snr_db - snr_db).abs() < 1e-6 || found.mse > 0.9 * problem.power);
        }
    }
}

#[test]
fn the_delay_chosen_is_the_one_of_least_error() {
    for problem in problems() {
        let chosen = problem.solve(None);
        for delay in 0..problem.pulse.len() {
            assert!(chosen.mse <= problem.solve(Some(delay)).mse + 1e-9, "{} {delay}", chosen.delay);
        }
    }
}

#[test]
fn a_noiseless_pulse_in_reach_of_the_feedback_is_cleared() {
    // Undetermined: what an FFE tap adds at the postcursor the feedback removes again. The shortest FFE is the identity.
    let m = mmse(&[1.0, 0.5], &[], 3, 1, 1, 1.0, Some(0), &Run::default()).unwrap();
    assert!((m.ffe[1] - 1.0).abs() < 1e-12 && m.ffe[0].abs() < 1e-12 && m.ffe[2].abs() < 1e-12, "{m:?}");
    assert!((m.dfe[0] - 0.5).abs() < 1e-12 && m.mse < 1e-14);
}

#[test]
fn a_long_equalizer_approaches_the_bound_of_salz_from_below() {
    // h[m] = r^m in white noise of variance σ²: SNR(f) = s/|1 − r e^(−jω)|², s = P/σ². The mean of ln|1 − r e^(−jω)|² is
    // 0 and that of ln(A − 2r cos ω), A = 1 + r² + s, is ln((A + √(A² − 4r²))/2), so
    // exp(mean ln(1 + SNR)) = (A + √(A² − 4r²))/2, which is the biased SNR of the infinite MMSE-DFE.
    for (r, s) in [(0.5, 100.0), (0.9, 1000.0), (0.95, 30.0)] {
        let a: f64 = 1.0 + r * r + s;
        let bound_db = 10.0 * (0.5 * (a + (a * a - 4.0 * r * r).sqrt()) - 1.0).log10();
        // 600 symbols: r^600 is below rounding of the energy for every r here.
        let pulse: Vec<f64> = (0..600).map(|m| f64::powi(r, m)).collect();
        let mut last = f64::NEG_INFINITY;
        for (ffe, dfe) in [(1, 0), (2, 1), (4, 8), (16, 60), (40, 200)] {
            let m = mmse(&pulse, &[1.0 / s], ffe, ffe - 1, dfe, 1.0, Some(0), &Run::default()).unwrap();
            assert!(m.snr_db <= bound_db + 1e-9, "{r} {s}: {} {bound_db}", m.snr_db);
            assert!(m.snr_db >= last - 1e-9);
            last = m.snr_db;
        }
        // 200 feedback taps leave 0.95^200 = 4e-5 of the tail; the forward taps decay faster still.
        assert!(bound_db - last < 0.01, "{r} {s}: {last} {bound_db}");
    }
}

#[test]
fn degenerate_problems_answer_or_are_refused_by_name() {
    let named = |result: lightlane::Result<Mmse>, name: &str| {
        let text = result.unwrap_err().to_string();
        assert!(text.contains(name), "{text}");
    };
    named(mmse(&[], &[], 1, 0, 0, 1.0, None, &Run::default()), "pulse");
    named(mmse(&[0.0; 5], &[0.1], 3, 1, 1, 1.0, None, &Run::default()), "pulse");
    named(mmse(&[1.0, f64::NAN], &[], 1, 0, 0, 1.0, None, &Run::default()), "pulse[1]");
    named(mmse(&[1.0], &[-1.0], 1, 0, 0, 1.0, None, &Run::default()), "noise_autocorrelation[0]");
    named(mmse(&[1.0], &[1.0, 2.0], 2, 0, 0, 1.0, None, &Run::default()), "noise_autocorrelation[1]");
    named(
        mmse(&[1.0], &[1e6, 0.0, -1e6, 1e6], 4, 0, 0, 1.0, Some(0), &Run::default()),
        "noise_autocorrelation",
    );
    named(mmse(&[1.0], &[], 0, 0, 0, 1.0, None, &Run::default()), "ffe_taps");
    named(mmse(&[1.0], &[], 2, 2, 0, 1.0, None, &Run::default()), "pre");
    named(mmse(&[1.0], &[], 1, 0, 0, 0.0, None, &Run::default()), "signal_power");
    named(mmse(&[1.0], &[], 1, 0, 0, 1.0, Some(1), &Run::default()), "delay");
    // Near-cancelling, enormous and minute pulses, without noise and with little.
    for scale in [1e-200, 1e-30, 1.0, 1e30, 1e150] {
        for pulse in [[1.0, -1.0, 0.0], [1.0, -1.0 + 1e-12, 0.0], [1.0, 2.0, 1.0], [1e-9, 1.0, 1e-9]] {
            let pulse = pulse.map(|v| v * scale);
            for noise in [0.0, 1e-30 * scale * scale, 1e-3 * scale * scale] {
                let m = mmse(&pulse, &[noise], 31, 15, 2, 1.0, None, &Run::default()).unwrap();
                assert!(m.ffe.iter().all(|v| v.is_finite()) && (0.0..=1.0).contains(&m.mse), "{scale} {m:?}");
            }
        }
    }
}
