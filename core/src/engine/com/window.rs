//! The eye of a chip-to-module interface: VEO and VEC over a window of sampling times (Annex 120G).
//!
//! ```text
//! p_n(y)  = Σ_j w_j p(y - x_n (L-1) A_s(t_j); t_j)       t_j = t_s - T_O … t_s + T_O, w Gaussian of σ_r or flat
//! VEO     = min_n [first y with P_(n+1)(<= y) > DER_0] - [last y with P_n(>= y) > DER_0]
//! A_ni    = A_s - VEO/2,   VEC = 20 log10(2 A_s/VEO)
//! ```
//!
//! p(·; t_j) is the distribution of interference, crosstalk, jitter and noise at that time, the DFE held; the pulse is
//! interpolated linearly to `samples_for_C2M` a symbol.

use super::config::ComConfig;
use super::decision::level_power;
use super::distribution::{Lattice, distribution_450};
use super::keywords::Keywords;
use crate::error::{Error, Result, require};
use crate::run::Run;

/// Times over which an eye is taken.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct EyeWindow {
    /// Samples a symbol.
    per_symbol: usize,
    /// Weight of each sampling time, the middle one t_s.
    weights: Vec<f64>,
    /// Least opening, V.
    pub(super) min_veo_v: f64,
    /// Largest closure, dB.
    pub(super) max_vec_db: Option<f64>,
}

impl EyeWindow {
    /// None unless `PMD_type` is `"C2M"`.
    pub(super) fn from_keywords(k: &Keywords<'_>) -> Result<Option<Self>> {
        let kind = k.text_or("PMD_type", "C2C")?;
        match kind.as_str() {
            "C2C" => return Ok(None),
            "C2M" => {}
            _ => return Err(Error::parameter("PMD_type", kind, "\"C2C\" or \"C2M\"")),
        }
        let per_symbol = k.count_or("samples_for_C2M", 100, 4, 1000)?;
        let half_ui = require::within("T_O", k.number_or("T_O", 0.0)?, 0.0, 500.0)? * 1e-3;
        // Decimal: 50 mUI of 100 samples are 5, whatever 0.05 is in binary.
        let half = (half_ui * per_symbol as f64 + 1e-9).floor() as i64;
        let sigma_ui = require::positive("sigma_r", k.number_or("sigma_r", 0.02)?)?;
        let shape = k.text_or("Histogram_Window_Weight", "rectangle")?.to_lowercase();
        let reach = if half_ui > 0.0 {
            require::positive("QL", k.number_or("QL", half_ui / sigma_ui)?)?
        } else {
            1.0
        };
        let weight = |j: i64| {
            let (x, sigma) = (j as f64, half as f64 / reach);
            match shape.as_str() {
                "rectangle" => Some(1.0),
                "gaussian" | "norm" | "normal" => Some((-0.5 * (x / sigma).powi(2)).exp()),
                "triangle" => Some(1.0 - x.abs() / half as f64),
                _ => None,
            }
        };
        let weights = (-half..=half).map(|j| if half == 0 { weight(1).map(|_| 1.0) } else { weight(j) });
        let weights = weights.collect::<Option<Vec<f64>>>().ok_or_else(|| {
            let requirement = "\"rectangle\", \"gaussian\" or \"triangle\"";
            Error::parameter("Histogram_Window_Weight", &shape, requirement)
        })?;
        let max_vec = k.rows("VEC Pass threshold")?.map(|_| k.number("VEC Pass threshold")).transpose()?;
        Ok(Some(Self {
            per_symbol,
            weights,
            min_veo_v: require::non_negative("EH_min", k.number_or("EH_min", 0.0)?)? * 1e-3,
            max_vec_db: max_vec.filter(|v| *v > 0.0),
        }))
    }

    /// The opening of the smallest eye, V; negative if it is closed.
    ///
    /// `shaped` is the pulse behind the equalizers without the DFE, `at` its cursor; `crosstalk` are samples of all
    /// aggressors; `sigma_v` is the noise that does not depend on the sampling time.
    #[allow(clippy::too_many_arguments, reason = "what one setting has decided")]
    pub(super) fn opening_v(
        &self,
        config: &ComConfig,
        shaped: &[f64],
        at: usize,
        dfe: &[f64],
        crosstalk: &[f64],
        sigma_v: f64,
        run: &Run,
    ) -> Result<f64> {
        let (m, p) = (config.samples_per_symbol as f64, self.per_symbol as f64);
        let levels = config.levels as f64;
        let cursor_v = shaped[at];
        let signal_v = config.r_lm * cursor_v / (levels - 1.0);
        let sample = |x: f64| {
            let i = x.floor();
            let get = |i: f64| if i < 0.0 { 0.0 } else { shaped.get(i as usize).copied().unwrap_or(0.0) };
            get(i) + (x - i) * (get(i + 1.0) - get(i))
        };
        let before = (at as f64 / m).floor() as i64;
        let after = ((shaped.len() - at) as f64 / m).floor() as i64;
        let half = (self.weights.len() / 2) as f64;
        let sx2 = level_power(config.levels);
        let mut phases = Vec::with_capacity(self.weights.len());
        for (j, weight) in self.weights.iter().enumerate() {
            run.check()?;
            let shift = (j as f64 - half) / p;
            let time = |n: i64, more: f64| sample(at as f64 + (n as f64 + shift + more) * m);
            let mut samples = crosstalk.to_vec();
            let mut slopes = Vec::new();
            for n in -before..=after {
                if n != 0 {
                    let taken = usize::try_from(n - 1).ok().and_then(|n| dfe.get(n)).copied().unwrap_or(0.0);
                    samples.push(time(n, 0.0) - taken * cursor_v);
                }
                slopes.push(0.5 * p * (time(n, 1.0 / p) - time(n, -1.0 / p)));
            }
            let slope_v2 = sx2 * slopes.iter().map(|h| h * h).sum::<f64>();
            samples.extend(slopes.iter().map(|h| config.a_dd_ui * h));
            let sigma = (sigma_v * sigma_v + config.sigma_rj_ui.powi(2) * slope_v2).sqrt();
            let distribution = distribution_450(config, signal_v, &samples, sigma, run)?;
            phases.push((*weight, time(0, 0.0) * config.r_lm, distribution));
        }
        let edges: Vec<(f64, f64)> = (0..config.levels)
            .map(|n| edges(&phases, 2.0 * n as f64 / (levels - 1.0) - 1.0, config.der))
            .collect();
        Ok(edges.windows(2).map(|e| e[1].0 - e[0].1).fold(f64::INFINITY, f64::min))
    }
}

/// Where the mixture of a level's distributions has its tails of `der`, below and above.
fn edges(phases: &[(f64, f64, Lattice)], level: f64, der: f64) -> (f64, f64) {
    let Some(step_v) = phases.first().map(|p| p.2.step_v) else { return (0.0, 0.0) };
    let placed: Vec<(f64, i64, &[f64])> = phases
        .iter()
        .map(|(weight, amplitude_v, d)| {
            let first = (level * amplitude_v / step_v).round() as i64 - (d.p.len() / 2) as i64;
            (*weight, first, d.p.as_slice())
        })
        .collect();
    let total: f64 = placed.iter().map(|p| p.0).sum();
    let low = placed.iter().map(|p| p.1).min().unwrap_or(0);
    let high = placed.iter().map(|p| p.1 + p.2.len() as i64).max().unwrap_or(0);
    let mut sum = vec![0.0; (high - low) as usize];
    for (weight, first, p) in placed {
        let start = (first - low) as usize;
        sum[start..start + p.len()].iter_mut().zip(p).for_each(|(s, v)| *s += weight / total * v);
    }
    let bottom = crossing(sum.iter(), der).unwrap_or(0) as i64;
    let top = sum.len() as i64 - 1 - crossing(sum.iter().rev(), der).unwrap_or(0) as i64;
    ((low + bottom) as f64 * step_v, (low + top) as f64 * step_v)
}

/// First place at which the sum so far is above `der`.
fn crossing<'a>(values: impl Iterator<Item = &'a f64>, der: f64) -> Option<usize> {
    let mut sum = 0.0;
    values
        .scan((), |(), v| {
            sum += v;
            Some(sum)
        })
        .position(|s| s > der)
}
