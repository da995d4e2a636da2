//! Latency of a link, one way.
//!
//! ```text
//! t = 2 l sqrt(Dk)/c + L n_g/c + N_dsp t_dsp + 2 t_serdes + t_fec
//! t_fec = m n_bits/R_line + t_decode        the block of m interleaved codewords must arrive before it is decoded
//! ```

use super::power::{at_least_one, require_dk};
use crate::error::{Error, Result, require};
use crate::units::SPEED_OF_LIGHT_M_PER_S;

/// Time to receive the `interleave` codewords of `bits` bits that are decoded together, s.
///
/// # Errors
/// [`Error::Parameter`] for a rate that is not positive, or an interleave or codeword of 0.
///
/// ```
/// let t = lightlane::system::fec_block_s(212.5e9, 1, 5440)?;
/// assert!((t - 25.6e-9).abs() < 1e-21);
/// # Ok::<(), lightlane::Error>(())
/// ```
pub fn fec_block_s(rate_bps: f64, interleave: usize, bits: usize) -> Result<f64> {
    require::positive("rate_bps", rate_bps)?;
    for (name, count) in [("interleave", interleave), ("bits", bits)] {
        if count == 0 {
            return Err(Error::parameter(name, 0, "at least 1"));
        }
    }
    Ok(interleave as f64 * bits as f64 / rate_bps)
}

/// What a link's latency is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LatencyInput {
    /// Trace at each end, m.
    pub trace_m: f64,
    /// Its effective dielectric constant.
    pub dk: f64,
    /// Fibre, m.
    pub fiber_m: f64,
    /// Its group index.
    pub group_index: f64,
    /// Retiming modules on the way.
    pub dsp_modules: usize,
    /// Delay of one, s.
    pub dsp_s: f64,
    /// SerDes at each end, s.
    pub serdes_s: f64,
    /// FEC block and decoder, s.
    pub fec_s: f64,
}

/// Latency by cause, s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Latency {
    /// Traces of both ends.
    pub trace_s: f64,
    /// Fibre.
    pub fiber_s: f64,
    /// Retiming modules.
    pub dsp_s: f64,
    /// SerDes of both ends.
    pub serdes_s: f64,
    /// FEC.
    pub fec_s: f64,
    /// All of it.
    pub total_s: f64,
}

/// Latency of a link, one way.
///
/// # Errors
/// [`Error::Parameter`] for a negative length or delay, or `dk` or `group_index` below 1.
pub fn latency(input: &LatencyInput) -> Result<Latency> {
    let trace = require::non_negative("trace_m", input.trace_m)?;
    let fiber = require::non_negative("fiber_m", input.fiber_m)?;
    let trace_s = 2.0 * trace * require_dk(input.dk)?.sqrt() / SPEED_OF_LIGHT_M_PER_S;
    let fiber_s = fiber * at_least_one("group_index", input.group_index)? / SPEED_OF_LIGHT_M_PER_S;
    let dsp_s = input.dsp_modules as f64 * require::non_negative("dsp_s", input.dsp_s)?;
    let serdes_s = 2.0 * require::non_negative("serdes_s", input.serdes_s)?;
    let fec_s = require::non_negative("fec_s", input.fec_s)?;
    let total_s = trace_s + fiber_s + dsp_s + serdes_s + fec_s;
    Ok(Latency { trace_s, fiber_s, dsp_s, serdes_s, fec_s, total_s })
}
