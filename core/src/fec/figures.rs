//! The figures of a code: codeword failures, error ratio after FEC, frame loss, and the limit before FEC.
//!
//! | error model | when | symbol error ratio of the line |
//! |---|---|---|
//! | independent bits, p_s = 1 - (1 - BER)^10 | `burst_continuation` 0, no precoding | – |
//! | independent PAM4 symbols | `burst_continuation` 0, precoding | 2 BER |
//! | two-state PAM4 symbols | `burst_continuation` a > 0: P(err given err) = a | 2 BER, stationary |
//!
//! 2 BER holds for Gray-coded single-level errors of PAM4; for NRZ ([`figures`]) it is the BER itself. It is limited to 3/4, what guessing gives, and to 1/(2 - a), where
//! an error follows every right decision: beyond either the process cannot exist, and every codeword fails anyway.
//! `interleave` is the number of codewords that share the lane symbol by symbol; it matters to the last two models.
//!
//! Compare coding options at fixed SNR, not at fixed `ber`: what makes bursts also changes the error ratio.
//!
//! Segments of a lane between retimers have an error process each ([`figures_of_segments`]); a code from end to end sees
//! all of them.

use super::Code;
use super::binomial::{self, Tail};
use super::burst::{self, Layout, MAX_PROCESSES, Process};
use crate::error::{Error, Result, require};
use crate::modulation::Modulation;

/// Minimum frames (64 bytes, preamble and gap) in the 5140-bit message of a codeword, as 802.3 counts them.
const FRAMES_PER_CODEWORD: f64 = 8.0;

/// What a code makes of an error ratio before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// As [`codeword_error_ratio`].
    pub codeword_error_ratio: f64,
    /// As [`ber_after`].
    pub ber: f64,
    /// As [`frame_loss_ratio`].
    pub frame_loss_ratio: f64,
}

/// Every figure, for a lane of either modulation: an NRZ symbol is one bit, and ten of them make a Reed–Solomon symbol.
///
/// # Errors
/// As [`codeword_error_ratio`].
///
/// ```
/// use lightlane::fec::{Code, figures};
/// use lightlane::modulation::Modulation::{Nrz, Pam4};
/// // Without bursts the bits are independent whatever carries them; in bursts of four symbols they are not.
/// let of = |modulation, stay| figures(modulation, 2.4e-4, Code::Kp4, 1, stay, false);
/// assert_eq!(of(Nrz, 0.0)?, of(Pam4, 0.0)?);
/// assert!(of(Nrz, 0.75)?.codeword_error_ratio < of(Pam4, 0.75)?.codeword_error_ratio);
/// # Ok::<(), lightlane::Error>(())
/// ```
pub fn figures(
    modulation: Modulation,
    ber: f64,
    code: Code,
    interleave: usize,
    burst_continuation: f64,
    precoding: bool,
) -> Result<Figures> {
    figures_of_segments(modulation, &[ErrorProcess { ber, burst_continuation }], code, interleave, precoding)
}

/// Errors of one segment of a lane, as its code sees them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ErrorProcess {
    /// Bit error ratio before FEC.
    pub ber: f64,
    /// P(err given err) of successive symbols; 0 where errors are independent.
    pub burst_continuation: f64,
}

/// The figures of a code that runs over several segments whose errors are independent of each other: a symbol is wrong
/// where it is wrong in any of them. Errors that a later segment undoes are counted, which is too many by about the product of
/// two error ratios.
///
/// # Errors
/// As [`codeword_error_ratio`]; [`Error::Parameter`] for no segment or more than five.
///
/// ```
/// use lightlane::fec::{Code, ErrorProcess, figures, figures_of_segments};
/// use lightlane::modulation::Modulation::Pam4;
/// // Independent errors of two segments are those of one with the sum of their error ratios, but for symbols wrong in both:
/// // 1.2e-4 of the wrong ones, of which a lost codeword has 16.
/// let half = ErrorProcess { ber: 1.2e-4, burst_continuation: 0.0 };
/// let two = figures_of_segments(Pam4, &[half, half], Code::Kp4, 1, false)?;
/// let one = figures(Pam4, 2.4e-4, Code::Kp4, 1, 0.0, false)?;
/// let ratio = two.codeword_error_ratio / one.codeword_error_ratio;
/// assert!(ratio < 1.0 && ratio > 1.0 - 3e-3);
/// # Ok::<(), lightlane::Error>(())
/// ```
pub fn figures_of_segments(
    modulation: Modulation,
    segments: &[ErrorProcess],
    code: Code,
    interleave: usize,
    precoding: bool,
) -> Result<Figures> {
    let x = after(modulation, segments, code, interleave, precoding)?;
    let codewords = x.tail.probability;
    let lost = codewords * (1.0 + interleave as f64 * FRAMES_PER_CODEWORD) / FRAMES_PER_CODEWORD;
    // No symbol is ever wrong: nothing is left to scale.
    let held = if x.symbol_error_ratio == 0.0 { 0.0 } else { x.line_ber / x.symbol_error_ratio };
    Ok(Figures {
        codeword_error_ratio: codewords,
        ber: if held == 0.0 { 0.0 } else { x.tail.symbol_ratio * held },
        frame_loss_ratio: lost.min(1.0),
    })
}

/// Share of codewords with more wrong symbols than can be corrected.
///
/// # Errors
/// [`Error::Parameter`] for `ber` or `burst_continuation` outside 0..1 (NaN too) or an `interleave` of 0.
///
/// ```
/// use lightlane::fec::{Code, codeword_error_ratio};
/// let p = codeword_error_ratio(2.4e-4, Code::Kp4, 1, 0.0, false)?;
/// assert!((p / 8.1516e-13 - 1.0).abs() < 1e-4);
/// # Ok::<(), lightlane::Error>(())
/// ```
pub fn codeword_error_ratio(
    ber: f64,
    code: Code,
    interleave: usize,
    burst_continuation: f64,
    precoding: bool,
) -> Result<f64> {
    Ok(figures(Modulation::Pam4, ber, code, interleave, burst_continuation, precoding)?.codeword_error_ratio)
}

/// Bit error ratio after FEC: the share of symbols in failed codewords that stay wrong, times the bit errors a wrong
/// symbol holds, (BER after unprecoding)/(Reed–Solomon symbol error ratio). A failed codeword is left as received.
///
/// # Errors
/// As [`codeword_error_ratio`].
pub fn ber_after(
    ber: f64,
    code: Code,
    interleave: usize,
    burst_continuation: f64,
    precoding: bool,
) -> Result<f64> {
    Ok(figures(Modulation::Pam4, ber, code, interleave, burst_continuation, precoding)?.ber)
}

/// Share of minimum-size Ethernet frames lost, CER (1 + I · MFC)/MFC with MFC = 8 frames in a message and I codewords
/// interleaved: 802.3's 9.2e-13, 1.7e-12 and 3.4e-12 at 2.4e-4 for I = 1, 2 and 4. At most 1.
///
/// # Errors
/// As [`codeword_error_ratio`].
pub fn frame_loss_ratio(
    ber: f64,
    code: Code,
    interleave: usize,
    burst_continuation: f64,
    precoding: bool,
) -> Result<f64> {
    Ok(figures(Modulation::Pam4, ber, code, interleave, burst_continuation, precoding)?.frame_loss_ratio)
}

/// The error ratio before FEC that leaves `ber_after` after it, for independent bits.
///
/// # Errors
/// [`Error::Parameter`] unless 1e-300 ≤ `ber_after` ≤ 0.5.
///
/// ```
/// use lightlane::fec::{Code, ber_after, ber_limit};
/// let limit = ber_limit(Code::Kp4, 1e-15)?;
/// assert!((ber_after(limit, Code::Kp4, 1, 0.0, false)? / 1e-15 - 1.0).abs() < 1e-9);
/// # Ok::<(), lightlane::Error>(())
/// ```
pub fn ber_limit(code: Code, ber_after: f64) -> Result<f64> {
    require::within("ber_after", ber_after, 1e-300, 0.5)?;
    // After-FEC BER rises with BER, lies below it, and is 1 at 1: bisect the logarithm to the last digit.
    let (mut low, mut high) = (1e-60f64.ln(), 0.0);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if self::ber_after(middle.exp(), code, 1, 0.0, false)? < ber_after {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok((0.5 * (low + high)).exp())
}

/// What every figure is made of.
struct After {
    tail: Tail,
    /// Bit error ratio where the code sees it, after unprecoding.
    line_ber: f64,
    /// Reed–Solomon symbol error ratio.
    symbol_error_ratio: f64,
}

fn after(
    modulation: Modulation,
    segments: &[ErrorProcess],
    code: Code,
    interleave: usize,
    precoding: bool,
) -> Result<After> {
    if !(1..=MAX_PROCESSES).contains(&segments.len()) {
        let requirement = format!("1 to {MAX_PROCESSES} segments");
        return Err(Error::parameter("segments", segments.len(), requirement));
    }
    for segment in segments {
        require::within("ber", segment.ber, 0.0, 1.0)?;
        require::within("burst_continuation", segment.burst_continuation, 0.0, 1.0)?;
    }
    if interleave == 0 || interleave > 1 << 20 {
        return Err(Error::parameter("interleave", interleave, "between 1 and 1048576"));
    }
    if segments.iter().all(|s| s.burst_continuation == 0.0) && !precoding {
        let ln_right = code.symbol_bits() as f64 * segments.iter().map(|s| (-s.ber).ln_1p()).sum::<f64>();
        let wrong = -ln_right.exp_m1();
        let tail = binomial::tail(code.n(), code.t(), wrong, ln_right);
        let line_ber = segments.iter().map(|s| s.ber).sum::<f64>().min(1.0);
        return Ok(After { tail, line_ber, symbol_error_ratio: wrong });
    }
    let (bits, levels) = (modulation.bits_per_symbol(), modulation.n_levels() as f64);
    let process = |segment: &ErrorProcess| {
        let stay = segment.burst_continuation;
        // Stationary share of wrong symbols.
        let wrong = (bits as f64 * segment.ber).min(1.0 - 1.0 / levels);
        if stay == 0.0 {
            return Process { start: wrong, stay: wrong, wrong };
        }
        let wrong = wrong.min(1.0 / (2.0 - stay));
        Process { start: (wrong * (1.0 - stay) / (1.0 - wrong)).min(1.0), stay, wrong }
    };
    let processes: Vec<Process> = segments.iter().map(process).collect();
    // A wrong symbol has one wrong bit, before unprecoding and after it.
    let line_ber = if precoding {
        processes.iter().map(|p| burst::line_error_ratio(*p, true)).sum::<f64>() / bits as f64
    } else {
        segments.iter().map(|s| s.ber).sum()
    };
    let layout = Layout {
        n: code.n(),
        t: code.t(),
        per_symbol: code.symbol_bits() / bits,
        depth: interleave,
        precoding,
    };
    let found = burst::chain_figures(&processes, &layout);
    Ok(After { tail: found.tail, line_ber: line_ber.min(1.0), symbol_error_ratio: found.symbol_error_ratio })
}
