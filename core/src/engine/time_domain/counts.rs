//! What a run counted, and what it says about an error ratio.

use super::binomial::clopper_pearson;
use super::codewords::CodewordErrors;
use super::tally::WINDOW;
use crate::error::{Error, Result, require};

/// Least share of the union of its error events that a detector of sequences counts.
const BOUND_SHARE: f64 = 0.5;

/// Errors counted in a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    /// Symbols compared: all of those asked for.
    pub n_symbols: u64,
    /// Bits compared.
    pub n_bits: u64,
    /// Wrong symbols.
    pub n_symbol_errors: u64,
    /// Wrong bits, after Gray decoding.
    pub n_bit_errors: u64,
    /// Element L is the number of runs of exactly L consecutive wrong symbols; element 0 is 0, so that
    /// `Σ L · burst_lengths[L] = n_symbol_errors`. A run of more than [`Counts::MAX_BURST`] is counted in pieces.
    pub burst_lengths: Vec<u64>,
    /// Σ of the squared number of bit errors over the windows of 1,024 symbols that tile the run: how they cluster.
    pub squared_window_bit_errors: u128,
    /// Wrong Reed–Solomon symbols by codeword, when they were asked for.
    pub codewords: Option<CodewordErrors>,
    /// SIMD level that the run used.
    pub simd_level: &'static str,
}

impl Counts {
    /// Longest run of wrong symbols that is counted as one: it bounds the memory of a link that is wrong throughout.
    pub const MAX_BURST: usize = 65_536;

    /// Symbol error ratio.
    pub fn ser(&self) -> f64 {
        self.n_symbol_errors as f64 / self.n_symbols as f64
    }

    /// Bit error ratio.
    pub fn ber(&self) -> f64 {
        self.n_bit_errors as f64 / self.n_bits as f64
    }

    /// Clopper–Pearson interval of the bit error ratio: exact when bit errors are independent of each other.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless 0 < confidence < 1.
    pub fn ber_interval(&self, confidence: f64) -> Result<(f64, f64)> {
        clopper_pearson(self.n_bit_errors as f64, self.n_bits as f64, confidence)
    }

    /// Clopper–Pearson interval of the symbol error ratio: exact when symbol errors are independent of each other.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless 0 < confidence < 1.
    pub fn ser_interval(&self, confidence: f64) -> Result<(f64, f64)> {
        clopper_pearson(self.n_symbol_errors as f64, self.n_symbols as f64, confidence)
    }

    /// Factor by which clustering raises the variance of the number of bit errors over that of independent bits; at
    /// least 1, the larger of two estimates.
    ///
    /// From bursts: with c errors in a cluster, E\[c²\]/E\[c\], over symbols by the run lengths (divided by the
    /// (1 + p)/(1 − p) that chance neighbours give at a symbol error ratio p) and over the bits of a symbol. From
    /// windows: variance over mean of the errors in 1,024 symbols, which also sees clusters with right symbols
    /// between the wrong ones.
    pub fn variance_inflation(&self) -> f64 {
        if self.n_symbol_errors == 0 {
            return 1.0;
        }
        let runs =
            self.burst_lengths.iter().enumerate().map(|(length, n)| (length * length) as f64 * *n as f64);
        let symbols = self.n_symbol_errors as f64;
        let p = self.ser();
        let by_runs = runs.sum::<f64>() / symbols * (1.0 - p) / (1.0 + p);
        let bits = self.n_bit_errors as f64;
        // A symbol error is one bit error or two: 1² n₁ + 2² n₂ over n₁ + 2 n₂.
        let by_bits = (symbols + 3.0 * (bits - symbols)) / bits;
        let windows = self.n_symbols as f64 / WINDOW as f64;
        let mean = bits / windows;
        let by_windows =
            if windows < 2.0 { 1.0 } else { self.squared_window_bit_errors as f64 / windows / mean - mean };
        (by_runs.max(1.0) * by_bits).max(by_windows).max(1.0)
    }

    /// Whether the run is consistent with a predicted bit error ratio.
    ///
    /// The exact interval at that confidence of the counts divided by [`Counts::variance_inflation`], errors and bits
    /// alike, must reach predicted_ber · (1 ± `model_tolerance`); 0 for a prediction without an error of its own.
    /// At 99.99 % it refuses a prediction 2.5 times off over 1,000 errors in bursts of up to about 20, and one 1.3
    /// times off over 5,000 independent ones.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless 0 ≤ predicted_ber ≤ 1, 0 < confidence < 1 and 0 ≤ model_tolerance < 1.
    pub fn agrees_with(&self, predicted_ber: f64, confidence: f64, model_tolerance: f64) -> Result<bool> {
        require::within("predicted_ber", predicted_ber, 0.0, 1.0)?;
        if !(0.0..1.0).contains(&model_tolerance) {
            return Err(Error::parameter("model_tolerance", model_tolerance, "at least 0 and below 1"));
        }
        let inflation = self.variance_inflation();
        let (low, high) = clopper_pearson(
            self.n_bit_errors as f64 / inflation,
            self.n_bits as f64 / inflation,
            confidence,
        )?;
        Ok(predicted_ber * (1.0 + model_tolerance) >= low && predicted_ber * (1.0 - model_tolerance) <= high)
    }
}

impl Counts {
    /// Whether the run is consistent with a bound on its bit error ratio.
    ///
    /// As [`Counts::agrees_with`], but the interval may lie below the bound, down to half of it: full-traceback sequence
    /// detection counts 0.65 to 0.95 of the union of its error events, and half is refused with certainty.
    ///
    /// # Errors
    /// As [`Counts::agrees_with`].
    pub fn agrees_with_bound(&self, bound: f64, confidence: f64, model_tolerance: f64) -> Result<bool> {
        require::within("bound", bound, 0.0, 1.0)?;
        // Either the interval holds the bound or half of it, or it lies between them.
        let below = self.agrees_with(bound, confidence, model_tolerance)?;
        let half = self.agrees_with(BOUND_SHARE * bound, confidence, model_tolerance)?;
        Ok(below || half || (self.ber() <= bound && self.ber() >= BOUND_SHARE * bound))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Independent PAM4 symbol errors of one bit: windows vary as a Poisson count does.
    fn independent(n_symbols: u64, errors: u64) -> Counts {
        let windows = n_symbols as f64 / WINDOW as f64;
        let mean = errors as f64 / windows;
        Counts {
            n_symbols,
            n_bits: 2 * n_symbols,
            n_symbol_errors: errors,
            n_bit_errors: errors,
            burst_lengths: vec![0, errors],
            squared_window_bit_errors: (windows * (mean * mean + mean)) as u128,
            codewords: None,
            simd_level: "portable",
        }
    }

    #[test]
    fn wrong_predictions_are_refused_and_the_right_one_is_not() {
        let counts = independent(10_000_000, 1000);
        assert!((counts.variance_inflation() - 1.0).abs() < 1e-3);
        assert!(counts.agrees_with(counts.ber(), 0.9999, 0.0).unwrap());
        assert!(!counts.agrees_with(2.5 * counts.ber(), 0.9999, 0.0).unwrap());
        assert!(!counts.agrees_with(counts.ber() / 2.5, 0.9999, 0.0).unwrap());
        let counts = independent(10_000_000, 5000);
        assert!(!counts.agrees_with(1.3 * counts.ber(), 0.9999, 0.0).unwrap());
        assert!(!counts.agrees_with(counts.ber() / 1.3, 0.9999, 0.0).unwrap());
        assert!(counts.agrees_with(1.3 * counts.ber(), 0.9999, 0.3).unwrap());
        // A bound may be twice what is counted and no less than it.
        assert!(counts.agrees_with_bound(1.5 * counts.ber(), 0.9999, 0.0).unwrap());
        assert!(!counts.agrees_with_bound(2.5 * counts.ber(), 0.9999, 0.0).unwrap());
        assert!(!counts.agrees_with_bound(counts.ber() / 1.3, 0.9999, 0.0).unwrap());
        // No error in 2e7 bits: up to 4.95e-7 is possible at 99.99 %.
        let none = independent(10_000_000, 0);
        assert!(none.agrees_with(4.9e-7, 0.9999, 0.0).unwrap());
        assert!(!none.agrees_with(5.0e-7, 0.9999, 0.0).unwrap());
    }

    #[test]
    fn bursts_widen_the_interval() {
        // The same 1,000 errors in 50 runs of 20.
        let mut burst_lengths = vec![0; 21];
        burst_lengths[20] = 50;
        let counts =
            Counts { burst_lengths, squared_window_bit_errors: 50 * 400, ..independent(10_000_000, 1000) };
        assert!((counts.variance_inflation() / 20.0 - 1.0).abs() < 0.01);
        assert!(counts.agrees_with(1.6 * counts.ber(), 0.9999, 0.0).unwrap());
        assert!(!counts.agrees_with(2.5 * counts.ber(), 0.9999, 0.0).unwrap());
        assert!(!counts.agrees_with(counts.ber() / 2.5, 0.9999, 0.0).unwrap());
    }

    #[test]
    fn figures_outside_their_domain_are_refused() {
        let counts = independent(1000, 1);
        assert!(counts.agrees_with(-0.1, 0.99, 0.0).is_err());
        assert!(counts.agrees_with(f64::NAN, 0.99, 0.0).is_err());
        assert!(counts.agrees_with(0.1, 1.0, 0.0).is_err());
        assert!(counts.agrees_with(0.1, 0.99, 1.0).is_err());
        assert!(counts.ber_interval(2.0).is_err());
    }
}
