//! Where the pulse is sampled, what the DFE takes away, and the figure of merit of one setting.

use super::config::ComConfig;
use super::floating::dfe_taps;
use super::pulse::{Pulse, Taps};
use crate::error::Error;
use crate::units::{power_db, power_ratio};

/// Share of the peak whose last rising crossing begins the search for the sampling time.
const RISE: f64 = 0.01;
/// Symbols after the peak of the plain pulse within which the taps may move it.
const PEAK_WINDOW: usize = 12;

/// One setting, decided.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Decision {
    /// Sample of the cursor.
    pub(super) at: usize,
    pub(super) cursor_v: f64,
    pub(super) dfe: Vec<f64>,
    pub(super) terms: Terms,
    pub(super) fom_db: f64,
}

/// Variances at the slicer, V².
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Terms {
    pub(super) thermal_v2: f64,
    pub(super) transmitter_v2: f64,
    pub(super) isi_v2: f64,
    /// Of A_DD and σ_RJ together.
    pub(super) jitter_v2: f64,
    /// Of σ_RJ alone.
    pub(super) random_jitter_v2: f64,
    pub(super) crosstalk_v2: f64,
}

impl Terms {
    fn total_v2(&self) -> f64 {
        self.thermal_v2 + self.transmitter_v2 + self.isi_v2 + self.jitter_v2 + self.crosstalk_v2
    }
}

/// σ_X²: mean square of the levels from -1 to 1.
pub(super) fn level_power(levels: usize) -> f64 {
    let l = levels as f64;
    (l * l - 1.0) / (3.0 * (l - 1.0).powi(2))
}

/// The cursor of release 4.50 (93A-25): from the last rising crossing of 1 % of the peak, within 2 UI, the sample that
/// minimizes |h(t - T_b) - max(h(t + T_b) - b_max(1) h(t), 0)|. None if the pulse never rises.
pub(super) fn sampling_450(pulse: &Pulse, taps: &Taps, config: &ComConfig) -> Option<usize> {
    let m = config.samples_per_symbol;
    let plain = peak(&pulse.v)?;
    let (low, high) = (plain.saturating_sub(PEAK_WINDOW * m), (plain + PEAK_WINDOW * m).min(pulse.v.len()));
    let v: Vec<f64> = (low..high).map(|i| pulse.at(taps, i)).collect();
    let peak = peak(&v)?;
    let line = RISE * v[peak];
    let before = (0..peak).rev().find(|i| v[*i] < line && v[i + 1] >= line)?;
    let first_bound = config.b_max.first().copied().unwrap_or(0.0);
    let metric = |i: usize| {
        let (h, early, late) =
            (v[i], if i >= m { v[i - m] } else { 0.0 }, v.get(i + m).copied().unwrap_or(0.0));
        (early - (late - first_bound * h).max(0.0)).abs()
    };
    let end = (before + 2 * m).min(v.len() - 1);
    (before..=end).map(|i| (metric(i), i)).reduce(|a, b| if b.0 < a.0 { b } else { a }).map(|(_, i)| low + i)
}

fn peak(v: &[f64]) -> Option<usize> {
    let (i, value) =
        v.iter().enumerate().fold((0, 0.0), |best, (i, v)| if *v > best.1 { (i, *v) } else { best });
    (value > 0.0).then_some(i)
}

/// Everything that a candidate is judged by. `thermal_v2` belongs to the CTLE setting; `dfe` replaces the taps that
/// (93A-26) gives. The NEXT pulses are not shaped by the taps.
#[allow(
    clippy::too_many_arguments,
    reason = "one candidate: what belongs to its CTLE setting and what to it"
)]
pub(super) fn decide(
    config: &ComConfig,
    thru: &Pulse,
    fext: &[Pulse],
    next_v2: f64,
    thermal_v2: f64,
    taps: &Taps,
    offset: i64,
    given_dfe: Option<&[f64]>,
) -> Option<Decision> {
    let m = config.samples_per_symbol;
    let at = usize::try_from(sampling_450(thru, taps, config)? as i64 + offset)
        .ok()
        .filter(|i| *i < thru.v.len())?;
    let cursor_v = thru.at(taps, at);
    if cursor_v <= 0.0 {
        return None;
    }
    let sx2 = level_power(config.levels);
    let mut isi_v2 = thru.energy_v2(taps, at % m) - cursor_v * cursor_v;
    let post = |n: usize| thru.at(taps, at + n * m);
    let dfe = given_dfe.map_or_else(|| dfe_taps(config, cursor_v, post), <[f64]>::to_vec);
    for (n, b) in dfe.iter().enumerate().filter(|t| *t.1 != 0.0) {
        let h = post(n + 1);
        let left = h - b * cursor_v;
        isi_v2 += left * left - h * h;
    }
    let slopes_v2 = sx2 * thru.slope_energy_v2(taps, at % m);
    let (rj2, dd2) = (config.sigma_rj_ui.powi(2), config.a_dd_ui.powi(2));
    let terms = Terms {
        thermal_v2,
        transmitter_v2: cursor_v * cursor_v * power_ratio(-config.snr_tx_db),
        isi_v2: sx2 * isi_v2.max(0.0),
        jitter_v2: (rj2 + dd2) * slopes_v2,
        random_jitter_v2: rj2 * slopes_v2,
        // An empty sum is -0.
        crosstalk_v2: sx2 * (0.0 + next_v2 + fext.iter().map(|p| p.worst_phase(taps).1).sum::<f64>()),
    };
    let signal_v = signal_v(config, cursor_v);
    let fom_db = power_db(signal_v * signal_v / terms.total_v2());
    Some(Decision { at, cursor_v, dfe, terms, fom_db })
}

/// The error of a thru that carries no pulse.
pub(super) fn no_pulse() -> Error {
    let requirement = "one that rises above 0: swapped legs or a crosstalk file turn it over";
    Error::parameter("thru", "a pulse response without a positive cursor", requirement)
}

/// A_s = R_LM h(t_s)/(L - 1).
pub(super) fn signal_v(config: &ComConfig, cursor_v: f64) -> f64 {
    config.r_lm * cursor_v / (config.levels as f64 - 1.0)
}
