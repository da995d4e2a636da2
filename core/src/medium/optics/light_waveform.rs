//! The light of a section for a pattern sent for ever: what an oscilloscope behind it shows, without noise.

use super::chain::Chain;
use super::link::check;
use super::operating_point::OperatingPoint;
use super::{Optics, Transmit};
use crate::error::{Error, Result};
use crate::response::ChannelResponse;
use crate::run::Run;

/// Most samples of a waveform: SSPRQ at 64 samples a symbol, and one transform is done before a caller who stops it waits.
const MOST_SAMPLES: usize = 1 << 22;

/// Optical powers for one period of a pattern, sample i of symbol k at index k · samples + i.
#[derive(Debug, Clone, PartialEq)]
pub struct LightWaveform {
    /// The pattern.
    pub symbols: Vec<u8>,
    /// Samples a symbol.
    pub samples_per_symbol: usize,
    /// Symbols a second.
    pub symbol_rate_hz: f64,
    /// Power behind the modulator, W.
    pub launched_w: Vec<f64>,
    /// Power at the photodiode, W.
    pub received_w: Vec<f64>,
    /// What the caller should know about where the section settled.
    pub warnings: Vec<String>,
}

/// The light of an optical section for one period of symbols: driver, modulator and dispersion as in
/// [`optical_link`](super::optical_link); noise, jitter, reflections and other wavelengths are left out.
///
/// ```
/// use lightlane::{Run, grid::{Grid, SymbolRate}, response::ChannelResponse};
/// use lightlane::medium::optics::{Optics, Transmit, light_waveform};
/// let host = ChannelResponse::ideal(Grid::new(SymbolRate::new(26.5625e9)?, 16, 16 * 64)?);
/// let transmit = Transmit { levels_v: &[-0.2, -0.07, 0.07, 0.2], ffe: &[1.0], ffe_main: 0 };
/// // Eight zeros and eight threes, so slow that every device settles.
/// let symbols: Vec<u8> = (0..16).map(|k| if k < 8 { 0 } else { 3 }).collect();
/// let optics = Optics::default();
/// let light = light_waveform(&optics, &host, &transmit, &symbols, 16, &Run::default())?;
/// let settled = light.launched_w[12 * 16 + 8] - light.launched_w[4 * 16 + 8];
/// // sin(π/4) of the light that passes the modulator at its best.
/// let most_w = optics.laser.lane_power_w() * optics.modulator.transmission(2.5);
/// assert!((settled / most_w - 0.7071).abs() < 1e-3);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// Those of [`optical_link`](super::optical_link) for the section; [`Error::Parameter`] for symbols that the alphabet lacks,
/// fewer than 16 of them, or more than 2²² samples; [`Error::Interrupted`].
pub fn light_waveform(
    optics: &Optics,
    before: &ChannelResponse,
    transmit: &Transmit<'_>,
    symbols: &[u8],
    samples_per_symbol: usize,
    run: &Run,
) -> Result<LightWaveform> {
    optics.validate()?;
    check(transmit, samples_per_symbol)?;
    let alphabet = transmit.levels_v.len();
    if symbols.len() < 16 || symbols.len() * samples_per_symbol > MOST_SAMPLES {
        let requirement = format!("at least 16 symbols and at most {MOST_SAMPLES} samples");
        let value = format!("{} symbols of {samples_per_symbol} samples", symbols.len());
        return Err(Error::parameter("symbols", value, requirement));
    }
    if let Some(i) = symbols.iter().position(|s| usize::from(*s) >= alphabet) {
        return Err(Error::parameter(
            format!("symbols[{i}]"),
            symbols[i],
            format!("below {alphabet}, the levels there are"),
        ));
    }
    let point = OperatingPoint::new(optics, before, transmit)?;
    let after = ChannelResponse::ideal(*before.grid());
    let mut chain = Chain::new(optics, &point, transmit, (before, &after), symbols, samples_per_symbol);
    run.check()?;
    let drive = chain.drive(&point.centred_v);
    run.check()?;
    let symbol_rate_hz = before.grid().symbol_rate().hz();
    let field = optics.modulator.field(&drive.v, samples_per_symbol as f64 * symbol_rate_hz);
    let launched_w = field.iter().map(|e| point.lane_power_w * e.norm_sqr()).collect();
    run.check()?;
    let received_w = chain.received_w(field);
    Ok(LightWaveform {
        symbols: symbols.to_vec(),
        samples_per_symbol,
        symbol_rate_hz,
        launched_w,
        received_w,
        warnings: point.warnings,
    })
}
