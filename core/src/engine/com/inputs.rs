//! What is wrong with the files of a channel, or missing in them, and what is assumed instead.

use super::config::ComConfig;
use crate::error::{Error, Result};
use crate::medium::Network;
use crate::medium::network::{PairOrigin, PortPairs};

/// Reflections that agree within this mean difference are those of one port.
const SAME_PORT: f64 = 1e-3;
/// And those of two ports differ by this much.
const OTHER_PORT: f64 = 1e-2;
/// Transmission below which phase is noise.
const FOLLOWED: f64 = 1e-3;
/// Turns by more than a quarter that are no null.
const TURNS_IN_A_ROW: usize = 3;
/// An error of reciprocity worth a sentence.
const NOTABLE_RECIPROCITY: f64 = 1e-2;

/// Differential two-port of a channel: by `Port Order` if it is given, else its pairs guessed.
pub(super) fn two_port(name: &str, network: &Network, config: &ComConfig) -> Result<Network> {
    match network.n_ports() {
        2 => Ok(network.clone()),
        4 => network.differential(config.port_pairs),
        n => {
            let requirement = "4, or 2 for a differential two-port; of a file of more lanes a map is needed";
            Err(Error::parameter(format!("ports of {name}"), n, requirement))
        }
    }
}

/// A thru that passes a constant turned over and has its largest excursion below 0 has the legs of one side swapped;
/// its COM would be that of the ringing. A file that ends early may ring below 0 further than its pulse rises.
pub(super) fn refuse_inverted(impulse: &[f64]) -> Result<()> {
    let (low, high) = impulse.iter().fold((0.0_f64, 0.0_f64), |(l, h), v| (l.min(*v), h.max(*v)));
    if high > -low || impulse.iter().sum::<f64>() >= 0.0 {
        return Ok(());
    }
    let requirement = "positive: the legs of one side are swapped, so give the port pairs";
    Err(Error::parameter("largest excursion of the thru's impulse response", low, requirement))
}

/// What a file leaves open or gets wrong, and what the release makes of it.
pub(super) fn assumptions(network: &Network, channel: &Network, config: &ComConfig) -> Vec<String> {
    let freq_hz = channel.freq_hz();
    let (first, last) = (freq_hz[0], freq_hz[freq_hz.len() - 1]);
    let mut out = Vec::new();
    if let Some(warning) = other_pairs(network, config.port_pairs) {
        out.push(warning);
    }
    if network.freq_hz()[0] > 0.0 {
        out.push(format!(
            "no point at 0 Hz: the magnitude there is the line through the first 10 points from {first} Hz"
        ));
    }
    let end = 0.5 * config.rate_hz * config.samples_per_symbol as f64;
    if last < end {
        let short = if last < 0.5 * config.rate_hz { ", below half the symbol rate" } else { "" };
        out.push(format!("ends at {last} Hz{short}: magnitude and phase are extrapolated to {end} Hz"));
    }
    let even = |w: &[f64]| (w[0] + w[2] - 2.0 * w[1]).abs() <= 1e-6 * (w[2] - w[0]);
    if !freq_hz.windows(3).all(even) {
        out.push("frequencies are not equidistant: interpolated linearly in magnitude and phase".into());
    }
    if let Some(from_hz) = first_uncertain_hz(channel) {
        out.push(format!(
            "points are too far apart for their phase from {from_hz} Hz on: it turns by more than a quarter between \
             them, so that the delay there is a guess"
        ));
    }
    if let Ok(quality) = network.quality() {
        if !quality.passive {
            out.push(format!(
                "not passive: largest singular value {:.6} at {} Hz; taken as it is",
                quality.max_singular_value, quality.max_singular_value_freq_hz
            ));
        }
        if quality.reciprocity_error > NOTABLE_RECIPROCITY {
            out.push(format!(
                "not reciprocal: |S - Sᵀ| reaches {:.3}; the transmission from left to right is taken",
                quality.reciprocity_error
            ));
        }
    }
    out
}

/// Frequency from which on the transmission's phase turns by more than a quarter from point to point, several times in a
/// row: beyond half a turn it would be taken for one the other way. A null turns it once.
fn first_uncertain_hz(channel: &Network) -> Option<f64> {
    let freq_hz = channel.freq_hz();
    let mut in_a_row = 0;
    for k in 1..freq_hz.len() {
        let (before, now) = (channel.at(k - 1, 1, 0), channel.at(k, 1, 0));
        let is_there = before.norm().min(now.norm()) > FOLLOWED;
        in_a_row = if is_there && (now * before.conj()).re < 0.0 { in_a_row + 1 } else { 0 };
        if in_a_row == TURNS_IN_A_ROW {
            return Some(freq_hz[k + 1 - TURNS_IN_A_ROW]);
        }
    }
    None
}

/// `Port Order` against what the data shows.
fn other_pairs(network: &Network, given: Option<PortPairs>) -> Option<String> {
    let given = given.filter(|_| network.n_ports() == 4)?;
    let seen = network.guessed_port_pairs().ok()?;
    let same_sides = |a: PortPairs, b: PortPairs| {
        let side = |(x, y): (usize, usize)| (x.min(y), x.max(y));
        side(a.left) == side(b.left) && side(a.right) == side(b.right)
    };
    (seen.origin == PairOrigin::Guessed && !same_sides(given, seen.pairs)).then(|| {
        format!(
            "Port Order gives the pairs {given}, the couplings of the data show {}: Port Order is taken",
            seen.pairs
        )
    })
}

/// What the configuration leaves out, and where the thru ends before a figure's band does.
pub(super) fn of_configuration(config: &ComConfig, thru: &Network) -> Vec<String> {
    let mut out = Vec::new();
    if config.rise_s.is_none() {
        out.push("FORCE_TR is 0 or left out: no transmitter filter, and T_r has no effect".into());
    }
    if config.receiver_corner > 1.0 {
        let corner = config.receiver_corner;
        out.push(format!(
            "f_r is {corner}, the release's default if it is left out: the receiver filters hardly anything"
        ));
    }
    let last = thru.freq_hz()[thru.freq_hz().len() - 1];
    let end = config.band.end_hz();
    if last < end - 0.1 {
        out.push(format!(
            "thru: ends at {last} Hz: ICN and ILD are taken up to there instead of f_2, {end} Hz"
        ));
    }
    if config.window.is_some() {
        out.push(
            "C2M: the setting is searched by the FOM of (93A-36), not by the eye of each candidate".into(),
        );
    }
    out
}

/// An aggressor against the thru: a file that is turned around, or that carries more than a thru's signal.
pub(super) fn against_thru(thru: &Network, aggressor: &Network, config: &ComConfig) -> Vec<String> {
    let mut out = Vec::new();
    let far_side = |a: usize| distance(aggressor, a, thru, 1);
    if let (Some(left), Some(right)) = (far_side(0), far_side(1))
        && left < SAME_PORT
        && right > OTHER_PORT
    {
        out.push(
            "turned around: its left side, not its right, reflects as the thru's receiver side does; taken as it is, \
             from left to right"
                .into(),
        );
    }
    let band = |n: &Network| {
        let below = |k: &usize| n.freq_hz()[*k] <= 0.5 * config.rate_hz;
        let power: Vec<f64> =
            (0..n.freq_hz().len()).filter(below).map(|k| n.at(k, 1, 0).norm_sqr()).collect();
        power.iter().sum::<f64>() / power.len().max(1) as f64
    };
    if band(aggressor) > band(thru) {
        out.push(
            "carries more power than the thru: is it a thru, or are thru and aggressor exchanged?".into(),
        );
    }
    out
}

/// Mean difference of two ports' reflections over the frequencies that both files hold; None without enough of them.
fn distance(a: &Network, port: usize, b: &Network, other: usize) -> Option<f64> {
    if a.z0_ohm()[port] != b.z0_ohm()[other] {
        return None;
    }
    let mut i = 0;
    let differences: Vec<f64> = (0..a.freq_hz().len())
        .filter_map(|k| {
            let f = a.freq_hz()[k];
            while i < b.freq_hz().len() && b.freq_hz()[i] < f {
                i += 1;
            }
            let is_there = b.freq_hz().get(i) == Some(&f);
            is_there.then(|| (a.at(k, port, port) - b.at(i, other, other)).norm())
        })
        .collect();
    (differences.len() >= 10).then(|| differences.iter().sum::<f64>() / differences.len() as f64)
}
