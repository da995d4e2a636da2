//! What is read from an eye: contours, openings, bathtubs.

use super::eye::Eye;
use crate::error::{Result, require};

/// Lines of equal probability around the eyes: `[eye][phase]`, V. Where the eye is closed `upper_v` is below
/// `lower_v`.
#[derive(Debug, Clone, PartialEq)]
pub struct Contour {
    /// Probability that a level's voltage lies beyond its line.
    pub probability: f64,
    /// P(z of the lower level > line) = probability.
    pub lower_v: Vec<Vec<f64>>,
    /// P(z of the upper level < line) = probability.
    pub upper_v: Vec<Vec<f64>>,
}

impl Eye {
    /// The contour of a probability.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] unless 1e-300 ≤ probability ≤ 0.5.
    pub fn contour(&self, probability: f64) -> Result<Contour> {
        require::within("probability", probability, 1e-300, 0.5)?;
        let ln_p = probability.ln();
        let over_phases = |line: &dyn Fn(usize) -> f64| (0..self.tails.len()).map(line).collect::<Vec<f64>>();
        let lower_v = (0..self.levels - 1)
            .map(|eye| over_phases(&|phase| self.falling(&self.tails[phase].above[eye], ln_p)))
            .collect();
        let upper_v = (0..self.levels - 1)
            .map(|eye| over_phases(&|phase| self.rising(&self.tails[phase].below[eye + 1], ln_p)))
            .collect();
        Ok(Contour { probability, lower_v, upper_v })
    }

    /// Largest vertical opening of each eye over all phases, V; negative for a closed one.
    ///
    /// # Errors
    /// Those of [`Eye::contour`].
    pub fn height_v(&self, probability: f64) -> Result<Vec<f64>> {
        let c = self.contour(probability)?;
        Ok(c.openings().iter().map(|o| o.iter().copied().fold(f64::NEG_INFINITY, f64::max)).collect())
    }

    /// Horizontal extent of each eye's contour, UI, 0 for a closed one; it ends where the phases end.
    ///
    /// # Errors
    /// Those of [`Eye::contour`].
    pub fn width_ui(&self, probability: f64) -> Result<Vec<f64>> {
        let c = self.contour(probability)?;
        Ok(c.openings().iter().map(|o| self.extent_ui(o)).collect())
    }

    /// Bit error ratio against phase with thresholds held, correct feedback assumed.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] for another number of thresholds than there are eyes.
    pub fn bathtub(&self, thresholds_v: &[f64]) -> Result<Vec<f64>> {
        if thresholds_v.len() != self.levels - 1 {
            let found = format!("{} values", thresholds_v.len());
            return Err(crate::Error::parameter(
                "thresholds_v",
                found,
                format!("{} values", self.levels - 1),
            ));
        }
        let ber = |phase: usize| {
            let mut sum = 0.0;
            for sent in 0..self.levels {
                let (above, below) = (&self.tails[phase].above[sent], &self.tails[phase].below[sent]);
                let mut outer = 0.0;
                for decided in (sent + 1..self.levels).rev() {
                    let beyond = self.at(above, thresholds_v[decided - 1]);
                    sum += (beyond - outer).max(0.0) * self.bit_share(sent, decided);
                    outer = beyond;
                }
                outer = 0.0;
                for decided in 0..sent {
                    let beyond = self.at(below, thresholds_v[decided]);
                    sum += (beyond - outer).max(0.0) * self.bit_share(sent, decided);
                    outer = beyond;
                }
            }
            sum / self.levels as f64
        };
        Ok((0..self.tails.len()).map(ber).collect())
    }

    /// Share of all symbols that each eye's threshold gets wrong against the threshold's voltage, at one phase:
    /// `[eye][edge]`, the voltages are the eye's edges. Empty for a phase that does not exist.
    pub fn threshold_bathtub(&self, phase: usize) -> Vec<Vec<f64>> {
        let Some(tails) = self.tails.get(phase) else { return Vec::new() };
        let share = |a: f64, b: f64| (a.exp() + b.exp()) / self.levels as f64;
        (0..self.levels - 1)
            .map(|eye| {
                tails.above[eye].iter().zip(&tails.below[eye + 1]).map(|(a, b)| share(*a, *b)).collect()
            })
            .collect()
    }

    /// Tail at a voltage, ln interpolated between edges.
    fn at(&self, ln_tail: &[f64], v: f64) -> f64 {
        let last = ln_tail.len() - 1;
        let x = ((v - self.edges_v[0]) / (self.edges_v[1] - self.edges_v[0])).clamp(0.0, last as f64);
        let i = (x as usize).min(last - 1);
        (ln_tail[i] + (ln_tail[i + 1] - ln_tail[i]) * (x - i as f64)).exp()
    }

    /// Voltage at which a falling tail passes ln p, the nearest edge if it does not.
    fn falling(&self, ln_tail: &[f64], ln_p: f64) -> f64 {
        let i = ln_tail.partition_point(|t| *t > ln_p);
        self.between(ln_tail, i, ln_p)
    }

    /// The same for a rising one.
    fn rising(&self, ln_tail: &[f64], ln_p: f64) -> f64 {
        let i = ln_tail.partition_point(|t| *t <= ln_p);
        self.between(ln_tail, i, ln_p)
    }

    fn between(&self, ln_tail: &[f64], i: usize, ln_p: f64) -> f64 {
        if i == 0 || i == ln_tail.len() {
            return self.edges_v[i.min(ln_tail.len() - 1)];
        }
        let share = (ln_p - ln_tail[i - 1]) / (ln_tail[i] - ln_tail[i - 1]);
        self.edges_v[i - 1] + share * (self.edges_v[i] - self.edges_v[i - 1])
    }

    /// Extent around the best phase in which `opening` is above 0, its ends interpolated.
    fn extent_ui(&self, opening: &[f64]) -> f64 {
        let x = &self.offsets_ui;
        let Some(best) = (0..opening.len()).max_by(|a, b| opening[*a].total_cmp(&opening[*b])) else {
            return 0.0;
        };
        if opening[best] <= 0.0 {
            return 0.0;
        }
        let zero = |open: usize, closed: usize| {
            x[open] + (x[closed] - x[open]) * opening[open] / (opening[open] - opening[closed])
        };
        let right =
            (best + 1..x.len()).find(|i| opening[*i] <= 0.0).map_or(x[x.len() - 1], |i| zero(i - 1, i));
        let left = (0..best).rev().find(|i| opening[*i] <= 0.0).map_or(x[0], |i| zero(i + 1, i));
        right - left
    }
}

impl Contour {
    /// Upper less lower line, V, `[eye][phase]`.
    pub fn openings(&self) -> Vec<Vec<f64>> {
        let of = |(u, l): (&Vec<f64>, &Vec<f64>)| u.iter().zip(l).map(|(u, l)| u - l).collect();
        self.upper_v.iter().zip(&self.lower_v).map(of).collect()
    }
}
