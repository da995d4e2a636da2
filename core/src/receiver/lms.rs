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

use crate::error::{Error, Result, require};
use crate::receiver::sample::{Sample, largest};
use crate::run::Run;
use crate::simd::{self, Level, LmsTaps};

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
        check_counts(ffe_taps, pre, dfe_taps)?;
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
        check_counts(self.ffe.len(), self.pre, self.dfe.len())?;
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
            let in_blocks = self.update == LmsUpdate::Lms && filter.is_whole();
            if in_blocks {
                filter.block(level, known, count);
            }
            for k in 0..count {
                let (z, s, e) =
                    if in_blocks { filter.done(k) } else { filter.symbol(k, known.get(k).copied()) };
                if e.is_nan() || e.abs() > filter.limit {
                    return Err(diverged(
                        &format!("error of symbol {}", first + k),
                        e,
                        filter.limit,
                        first + k,
                    ));
                }
                if !in_blocks {
                    filter.adapt(k, e);
                }
                soft.push(z);
                decisions.push(s);
                energy += e * e;
                in_block += 1;
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

    /// Largest error that is not yet divergence, for samples of at most this magnitude.
    pub(crate) fn error_limit(&self, largest: f64) -> f64 {
        let sum = |taps: &[f64]| taps.iter().map(|t| t.abs()).sum::<f64>();
        // Errors beyond 1e150 would overflow when squared.
        (DIVERGENCE * (largest * sum(&self.ffe) + sum(&self.dfe) + 1.0)).min(1e150)
    }
}

fn check_counts(ffe_taps: usize, pre: usize, dfe_taps: usize) -> Result<()> {
    if ffe_taps == 0 || ffe_taps > MAX_TAPS {
        return Err(Error::parameter("ffe_taps", ffe_taps, format!("between 1 and {MAX_TAPS}")));
    }
    if pre >= ffe_taps {
        return Err(Error::parameter("pre", pre, format!("below ffe_taps, {ffe_taps}")));
    }
    if dfe_taps > MAX_TAPS {
        return Err(Error::parameter("dfe_taps", dfe_taps, format!("at most {MAX_TAPS}")));
    }
    Ok(())
}

/// Checks the symbols of `given` instants of which `n_training` are to be used.
pub(crate) fn check_training(training: &[u8], given: usize, n_training: usize) -> Result<()> {
    if n_training > given {
        let requirement = format!("at most the {given} symbols of training");
        return Err(Error::parameter("n_training", n_training, requirement));
    }
    match training.iter().position(|s| *s > 3) {
        Some(i) => Err(Error::parameter(format!("training[{i}]"), training[i], "at most 3")),
        None => Ok(()),
    }
}

pub(crate) fn diverged(figure: &str, value: f64, limit: f64, iterations: usize) -> Error {
    Error::Convergence { method: "LMS equalizer".into(), figure: figure.into(), value, limit, iterations }
}

/// Symbols between two looks at the cancel flag.
pub(crate) const BLOCK: usize = 4096;

/// Levels of an alphabet, and what lies between them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slicer {
    levels: [f64; 4],
    /// Thresholds t as 1.5 t + 2, infinite where there are no more levels.
    cuts: [f64; 3],
}

impl Slicer {
    /// −1, −1/3, 1/3 and 1.
    const PAM4: Self = Self { levels: [-1.0, -1.0 / 3.0, 1.0 / 3.0, 1.0], cuts: [1.0, 2.0, 3.0] };

    /// Two to four ascending levels, the thresholds midway.
    pub(crate) fn new(levels: &[f64]) -> Self {
        let last = levels.last().copied().unwrap_or(0.0);
        let level = |i: usize| levels.get(i).copied().unwrap_or(last);
        let cut = |i: usize| {
            if i + 1 < levels.len() { 0.75 * (level(i) + level(i + 1)) + 2.0 } else { f64::INFINITY }
        };
        Self { levels: std::array::from_fn(level), cuts: std::array::from_fn(cut) }
    }

    /// The symbol of a value, by comparisons: rounding down is a call where the processor's baseline has no instruction
    /// for it.
    fn slice(&self, z: f64) -> u8 {
        let v = 1.5 * z + 2.0;
        u8::from(v >= self.cuts[0]) + u8::from(v >= self.cuts[1]) + u8::from(v >= self.cuts[2])
    }
}

/// Taps and the samples and symbols they see, both oldest first.
pub(crate) struct Filter {
    slicer: Slicer,
    /// Runs of neighbouring taps of `c`, and the largest magnitude of each tap relative to the main one.
    groups: Vec<(usize, usize)>,
    limits: Option<Limits>,
    update: LmsUpdate,
    step: f64,
    pub(crate) limit: f64,
    pre: usize,
    /// FFE taps, last first, so that they run along the samples.
    c: Vec<f64>,
    /// DFE taps, last first, so that they run along the symbols.
    d: Vec<f64>,
    /// Samples of the block with what the FFE sees on either side.
    r: Vec<f64>,
    /// Levels of the block after those the DFE remembers.
    a: Vec<f64>,
    /// What the kernel made of a block.
    soft: Vec<f64>,
    decisions: Vec<u8>,
    /// Sums of a block update, as `c` and `d`, and how many symbols are in them.
    gradient: (Vec<f64>, Vec<f64>),
    summed: usize,
}

/// Bounds of taps.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// Largest magnitude of each FFE tap relative to the main one, in time order.
    pub(crate) ffe: Vec<f64>,
    /// Smallest and largest DFE tap.
    pub(crate) dfe: (f64, f64),
}

impl Filter {
    fn new(lms: &Lms, limit: f64) -> Self {
        Self::with(lms, limit, Slicer::PAM4, None)
    }

    /// A filter for another alphabet, its taps held within bounds.
    pub(crate) fn with(lms: &Lms, limit: f64, slicer: Slicer, limits: Option<Limits>) -> Self {
        let n = lms.ffe.len();
        let groups = lms.groups().into_iter().rev().map(|(first, end)| (n - end, n - first)).collect();
        let reversed = |taps: &[f64]| taps.iter().rev().copied().collect::<Vec<_>>();
        Self {
            update: lms.update,
            step: lms.step,
            limit,
            slicer,
            groups,
            limits: limits.map(|l| Limits { ffe: reversed(&l.ffe), ..l }),
            pre: lms.pre,
            c: reversed(&lms.ffe),
            d: reversed(&lms.dfe),
            r: Vec::with_capacity(BLOCK + lms.ffe.len()),
            a: vec![0.0; lms.dfe.len() + BLOCK],
            soft: vec![0.0; BLOCK],
            decisions: vec![0; BLOCK],
            gradient: (vec![0.0; lms.ffe.len()], vec![0.0; lms.dfe.len()]),
            summed: 0,
        }
    }

    /// Takes the samples of the next `count` symbols, zeros outside the record.
    fn load<T: Sample>(&mut self, samples: &[T], first: usize, count: usize) {
        let behind = self.c.len() - 1;
        let begin = (first + self.pre).saturating_sub(behind).min(samples.len());
        let end = (first + self.pre + count).min(samples.len());
        self.r.clear();
        self.r.resize(behind.saturating_sub(first + self.pre), 0.0);
        self.r.extend(samples[begin..end].iter().map(|x| Into::<f64>::into(*x)));
        self.r.resize(behind + count, 0.0);
        if first > 0 {
            self.a.copy_within(BLOCK.., 0);
        }
    }

    /// Takes the samples that the next symbols see, at most a block of them, the oldest of the first symbol first.
    pub(crate) fn load_window(&mut self, window: impl Iterator<Item = f64>) {
        self.r.clear();
        self.r.extend(window);
    }

    /// Keeps what the DFE remembers after the first `count` symbols of a block.
    pub(crate) fn keep_history(&mut self, count: usize) {
        self.a.copy_within(count..count + self.d.len(), 0);
    }

    /// FFE taps from the first to the last.
    pub(crate) fn width(&self) -> usize {
        self.c.len()
    }

    /// Symbols from an instant's oldest sample to its own.
    pub(crate) fn behind(&self) -> usize {
        self.c.len() - 1 - self.pre
    }

    /// Slicer input, decision and error of symbol `k` of the block.
    pub(crate) fn symbol(&mut self, k: usize, known: Option<u8>) -> (f64, u8, f64) {
        let m = self.d.len();
        let mut z = 0.0;
        for &(first, end) in &self.groups {
            z += dot(&self.c[first..end], &self.r[k + first..k + end]);
        }
        z -= dot(&self.d, &self.a[k..k + m]);
        let s = self.slicer.slice(z);
        let a = self.slicer.levels[usize::from(known.unwrap_or(s)) & 3];
        self.a[k + m] = a;
        (z, s, z - a)
    }

    /// Whether every tap from the first to the last is there.
    fn is_whole(&self) -> bool {
        self.groups == [(0, self.c.len())]
    }

    /// Equalizes and adapts a block of [`LmsUpdate::Lms`].
    fn block(&mut self, level: Level, known: &[u8], count: usize) {
        let mut taps = LmsTaps { step: self.step, ffe: &mut self.c, dfe: &mut self.d };
        let (soft, decisions) = (&mut self.soft[..count], &mut self.decisions[..count]);
        simd::lms(level, &mut taps, &self.r, known, &mut self.a, soft, decisions);
    }

    /// Symbol `k` of the block that [`Filter::block`] did.
    fn done(&self, k: usize) -> (f64, u8, f64) {
        (self.soft[k], self.decisions[k], self.soft[k] - self.a[k + self.d.len()])
    }

    /// Freezes the taps.
    pub(crate) fn freeze(&mut self) {
        self.step = 0.0;
    }

    pub(crate) fn adapt(&mut self, k: usize, e: f64) {
        if self.step == 0.0 {
            return;
        }
        let (r, a) = (&self.r[k..k + self.c.len()], &self.a[k..k + self.d.len()]);
        match self.update {
            LmsUpdate::Lms => {
                let g = self.step * e;
                for &(first, end) in &self.groups {
                    self.c[first..end].iter_mut().zip(&r[first..end]).for_each(|(c, r)| *c -= g * r);
                }
                self.d.iter_mut().zip(a).for_each(|(d, a)| *d += g * a);
            }
            LmsUpdate::SignSign => {
                let g = self.step * sign(e);
                for &(first, end) in &self.groups {
                    self.c[first..end].iter_mut().zip(&r[first..end]).for_each(|(c, r)| *c -= g * sign(*r));
                }
                self.d.iter_mut().zip(a).for_each(|(d, a)| *d += g * sign(*a));
            }
            LmsUpdate::Block(symbols) => {
                let (c, d) = (&mut self.gradient.0, &mut self.gradient.1);
                for &(first, end) in &self.groups {
                    c[first..end].iter_mut().zip(&r[first..end]).for_each(|(c, r)| *c += e * r);
                }
                d.iter_mut().zip(a).for_each(|(d, a)| *d += e * a);
                self.summed += 1;
                if self.summed == symbols {
                    self.c.iter_mut().zip(c.iter()).for_each(|(c, g)| *c -= self.step * g);
                    self.d.iter_mut().zip(d.iter()).for_each(|(d, g)| *d += self.step * g);
                    c.fill(0.0);
                    d.fill(0.0);
                    self.summed = 0;
                }
            }
        }
        if let Some(limits) = &self.limits {
            // The main tap is the measure of the others; its own limit is infinite.
            let main = self.c[self.c.len() - 1 - self.pre].abs().max(f64::MIN_POSITIVE);
            self.c.iter_mut().zip(&limits.ffe).for_each(|(c, l)| *c = c.clamp(-l * main, l * main));
            self.d.iter_mut().for_each(|d| *d = d.clamp(limits.dfe.0, limits.dfe.1));
        }
    }

    /// FFE and DFE taps, in time order.
    pub(crate) fn taps(&self) -> (Vec<f64>, Vec<f64>) {
        (self.c.iter().rev().copied().collect(), self.d.iter().rev().copied().collect())
    }
}

/// −1, 0 or 1.
fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

/// Σ x y in four sums, so that the additions do not wait for one another.
fn dot(x: &[f64], y: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (xs, ys) = (x.chunks_exact(4), y.chunks_exact(4));
    let rest: f64 = xs.remainder().iter().zip(ys.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in xs.zip(ys) {
        for i in 0..4 {
            sums[i] += x[i] * y[i];
        }
    }
    (sums[0] + sums[2]) + (sums[1] + sums[3]) + rest
}
