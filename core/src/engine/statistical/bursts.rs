//! Propagation of decision errors where successive decisions share noise or interference: bursts drawn from the law that
//! a wrong decision leaves behind.
//!
//! ```text
//! SER = p + Σ_E P(E) E[ Σ_(k in the burst) (1 − genie_k) ; the burst starts at 0 | E ]
//! ```
//!
//! p is the error ratio with correct feedback and E the event that a level crosses one of its thresholds with correct
//! feedback; both are exact, from the densities. The rest is counted: outside a burst a decision is the one that
//! correct feedback (the genie) gives, so only the differences inside bursts are left. A burst starts with an error
//! after N_b right decisions and ends with N_b right ones.
//!
//! E is too rare to wait for. Symbols and noise are drawn from the exponentially tilted law whose mean lies on the
//! threshold (symbol at lag L with probability ∝ e^(λ g_L a), noise with mean λ R_k) and weighted by the likelihood
//! ratio e^(−λ x_0 + K(λ)), K the cumulant function of the disturbance x_0; K′(λ) is the distance to the threshold.
//! The words of a table are no sum over their symbols: one is drawn with about its own share of E, and what lies outside
//! it is tilted from there by λ = distance/variance. Where errors are common nothing is tilted and all decisions of a
//! stretch are counted.
//!
//! Crosstalk, jitter and interference from beyond the window are Gaussian here with their own autocovariance, and a
//! noise that follows the symbols is the stationary one times the deviation of its level. Even-odd jitter gives every
//! other decision its own response. The draws are a fixed
//! sequence: the same model gives the same figures, within 1 to 2 % of the limit of many draws.

use super::alphabet::Alphabet;
use super::correlation::Correlation;
use super::mixture::Side;
use crate::density::q;
use crate::random::{Purpose, Stream};
use crate::response::SlicerSignal;
use crate::simd::Level;
use nalgebra::{Cholesky, DMatrix};

/// Symbols decided before the event: enough to know whether errors were already on their way.
const LEAD: usize = 12;
/// Symbols of a stretch, the lead included. Runs of errors beyond it are rare (0.85^100 = 1e-7).
pub(super) const STRETCH: usize = 128;
/// Stretches drawn for the figures of a report: bursts vary by about their mean length, so 1.2 %.
pub(super) const DRAWS: usize = 8_000;
/// Stretches drawn along the search for a margin, where 3 % of an error ratio are a hundredth of a decibel.
pub(super) const SEARCH_DRAWS: usize = 2_000;
/// Stretches drawn where errors are common.
const COMMON_DRAWS: usize = 2_000;
/// Error ratio from which on errors are common.
const COMMON: f64 = 0.02;
/// A crossing with less than this share of all crossings is not drawn.
const RARE: f64 = 1e-4;
/// Share of the draws that take any word, however unlikely it is to cross.
const ANY_WORD: f64 = 0.02;
/// Seed of the fixed sequence.
const SEED: u64 = 0x4255_5253_5453;

/// What bursts are drawn from.
pub(super) struct Bursts<'a> {
    pub(super) alphabet: &'a Alphabet,
    pub(super) thresholds_v: &'a [f64],
    pub(super) dfe: &'a [f64],
    /// What the decision at the event sees.
    pub(super) own: (&'a SlicerSignal, &'a Correlation),
    /// What the decisions an odd number of symbols from it see, where that differs.
    pub(super) between: Option<(&'a SlicerSignal, &'a Correlation)>,
    pub(super) noise_scale: f64,
    /// Deviation of each level's noise over that of their mean variance.
    pub(super) deviation: Vec<f64>,
    pub(super) level: Level,
}

/// A level that crosses a threshold with correct feedback.
#[derive(Debug, Clone, Copy)]
pub(super) struct Crossing {
    pub(super) level: usize,
    pub(super) threshold: usize,
    pub(super) side: Side,
    /// P(crossing | level).
    pub(super) probability: f64,
}

/// What propagation adds to the figures of correct feedback, as shares of all symbols.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Added {
    /// Wrong symbols by the level sent.
    pub(super) symbols: Vec<f64>,
    /// Wrong bits.
    pub(super) bits: f64,
    /// Wrong symbols after a wrong symbol: all of them, not only those added.
    pub(super) pairs: f64,
}

impl Added {
    /// Nothing, for `m` levels.
    pub(super) fn zero(m: usize) -> Self {
        Self { symbols: vec![0.0; m], bits: 0.0, pairs: 0.0 }
    }

    /// Adds `factor` times the other, component by component.
    pub(super) fn add(&mut self, other: &Self, factor: f64) {
        for (x, y) in self.symbols.iter_mut().zip(&other.symbols) {
            *x += factor * y;
        }
        self.bits += factor * other.bits;
        self.pairs += factor * other.pairs;
    }
}

/// A crossing and the laws under which it is not rare, one a word of a table and one for a linear signal.
struct Tilt {
    crossing: Crossing,
    /// Response to the symbols that are tilted, by lag, V per unit of level.
    slopes: Vec<f64>,
    /// Autocovariance of the noise seen from the event over the stretch, over the deviation of the other level, V².
    noise_v2: Vec<f64>,
    laws: Vec<Law>,
    /// P(law ≤ i).
    chosen: Vec<f64>,
}

/// The law of one word.
#[derive(Clone)]
struct Law {
    /// The word, where there is a table.
    word: usize,
    /// λ with the sign of the side, 1/V.
    lambda: f64,
    /// K(λ), less the logarithm of how much oftener than all words this one is drawn.
    ln_weight: f64,
    /// P(symbol ≤ s) by lag.
    cumulative: Vec<Vec<f64>>,
}

/// One stretch of symbols and noise.
struct Stretch {
    white: Vec<f32>,
    words: Vec<u32>,
    symbols: Vec<usize>,
    levels: Vec<f64>,
}

impl Bursts<'_> {
    /// What propagation adds, `ser` being the symbol error ratio with correct feedback, from so many
    /// stretches.
    pub(super) fn added(&self, ser: f64, crossings: &[Crossing], draws: usize) -> Added {
        let m = self.alphabet.size();
        let v2 = self.own.1.gaussian_v2(self.noise_scale);
        let rows = triangle(&v2);
        let normals = Stream::new(self.level, SEED, Purpose::Bursts, 0);
        let words = Stream::new(self.level, SEED, Purpose::Bursts, 1);
        let n_symbols = STRETCH + self.own.1.slopes.len() - 1;
        let mut stretch = Stretch {
            white: vec![0.0; STRETCH],
            words: vec![0; n_symbols],
            symbols: vec![0; n_symbols],
            levels: vec![0.0; n_symbols],
        };
        let mut next = 0;
        let mut draw = |stretch: &mut Stretch| {
            normals.normals(next * STRETCH as u64, &mut stretch.white);
            words.words(next * n_symbols as u64, &mut stretch.words);
            next += 1;
        };
        let mut added = Added::zero(m);
        if ser >= COMMON || v2[0] <= 0.0 {
            for _ in 0..COMMON_DRAWS {
                draw(&mut stretch);
                self.choose(None, &mut stretch);
                let (_, found) = self.follow(&stretch, &rows, None);
                added.add(&found, 1.0 / (COMMON_DRAWS * (STRETCH - LEAD)) as f64);
            }
            return added;
        }
        let total: f64 = crossings.iter().map(|c| c.probability).sum();
        for crossing in crossings.iter().filter(|c| c.probability > RARE * total) {
            let tilt = self.tilt(crossing, &v2);
            let n = (draws as f64 * crossing.probability / total).ceil() as usize;
            let (mut sum, mut weights) = (Added::zero(m), 0.0);
            for _ in 0..n {
                draw(&mut stretch);
                let law = tilt.law(stretch.words[LEAD + self.last_lag()]);
                self.choose(Some((&tilt, law)), &mut stretch);
                let (weight, found) = self.follow(&stretch, &rows, Some((&tilt, law)));
                weights += weight;
                sum.add(&found, weight);
            }
            if weights > 0.0 {
                added.add(&sum, crossing.probability / m as f64 / weights);
            }
        }
        added
    }

    /// The tilted laws of a crossing.
    fn tilt(&self, crossing: &Crossing, v2: &[f64]) -> Tilt {
        let deviation = self.deviation[crossing.level];
        let toward = if crossing.side == Side::Above { 1.0 } else { -1.0 };
        let threshold = self.thresholds_v[crossing.threshold];
        let noise_v2 = (0..STRETCH).map(|k| deviation * v2[k.abs_diff(LEAD)]).collect();
        let (slopes, laws, chosen) = match self.own.0 {
            SlicerSignal::Linear { .. } => {
                let slopes = self.own.1.slopes.clone();
                let sigma2 = deviation * deviation * v2[0];
                let distance = toward * (threshold - self.mean_v(crossing.level));
                let lambda = toward * self.balanced(&slopes, sigma2, toward, distance);
                let (cumulant, cumulative) = self.tilted(&slopes, sigma2, lambda);
                (slopes, vec![Law { word: 0, lambda, ln_weight: cumulant, cumulative }], vec![1.0])
            }
            SlicerSignal::Table { table, memory, after, .. } => {
                self.of_words(crossing, v2, (table, *memory, *after), (toward, threshold))
            }
        };
        Tilt { crossing: *crossing, slopes, noise_v2, laws, chosen }
    }

    /// λ without its sign for which K′ is the distance to the threshold.
    fn balanced(&self, slopes: &[f64], sigma2: f64, toward: f64, distance: f64) -> f64 {
        let levels = self.centred();
        let mean_under = |lambda: f64| {
            let of_symbols = slopes.iter().filter(|g| **g != 0.0).map(|g| {
                let weights = levels.iter().map(|a| (lambda * g * a).exp());
                let (norm, sum) = weights.zip(&levels).fold((0.0, 0.0), |(n, s), (w, a)| (n + w, s + w * a));
                g * sum / norm
            });
            lambda * sigma2 + of_symbols.sum::<f64>()
        };
        // K′ rises from 0; without interference λ = distance/σ², with it less.
        let (mut low, mut high) = (0.0, distance.max(0.0) / sigma2);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if toward * mean_under(toward * middle) < distance {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }

    /// K(λ), and P(symbol ≤ s) by lag.
    fn tilted(&self, slopes: &[f64], sigma2: f64, lambda: f64) -> (f64, Vec<Vec<f64>>) {
        let levels = self.centred();
        let m = levels.len() as f64;
        let mut cumulant = 0.5 * lambda * lambda * sigma2;
        let cumulative = slopes
            .iter()
            .map(|g| {
                let weights: Vec<f64> = levels.iter().map(|a| (lambda * g * a).exp()).collect();
                let norm: f64 = weights.iter().sum();
                cumulant += (norm / m).ln();
                let mut sum = 0.0;
                let running = weights.iter().map(|w| {
                    sum += w / norm;
                    sum
                });
                running.collect()
            })
            .collect();
        (cumulant, cumulative)
    }

    /// Levels about their mean: the mean is part of the distance.
    fn centred(&self) -> Vec<f64> {
        self.alphabet.levels.iter().map(|a| a - self.alphabet.mean).collect()
    }

    /// The response outside the words of a table, a law for each word that holds the level, and P(word ≤ i).
    fn of_words(
        &self,
        crossing: &Crossing,
        v2: &[f64],
        (table, memory, after): (&[f64], usize, usize),
        (toward, threshold): (f64, f64),
    ) -> (Vec<f64>, Vec<Law>, Vec<f64>) {
        let (c, m) = (self.own.1, self.alphabet.size());
        let sigma2 = self.deviation[crossing.level].powi(2) * v2[0];
        // Place of a lag in a word, the newest symbol at 0.
        let place = |i: usize| c.first + i as isize + after as isize;
        let inside = |i: usize| (0..memory as isize).contains(&place(i));
        let slopes: Vec<f64> =
            c.linear.iter().enumerate().map(|(i, g)| if inside(i) { 0.0 } else { *g }).collect();
        let afar = c.offset_v + self.alphabet.mean * slopes.iter().sum::<f64>();
        let spread2 = sigma2 + self.alphabet.variance * slopes.iter().map(|g| g * g).sum::<f64>();
        let digit = |word: usize, place: usize| word / m.pow(place as u32) % m;
        let words: Vec<(usize, f64)> = (0..table.len())
            .filter(|word| digit(*word, after) == crossing.level)
            .map(|word| {
                // Feedback is linear in the symbols of the word.
                let linear = c.linear.iter().enumerate().filter(|(i, _)| inside(*i));
                let fed: f64 =
                    linear.map(|(i, g)| g * self.alphabet.levels[digit(word, place(i) as usize)]).sum();
                (word, toward * (threshold - table[word] - fed - afar))
            })
            .collect();
        let n = words.len() as f64;
        let near: Vec<f64> = words.iter().map(|(_, distance)| q(distance / spread2.sqrt())).collect();
        let total: f64 = near.iter().sum();
        let mut sum = 0.0;
        let mut chosen = Vec::with_capacity(words.len());
        let laws = words
            .iter()
            .zip(&near)
            .map(|((word, distance), near)| {
                // Some of all words, so that none that crosses is left out.
                let near = if total > 0.0 { near / total } else { 1.0 / n };
                let share = (1.0 - ANY_WORD) * near + ANY_WORD / n;
                sum += share;
                chosen.push(sum);
                let lambda = toward * distance.max(0.0) / spread2;
                let (cumulant, cumulative) = self.tilted(&slopes, sigma2, lambda);
                Law { word: *word, lambda, ln_weight: cumulant - (share * n).ln(), cumulative }
            })
            .collect();
        (slopes, laws, chosen)
    }

    /// Mean of a level with correct feedback, V.
    fn mean_v(&self, level: usize) -> f64 {
        let (signal, c) = self.own;
        let interference: f64 = c.linear.iter().sum::<f64>() - c.linear[-c.first as usize];
        let own = c.linear[-c.first as usize] * self.alphabet.levels[level];
        let word = match signal {
            SlicerSignal::Linear { .. } => 0.0,
            SlicerSignal::Table { table, after, .. } => {
                let m = self.alphabet.size();
                let of_level = |word: &usize| word / m.pow(*after as u32) % m == level;
                let sum: f64 = (0..table.len()).filter(of_level).map(|word| table[word]).sum();
                sum * m as f64 / table.len() as f64
            }
        };
        own + interference * self.alphabet.mean + word + c.offset_v
    }

    /// Turns words into symbols: symbol i is sent at time i − LEAD − (last lag).
    fn choose(&self, tilt: Option<(&Tilt, &Law)>, stretch: &mut Stretch) {
        let m = self.alphabet.size();
        // Symbols uniform by their top bits.
        let shift = 32 - m.trailing_zeros();
        for (symbol, word) in stretch.symbols.iter_mut().zip(&stretch.words) {
            *symbol = (word >> shift) as usize;
        }
        if let Some((tilt, law)) = tilt {
            let at = LEAD + self.last_lag();
            for (i, cumulative) in law.cumulative.iter().enumerate() {
                // Lag of the symbol seen from the event.
                let place = (at as isize - (self.own.1.first + i as isize)) as usize;
                let u = uniform(stretch.words[place]);
                stretch.symbols[place] = cumulative.iter().filter(|c| u > **c).count().min(m - 1);
            }
            if let SlicerSignal::Table { memory, after, .. } = self.own.0 {
                for place in 0..*memory {
                    stretch.symbols[at + after - place] = law.word / m.pow(place as u32) % m;
                }
            }
            stretch.symbols[at] = tilt.crossing.level;
        }
        for (level, symbol) in stretch.levels.iter_mut().zip(&stretch.symbols) {
            *level = self.alphabet.levels[*symbol];
        }
    }

    fn last_lag(&self) -> usize {
        (self.own.1.first + self.own.1.slopes.len() as isize - 1) as usize
    }

    /// Decides a stretch that starts without errors. For a crossing: the weight of the draw, 0 when it did not cross,
    /// and what its burst adds, 0 when a burst was under way. Otherwise what the errors after the lead add.
    fn follow(&self, stretch: &Stretch, rows: &[Vec<f64>], tilt: Option<(&Tilt, &Law)>) -> (f64, Added) {
        let levels = &self.alphabet.levels;
        let mut found = Added::zero(levels.len());
        let mut errors = vec![0.0; self.dfe.len()];
        let mut weight = 1.0;
        let mut wrong_before = false;
        for k in 0..STRETCH {
            let sent = stretch.symbols[k + self.last_lag()];
            let signal = self.signal_v(stretch, k);
            let mut noise: f64 = rows[k].iter().zip(&stretch.white).map(|(l, w)| l * f64::from(*w)).sum();
            if let Some((tilt, law)) = tilt {
                noise += law.lambda * tilt.noise_v2[k];
            }
            noise *= self.deviation[sent];
            let z = signal + noise;
            let feedback: f64 = self.dfe.iter().zip(&errors).map(|(d, e)| d * e).sum();
            let genie = self.decide(z);
            let decided = if feedback == 0.0 { genie } else { self.decide(z + feedback) };
            let clean = errors.iter().all(|e| *e == 0.0);
            if let Some((tilt, law)) = tilt.filter(|_| k == LEAD) {
                if !tilt.crossing.happens(z, self.thresholds_v) {
                    return (0.0, found);
                }
                let symbols: f64 = (tilt.slopes.iter().enumerate())
                    .map(|(i, g)| {
                        let place = (k + self.last_lag()) as isize - (self.own.1.first + i as isize);
                        g * (stretch.levels[place as usize] - self.alphabet.mean)
                    })
                    .sum();
                weight = (law.ln_weight - law.lambda * (noise + symbols)).exp();
                if !clean {
                    return (weight, found);
                }
            }
            if k >= LEAD {
                found.symbols[sent] += f64::from(decided != sent) - f64::from(genie != sent);
                found.bits += Alphabet::bit_distance(sent, decided) - Alphabet::bit_distance(sent, genie);
                if wrong_before && decided != sent {
                    found.pairs += 1.0;
                }
            }
            wrong_before = decided != sent && k >= LEAD;
            errors.rotate_right(1);
            errors[0] = levels[sent] - levels[decided];
            if tilt.is_some() && k >= LEAD && errors.iter().all(|e| *e == 0.0) {
                break;
            }
        }
        (weight, found)
    }

    /// Noiseless input with correct feedback at place `k`.
    fn signal_v(&self, stretch: &Stretch, k: usize) -> f64 {
        let (signal, c) = match self.between {
            Some(between) if k.abs_diff(LEAD) % 2 == 1 => between,
            _ => self.own,
        };
        let newest = k + self.last_lag() + (-c.first) as usize;
        let seen = stretch.levels[newest + 1 - c.linear.len()..=newest].iter().rev();
        let linear = c.linear.iter().zip(seen).map(|(g, a)| g * a).sum::<f64>() + c.offset_v;
        match signal {
            SlicerSignal::Linear { .. } => linear,
            SlicerSignal::Table { table, memory, after, .. } => {
                let end = k + self.last_lag() + after;
                let word = &stretch.symbols[end + 1 - memory..=end];
                linear + table[word.iter().fold(0, |w, s| w * self.alphabet.size() + s)]
            }
        }
    }

    fn decide(&self, z: f64) -> usize {
        self.thresholds_v.iter().filter(|t| z > **t).count()
    }
}

impl Tilt {
    /// A law drawn by its probability: the random word is that of the event's own symbol, which is given.
    fn law(&self, word: u32) -> &Law {
        let u = uniform(word);
        &self.laws[self.chosen.partition_point(|c| *c < u).min(self.laws.len() - 1)]
    }
}

/// A number between 0 and 1 of a random word.
fn uniform(word: u32) -> f64 {
    (f64::from(word) + 0.5) / 4_294_967_296.0
}

impl Crossing {
    fn happens(&self, z: f64, thresholds_v: &[f64]) -> bool {
        match self.side {
            Side::Above => z > thresholds_v[self.threshold],
            Side::Below => z <= thresholds_v[self.threshold],
        }
    }
}

/// Rows of the triangle that gives white noise the autocovariance: Cholesky's, with a ridge of rounding size that keeps
/// a covariance from a truncated filter positive.
fn triangle(v2: &[f64]) -> Vec<Vec<f64>> {
    let mut ridge = 1e-12;
    loop {
        let matrix = DMatrix::from_fn(STRETCH, STRETCH, |i, j| {
            v2[i.abs_diff(j)] + if i == j { ridge * v2[0] + f64::MIN_POSITIVE } else { 0.0 }
        });
        if let Some(cholesky) = Cholesky::new(matrix) {
            let l = cholesky.unpack();
            return (0..STRETCH).map(|k| (0..=k).map(|i| l[(k, i)]).collect()).collect();
        }
        ridge *= 10.0;
    }
}
