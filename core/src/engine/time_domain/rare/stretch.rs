//! One stretch of decisions around a crossing, drawn from its law.

use super::Sums;
use super::law::{Law, phase_cosine, tilted_uniform, uniform};
use crate::engine::time_domain::block::{centred, resize};
use crate::engine::time_domain::branch::Branch;
use crate::engine::time_domain::decide::{History, decide_one};
use crate::engine::time_domain::plan::Plan;
use crate::response::JitterModel;
use crate::simd;

/// Decisions before the crossing where there is feedback: enough to know whether errors were already on their way.
const BEFORE: usize = 40;
/// Decisions from the crossing on in which a burst must end.
pub(super) const AFTER: usize = 216;

/// Buffers of one thread.
#[derive(Debug, Default)]
pub(super) struct Stretch {
    words: Vec<u32>,
    symbols: Vec<u8>,
    levels: Vec<f32>,
    noise: Vec<f32>,
    /// Noise of each source that follows the symbols, weighted.
    by_symbol: Vec<Vec<f32>>,
    /// Levels of each aggressor, and its phase.
    aggressors: Vec<(Vec<f32>, usize)>,
    /// What moves times its timing error.
    moved: Vec<f32>,
    residual: Vec<f32>,
    uniform: Vec<Vec<f32>>,
    /// Events of each echo.
    echoes: Vec<Vec<f32>>,
    spare: Vec<f32>,
    z: Vec<f32>,
    /// Slicer inputs of the crossing's own parity.
    own: Vec<f32>,
}

impl Law<'_> {
    /// Takes draw number `draw` and adds what it found.
    pub(super) fn draw(&self, draw: u64, s: &mut Stretch, sums: &mut Sums) {
        let plan = self.plan;
        let (event, n) = if plan.dfe.is_empty() { (0, 1) } else { (BEFORE, BEFORE + AFTER) };
        let ln_weight = self.fill(draw, event, n, s);
        sums.n += 1;
        sums.n_symbols += 1;
        let at_event = evaluate(plan, event, 1, s);
        if !self.crosses(at_event) {
            return;
        }
        let mut history = History::right(plan.dfe.len());
        if n > 1 {
            evaluate(plan, 0, n, s);
            if let Some(between) = self.between {
                std::mem::swap(&mut s.z, &mut s.own);
                evaluate(between, 0, n, s);
                let own = s.own.iter().skip(event % 2).step_by(2);
                s.z.iter_mut().skip(event % 2).step_by(2).zip(own).for_each(|(z, own)| *z = *own);
            }
        }
        for k in 0..event {
            step(plan, s, k, s.z[k], &mut history);
        }
        sums.n_symbols += event as u64;
        if !history.is_right() {
            return;
        }
        sums.n_errors += 1;
        let (mut symbols, mut bits) = (0.0, 0.0);
        let mut k = event;
        loop {
            let z = if k == event { at_event } else { s.z[k] };
            let (sent, decided) = step(plan, s, k, z, &mut history);
            symbols += f64::from(sent != decided);
            bits += f64::from(plan.modulation.bit_errors(sent, decided));
            k += 1;
            if k == n || history.is_right() {
                break;
            }
        }
        sums.n_symbols += (k - event - 1) as u64;
        let weight = ln_weight.exp();
        if !history.is_right() {
            sums.unfinished += weight * symbols;
        }
        for (sum, x) in [(&mut sums.symbols, weight * symbols), (&mut sums.bits, weight * bits)] {
            sum[0] += x;
            sum[1] += x * x;
        }
    }

    /// Draws everything that `n` decisions need, tilted around the one at `event`; the logarithm of the weight.
    fn fill(&self, draw: u64, event: usize, n: usize, s: &mut Stretch) -> f64 {
        let mut ln_weight = self.fill_symbols(draw, event, n, s);
        ln_weight += self.fill_noise(draw, event, n, s);
        ln_weight += self.fill_aggressors(draw, event, n, s);
        ln_weight += self.fill_jitter(draw, event, n, s);
        ln_weight += self.fill_uniform(draw, event, n, s);
        ln_weight += self.fill_echoes(draw, event, n, s);
        let Some(residual) = &self.residual else { return ln_weight };
        let samples = self.plan.table.as_ref().map_or(&[][..], |t| &t.residual);
        resize(&mut s.words, n);
        resize(&mut s.residual, n);
        self.streams[4].words(draw.wrapping_mul(n as u64), &mut s.words);
        for (u, word) in s.residual.iter_mut().zip(&s.words) {
            *u = samples[((u64::from(*word) * samples.len() as u64) >> 32) as usize];
        }
        let (at, ratio) = residual.pick(s.words[event]);
        s.residual[event] = samples[at];
        ln_weight + ratio
    }

    fn fill_symbols(&self, draw: u64, event: usize, n: usize, s: &mut Stretch) -> f64 {
        let plan = self.plan;
        let width = plan.back + n + plan.ahead;
        resize(&mut s.words, width);
        resize(&mut s.symbols, width);
        resize(&mut s.levels, width);
        self.streams[0].words(draw.wrapping_mul(width as u64), &mut s.words);
        // Uniform by the top bits.
        let shift = 32 - plan.modulation.bits_per_symbol() as u32;
        s.symbols.iter_mut().zip(&s.words).for_each(|(symbol, word)| *symbol = (word >> shift) as u8);
        let mut ln_weight = 0.0;
        for (lag, choice) in &self.symbols {
            let place = ((plan.back + event) as i64 - lag) as usize;
            let (symbol, ratio) = choice.pick(s.words[place]);
            s.symbols[place] = symbol as u8;
            ln_weight += ratio;
        }
        s.symbols[plan.back + event] = self.sent;
        simd::lookup(plan.level, &s.symbols, &plan.levels, &mut s.levels);
        ln_weight
    }

    fn fill_noise(&self, draw: u64, event: usize, n: usize, s: &mut Stretch) -> f64 {
        let plan = self.plan;
        let mut ln_weight = 0.0;
        let length = n + plan.shaping.len().saturating_sub(1);
        resize(&mut s.noise, length);
        if !plan.shaping.is_empty() {
            self.streams[1].normals(draw.wrapping_mul(length as u64), &mut s.noise);
            ln_weight += self.shift(&mut s.noise, event, plan.shaping.iter().map(|t| f64::from(*t)));
        }
        s.by_symbol.resize(plan.by_symbol.len(), Vec::new());
        for (i, (branch, noise)) in plan.by_symbol.iter().zip(&mut s.by_symbol).enumerate() {
            let length = branch.filter.input_len(n);
            resize(noise, length);
            if branch.filter.taps.is_empty() {
                continue;
            }
            self.streams[5 + i].normals(draw.wrapping_mul(length as u64), noise);
            let from = offset(plan, branch.filter.back());
            let symbols = &s.symbols[from..from + length];
            let newest = event + branch.filter.taps.len() - 1;
            let kappa =
                branch.filter.taps.iter().enumerate().map(|(i, tap)| {
                    f64::from(*tap) * f64::from(branch.weight[usize::from(symbols[newest - i])])
                });
            ln_weight += self.shift(noise, event, kappa);
            resize(&mut s.spare, length);
            simd::lookup(plan.level, symbols, &branch.weight, &mut s.spare);
            simd::multiply(plan.level, &s.spare, noise);
        }
        ln_weight
    }

    /// Gives the normals that tap i of the decision at `event` meets the mean λ κ_i; ln p/q.
    fn shift(&self, normals: &mut [f32], event: usize, kappa: impl ExactSizeIterator<Item = f64>) -> f64 {
        let newest = event + kappa.len() - 1;
        let mut ln_ratio = 0.0;
        for (i, kappa) in kappa.enumerate() {
            let mean = self.lambda * kappa;
            let w = &mut normals[newest - i];
            // In the precision in which the draw is kept.
            *w += mean as f32;
            ln_ratio += mean * (0.5 * mean - f64::from(*w));
        }
        ln_ratio
    }

    fn fill_aggressors(&self, draw: u64, event: usize, n: usize, s: &mut Stretch) -> f64 {
        let plan = self.plan;
        let mut ln_weight = 0.0;
        s.aggressors.resize(plan.aggressors.len(), (Vec::new(), 0));
        let first = 5 + plan.by_symbol.len();
        for (i, (aggressor, law)) in plan.aggressors.iter().zip(&self.aggressors).enumerate() {
            let taps = aggressor.phases[0].len();
            if taps == 0 {
                continue;
            }
            let mut word = [0];
            self.streams[first + 2 * i].words(draw, &mut word);
            let (phase, ratio) = law.phase.pick(word[0]);
            ln_weight += ratio;
            let length = n + taps - 1;
            resize(&mut s.words, length);
            self.streams[first + 2 * i + 1].words(draw.wrapping_mul(length as u64), &mut s.words);
            let (levels, chosen) = &mut s.aggressors[i];
            *chosen = phase;
            resize(levels, length);
            for (level, word) in levels.iter_mut().zip(&s.words) {
                *level = aggressor.levels[(word >> (32 - aggressor.bits)) as usize];
            }
            let newest = event + taps - 1;
            for (tap, choice) in law.symbols[phase].iter().enumerate() {
                let (symbol, ratio) = choice.pick(s.words[newest - tap]);
                levels[newest - tap] = aggressor.levels[symbol];
                ln_weight += ratio;
            }
        }
        ln_weight
    }

    fn fill_uniform(&self, draw: u64, event: usize, n: usize, s: &mut Stretch) -> f64 {
        let plan = self.plan;
        let mut ln_weight = 0.0;
        let first = 5 + plan.by_symbol.len() + 2 * plan.aggressors.len();
        s.uniform.resize(plan.uniform.len(), Vec::new());
        for (i, ((_, response), exponents)) in plan.uniform.iter().zip(&self.uniform).enumerate() {
            let length = response.input_len(n);
            resize(&mut s.words, length);
            self.streams[first + i].words(draw.wrapping_mul(length as u64), &mut s.words);
            let values = &mut s.uniform[i];
            resize(values, length);
            values.iter_mut().zip(&s.words).for_each(|(u, word)| *u = centred(*word));
            for (tap, exponent) in exponents.iter().enumerate() {
                let at = event + exponents.len() - 1 - tap;
                let (u, ratio) = tilted_uniform(s.words[at], *exponent);
                values[at] = u as f32;
                ln_weight += ratio;
            }
        }
        ln_weight
    }

    /// One phase for the whole stretch.
    fn fill_echoes(&self, draw: u64, event: usize, n: usize, s: &mut Stretch) -> f64 {
        let plan = self.plan;
        let mut ln_weight = 0.0;
        let first = self.streams.len() - plan.echoes.len();
        s.echoes.resize(plan.echoes.len(), Vec::new());
        for (i, (echo, choice)) in plan.echoes.iter().zip(&self.echoes).enumerate() {
            let length = echo.filter.input_len(n);
            let events = &mut s.echoes[i];
            resize(events, length);
            if echo.filter.taps.is_empty() {
                continue;
            }
            // A word more, for phase and symbol of the crossing.
            let words = length as u64 + 1;
            resize(&mut s.words, length + 1);
            self.streams[first + i].words(draw.wrapping_mul(words), &mut s.words);
            let (chosen, ratio) = choice.pick(s.words[length]);
            ln_weight += ratio;
            let (phase, own) = (chosen >> echo.products.bits, chosen & ((1 << echo.products.bits) - 1));
            let cos = phase_cosine(phase) as f32;
            // Tap number `ahead` of the crossing's decision meets its own symbol.
            let own_at =
                (event + echo.filter.taps.len() - 1).checked_add_signed(-(echo.filter.ahead as isize));
            let from = offset(plan, echo.filter.back());
            let sent = &s.symbols[from..from + length];
            for (k, ((e, word), a)) in events.iter_mut().zip(&s.words).zip(sent).enumerate() {
                let b = if own_at == Some(k) { own } else { (word >> (32 - echo.products.bits)) as usize };
                *e = cos * echo.products.field[usize::from(*a)] * echo.products.interferer[b];
            }
        }
        ln_weight
    }

    fn fill_jitter(&self, draw: u64, event: usize, n: usize, s: &mut Stretch) -> f64 {
        let plan = self.plan;
        let Some(jitter) = &plan.jitter else { return 0.0 };
        // Slow jitter stands still: it is part of the signal.
        let response = &jitter.orders[0];
        let length = response.input_len(n);
        let first = draw.wrapping_mul(length as u64);
        resize(&mut s.moved, length);
        match jitter.model {
            JitterModel::Com => {
                let from = offset(plan, response.back());
                s.moved.copy_from_slice(&s.levels[from..from + length]);
            }
            JitterModel::Edge => {
                resize(&mut s.spare, length + 1);
                s.spare.fill(0.0);
                let from = offset(plan, response.back() + 1 + jitter.transmit.back());
                jitter.transmit.add(plan.level, &s.levels[from..], &mut s.spare);
                s.moved.iter_mut().zip(s.spare.windows(2)).for_each(|(m, x)| *m = x[1] - x[0]);
            }
        }
        let newest = event + response.taps.len() - 1;
        let mut ln_weight = 0.0;
        resize(&mut s.spare, length);
        self.streams[2].normals(first, &mut s.spare);
        let (rj, dd) = (f64::from(jitter.rj_ui), f64::from(jitter.dd_ui));
        let moved = &s.moved;
        let share = |i: usize, tap: f32| f64::from(tap) * f64::from(moved[newest - i]);
        let kappa = response.taps.iter().enumerate().map(|(i, tap)| rj * share(i, *tap));
        ln_weight += self.shift(&mut s.spare, event, kappa);
        s.spare.iter_mut().for_each(|w| *w *= jitter.rj_ui);
        if dd > 0.0 {
            resize(&mut s.words, length);
            self.streams[3].words(first, &mut s.words);
            for (i, (delta, word)) in s.spare.iter_mut().zip(&s.words).enumerate() {
                // Tap of the crossing's decision that meets this event.
                let tap = newest.checked_sub(i).and_then(|t| response.taps.get(t).map(|r| (t, *r)));
                let x = tap.map_or(0.0, |(t, r)| self.lambda * dd * share(t, r));
                let late = 1.0 / (1.0 + (-2.0 * x).exp());
                let chosen = uniform(*word) < late;
                *delta += if chosen { jitter.dd_ui } else { -jitter.dd_ui };
                if x != 0.0 {
                    ln_weight -= (2.0 * if chosen { late } else { 1.0 - late }).ln();
                }
            }
        }
        simd::multiply(plan.level, &s.spare, &mut s.moved);
        ln_weight
    }
}

/// Index in the symbols of the one `back` before the first decision.
fn offset(plan: &Plan, back: i64) -> usize {
    (plan.back as i64 - back) as usize
}

/// The slicer's input of `n` decisions from number `first` of the stretch, while every past decision is right; the
/// first of them.
fn evaluate(plan: &Plan, first: usize, n: usize, s: &mut Stretch) -> f32 {
    resize(&mut s.z, n);
    s.z.fill(0.0);
    if let Some(table) = &plan.table {
        let m = plan.modulation.n_levels();
        let from = plan.back + first + 1 - (table.memory - table.after);
        for (z, word) in s.z.iter_mut().zip(s.symbols[from..].windows(table.memory)) {
            *z = table.values[word.iter().fold(0, |w, symbol| w * m + usize::from(*symbol))];
        }
        if !table.residual.is_empty() {
            s.z.iter_mut().zip(&s.residual[first..]).for_each(|(z, u)| *z += u);
        }
    }
    let from = offset(plan, plan.signal.back()) + first;
    plan.signal.add(plan.level, &s.levels[from..], &mut s.z);
    simd::fir_add(plan.level, &s.noise[first..], &plan.shaping, &mut s.z);
    let add = |branch: &Branch, input: &[f32], z: &mut [f32]| branch.add(plan.level, &input[first..], z);
    for (branch, noise) in plan.by_symbol.iter().zip(&s.by_symbol) {
        add(&branch.filter, noise, &mut s.z);
    }
    for (aggressor, (levels, phase)) in plan.aggressors.iter().zip(&s.aggressors) {
        if let Some(response) = aggressor.phases.get(*phase).filter(|r| !r.is_empty()) {
            simd::fir_add(plan.level, &levels[first..], response, &mut s.z);
        }
    }
    for ((_, response), values) in plan.uniform.iter().zip(&s.uniform) {
        add(response, values, &mut s.z);
    }
    for (echo, events) in plan.echoes.iter().zip(&s.echoes) {
        add(&echo.filter, events, &mut s.z);
    }
    if let Some(jitter) = &plan.jitter {
        add(&jitter.orders[0], &s.moved, &mut s.z);
    }
    s.z[0]
}

/// Decides one symbol: sent and decided.
fn step(plan: &Plan, s: &Stretch, k: usize, z: f32, history: &mut History) -> (u8, u8) {
    let sent = s.symbols[plan.back + k];
    let decided = decide_one(&plan.slicer(), z, history);
    history.push(plan.levels[usize::from(sent)] - plan.levels[usize::from(decided)]);
    (sent, decided)
}
