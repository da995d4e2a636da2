//! Jitter that successive symbols have in common, as models in which it stands still.
//!
//! ```text
//! d_n = −(late ± dcd_ui/2)    z_k += Σ_n m_n (d_n r₁ + d_n²/2 r₂ + d_n³/6 r₃)[k − n]
//! ```
//!
//! m is what moves (symbols, or differences of transmitted levels), r₁ the response to a timing error and r₂, r₃ its
//! derivatives. A sinusoid of at most a thousandth of the symbol rate is one number over a response: late =
//! sj_ui sin θ, θ uniform, whose mean over Chebyshev's nodes sj_ui cos(π (2j + 1)/2N), equally weighted, is exact for
//! polynomials of degree 2N − 1. Even-odd jitter is one of two models, for decisions of even number and of odd.

use super::{DecisionModel, JitterModel, SlicerJitter, SlicerSignal};
use std::f64::consts::PI;

/// Nodes of a sinusoid that hardly moves the slicer's input.
const FEWEST: f64 = 4.0;
/// More for every deviation of the noise by which its peak moves the input. A tail at 7 deviations varies as e^(x sin θ),
/// x about 10 for one; N nodes leave 2 I_2N(x)/I_0(x), below 1e-3 for these.
const NODES_PER_SIGMA: f64 = 6.0;
/// Most nodes: an eye that its jitter closes needs no more.
const MOST: f64 = 24.0;

/// A model in which slow jitter stands still.
#[derive(Debug, Clone, PartialEq)]
pub struct AtRest {
    /// What a decision sees.
    pub model: DecisionModel,
    /// What the decisions before and after it see, and every other one from there, where even-odd jitter makes them
    /// differ: a burst of errors passes through both.
    pub between: Option<DecisionModel>,
}

impl DecisionModel {
    /// Models in which the sinusoidal and even-odd jitter stand still, all equally likely: error ratios are the mean of
    /// theirs. Without such jitter the model alone.
    ///
    /// What successive decisions have in common through slow jitter is in each of them.
    pub fn jitter_at_rest(&self) -> Vec<AtRest> {
        let Some(jitter) = self.jitter.as_ref().filter(|j| j.sj_ui > 0.0 || j.dcd_ui > 0.0) else {
            return vec![AtRest { model: self.clone(), between: None }];
        };
        let late_ui = if jitter.sj_ui > 0.0 { self.nodes(jitter) } else { vec![0.0] };
        let half_ui = 0.5 * jitter.dcd_ui;
        let halves = if half_ui > 0.0 { vec![half_ui, -half_ui] } else { vec![0.0] };
        let pairs = late_ui.iter().flat_map(|late| halves.iter().map(move |half| (*late, *half)));
        let at_rest = |(late, half): (f64, f64)| AtRest {
            model: self.at_rest(jitter, late, half),
            between: (half != 0.0).then(|| self.at_rest(jitter, late, -half)),
        };
        pairs.map(at_rest).collect()
    }

    /// Chebyshev's nodes of the sinusoid, UI.
    fn nodes(&self, jitter: &SlicerJitter) -> Vec<f64> {
        let n = self.levels.len() as f64;
        let power = self.levels.iter().map(|l| l * l).sum::<f64>() / n;
        let (slope, _) = jitter.per_symbol(&jitter.response);
        let peak_v = jitter.sj_ui * (power * slope.iter().map(|g| g * g).sum::<f64>()).sqrt();
        let ratio = peak_v / self.noise.mean_variance_v2().sqrt();
        let count = (FEWEST + NODES_PER_SIGMA * ratio).min(MOST).ceil();
        (0..count as usize)
            .map(|j| jitter.sj_ui * (PI * (2.0 * j as f64 + 1.0) / (2.0 * count)).cos())
            .collect()
    }

    fn at_rest(&self, jitter: &SlicerJitter, late_ui: f64, half_ui: f64) -> Self {
        let order = |o: usize, i: usize| jitter.order(o).get(i).copied().unwrap_or(0.0);
        let (mut moved, mut response) = (Vec::new(), Vec::new());
        for i in 0..jitter.response.len() {
            // Events an even number of symbols from the decision are of its own kind.
            let own = i.abs_diff(jitter.main).is_multiple_of(2);
            let d = -(late_ui + if own { half_ui } else { -half_ui });
            moved.push(d * (order(1, i) + d / 2.0 * (order(2, i) + d / 3.0 * order(3, i))));
            response.push(order(1, i) + d * (order(2, i) + d / 2.0 * order(3, i)));
        }
        let (shift, main) = jitter.per_symbol(&moved);
        let random = jitter.rj_ui > 0.0 || jitter.dd_ui > 0.0;
        let left =
            SlicerJitter { response, higher_orders: Vec::new(), sj_ui: 0.0, dcd_ui: 0.0, ..jitter.clone() };
        Self { signal: self.signal.plus(&shift, main), jitter: random.then_some(left), ..self.clone() }
    }
}

impl SlicerJitter {
    /// Response to the n-th power of a timing error over n!, from 1.
    pub(crate) fn order(&self, n: usize) -> &[f64] {
        match n {
            1 => &self.response,
            _ => self.higher_orders.get(n - 2).map_or(&[], Vec::as_slice),
        }
    }

    /// A response to events as one to symbols, with its main index: edges are differences of transmitted levels.
    pub(crate) fn per_symbol(&self, response: &[f64]) -> (Vec<f64>, usize) {
        match self.model {
            JitterModel::Com => (response.to_vec(), self.main),
            JitterModel::Edge => {
                let taps = &self.transmit_taps;
                let mut symbols = vec![0.0; response.len() + taps.len()];
                for (i, r) in response.iter().enumerate() {
                    for (j, tap) in taps.iter().enumerate() {
                        symbols[i + j] += r * tap;
                        symbols[i + j + 1] -= r * tap;
                    }
                }
                (symbols, self.main + self.transmit_main)
            }
        }
    }
}

impl SlicerSignal {
    /// The same signal and a linear response beside it.
    fn plus(&self, response: &[f64], response_main: usize) -> Self {
        let mut sum = self.clone();
        let (Self::Linear { cursors, main } | Self::Table { cursors, main, .. }) = &mut sum;
        let before = response_main.saturating_sub(*main);
        cursors.splice(0..0, std::iter::repeat_n(0.0, before));
        *main += before;
        let first = *main - response_main;
        cursors.resize(cursors.len().max(first + response.len()), 0.0);
        cursors[first..].iter_mut().zip(response).for_each(|(c, r)| *c += r);
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::SymbolRate;
    use crate::modulation::Modulation;
    use crate::response::{CrosstalkPhase, SlicerNoise};

    fn model(jitter: SlicerJitter) -> DecisionModel {
        DecisionModel {
            symbol_rate: SymbolRate::new(1e9).unwrap(),
            modulation: Modulation::Nrz,
            levels: vec![-1.0, 1.0],
            signal: SlicerSignal::Linear { cursors: vec![1.0], main: 0 },
            dfe: vec![],
            noise: SlicerNoise::default(),
            crosstalk: vec![],
            crosstalk_phase: CrosstalkPhase::default(),
            jitter: Some(jitter),
            thresholds_v: None,
        }
    }

    fn jitter(model: JitterModel) -> SlicerJitter {
        SlicerJitter {
            model,
            response: vec![0.5, 2.0, -1.0],
            higher_orders: vec![vec![0.0, 4.0, 0.0], vec![0.0, 6.0, 3.0]],
            main: 1,
            transmit_taps: vec![1.0],
            ..SlicerJitter::default()
        }
    }

    #[test]
    fn each_parity_is_late_by_half() {
        let dcd = SlicerJitter { dcd_ui: 0.2, ..jitter(JitterModel::Com) };
        let found = model(dcd).jitter_at_rest();
        assert_eq!(found.len(), 2);
        // Even decisions: d = −0.1 at the cursor and 0.1 at its neighbours; −0.2 + 0.02 − 0.001, and so on.
        let expected = [0.05, 1.0 - 0.2 + 0.02 - 0.001, -0.1 + 0.0005];
        let (cursors, main) = found[0].model.signal.cursors();
        assert_eq!(main, 1);
        for (c, e) in cursors.iter().zip(expected) {
            assert!((c - e).abs() < 1e-15, "{cursors:?}");
        }
        assert_eq!(found[0].model.jitter, None);
        // The decisions between are those of the other parity.
        assert_eq!(found[0].between.as_ref(), Some(&found[1].model));
        assert_eq!(found[1].between.as_ref(), Some(&found[0].model));
    }

    #[test]
    fn the_nodes_have_the_moments_of_a_sinusoid() {
        let sj = SlicerJitter { sj_ui: 0.1, rj_ui: 0.01, ..jitter(JitterModel::Edge) };
        let found = model(sj.clone()).jitter_at_rest();
        let nodes: Vec<f64> = model(sj.clone()).nodes(&sj);
        assert!(found.len() == nodes.len() && found.iter().all(|f| f.between.is_none()));
        // E[(A sin θ)^2k] = A^2k (2k)!/(4^k k!²): 1/2, 3/8, 5/16.
        for (power, exact) in [(2, 0.5), (4, 0.375), (6, 0.3125)] {
            let mean = nodes.iter().map(|d| (d / 0.1).powi(power)).sum::<f64>() / nodes.len() as f64;
            assert!((mean - exact).abs() < 1e-12, "{power}: {mean}");
        }
        // A shift of all edges alike moves the whole waveform: −1/2 of an edge is the symbol before.
        let (cursors, main) = found[0].model.signal.cursors();
        assert_eq!((cursors.len(), main), (4, 1));
        let left = found[0].model.jitter.as_ref().unwrap();
        assert!(left.sj_ui == 0.0 && left.rj_ui == 0.01);
        assert!((left.response[1] - (2.0 - 4.0 * nodes[0] + 3.0 * nodes[0] * nodes[0])).abs() < 1e-12);
    }
}
