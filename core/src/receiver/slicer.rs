//! What the slicer sees, for taps and a sampling position that are settled.

use crate::receiver::input::{Input, Wanted, column};
use crate::receiver::moments::autocorrelation;
use crate::receiver::sampling::Instant;
use crate::receiver::symbol_noise::symbol_noise;
use crate::response::{
    CrosstalkPhase, CrosstalkRule, DecisionModel, PulseResponse, SlicerCrosstalk, SlicerInterference,
    SlicerJitter, SlicerNoise, SlicerSignal, SymbolNoise, UniformNoise,
};
use crate::{Result, Run};

/// Taps that are settled.
pub(crate) struct Settled {
    /// Sampling instant of the cursor.
    pub(crate) at: Instant,
    /// FFE in time order, a single 1 without.
    pub(crate) ffe: Vec<f64>,
    pub(crate) pre: usize,
    /// Relative to the cursor.
    pub(crate) dfe: Vec<f64>,
    pub(crate) thresholds_v: Option<Vec<f64>>,
}

/// The model and the standard deviation of every disturbance in it, V.
pub(crate) struct Slicer {
    pub(crate) model: DecisionModel,
    pub(crate) budget_v: Vec<(String, f64)>,
    /// Cursor, V per unit of level.
    pub(crate) cursor: f64,
    /// Power of the wanted symbol, V².
    pub(crate) wanted_v2: f64,
}

/// Cursors below this share of the largest are rounding of the transform.
const NEGLIGIBLE: f64 = 1e-9;
/// Derivatives of the response to jitter that sinusoidal and even-odd jitter need.
const HIGHER_ORDERS: usize = 2;
/// Lags of noise correlation that the model keeps, and the share of the variance below which they end.
pub(crate) const NOISE_LAGS: usize = 64;
const NEGLIGIBLE_LAG: f64 = 1e-6;

impl Settled {
    /// A response sampled once a symbol after the FFE: Σ_i ffe[i] h[n − (i − pre)].
    pub(crate) fn through(&self, (response, main): (Vec<f64>, usize)) -> (Vec<f64>, usize) {
        let mut out = vec![0.0; response.len() + self.ffe.len() - 1];
        for (i, tap) in self.ffe.iter().enumerate().filter(|(_, t)| **t != 0.0) {
            for (o, h) in out[i..].iter_mut().zip(&response) {
                *o += tap * h;
            }
        }
        (out, main + self.pre)
    }

    /// Autocorrelation after the FFE of a stationary noise.
    fn through_noise(&self, lags: &[f64], count: usize) -> Vec<f64> {
        let taps = autocorrelation(&self.ffe, self.ffe.len());
        let at = |l: usize| lags.get(l).copied().unwrap_or(0.0);
        (0..count)
            .map(|l| {
                let sides = (1..taps.len()).map(|d| taps[d] * (at(l + d) + at(l.abs_diff(d))));
                taps[0] * at(l) + sides.sum::<f64>()
            })
            .collect()
    }
}

/// Drops the ends of a response that are rounding; the cursor stays.
fn significant((g, main): (Vec<f64>, usize)) -> (Vec<f64>, usize) {
    let limit = NEGLIGIBLE * g.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let first = g.iter().position(|v| v.abs() > limit).unwrap_or(main).min(main);
    let last = g.iter().rposition(|v| v.abs() > limit).unwrap_or(main).max(main);
    (g[first..=last].to_vec(), main - first)
}

/// Builds the model.
pub(crate) fn slicer(input: &Input<'_>, settled: &Settled, run: &Run) -> Result<Slicer> {
    run.check()?;
    let link = input.link;
    let (cursors, main) = significant(settled.through(column(input.wanted.pulse(), settled.at.position)));
    let cursor = cursors[main];
    let dfe: Vec<f64> = settled.dfe.iter().map(|b| b * cursor).collect();
    let mut budget = Budget::default();
    let noise = slicer_noise(input, settled, (&cursors, main), &mut budget);
    let crosstalk = slicer_crosstalk(input, settled, &mut budget);
    let jitter = slicer_jitter(input, settled, &mut budget);
    let (signal, wanted_v2, isi_v2) = match &input.wanted {
        Wanted::Linear(_) => {
            let left = |i: usize, g: f64| {
                g - if i > main { dfe.get(i - main - 1).copied().unwrap_or(0.0) } else { 0.0 }
            };
            let isi: f64 = cursors
                .iter()
                .enumerate()
                .filter(|(i, _)| *i != main)
                .map(|(i, g)| left(i, *g).powi(2))
                .sum();
            // Feedback beyond the response adds what it was meant to remove.
            let beyond: f64 = dfe.iter().skip(cursors.len() - main - 1).map(|d| d * d).sum();
            (
                SlicerSignal::Linear { cursors, main },
                cursor * cursor * input.power,
                (isi + beyond) * input.power,
            )
        }
        Wanted::Record(record) => record.table(settled, cursor, &dfe)?,
    };
    budget.add("isi", isi_v2);
    let model = DecisionModel {
        symbol_rate: link.grid.symbol_rate(),
        modulation: link.modulation,
        levels: link.levels.clone(),
        signal,
        dfe,
        noise,
        crosstalk,
        crosstalk_phase: link.crosstalk_phase,
        jitter,
        thresholds_v: settled.thresholds_v.clone(),
    };
    Ok(Slicer { model, budget_v: budget.rms(), cursor, wanted_v2 })
}

/// Variances by name, in the order of their first mention.
#[derive(Default)]
struct Budget(Vec<(String, f64)>);

impl Budget {
    fn add(&mut self, name: &str, variance: f64) {
        match self.0.iter_mut().find(|(n, _)| n == name) {
            Some((_, v)) => *v += variance,
            None if variance > 0.0 => self.0.push((name.into(), variance)),
            None => {}
        }
    }

    fn rms(&self) -> Vec<(String, f64)> {
        self.0.iter().map(|(name, v)| (name.clone(), v.sqrt())).collect()
    }
}

fn slicer_noise(
    input: &Input<'_>,
    settled: &Settled,
    (cursors, main): (&[f64], usize),
    budget: &mut Budget,
) -> SlicerNoise {
    let mut total = vec![0.0; NOISE_LAGS];
    let mut add = |lags: &[f64]| {
        for (t, l) in total.iter_mut().zip(lags) {
            *t += l;
        }
    };
    for (name, lags) in &input.noise.stationary {
        let lags = settled.through_noise(lags, NOISE_LAGS);
        budget.add(name, lags[0]);
        add(&lags);
    }
    let mut by_symbol = Vec::new();
    for source in &input.noise.per_symbol {
        let (g, main) = significant(settled.through(column(&source.pulse, settled.at.on(&source.pulse))));
        match &source.factor {
            None => {
                let power = source.rms * source.rms;
                let lags: Vec<f64> = autocorrelation(&g, NOISE_LAGS).iter().map(|r| power * r).collect();
                budget.add(&source.name, lags[0]);
                add(&lags);
            }
            Some(factor) => by_symbol.push(SymbolNoise {
                name: source.name.clone(),
                energy_v2: g.iter().map(|v| (source.rms * v).powi(2)).collect(),
                main,
                factor: factor.clone(),
                response: g.iter().map(|v| source.rms * v).collect(),
                steps: 1,
            }),
        }
    }
    for source in &input.noise.by_symbol {
        by_symbol.push(symbol_noise(source, &input.link.grid, settled));
    }
    for source in &by_symbol {
        budget.add(
            &source.name,
            source.energy_v2.iter().sum::<f64>() * crate::receiver::noise_input::mean(&source.factor),
        );
    }
    let uniform: Vec<UniformNoise> = input
        .noise
        .converter_step_v
        .iter()
        .map(|step| UniformNoise {
            name: "adc".into(),
            response: settled.ffe.iter().map(|tap| step * tap).collect(),
            main: settled.pre,
        })
        .collect();
    for noise in &uniform {
        budget.add(&noise.name, noise.response.iter().map(|w| w * w).sum::<f64>() / 12.0);
    }
    let echoes = input.link.interference.iter().filter(|i| i.amplitude > 0.0);
    let interference: Vec<SlicerInterference> = echoes.map(|i| i.at_slicer(cursors, main)).collect();
    for echo in &interference {
        budget.add(&echo.name, echo.variance_v2(None));
    }
    let limit = NEGLIGIBLE_LAG * total[0];
    let kept = total.iter().rposition(|r| r.abs() > limit).map_or(0, |i| i + 1);
    total.truncate(kept);
    SlicerNoise { autocorrelation_v2: total, by_symbol, uniform, interference, budget_v: budget.rms() }
}

fn slicer_crosstalk(input: &Input<'_>, settled: &Settled, budget: &mut Budget) -> Vec<SlicerCrosstalk> {
    input
        .crosstalk
        .iter()
        .map(|aggressor| {
            let pulse = &aggressor.pulse;
            let m = pulse.samples_per_symbol() as isize;
            // Every phase over the same symbols, so that all have one length.
            let position = settled.at.on(pulse);
            let first = (pulse.first() - position).div_euclid(m);
            let last = (pulse.first() + pulse.v().len() as isize + m - position).div_euclid(m);
            let phases: Vec<Vec<f64>> = (0..m)
                .map(|p| {
                    let late = position - p;
                    settled.through(((first..=last).map(|n| pulse.at(late + n * m)).collect(), 0)).0
                })
                .collect();
            let energies: Vec<f64> = phases.iter().map(|g| g.iter().map(|v| v * v).sum()).collect();
            let energy = match input.link.crosstalk_phase {
                CrosstalkPhase::Rule(CrosstalkRule::Worst) => energies.iter().fold(0.0f64, |a, b| a.max(*b)),
                CrosstalkPhase::Rule(CrosstalkRule::Uniform) => energies.iter().sum::<f64>() / m as f64,
                // A whole UI later is the same set of symbols.
                CrosstalkPhase::PhaseUi(ui) => {
                    energies[((ui * m as f64).round() as isize).rem_euclid(m) as usize]
                }
            };
            budget.add("crosstalk", energy * aggressor.power);
            SlicerCrosstalk {
                name: aggressor.source.name.clone(),
                levels: aggressor.source.levels.clone(),
                phases,
            }
        })
        .collect()
}

fn slicer_jitter(input: &Input<'_>, settled: &Settled, budget: &mut Budget) -> Option<SlicerJitter> {
    let (source, jitter) = (input.jitter.as_ref()?, input.link.jitter.as_ref()?);
    let sampled = |pulse: &PulseResponse| settled.through(column(pulse, settled.at.on(pulse)));
    let (response, main) = significant(sampled(&source.response));
    let energy: f64 = response.iter().map(|v| v * v).sum();
    budget.add("jitter", source.variance_ui2 * source.tap_energy * input.power * energy);
    let mut higher_orders = Vec::new();
    if jitter.sj_ui > 0.0 || jitter.dcd_ui > 0.0 {
        let mut order = source.response.clone();
        for _ in 0..HIGHER_ORDERS {
            order = order.derivative_ui();
            let (g, own) = sampled(&order);
            // The same symbols as those of the first order.
            let at = |i: usize| (i + own).checked_sub(main).and_then(|i| g.get(i)).copied().unwrap_or(0.0);
            higher_orders.push((0..response.len()).map(at).collect());
        }
    }
    let slicer = SlicerJitter {
        model: jitter.model,
        rj_ui: jitter.rj_ui,
        dd_ui: jitter.dd_ui,
        response,
        higher_orders,
        main,
        sj_ui: jitter.sj_ui,
        sj_hz: jitter.sj_hz,
        dcd_ui: jitter.dcd_ui,
        transmit_taps: source.transmit_taps.clone(),
        transmit_main: source.transmit_main,
    };
    // A sinusoid moves all events alike, even-odd jitter every other one against the rest.
    let alternating = slicer.response.iter().enumerate().map(|(i, r)| if i % 2 == 0 { *r } else { -r });
    let alternating: Vec<f64> = alternating.collect();
    for (ui2, events) in
        [(0.5 * jitter.sj_ui.powi(2), &slicer.response), (0.25 * jitter.dcd_ui.powi(2), &alternating)]
    {
        let (symbols, _) = slicer.per_symbol(events);
        budget.add("jitter", ui2 * input.power * symbols.iter().map(|g| g * g).sum::<f64>());
    }
    Some(slicer)
}
