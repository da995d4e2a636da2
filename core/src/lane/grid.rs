//! The grid of a lane: fine enough for its longest response, wide enough for its fastest edge.

use crate::error::{Error, Result};
use crate::grid::{Grid, SymbolRate};
use crate::medium::Network;

/// Samples a symbol of every response of a copper lane: COM's own.
pub(crate) const SAMPLES_PER_SYMBOL: usize = 32;
/// Samples a symbol of an optical lane, whose record of 65,536 symbols is filtered at all of them.
pub(crate) const RECORD_SAMPLES_PER_SYMBOL: usize = 16;

/// Closed forms are evaluated up to this multiple of the symbol rate: a 4th-order receiver filter at 0.55 f_b and the
/// symbol's own sinc leave less than −45 dB there.
const CLOSED_FORM_LIMIT: f64 = 1.5;

/// A channel that ends below this share of the Nyquist frequency cannot be simulated.
const SHORTEST_SHARE_OF_NYQUIST: f64 = 0.6;

/// A channel that ends below this multiple of the symbol rate is reported: the reference receiver passes energy there.
const COMFORTABLE_SHARE_OF_RATE: f64 = 0.6;

/// Reference impedance of a single-ended port, ohm; a differential two-port has about twice as much.
const SINGLE_ENDED_OHM: f64 = 60.0;

/// Power gain above which a network is reported as active: measured files of passive parts stay below.
const ACTIVE: f64 = 1.02;

/// Largest share of the power incident at one port that leaves through all: at most 1 for anything passive.
fn largest_power_gain(network: &Network) -> f64 {
    let n = network.n_ports();
    let leaving =
        |k: usize, input: usize| (0..n).map(|out| network.at(k, out, input).norm_sqr()).sum::<f64>();
    (0..network.freq_hz().len())
        .flat_map(|k| (0..n).map(move |i| (k, i)))
        .map(|(k, i)| leaving(k, i))
        .fold(0.0, f64::max)
}

/// What the networks of a lane allow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    /// Largest frequency step among the networks, Hz; `None` without networks.
    pub(crate) step_hz: Option<f64>,
    /// Highest frequency of any network, Hz; 0 without networks. Each is 0 above its own end.
    pub(crate) end_hz: f64,
}

impl Extent {
    /// Highest frequency that is evaluated: that of the networks, or of the closed forms without any.
    pub(crate) fn limit_hz(&self, rate: SymbolRate) -> f64 {
        let closed_form = CLOSED_FORM_LIMIT * rate.hz();
        if self.end_hz > 0.0 { self.end_hz.min(closed_form) } else { closed_form }
    }
}

/// Checks every network of the lane against the symbol rate and returns what they allow together.
///
/// # Errors
/// [`Error::Grid`] for a single point, a band that ends too low, or a step so coarse that the window is shorter than 32
/// symbols; each names what would suffice.
pub(crate) fn extent<'a>(
    rate: SymbolRate,
    networks: impl Iterator<Item = (String, &'a Network)>,
    warnings: &mut Vec<String>,
) -> Result<Extent> {
    let mut extent = Extent { step_hz: None, end_hz: 0.0 };
    for (name, network) in networks {
        let freq = network.freq_hz();
        let f_max = *freq.last().unwrap_or(&0.0);
        if freq.len() < 2 {
            let requirement = format!("at least 2 points, from 0 Hz to {:.4e} Hz", rate.nyquist_hz());
            return Err(Error::Grid {
                name: format!("{name}: points"),
                value: freq.len().to_string(),
                requirement,
            });
        }
        let needed = SHORTEST_SHARE_OF_NYQUIST * rate.nyquist_hz();
        if f_max < needed {
            let requirement = format!(
                "at least {needed:.4e} Hz for {:.4e} Bd; {:.4e} Hz is comfortable",
                rate.hz(),
                COMFORTABLE_SHARE_OF_RATE * rate.hz()
            );
            return Err(Error::Grid {
                name: format!("{name}: highest frequency"),
                value: format!("{f_max:.4e} Hz"),
                requirement,
            });
        }
        if f_max < COMFORTABLE_SHARE_OF_RATE * rate.hz() {
            warnings.push(format!("{name}: ends at {:.2} GHz; taken as 0 above it, where {:.4} GBd still has energy up to {:.1} GHz", f_max / 1e9, rate.hz() / 1e9, COMFORTABLE_SHARE_OF_RATE * rate.hz() / 1e9));
        }
        let step = (f_max - freq[0]) / (freq.len() - 1) as f64;
        let coarsest = rate.hz() / 32.0;
        if step > coarsest {
            return Err(Error::Grid {
                name: format!("{name}: frequency step"),
                value: format!("{step:.4e} Hz"),
                requirement: format!("at most {coarsest:.4e} Hz, a window of 32 symbols"),
            });
        }
        if network.n_ports() == 2 && network.z0_ohm().iter().all(|z| *z <= SINGLE_ENDED_OHM) {
            warnings.push(format!(
                "{name}: a two-port in {} ohm is taken as the differential one; a single-ended measurement needs its pair",
                network.z0_ohm()[0]
            ));
        }
        let gain = largest_power_gain(network);
        if gain > ACTIVE {
            warnings.push(format!(
                "{name}: not passive: a port's incident power leaves {gain:.3} times as strong"
            ));
        }
        if freq[0] > 0.0 {
            warnings.push(format!("{name}: starts at {:.4} MHz; extrapolated to 0 Hz", freq[0] / 1e6));
        }
        extent.end_hz = extent.end_hz.max(f_max);
        extent.step_hz = Some(extent.step_hz.map_or(step, |s: f64| s.min(step)));
    }
    Ok(extent)
}

/// The grid with `n_symbols` symbols in its window.
pub(crate) fn window(rate: SymbolRate, samples_per_symbol: usize, n_symbols: usize) -> Result<Grid> {
    Grid::new(rate, samples_per_symbol, n_symbols * samples_per_symbol)
}
