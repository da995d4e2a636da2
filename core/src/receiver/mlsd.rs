//! Maximum-likelihood sequence detection by the Viterbi algorithm.
//!
//! ```text
//! y_k = Σ_m response[m] a_(k−m) + white noise,   a = 0 before the first sample
//! least Σ_k (y_k − Σ_m response[m] a_(k−m))² over all sequences
//! ```
//!
//! G. D. Forney, IEEE Trans. Inf. Theory 18 (1972) 363. A state is the last `memory` symbols, the newest as the lowest
//! digit, and the window of a branch is its state with the new symbol appended. y² is common to all sequences and
//! left out, so a branch costs e (e − 2 y). The whole record is traced back, nothing is decided early; the survivors
//! take two bits a state and symbol, and a record whose survivors would not fit 64 MB is passed twice, from metrics
//! kept at intervals, so that memory hardly grows with its length.

use crate::error::{Error, Result};
use crate::modulation::Modulation;
use crate::receiver::sample::{Sample, largest};
use crate::run::Run;

/// Most states of the trellis, levels^(taps − 1).
pub const MAX_STATES: usize = 4096;

/// Bytes of survivors that are kept at once.
const SURVIVOR_BYTES: usize = 64 << 20;
/// Steps after which metrics are brought back to zero and the cancel flag is looked at.
const BLOCK: usize = 1024;

/// The most likely sequence of the whole record: symbols 0 to levels − 1. Of equally likely ones it is any.
///
/// `response` is one sample a symbol; `modulation` gives the levels, equally spaced from −1 to 1.
///
/// ```
/// use lightlane::{Run, modulation::Modulation, receiver::mlsd};
/// // On 1 + D, symbols 1 and −1 cancel.
/// let y = [1.0, 0.0, 0.0, 2.0 / 3.0];
/// assert_eq!(mlsd(&y, &[1.0, 1.0], Modulation::Pam4, &Run::default())?, [3, 0, 3, 1]);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] for an empty response, one whose trellis has more than [`MAX_STATES`] states or whose largest
/// magnitude is subnormal, or values that are not finite; [`Error::Interrupted`].
pub fn mlsd<T: Sample>(
    samples: &[T],
    response: &[f64],
    modulation: Modulation,
    run: &Run,
) -> Result<Vec<u8>> {
    detect(samples, &Trellis::new(response, modulation)?, run)
}

pub(crate) fn detect<T: Sample>(samples: &[T], trellis: &Trellis, run: &Run) -> Result<Vec<u8>> {
    detect_within(samples, trellis, SURVIVOR_BYTES, run)
}

/// As [`detect`], keeping so many bytes of survivors at once.
fn detect_within<T: Sample>(samples: &[T], trellis: &Trellis, bytes: usize, run: &Run) -> Result<Vec<u8>> {
    let (trellis, scale) = trellis.scaled(largest("samples", samples)?);
    let n = samples.len();
    let mut decisions = vec![0; n];
    let start = trellis.memory.min(n);
    let mut metrics = trellis.lead_in(&samples[..start], scale);
    if n <= trellis.memory {
        trellis.write_state(best(&metrics), &mut decisions);
        return Ok(decisions);
    }
    let words = trellis.words();
    // A whole number of blocks, so that a second pass rounds as the first did.
    let length = (bytes / (words * 4) / BLOCK).max(1) * BLOCK;
    let segments: Vec<&[T]> = samples[start..].chunks(length).collect();
    let mut survivors = vec![0; words * length.min(n - start)];
    let mut kept = Vec::with_capacity(segments.len());
    let mut scratch = metrics.clone();
    for segment in &segments {
        kept.push(metrics.clone());
        trellis.forward(segment, scale, &mut metrics, &mut scratch, &mut survivors, run)?;
    }
    let mut state = best(&metrics);
    for (i, segment) in segments.iter().enumerate().rev() {
        if i + 1 < segments.len() {
            metrics.copy_from_slice(&kept[i]);
            trellis.forward(segment, scale, &mut metrics, &mut scratch, &mut survivors, run)?;
        }
        let first = start + i * length;
        state = trellis.back(state, &survivors, &mut decisions[first..first + segment.len()], run)?;
        run.report((n - first) as u64, n as u64);
    }
    trellis.write_state(state, &mut decisions[..start]);
    Ok(decisions)
}

/// A power of two that brings `largest` to 1..2, so that no product overflows.
fn scale_of(largest: f64) -> f64 {
    // Subnormal numbers are left as they are: 2^1022 is the largest power that a double holds.
    if largest < f64::MIN_POSITIVE { 1.0 } else { (-largest.log2().floor()).exp2() }
}

fn best(metrics: &[f64]) -> usize {
    (0..metrics.len()).min_by(|a, b| metrics[*a].total_cmp(&metrics[*b])).unwrap_or(0)
}

/// States and branches of a response.
#[derive(Debug, Clone)]
pub(crate) struct Trellis {
    pub(crate) n_levels: usize,
    pub(crate) memory: usize,
    pub(crate) states: usize,
    /// Noiseless sample e of each window, its digits oldest first, and the same times `weight`.
    pub(crate) outputs: Vec<[f64; 2]>,
    /// A metric is Σ e (weight e − 2 y): below 1 when samples and response are scaled apart.
    pub(crate) weight: f64,
    response: Vec<f64>,
    levels: &'static [f64],
    largest: f64,
}

impl Trellis {
    pub(crate) fn new(response: &[f64], modulation: Modulation) -> Result<Self> {
        if response.is_empty() {
            return Err(Error::parameter("response", "0 taps", "at least 1 tap"));
        }
        largest("response", response)?;
        // Zeros at the end ask for no state. One symbol of memory is kept: it lets the symbol be read off the state.
        let length = response.iter().rposition(|h| *h != 0.0).map_or(0, |last| last + 1).max(2);
        let mut response = response[..length.min(response.len())].to_vec();
        response.resize(length, 0.0);
        let (n_levels, memory) = (modulation.n_levels(), length - 1);
        let states = u32::try_from(memory).ok().and_then(|m| n_levels.checked_pow(m));
        let Some(states) = states.filter(|s| *s <= MAX_STATES) else {
            let count = states.map_or_else(|| format!("{n_levels}^{memory}"), |s| s.to_string());
            let requirement = format!("a response whose trellis has at most {MAX_STATES}");
            return Err(Error::parameter("response", format!("{count} states"), requirement));
        };
        let levels = modulation.levels();
        let largest = response.iter().map(|h| h.abs()).fold(0.0, f64::max);
        // A few digits are left of it, and no power of two brings it to 1.
        if largest.is_subnormal() {
            let requirement = format!("0 or at least {:e} in its largest magnitude", f64::MIN_POSITIVE);
            return Err(Error::parameter("response", format!("{largest:e}"), requirement));
        }
        Ok(Self { n_levels, memory, states, outputs: vec![], weight: 1.0, largest, response, levels })
    }

    /// Noiseless sample of a window whose oldest digits are not there yet.
    fn output(&self, window: usize, digits: usize) -> f64 {
        let mut rest = window;
        let mut sum = 0.0;
        for h in &self.response[..digits] {
            sum += h * self.levels[rest % self.n_levels];
            rest /= self.n_levels;
        }
        sum
    }

    /// The trellis for samples of at most this magnitude, and the factor to bring them to its scale.
    ///
    /// The response is brought to about 1 on its own: beside samples far larger it would vanish, and all sequences
    /// would look alike.
    pub(crate) fn scaled(&self, samples: f64) -> (Self, f64) {
        let (own, common) = (scale_of(self.largest), scale_of(samples.max(self.largest)));
        let mut scaled = self.clone();
        scaled.response.iter_mut().for_each(|h| *h *= own);
        scaled.weight = common / own;
        let output = |w| scaled.output(w, scaled.memory + 1);
        scaled.outputs =
            (0..self.states * self.n_levels).map(output).map(|e| [e, scaled.weight * e]).collect();
        (scaled, common)
    }

    /// Words of survivors a step: two bits a state.
    fn words(&self) -> usize {
        self.states.div_ceil(16)
    }

    /// Metrics of every state after the first symbols, which have zeros and not levels behind them.
    pub(crate) fn lead_in<T: Sample>(&self, samples: &[T], scale: f64) -> Vec<f64> {
        let mut metrics = vec![0.0];
        for (k, y) in samples.iter().enumerate() {
            let y = scale * Into::<f64>::into(*y);
            metrics = (0..metrics.len() * self.n_levels)
                .map(|w| {
                    let e = self.output(w, k + 1);
                    metrics[w / self.n_levels] + e * (self.weight * e - 2.0 * y)
                })
                .collect();
        }
        metrics
    }

    /// Advances the metrics over `samples`, leaving who survived in `survivors`.
    fn forward<T: Sample>(
        &self,
        samples: &[T],
        scale: f64,
        metrics: &mut Vec<f64>,
        scratch: &mut Vec<f64>,
        survivors: &mut [u32],
        run: &Run,
    ) -> Result<()> {
        let words = self.words();
        for (block, survivors) in samples.chunks(BLOCK).zip(survivors.chunks_mut(BLOCK * words)) {
            run.check()?;
            let least = metrics[best(metrics)];
            metrics.iter_mut().for_each(|m| *m -= least);
            match (self.n_levels, self.states) {
                // The common trellis with its sizes known: its metrics stay in registers.
                (4, 4) => self.steps::<T, 4>(block, scale, metrics, scratch, survivors, 4, 1),
                (4, _) => {
                    self.steps::<T, 4>(block, scale, metrics, scratch, survivors, self.states, words);
                }
                _ => self.steps::<T, 2>(block, scale, metrics, scratch, survivors, self.states, words),
            }
        }
        Ok(())
    }

    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    fn steps<T: Sample, const L: usize>(
        &self,
        block: &[T],
        scale: f64,
        metrics: &mut Vec<f64>,
        scratch: &mut Vec<f64>,
        survivors: &mut [u32],
        states: usize,
        words: usize,
    ) {
        let stride = states / L;
        for (y, survivors) in block.iter().zip(survivors.chunks_exact_mut(words)) {
            let y = 2.0 * scale * Into::<f64>::into(*y);
            survivors.fill(0);
            let (old, outputs) = (&metrics[..states], &self.outputs[..states * L]);
            let new = &mut scratch[..states];
            for group in 0..stride {
                for a in 0..L {
                    // The states that differ only in the symbol that is forgotten.
                    let mut least = (f64::INFINITY, 0);
                    for p in 0..L {
                        let from = p * stride + group;
                        let [e, weighted] = outputs[from * L + a];
                        let metric = old[from] + e * (weighted - y);
                        least = if metric < least.0 { (metric, p as u32) } else { least };
                    }
                    let to = group * L + a;
                    new[to] = least.0;
                    survivors[to / 16] |= least.1 << (2 * (to % 16));
                }
            }
            std::mem::swap(metrics, scratch);
        }
    }

    /// Writes the symbols of the steps that end in `state`, and gives the state before them.
    fn back(&self, state: usize, survivors: &[u32], decisions: &mut [u8], run: &Run) -> Result<usize> {
        let (words, stride) = (self.words(), self.states / self.n_levels);
        let mut state = state;
        for (k, decision) in decisions.iter_mut().enumerate().rev() {
            // Each step waits for a load of the last: millions of them are a noticeable time.
            if k.is_multiple_of(BLOCK) {
                run.check()?;
            }
            *decision = (state % self.n_levels) as u8;
            let p = survivors[k * words + state / 16] >> (2 * (state % 16)) & 3;
            state = state / self.n_levels + p as usize * stride;
        }
        Ok(state)
    }

    /// Decisions of the end of a record after `warm_up` symbols from an unknown state, and the state before them.
    pub(crate) fn last_segment<T: Sample>(
        &self,
        samples: &[T],
        warm_up: usize,
        scale: f64,
        run: &Run,
    ) -> Result<(usize, Vec<u8>)> {
        let (mut metrics, mut scratch) = (vec![0.0; self.states], vec![0.0; self.states]);
        let mut survivors = vec![0; self.words() * samples.len()];
        self.forward(samples, scale, &mut metrics, &mut scratch, &mut survivors, run)?;
        let mut decisions = vec![0; samples.len() - warm_up];
        let state = self.back(best(&metrics), &survivors[warm_up * self.words()..], &mut decisions, run)?;
        Ok((state, decisions))
    }

    /// Writes the symbols that a state stands for.
    pub(crate) fn write_state(&self, state: usize, decisions: &mut [u8]) {
        let mut rest = state;
        for decision in decisions.iter_mut().rev() {
            *decision = (rest % self.n_levels) as u8;
            rest /= self.n_levels;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn passing_a_record_twice_changes_nothing(
            y in prop::collection::vec(-2.0..2.0f64, 1..5000),
            h in prop::collection::vec(-1.0..1.0f64, 1..4),
        ) {
            let trellis = Trellis::new(&h, Modulation::Pam4).unwrap();
            let run = Run::default();
            // Two segments and more against one.
            let parts = detect_within(&y, &trellis, 1, &run).unwrap();
            prop_assert_eq!(parts, detect(&y, &trellis, &run).unwrap());
        }
    }

    #[test]
    fn a_trellis_too_large_is_refused_with_its_size() {
        let refused = |taps: usize, modulation| {
            mlsd(&[0.0], &vec![1.0; taps], modulation, &Run::default()).unwrap_err().to_string()
        };
        assert!(refused(8, Modulation::Pam4).starts_with("response = 16384 states: must be"));
        assert!(refused(14, Modulation::Nrz).starts_with("response = 8192 states"));
        assert!(refused(500, Modulation::Pam4).starts_with("response = 4^499 states"));
        assert!(
            mlsd(&[0.0], &[1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], Modulation::Pam4, &Run::default())
                .is_ok()
        );
    }

    #[test]
    fn a_response_of_no_digits_is_refused_and_none_at_all_is_not() {
        let of = |h: f64, y: f64| mlsd(&[y, y], &[h], Modulation::Pam4, &Run::default());
        // Beside samples that are this much larger its products would all be 0.
        assert!(
            of(2.4e-320, 2.5e260).unwrap_err().to_string().starts_with("response = 2.4e-320: must be 0 or")
        );
        assert_eq!(of(1e-300, 2.5e260).unwrap(), [3, 3]);
        assert_eq!(of(0.0, 1.0).unwrap(), [0, 0]);
    }
}
