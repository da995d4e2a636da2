//! The operating margin of a slicer: COM for any lane.
//!
//! ```text
//! COM = 20 log10 g,   mean over the 2(L-1) edges of P(z beyond v_m + (t - v_m)/g | level m) = DER_0
//! A_s = mean |t - v_m| over the edges,   A_ni = A_s/g
//! ```
//!
//! v_m is the mean of a level, t a threshold beside it; an edge is a level and a threshold beside it. In words: noise,
//! interference, crosstalk and jitter may all grow by COM together before an edge is crossed with probability DER_0.
//! For equidistant levels with the same noise this is Annex 93A's 20 log10(A_s/A_ni), where A_ni is the amplitude that
//! noise and interference exceed with DER_0 on one side; nothing in it needs the noise to be the same at all levels.
//! Correct feedback is assumed, as Annex 93A does.
//!
//! With one bit wrong an edge crossed, and levels equally likely, BER = 2(L-1)/(L log2 L) DER: 0.75 DER for PAM4.

use super::mixture::{Mixture, Side};
use super::prepared::Prepared;
use crate::error::{Result, require};
use crate::run::Run;
use crate::units::amplitude_ratio;

/// Margins are looked for up to this, dB, either way.
const REACH_DB: f64 = 60.0;
/// Halvings of the interval: 120 dB to 1e-10 dB.
const HALVINGS: usize = 40;

/// The operating margin of a slicer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OperatingMargin {
    /// COM, dB; +∞ or -∞ beyond 60 dB.
    pub com_db: f64,
    /// A_s, V.
    pub signal_v: f64,
    /// A_ni, V.
    pub noise_v: f64,
    /// DER_0.
    pub der: f64,
    /// Mean probability that an edge is crossed, as it is; at most DER_0 exactly if COM is at least 0.
    pub edge_ratio: f64,
}

impl Prepared {
    /// Operating margin at a detector error ratio, the probability of crossing one edge.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] unless 0 < der < 0.5, [`crate::Error::Interrupted`].
    pub fn operating_margin(&self, der: f64, run: &Run) -> Result<OperatingMargin> {
        require::positive("der", der)?;
        require::within("der", der, 0.0, 0.5)?;
        let mixture = self.mixture(1.0);
        let edges = edges(&mixture, self.thresholds_v());
        let crossed = |db: f64| {
            let g = amplitude_ratio(db);
            let sum: f64 = edges
                .iter()
                .map(|e| mixture.beyond(e.level, e.mean_v + (e.threshold_v - e.mean_v) / g, e.side))
                .sum();
            sum / edges.len() as f64
        };
        let (mut low, mut high) = (-REACH_DB, REACH_DB);
        let com_db = if crossed(high) <= der {
            f64::INFINITY
        } else if crossed(low) > der {
            f64::NEG_INFINITY
        } else {
            for _ in 0..HALVINGS {
                run.check()?;
                let middle = 0.5 * (low + high);
                if crossed(middle) <= der { low = middle } else { high = middle }
            }
            low
        };
        let signal_v =
            edges.iter().map(|e| (e.threshold_v - e.mean_v).abs()).sum::<f64>() / edges.len() as f64;
        let noise_v = signal_v * amplitude_ratio(-com_db);
        Ok(OperatingMargin { com_db, signal_v, noise_v, der, edge_ratio: crossed(0.0) })
    }

    /// The detector error ratio that belongs to a bit error ratio: one bit an edge.
    pub fn der_of_ber(&self, ber: f64) -> f64 {
        let levels = (self.thresholds_v().len() + 1) as f64;
        ber * levels * levels.log2() / (2.0 * (levels - 1.0))
    }
}

/// A level and a threshold beside it.
struct Edge {
    level: usize,
    mean_v: f64,
    threshold_v: f64,
    side: Side,
}

fn edges(mixture: &Mixture<'_>, thresholds_v: &[f64]) -> Vec<Edge> {
    let mut out = Vec::with_capacity(2 * thresholds_v.len());
    for (k, &threshold_v) in thresholds_v.iter().enumerate() {
        for (level, side) in [(k, Side::Above), (k + 1, Side::Below)] {
            out.push(Edge { level, mean_v: mixture.mean_v(level), threshold_v, side });
        }
    }
    out
}
