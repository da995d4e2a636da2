//! The eye as a density image.

/// Voltages of the image.
pub(super) const BINS: usize = 256;

/// Histogram of the slicer's input over one UI around the sampling instant.
#[derive(Debug, Clone, PartialEq)]
pub struct EyeDensity {
    /// Sampling phase of each column, UI; 0 is the instant at which symbols are decided.
    pub phase_ui: Vec<f64>,
    /// Edges of the bins, V, one more than there are bins.
    pub edges_v: Vec<f64>,
    /// Samples by bin, then phase: `counts[bin * phase_ui.len() + phase]`.
    pub counts: Vec<u64>,
    /// Samples outside the edges.
    pub n_outside: u64,
}

impl EyeDensity {
    /// An empty image of `phases` phases from −0.5 UI and voltages within ±`limit_v`.
    pub(super) fn new(phases: usize, limit_v: f64) -> Self {
        let step = 2.0 * limit_v / BINS as f64;
        Self {
            phase_ui: (0..phases).map(|p| (p as f64 - (phases / 2) as f64) / phases as f64).collect(),
            edges_v: (0..=BINS).map(|i| i as f64 * step - limit_v).collect(),
            counts: vec![0; BINS * phases],
            n_outside: 0,
        }
    }

    /// Bins a volt.
    pub(super) fn scale(&self) -> f32 {
        (1.0 / (self.edges_v[1] - self.edges_v[0])) as f32
    }

    /// Probability density at every phase, 1/V: `counts` over the samples of a phase and the width of a bin.
    pub fn density_per_v(&self) -> Vec<f64> {
        let phases = self.phase_ui.len();
        let samples = (self.counts.iter().sum::<u64>() + self.n_outside) / phases as u64;
        let unit = 1.0 / (samples.max(1) as f64 * (self.edges_v[1] - self.edges_v[0]));
        self.counts.iter().map(|c| *c as f64 * unit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_density_has_unit_area_and_the_instant_of_decision_is_phase_0() {
        for phases in [2usize, 5, 32] {
            let mut eye = EyeDensity::new(phases, 1.0);
            assert_eq!(eye.phase_ui[phases / 2], 0.0);
            eye.counts[128 * phases..129 * phases].fill(3);
            eye.counts[..phases].fill(1);
            let area: f64 = eye.density_per_v().iter().step_by(phases).sum::<f64>() * 2.0 / 256.0;
            assert!((area - 1.0).abs() < 1e-12);
        }
    }
}
