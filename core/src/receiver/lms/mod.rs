//! Adaptive FFE and DFE by least mean squares.
//!
//! ```text
//! z_k = Σ_i c_i r_(k+pre−i) − Σ_j d_j a_(k−j)     i = 0 … n−1,  j = 1 … m
//! s_k = clip(⌊1.5 z_k + 2⌋, 0, 3)                 a_k the level of the training symbol, else of s_k
//! e_k = z_k − a_k
//! c ← c − step e_k r        d ← d + step e_k a                                       lms
//! c ← c − step sgn e_k sgn r        d ← d + step sgn e_k sgn a                       sign-sign
//! c ← c − step Σ e_k r      d ← d + step Σ e_k a     once a block                    block
//! ```
//!
//! FFE taps may stand in groups, with nothing in between. Levels are −1, −1/3, 1/3, 1; samples and symbols outside the record are 0. B. Widrow, M. E. Hoff, IRE WESCON Conv.
//! Rec. 4 (1960) 96. In the mean the taps converge to those of [`super::mmse`] for steps below 2/trace R, R being the
//! autocorrelation of the samples and past symbols; sign-sign reaches a neighbourhood of them that is as wide as its
//! step.

mod filter;
mod lanes;

pub(crate) use filter::{BLOCK, Filter, Limits, Slicer};
pub use lanes::LmsLanesRun;

use crate::error::{Error, Result, require};
use crate::receiver::sample::{Sample, largest};
use crate::run::Run;
use crate::simd::Level;

/// Most taps of either filter.
pub(crate) const MAX_TAPS: usize = 4096;
/// Errors this many times the largest that the initial taps can make mean divergence: a stable loop never enlarges
/// the distance to the best taps by more than gradient noise.
pub(crate) const DIVERGENCE: f64 = 1e3;

/// How taps follow the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LmsUpdate {
    /// By error times sample, every symbol.
    #[default]
    Lms,
    /// By the signs of both, every symbol; zero has no sign.
    SignSign,
    /// By the sum of error times sample, once so many symbols.
    Block(usize),
}

impl LmsUpdate {
    /// Every update, as named by callers.
    pub const NAMES: [&'static str; 3] = ["lms", "sign_sign", "block"];

    /// The update of that name; `block` is the symbols of a block.
    ///
    /// # Errors
    /// [`Error::Unknown`] with the nearest name.
    pub fn from_name(name: &str, block: usize) -> Result<Self> {
        match name {
            "lms" => Ok(Self::Lms),
            "sign_sign" => Ok(Self::SignSign),
            "block" => Ok(Self::Block(block)),
            _ => Err(Error::unknown("update", name, Self::NAMES)),
        }
    }
}

/// An adaptive equalizer: where its taps start and how they move. It holds no state, so a run can be repeated; to
/// resume, start from the taps of the run before; to freeze, set `step` to 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Lms {
    /// FFE taps in time order.
    pub ffe: Vec<f64>,
    /// FFE taps before the main one.
    pub pre: usize,
    /// Indices of the FFE taps that there are, ascending, the others being 0 and staying it: groups of floating taps at
    /// their places. `None` is all of them.
    pub positions: Option<Vec<usize>>,
    /// DFE taps; entry j multiplies the decision j + 1 symbols ago.
    pub dfe: Vec<f64>,
    /// Step size; 0 freezes the taps.
    pub step: f64,
    /// How taps follow the error.
    pub update: LmsUpdate,
    /// Symbols over which one entry of the trace is taken.
    pub trace_block: usize,
}

/// What a run of [`Lms`] leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct LmsRun {
    /// Decision of each sample, 0 to 3; the slicer's, in training too.
    pub decisions: Vec<u8>,
    /// Slicer input of each sample.
    pub soft: Vec<f64>,
    /// FFE taps after the last symbol.
    pub ffe: Vec<f64>,
    /// DFE taps after the last symbol.
    pub dfe: Vec<f64>,
    /// Root mean square of all errors.
    pub error_rms: f64,
    /// Root mean square of the errors of each `trace_block` symbols; the last may stand for fewer.
    pub error_rms_trace: Vec<f64>,
}

impl Lms {
    /// An equalizer that starts as a wire: FFE 1 at `pre`, DFE 0.
    ///
    /// # Errors
    /// As [`Lms::validate`].
    pub fn new(ffe_taps: usize, pre: usize, dfe_taps: usize, step: f64) -> Result<Self> {
        check_counts(ffe_taps, pre, dfe_taps, MAX_TAPS)?;
        let mut ffe = vec![0.0; ffe_taps];
        ffe[pre] = 1.0;
        let lms = Self {
            ffe,
            pre,
            positions: None,
            dfe: vec![0.0; dfe_taps],
            step,
            update: LmsUpdate::Lms,
            trace_block: 1024,
        };
        lms.validate()?;
        Ok(lms)
    }

    /// Checks the fields.
    ///
    /// # Errors
    /// [`Error::Parameter`] for no FFE taps, too many of either, `pre` beyond them, positions that do not ascend within
    /// them or lack the main tap, a tap that is not 0 elsewhere, a tap or step that is not finite, a negative step, or
    /// an empty block.
    pub fn validate(&self) -> Result<()> {
        check_counts(self.ffe.len(), self.pre, self.dfe.len(), MAX_TAPS)?;
        largest("ffe", &self.ffe)?;
        largest("dfe", &self.dfe)?;
        require::non_negative("step", self.step)?;
        self.check_positions()?;
        if self.update == LmsUpdate::Block(0) {
            return Err(Error::parameter("block", 0, "at least 1"));
        }
        if self.trace_block == 0 {
            return Err(Error::parameter("trace_block", 0, "at least 1"));
        }
        Ok(())
    }

    /// Equalizes a record, adapting as it goes: the serial reference, in double precision.
    ///
    /// The first `n_training` symbols are taken from `training`, the others are the slicer's own.
    ///
    /// ```
    /// use lightlane::{Run, receiver::Lms};
    /// // One tap, one symbol: z = 0.9, a = 1, e = −0.1, so c = 1 + 0.5 · 0.1 · 0.9.
    /// let run = Lms::new(1, 0, 0, 0.5)?.run(&[0.9], &[], 0, &Run::default())?;
    /// assert_eq!(run.decisions, [3]);
    /// assert!((run.ffe[0] - 1.045).abs() < 1e-15);
    /// # Ok::<(), lightlane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Parameter`] for fields outside their domain, no samples, samples that are not finite, training symbols
    /// above 3 or fewer than `n_training`; [`Error::Convergence`] with the error that crossed the line when the taps
    /// diverge; [`Error::Interrupted`].
    pub fn run<T: Sample>(
        &self,
        samples: &[T],
        training: &[u8],
        n_training: usize,
        run: &Run,
    ) -> Result<LmsRun> {
        self.validate()?;
        let largest = largest("samples", samples)?;
        if samples.is_empty() {
            return Err(Error::parameter("samples", "0 samples", "at least 1 sample"));
        }
        check_training(training, training.len(), n_training)?;
        let (mut filter, level) = (Filter::new(self, self.error_limit(largest)), Level::detect()?);
        let n = samples.len();
        let (mut decisions, mut soft) = (Vec::with_capacity(n), Vec::with_capacity(n));
        let mut trace = Vec::with_capacity(n.div_ceil(self.trace_block));
        let mut total = 0.0;
        let (mut energy, mut in_block) = (0.0, 0);
        for first in (0..n).step_by(BLOCK) {
            run.check()?;
            let count = BLOCK.min(n - first);
            filter.load(samples, first, count);
            let known = &training[first.min(n_training)..(first + count).min(n_training)];
            // The kernel has the plain update of neighbouring taps; it adapts as it goes.
            if self.update == LmsUpdate::Lms && filter.is_whole() {
                filter.block(level, known, count);
            } else {
                filter.serial(known, count);
            }
            if let Some((k, e)) = filter.first_beyond(count) {
                return Err(diverged(&format!("error of symbol {}", first + k), e, filter.limit, first + k));
            }
            soft.extend_from_slice(filter.soft(count));
            decisions.extend_from_slice(filter.decisions(count));
            let mut done = 0;
            while done < count {
                let part = (self.trace_block - in_block).min(count - done);
                energy += filter.error_energy(done, part);
                (done, in_block) = (done + part, in_block + part);
                if in_block == self.trace_block {
                    trace.push((energy / in_block as f64).sqrt());
                    total += energy;
                    (energy, in_block) = (0.0, 0);
                }
            }
            run.report((first + count) as u64, n as u64);
        }
        if in_block > 0 {
            trace.push((energy / in_block as f64).sqrt());
            total += energy;
        }
        let (ffe, dfe) = filter.taps();
        if let Some(tap) = ffe.iter().chain(&dfe).find(|t| !t.is_finite()) {
            return Err(diverged("tap", *tap, f64::MAX, n));
        }
        Ok(LmsRun { decisions, soft, ffe, dfe, error_rms: (total / n as f64).sqrt(), error_rms_trace: trace })
    }

    fn check_positions(&self) -> Result<()> {
        let Some(positions) = &self.positions else { return Ok(()) };
        let count = self.ffe.len();
        let refuse = |i: usize, requirement: String| {
            Err(Error::parameter(format!("positions[{i}]"), positions[i], requirement))
        };
        if let Some(i) = positions.iter().position(|p| *p >= count) {
            return refuse(i, format!("below the {count} taps from the first to the last"));
        }
        if let Some(i) = positions.windows(2).position(|w| w[0] >= w[1]) {
            return refuse(i + 1, format!("above {}, the one before", positions[i]));
        }
        if !positions.contains(&self.pre) {
            let requirement = format!("with {} among them, the main tap", self.pre);
            return Err(Error::parameter("positions", format!("{positions:?}"), requirement));
        }
        match (0..count).find(|i| self.ffe[*i] != 0.0 && !positions.contains(i)) {
            Some(i) => Err(Error::parameter(format!("ffe[{i}]"), self.ffe[i], "0: no position has it")),
            None => Ok(()),
        }
    }

    /// Runs of neighbouring taps, as (first, end).
    fn groups(&self) -> Vec<(usize, usize)> {
        let Some(positions) = &self.positions else { return vec![(0, self.ffe.len())] };
        let mut groups: Vec<(usize, usize)> = Vec::new();
        for &p in positions {
            match groups.last_mut() {
                Some((_, end)) if *end == p => *end += 1,
                _ => groups.push((p, p + 1)),
            }
        }
        groups
    }

    /// The same of taps in reversed order, as filters keep them.
    fn groups_reversed(&self) -> Vec<(usize, usize)> {
        let n = self.ffe.len();
        self.groups().into_iter().rev().map(|(first, end)| (n - end, n - first)).collect()
    }

    /// Largest error that is not yet divergence, for samples of at most this magnitude.
    pub(crate) fn error_limit(&self, largest: f64) -> f64 {
        let sum = |taps: &[f64]| taps.iter().map(|t| t.abs()).sum::<f64>();
        // Errors beyond 1e150 would overflow when squared.
        (DIVERGENCE * (largest * sum(&self.ffe) + sum(&self.dfe) + 1.0)).min(1e150)
    }
}

/// Checks how many taps an equalizer has, at most `most` of each kind.
pub(crate) fn check_counts(ffe_taps: usize, pre: usize, dfe_taps: usize, most: usize) -> Result<()> {
    if ffe_taps == 0 || ffe_taps > most {
        return Err(Error::parameter("ffe_taps", ffe_taps, format!("between 1 and {most}")));
    }
    if pre >= ffe_taps {
        return Err(Error::parameter("pre", pre, format!("below ffe_taps, {ffe_taps}")));
    }
    if dfe_taps > most {
        return Err(Error::parameter("dfe_taps", dfe_taps, format!("at most {most}")));
    }
    Ok(())
}

/// Checks the symbols of `given` instants of which `n_training` are to be used.
pub(crate) fn check_training(training: &[u8], given: usize, n_training: usize) -> Result<()> {
    if n_training > given {
        let requirement = format!("at most the {given} symbols of training");
        return Err(Error::parameter("n_training", n_training, requirement));
    }
    // All are looked at before any is singled out: without a way out of the loop it becomes vector code.
    if training.iter().fold(0, |largest, s| largest.max(*s)) <= 3 {
        return Ok(());
    }
    match training.iter().position(|s| *s > 3) {
        Some(i) => Err(Error::parameter(format!("training[{i}]"), training[i], "at most 3")),
        None => Ok(()),
    }
}

pub(crate) fn diverged(figure: &str, value: f64, limit: f64, iterations: usize) -> Error {
    Error::Convergence { method: "LMS equalizer".into(), figure: figure.into(), value, limit, iterations }
}
