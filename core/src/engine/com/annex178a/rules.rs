//! What draft D3.3 asks of the receiver, from its keywords.

use crate::engine::com::keywords::Keywords;
use crate::error::{Error, Result, require};

/// Most UI that the receiver's FFE may span: beyond it, a candidate is no longer a small solve.
const MAX_SPAN: usize = 256;
/// Most taps of a floating group.
pub(super) const MAX_GROUP: usize = 16;
/// Spacing of the frequency grid unless `Delta_f` is given, Hz.
const STEP_HZ: f64 = 10e6;
/// Added receiver noise unless `add_rx_noise` is given, dB: the smallest COM that passes.
const ADDED_NOISE_DB: f64 = 3.0;
/// Probability of clipping unless `P_qc` is given.
const CLIP_PROBABILITY: f64 = 1e-7;

/// The receiver of Annex 178A: FFE, one-tap DFE, quantizer, sequence detection.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::engine::com) struct Rules {
    /// Taps before the main one.
    pub(super) pre: usize,
    /// Taps whose places are fixed, the main one among them.
    pub(super) n_fixed: usize,
    /// Places that taps may have, fixed and floating.
    pub(super) span: usize,
    /// Groups of floating taps, and taps a group.
    pub(super) groups: usize,
    pub(super) group_len: usize,
    /// Largest magnitude of each tap relative to the main one.
    pub(super) limits: Vec<f64>,
    /// Effective bits of the quantizer; 0 for none.
    pub(super) quantizer_bits: usize,
    pub(super) clip_probability: f64,
    pub(super) mlsd: bool,
    pub(super) added_noise_db: f64,
    pub(in crate::engine::com) step_hz: f64,
}

impl Rules {
    /// Tap places of the FFE, and those before the main tap.
    pub(in crate::engine::com) fn span_and_pre(&self) -> (usize, usize) {
        (self.span, self.pre)
    }

    /// Reads the keywords that Annex 93A does not know.
    pub(in crate::engine::com) fn from_keywords(k: &Keywords<'_>) -> Result<Self> {
        let pre = k.count_or("ffe_pre_tap_len", 0, 0, MAX_SPAN / 2)?;
        let post = k.count_or("ffe_post_tap_len", 0, 0, MAX_SPAN / 2 - 1)?;
        let n_fixed = pre + 1 + post;
        let groups = k.count_or("N_bg", 0, 0, 16)?;
        let group_len = k.count_or("N_bf", 0, 0, MAX_GROUP)?;
        let reach = k.count_or("N_f", post, 0, MAX_SPAN - MAX_SPAN / 2 - 1)?;
        let floating = groups * group_len;
        let span = if floating > 0 { pre + 1 + reach } else { n_fixed };
        if span < n_fixed + floating {
            let requirement = format!("at least {}: N_bg N_bf taps after ffe_post_tap_len", post + floating);
            return Err(Error::parameter("N_f", reach, requirement));
        }
        let limit = |name: &str| require::within(name, k.number_or(name, 1.0)?, 0.0, 1.0);
        let (first_pre, first_post, others) =
            (limit("ffe_pre_tap1_max")?, limit("ffe_post_tap1_max")?, limit("ffe_tapn_max")?);
        let floats = if floating > 0 { require::within("bmaxg", k.number("bmaxg")?, 0.0, 1.0)? } else { 0.0 };
        let limits = (0..span)
            .map(|i| match i {
                _ if i >= n_fixed => floats,
                _ if i == pre => 1.0,
                _ if i + 1 == pre => first_pre,
                _ if i == pre + 1 => first_post,
                _ => others,
            })
            .collect();
        if k.count_or("N_b", 0, 0, 1000)? > 1 {
            return Err(Error::parameter("N_b", k.number("N_b")?, "0 or 1 with release \"d3.3\""));
        }
        Ok(Self {
            pre,
            n_fixed,
            span,
            groups: if group_len > 0 { groups } else { 0 },
            group_len,
            limits,
            quantizer_bits: k.count_or("N_qb", 0, 0, 32)?,
            clip_probability: require::within("P_qc", k.number_or("P_qc", CLIP_PROBABILITY)?, 1e-15, 0.1)?,
            mlsd: k.count_or("MLSD", 0, 0, 1)? == 1,
            added_noise_db: require::within(
                "add_rx_noise",
                k.number_or("add_rx_noise", ADDED_NOISE_DB)?,
                0.01,
                20.0,
            )?,
            step_hz: match k.rows("Delta_f")? {
                Some(_) => require::within("Delta_f", k.number("Delta_f")?, 1e-4, 10.0)? * 1e9,
                None => STEP_HZ,
            },
        })
    }
}
