//! From a file to the impulse response that the CTLE sees: packages, terminations, transmitter and receiver filters.

use super::config::{ComConfig, PackageCase, Role};
use super::impulse::{self, TRUNCATION};
use crate::error::Result;
use crate::medium::Network;
use crate::medium::electrical::Side;
use crate::medium::network::voltage_transfer;
use num_complex::Complex64;
use std::f64::consts::{PI, TAU};

/// Release 4.50 delays the transmitter's filter by so many transition times, which places the samples of the grid.
const DELAY_RISE_TIMES: f64 = 3.0;

/// Packages, boards and filters of a case: what its paths have in common.
pub(super) struct Ends<'a> {
    config: &'a ComConfig,
    case: &'a PackageCase,
    /// By role, for the frequencies that it was made for.
    made: Vec<(Role, End)>,
}

/// What stands on either side of a channel.
struct End {
    freq_hz: Vec<f64>,
    left: Network,
    right: Network,
    /// H_t H_r.
    filters: Vec<Complex64>,
}

impl<'a> Ends<'a> {
    pub(super) fn new(config: &'a ComConfig, case: &'a PackageCase) -> Self {
        Self { config, case, made: Vec::new() }
    }

    /// Impulse response from the transmitter's die to the CTLE's input, in units of the transmitter's amplitude.
    pub(super) fn impulse(&mut self, name: &str, channel: &Network, role: Role) -> Result<Vec<f64>> {
        let (config, freq_hz) = (self.config, channel.freq_hz());
        let is_this = |made: &(Role, End)| made.0 == role && made.1.freq_hz == freq_hz;
        let at = match self.made.iter().position(is_this) {
            Some(at) => at,
            None => {
                self.made.push((role, self.end(role, freq_hz)?));
                self.made.len() - 1
            }
        };
        let end = &self.made[at].1;
        let whole = end.left.cascade(channel)?.cascade(&end.right)?;
        // R_d is that of one leg.
        let [source, load] = config.termination_ohm.map(|r| 2.0 * r);
        let transfer = voltage_transfer(&whole, source, load)?;
        let h: Vec<Complex64> = transfer.iter().zip(&end.filters).map(|(h, filter)| h * filter).collect();
        let step_hz = config.receiver.as_ref().map(|r| r.step_hz);
        impulse::impulse(name, freq_hz, &h, config.sample_s(), step_hz, TRUNCATION)
    }

    fn end(&self, role: Role, freq_hz: &[f64]) -> Result<End> {
        let config = self.config;
        let package = |side: Side| config.package(self.case, side, role).network(freq_hz);
        let board = |side: Side| config.boards.as_ref().map(|b| b.network(side, role, freq_hz)).transpose();
        let (near, far) = (board(Side::Tx)?.flatten(), board(Side::Rx)?.flatten());
        let tx = package(Side::Tx)?;
        let left = near.map_or(Ok(tx.clone()), |b| tx.cascade(&b))?;
        // The receiver's end is the same for every role, but for a board of its own.
        let known = self.made.iter().find(|(_, end)| config.boards.is_none() && end.freq_hz == freq_hz);
        let right = match (known, far) {
            (Some((_, end)), _) => end.right.clone(),
            (None, None) => package(Side::Rx)?,
            (None, Some(board)) => board.cascade(&package(Side::Rx)?)?,
        };
        let filters = freq_hz.iter().map(|f| transmitter_filter(*f, config) * receiver_filter(*f, config));
        Ok(End { freq_hz: freq_hz.to_vec(), left, right, filters: filters.collect() })
    }
}

/// H_t, with the delay of release 4.50; 1 there unless `FORCE_TR` asks for it.
fn transmitter_filter(freq_hz: f64, config: &ComConfig) -> Complex64 {
    let Some(rise_s) = config.rise_s else { return 1.0.into() };
    let delay_s = if config.receiver.is_some() { 0.0 } else { DELAY_RISE_TIMES * rise_s };
    let gaussian = (-2.0 * (PI * freq_hz * rise_s / 1.6832).powi(2)).exp();
    Complex64::from_polar(gaussian, -TAU * freq_hz * delay_s)
}

/// H_r: Butterworth of fourth order with its coefficients as printed in Annex 93A (93A-20).
pub(super) fn receiver_filter(freq_hz: f64, config: &ComConfig) -> Complex64 {
    let x = freq_hz / (config.receiver_corner * config.rate_hz);
    let x2 = x * x;
    Complex64::new(1.0 - 3.414_214 * x2 + x2 * x2, 2.613_126 * (x - x * x2)).inv()
}
