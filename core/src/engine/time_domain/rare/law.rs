//! The tilted law of one crossing: what enters the decision is drawn with probability ∝ p e^(λ x), x its share of the
//! slicer's input, and weighted by the likelihood ratio.
//!
//! | what | share x | tilted |
//! |---|---|---|
//! | symbol at lag L | g_L a, or a table's mean for it; its noise's variance e_L | ∝ e^(λ x + λ² e_L/2) |
//! | aggressor | phase, then symbols | phase ∝ its cumulant, symbol ∝ e^(λ c b) |
//! | dual-Dirac jitter | ± dd r m, m what moves | ∝ e^(λ x) |
//! | Gaussian noise and jitter | κ w | w of mean λ κ |
//! | a converter's steps | width times a uniform | ∝ e^(λ x) |
//! | residual of a table | one of its samples | ∝ e^(λ x) |
//! | echo of the light | phase and symbol that come with the decided one | ∝ e^(λ x) |
//!
//! λ is where the mean of the slicer's input lies on the threshold.

use super::pair::Pair;
use crate::engine::time_domain::branch::Branch;
use crate::engine::time_domain::interference::Echo;
use crate::engine::time_domain::plan::{Aggressor, Plan};
use crate::random::{Purpose, Stream};
use crate::response::JitterModel;

/// Tilts of at most this many nats are left out: they change nothing.
const NEGLIGIBLE: f64 = 1e-4;
/// Steps of the search for λ.
const STEPS: usize = 60;

/// A draw among a few values: running sums of its probabilities, and ln p/q of each.
#[derive(Debug, Clone, Default)]
pub(super) struct Choice {
    cumulative: Vec<f64>,
    ln_ratio: Vec<f64>,
}

impl Choice {
    /// Values of equal probability, tilted by these exponents; also their cumulant, ln of the mean of e^exponent.
    fn new(exponents: &[f64]) -> (Self, f64) {
        let most = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = exponents.iter().map(|e| (e - most).exp()).collect();
        let sum: f64 = weights.iter().sum();
        let cumulant = (sum / exponents.len() as f64).ln() + most;
        let mut running = 0.0;
        let cumulative = weights.iter().map(|w| {
            running += w / sum;
            running
        });
        (
            Self {
                cumulative: cumulative.collect(),
                ln_ratio: exponents.iter().map(|e| cumulant - e).collect(),
            },
            cumulant,
        )
    }

    /// The value that a word picks, and ln p/q of it.
    pub(super) fn pick(&self, word: u32) -> (usize, f64) {
        let u = uniform(word);
        let last = self.cumulative.len() - 1;
        let at = self.cumulative.partition_point(|c| u > *c).min(last);
        (at, self.ln_ratio[at])
    }
}

/// A word as a number above 0 and below 1.
pub(super) fn uniform(word: u32) -> f64 {
    (f64::from(word) + 0.5) / 4_294_967_296.0
}

/// Mean of a uniform between −1/2 and 1/2 under e^(exponent u).
fn uniform_mean(exponent: f64) -> f64 {
    if exponent.abs() < 1e-3 {
        return exponent / 12.0;
    }
    0.5 / (0.5 * exponent).tanh() - 1.0 / exponent
}

/// Tilted draw of a uniform between −1/2 and 1/2, and ln p/q of it.
pub(super) fn tilted_uniform(word: u32, exponent: f64) -> (f64, f64) {
    let (p, size) = (uniform(word), exponent.abs());
    if size < NEGLIGIBLE {
        return (p - 0.5, 0.0);
    }
    // From the favoured end: e^(−size x), 0 < x < 1.
    let mass = -(-size).exp_m1();
    let x = -(-p * mass).ln_1p() / size;
    let u = (0.5 - x) * exponent.signum();
    (u, (mass / size).ln() + size * x)
}

/// Tilted symbols of one aggressor.
#[derive(Debug, Clone)]
pub(super) struct AggressorLaw {
    pub(super) phase: Choice,
    /// For each phase, of each tap.
    pub(super) symbols: Vec<Vec<Choice>>,
}

/// The law of one crossing.
#[derive(Debug, Clone)]
pub(super) struct Law<'a> {
    pub(super) plan: &'a Plan,
    /// What the decisions an odd number of symbols from the crossing see, where even-odd jitter makes that differ.
    pub(super) between: Option<&'a Plan>,
    pub(super) sent: u8,
    pub(super) threshold: f32,
    pub(super) above: bool,
    /// 1/V.
    pub(super) lambda: f64,
    /// Tilted symbols by their lag seen from the crossing.
    pub(super) symbols: Vec<(i64, Choice)>,
    pub(super) aggressors: Vec<AggressorLaw>,
    pub(super) residual: Option<Choice>,
    /// Exponents of each uniform's taps.
    pub(super) uniform: Vec<Vec<f64>>,
    /// Phase and symbol of each echo.
    pub(super) echoes: Vec<Choice>,
    /// One stream for each kind of draw: symbols, noise, random jitter, sign, residual, then by source of noise, then
    /// phase and symbols of each aggressor, then by uniform, then by echo.
    pub(super) streams: Vec<Stream>,
}

/// Shares of the slicer's input given the symbol sent.
struct Shares {
    /// Lag, V by symbol about their mean, and the variance of the noise that follows it by symbol, V².
    symbols: Vec<(i64, Vec<f64>, Vec<f64>)>,
    /// Phases, taps, V by symbol.
    aggressors: Vec<Vec<Vec<Vec<f64>>>>,
    residual: Vec<f64>,
    /// Widths, V.
    uniform: Vec<Vec<f64>>,
    /// V by phase and symbol of the interferer.
    echoes: Vec<Vec<f64>>,
    gaussian_v2: f64,
    /// V from the mean to the threshold.
    distance_v: f64,
}

impl<'a> Law<'a> {
    /// The crossing number `number` of a model: `sent` decided beyond the threshold.
    pub(super) fn new(
        pair: &'a Pair,
        seed: u64,
        number: usize,
        sent: usize,
        threshold: usize,
        above: bool,
    ) -> Self {
        let plan = &pair.own;
        let shares = Shares::new(plan, sent, plan.thresholds[threshold]);
        let lambda = shares.lambda(if above { 1.0 } else { -1.0 });
        let symbols = shares.symbols.iter().filter_map(|(lag, v, e)| {
            let exponents: Vec<f64> = v.iter().zip(e).map(|(v, e)| lambda * (v + 0.5 * lambda * e)).collect();
            let spread =
                exponents.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(*x), b.max(*x)));
            (spread.1 - spread.0 > NEGLIGIBLE).then(|| (*lag, Choice::new(&exponents).0))
        });
        let kinds =
            5 + plan.by_symbol.len() + 2 * plan.aggressors.len() + plan.uniform.len() + plan.echoes.len();
        let stream =
            |kind: usize| Stream::new(plan.level, seed, Purpose::Rare, (number * kinds + kind) as u32);
        let tilted = |v: &[f64]| v.iter().map(|v| lambda * v).collect::<Vec<f64>>();
        Self {
            plan,
            between: pair.between.as_ref(),
            sent: sent as u8,
            threshold: plan.thresholds[threshold],
            above,
            lambda,
            symbols: symbols.collect(),
            aggressors: shares.aggressors.iter().map(|phases| AggressorLaw::new(phases, lambda)).collect(),
            residual: (!shares.residual.is_empty()).then(|| Choice::new(&tilted(&shares.residual)).0),
            uniform: shares.uniform.iter().map(|widths| tilted(widths)).collect(),
            echoes: shares.echoes.iter().map(|v| Choice::new(&tilted(v)).0).collect(),
            streams: (0..kinds).map(stream).collect(),
        }
    }

    /// Whether the slicer's input is beyond the threshold.
    pub(super) fn crosses(&self, z: f32) -> bool {
        if self.above { z > self.threshold } else { z <= self.threshold }
    }
}

impl AggressorLaw {
    fn new(phases: &[Vec<Vec<f64>>], lambda: f64) -> Self {
        let mut cumulants = Vec::with_capacity(phases.len());
        let symbols = phases
            .iter()
            .map(|taps| {
                let mut sum = 0.0;
                let choices = taps.iter().map(|v| {
                    let (choice, cumulant) = Choice::new(&v.iter().map(|v| lambda * v).collect::<Vec<_>>());
                    sum += cumulant;
                    choice
                });
                let choices = choices.collect();
                cumulants.push(sum);
                choices
            })
            .collect();
        Self { phase: Choice::new(&cumulants).0, symbols }
    }
}

/// Tap of a branch for the symbol at a lag.
fn tap(branch: &Branch, lag: i64) -> f64 {
    let at = usize::try_from(lag + branch.ahead).ok();
    at.and_then(|i| branch.taps.get(i)).map_or(0.0, |t| f64::from(*t))
}

impl Shares {
    fn new(plan: &Plan, sent: usize, threshold: f32) -> Self {
        let m = plan.modulation.n_levels();
        let levels: Vec<f64> = plan.levels[..m].iter().map(|l| f64::from(*l)).collect();
        let mean_level = levels.iter().sum::<f64>() / m as f64;
        let (mut mean_v, of_table) = table_shares(plan, sent);
        let mut symbols = Vec::new();
        let mut gaussian_v2: f64 = plan.shaping.iter().map(|s| f64::from(*s).powi(2)).sum();
        for lag in -(plan.ahead as i64)..=plan.back as i64 {
            let g = tap(&plan.signal, lag);
            let e: Vec<f64> = (0..m)
                .map(|s| {
                    let own =
                        plan.by_symbol.iter().map(|b| (tap(&b.filter, lag) * f64::from(b.weight[s])).powi(2));
                    own.sum()
                })
                .collect();
            if lag == 0 {
                mean_v += g * levels[sent];
                gaussian_v2 += e[sent];
                continue;
            }
            mean_v += g * mean_level;
            let table = of_table.iter().find(|t| t.0 == lag);
            let v = (0..m).map(|s| g * (levels[s] - mean_level) + table.map_or(0.0, |t| t.1[s])).collect();
            symbols.push((lag, v, e));
        }
        if let Some(jitter) = &plan.jitter {
            let response: f64 = jitter.orders[0].taps.iter().map(|t| f64::from(*t).powi(2)).sum();
            let taps: f64 = jitter.transmit.taps.iter().map(|t| f64::from(*t).powi(2)).sum();
            // Rough: an edge moves the difference of two levels.
            let edges = if jitter.model == JitterModel::Edge { 2.0 } else { 1.0 };
            let power = levels.iter().map(|l| l * l).sum::<f64>() / m as f64;
            let ui2 = f64::from(jitter.rj_ui).powi(2) + f64::from(jitter.dd_ui).powi(2);
            gaussian_v2 += ui2 * response * taps * edges * power;
        }
        let aggressors: Vec<_> = plan.aggressors.iter().map(|a| of_aggressor(a, &mut mean_v)).collect();
        let residual: Vec<f64> =
            plan.table.iter().flat_map(|t| t.residual.iter().map(|r| f64::from(*r))).collect();
        if !residual.is_empty() {
            mean_v += residual.iter().sum::<f64>() / residual.len() as f64;
        }
        let widths = |(_, branch): &(Stream, Branch)| branch.taps.iter().map(|t| f64::from(*t)).collect();
        let uniform = plan.uniform.iter().map(widths).collect();
        let echoes = plan.echoes.iter().map(|e| of_echo(e, sent)).collect();
        Self {
            symbols,
            aggressors,
            residual,
            uniform,
            echoes,
            gaussian_v2,
            distance_v: f64::from(threshold) - mean_v,
        }
    }

    /// Mean of the slicer's input under λ, from its mean without.
    fn mean_under(&self, lambda: f64) -> f64 {
        let mut mean = lambda * self.gaussian_v2;
        for (_, v, e) in &self.symbols {
            let exponents = v.iter().zip(e).map(|(v, e)| lambda * (v + 0.5 * lambda * e));
            let values: Vec<f64> = v.iter().zip(e).map(|(v, e)| v + lambda * e).collect();
            mean += tilted_mean(&values, &exponents.collect::<Vec<_>>()).0;
        }
        mean += self.uniform.iter().flatten().map(|width| width * uniform_mean(lambda * width)).sum::<f64>();
        for phases in &self.aggressors {
            let (mut means, mut cumulants) = (Vec::new(), Vec::new());
            for taps in phases {
                let (mut sum, mut own) = (0.0, 0.0);
                for v in taps {
                    let (mean, cumulant) = tilted_mean(v, &v.iter().map(|v| lambda * v).collect::<Vec<_>>());
                    sum += mean;
                    own += cumulant;
                }
                means.push(sum);
                cumulants.push(own);
            }
            mean += tilted_mean(&means, &cumulants).0;
        }
        for values in &self.echoes {
            mean += tilted_mean(values, &values.iter().map(|v| lambda * v).collect::<Vec<_>>()).0;
        }
        if !self.residual.is_empty() {
            let average = self.residual.iter().sum::<f64>() / self.residual.len() as f64;
            let exponents: Vec<f64> = self.residual.iter().map(|v| lambda * v).collect();
            mean += tilted_mean(&self.residual, &exponents).0 - average;
        }
        mean
    }

    /// λ towards the threshold; 0 when the mean is already beyond it.
    fn lambda(&self, toward: f64) -> f64 {
        let distance = toward * self.distance_v;
        if distance <= 0.0 {
            return 0.0;
        }
        let reached = |lambda: f64| toward * self.mean_under(toward * lambda) >= distance;
        let mut high = 1.0 / distance;
        for _ in 0..STEPS {
            if reached(high) {
                break;
            }
            high *= 2.0;
        }
        let mut low = 0.0;
        for _ in 0..STEPS {
            let middle = 0.5 * (low + high);
            if reached(middle) { high = middle } else { low = middle }
        }
        toward * high
    }
}

/// Mean under weights e^exponent, and ln of the mean weight.
fn tilted_mean(values: &[f64], exponents: &[f64]) -> (f64, f64) {
    let most = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (norm, sum) = exponents.iter().zip(values).fold((0.0, 0.0), |(n, s), (e, v)| {
        let w = (e - most).exp();
        (n + w, s + w * v)
    });
    (sum / norm, (norm / values.len() as f64).ln() + most)
}

/// Values of each tap of each phase about the mean over everything, which is added to `mean_v`.
fn of_aggressor(aggressor: &Aggressor, mean_v: &mut f64) -> Vec<Vec<Vec<f64>>> {
    let m = 1 << aggressor.bits;
    let levels: Vec<f64> = aggressor.levels[..m].iter().map(|l| f64::from(*l)).collect();
    let mean_level = levels.iter().sum::<f64>() / m as f64;
    let taps = |phase: &Vec<f32>| -> Vec<Vec<f64>> {
        phase.iter().map(|c| levels.iter().map(|l| f64::from(*c) * (l - mean_level)).collect()).collect()
    };
    let sum: f64 = aggressor.phases.iter().flatten().map(|c| f64::from(*c)).sum();
    *mean_v += mean_level * sum / aggressor.phases.len() as f64;
    aggressor.phases.iter().map(taps).collect()
}

/// Number and values of the phases among which an echo's is drawn: as fine as no noise resolves.
pub(super) const PHASES: usize = 256;
pub(super) fn phase_cosine(phase: usize) -> f64 {
    (std::f64::consts::PI * (phase as f64 + 0.5) / PHASES as f64).cos()
}

/// What an echo of the decided symbol adds for each phase and symbol of the interferer, the symbol as the last digit.
fn of_echo(echo: &Echo, sent: usize) -> Vec<f64> {
    let own = tap(&echo.filter, 0) * f64::from(echo.products.field[sent]);
    let symbols = &echo.products.interferer[..1 << echo.products.bits];
    let phases = (0..PHASES).map(|phase| own * phase_cosine(phase));
    phases.flat_map(|v| symbols.iter().map(move |g| v * f64::from(*g))).collect()
}

/// Mean of a table for the symbol sent, and by lag and symbol what each of the others adds to it on average.
fn table_shares(plan: &Plan, sent: usize) -> (f64, Vec<(i64, Vec<f64>)>) {
    let Some(table) = &plan.table else { return (0.0, Vec::new()) };
    let m = plan.modulation.n_levels();
    let digit = |word: usize, place: usize| word / m.pow(place as u32) % m;
    let of_sent = |word: &usize| digit(*word, table.after) == sent;
    let words: Vec<usize> = (0..table.values.len()).filter(of_sent).collect();
    let average = |keep: &dyn Fn(usize) -> bool| {
        let kept = words.iter().filter(|w| keep(**w));
        let (n, sum) = kept.fold((0.0, 0.0), |(n, s), w| (n + 1.0, s + f64::from(table.values[*w])));
        sum / n
    };
    let mean = average(&|_| true);
    let places = (0..table.memory).filter(|p| *p != table.after);
    let shares = places.map(|place| {
        let by_symbol = (0..m).map(|s| average(&|w| digit(w, place) == s) - mean);
        (place as i64 - table.after as i64, by_symbol.collect())
    });
    (mean, shares.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tilted_uniform_has_its_mean_and_its_weights_average_to_one() {
        let n = 100_000u32;
        for exponent in [-8.0, -0.5, 1e-6, 0.5, 8.0] {
            let (mut mean, mut weight) = (0.0, 0.0);
            for i in 0..n {
                let word = (u64::from(i) * (1 << 32) / u64::from(n)) as u32;
                let (u, ln_ratio) = tilted_uniform(word, exponent);
                assert!(u.abs() <= 0.5);
                mean += u / f64::from(n);
                weight += ln_ratio.exp() / f64::from(n);
            }
            // A ramp of 1e5 words: the weights span e^8.
            assert!((mean - uniform_mean(exponent)).abs() < 1e-4, "{exponent}: {mean}");
            assert!((weight - 1.0).abs() < 2e-2, "{exponent}: {weight}");
        }
    }

    #[test]
    fn a_choice_is_drawn_by_its_weights() {
        let (choice, cumulant) = Choice::new(&[0.0, 2.0, -1.0, 700.0]);
        assert!((cumulant - (700.0 - 4f64.ln())).abs() < 1e-12);
        assert_eq!(choice.pick(u32::MAX).0, 3);
        let (choice, _) = Choice::new(&[1.0, 1.0]);
        assert_eq!(choice.pick(0), (0, 0.0));
        assert_eq!(choice.pick(u32::MAX), (1, 0.0));
    }
}
