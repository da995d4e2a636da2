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

/// What the networks of a lane allow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    /// Largest frequency step among the networks, Hz; `None` without networks.
    pub(crate) step_hz: Option<f64>,
    /// Highest frequency at which the whole medium is known, Hz.
    pub(crate) limit_hz: f64,
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
    let mut extent = Extent { step_hz: None, limit_hz: CLOSED_FORM_LIMIT * rate.hz() };
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
        if freq[0] > 0.0 {
            warnings.push(format!("{name}: starts at {:.4} MHz; extrapolated to 0 Hz", freq[0] / 1e6));
        }
        extent.limit_hz = extent.limit_hz.min(f_max);
        extent.step_hz = Some(extent.step_hz.map_or(step, |s: f64| s.min(step)));
    }
    Ok(extent)
}

/// The grid with `n_symbols` symbols in its window.
pub(crate) fn window(rate: SymbolRate, samples_per_symbol: usize, n_symbols: usize) -> Result<Grid> {
    Grid::new(rate, samples_per_symbol, n_symbols * samples_per_symbol)
}
