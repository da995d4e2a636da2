//! Keywords of the IEEE workbooks: which are known, which change a result, and their values.

use super::matlab::{Matrix, matrix};
use crate::error::{Error, Result, require};
use serde_json::{Map, Value};

/// Keywords that shape the result.
const MODELLED: [&str; 54] = [
    "release",
    "f_b",
    "L",
    "M",
    "DER_0",
    "T_r",
    "R_LM",
    "A_v",
    "A_fe",
    "A_ne",
    "A_DD",
    "sigma_RJ",
    "SNR_TX",
    "eta_0",
    "f_r",
    "R_0",
    "R_d",
    "C_d",
    "L_s",
    "C_b",
    "C_p",
    "z_p select",
    "z_p (TX)",
    "z_p (RX)",
    "z_p (FEXT)",
    "z_p (NEXT)",
    "package_Z_c",
    "package_tl_tau",
    "package_tl_gamma0_a1_a2",
    "c(0)",
    "c(-6)",
    "c(-5)",
    "c(-4)",
    "c(-3)",
    "c(-2)",
    "c(-1)",
    "c(1)",
    "c(2)",
    "c(3)",
    "g_DC",
    "g_DC_HP",
    "f_z",
    "f_p1",
    "f_p2",
    "f_HP_PZ",
    "N_b",
    "b_max(1)",
    "b_max(2..N_b)",
    "b_min(1)",
    "b_min(2..N_b)",
    "COM Pass threshold",
    "Local Search",
    "Port Order",
    "f_min",
];

/// Keywords of reports, plots, and of parts that are switched off by a keyword below or that are judged elsewhere.
const WITHOUT_EFFECT: [&str; 56] = [
    "Delta_f",
    "ERL",
    "ERL Pass threshold",
    "TDR",
    "TR_TDR",
    "TDR_W_TXPKG",
    "N",
    "N_bx",
    "beta_x",
    "rho_x",
    "Tukey_Window",
    "fixture delay time",
    "f_v",
    "f_f",
    "f_n",
    "f_2",
    "A_ft",
    "A_nt",
    "Sigma BBN step",
    "z_bp (TX)",
    "z_bp (RX)",
    "z_bp (FEXT)",
    "z_bp (NEXT)",
    "C_0",
    "C_1",
    "board_tl_gamma0_a1_a2",
    "board_tl_tau",
    "board_Z_c",
    "N_bf",
    "N_f",
    "bmaxg",
    "B_float_RSS_MAX",
    "N_tail_start",
    "EW",
    "ffe_tap_step_size",
    "ffe_main_cursor_min",
    "ffe_pre_tap1_max",
    "ffe_post_tap1_max",
    "ffe_tapn_max",
    "ts_anchor",
    "sample_adjustment",
    "DIAGNOSTICS",
    "DISPLAY_WINDOW",
    "CSV_REPORT",
    "RESULT_DIR",
    "SAVE_FIGURES",
    "COM_CONTRIBUTION",
    "Histogram_Window_Weight",
    "QL",
    "T_O",
    "samples_for_C2M",
    "min_VEO_Test",
    "N_v",
    "N_qb",
    "P_qc",
    "add_rx_noise",
];

/// Keywords whose other values would change the result by rules that are not computed.
const NEUTRAL: [(&str, f64); 17] = [
    ("Include PCB", 0.0),
    ("RX_CALIBRATION", 0.0),
    ("AC_CM_RMS", 0.0),
    ("ERL_ONLY", 0.0),
    ("MLSE", 0.0),
    ("MLSD", 0.0),
    ("N_bg", 0.0),
    ("ffe_pre_tap_len", 0.0),
    ("ffe_post_tap_len", 0.0),
    ("IDEAL_TX_TERM", 0.0),
    ("IDEAL_RX_TERM", 0.0),
    ("Raised_Cosine", 0.0),
    ("INC_PACKAGE", 1.0),
    ("INCLUDE_CTLE", 1.0),
    ("INCLUDE_TX_RX_FILTER", 1.0),
    ("FORCE_TR", 1.0),
    ("Enforce Causality", 0.0),
];

/// Those of them that release "d3.3" computes.
const DRAFT: [&str; 4] = ["MLSD", "N_bg", "ffe_pre_tap_len", "ffe_post_tap_len"];

/// A mapping of keywords whose names are known and whose unmodelled parts are neutral.
pub(super) struct Keywords<'a>(&'a Map<String, Value>);

impl<'a> Keywords<'a> {
    /// `draft` lets the receiver of Annex 178A be switched on.
    pub(super) fn new(map: &'a Map<String, Value>, draft: bool) -> Result<Self> {
        let known = || {
            MODELLED
                .iter()
                .chain(&WITHOUT_EFFECT)
                .copied()
                .chain(NEUTRAL.iter().map(|n| n.0))
                .chain(["PMD_type", "CTLE_type"])
        };
        if let Some(name) = map.keys().find(|k| !known().any(|n| n == k.as_str())) {
            return Err(Error::unknown("keyword", name, known()));
        }
        let keywords = Self(map);
        for (name, neutral) in NEUTRAL.into_iter().filter(|n| !(draft && DRAFT.contains(&n.0))) {
            let value = keywords.number_or(name, neutral)?;
            if value != neutral {
                let requirement = format!("{neutral}: other values are not computed by this mode");
                return Err(Error::parameter(name, value, requirement));
            }
        }
        if let Some(kind) = map.get("CTLE_type").filter(|v| v.as_str() != Some("CL120d")) {
            return Err(Error::parameter(
                "CTLE_type",
                kind,
                "\"CL120d\": others are not computed by this mode",
            ));
        }
        if let Some(kind) = map.get("PMD_type").filter(|v| v.as_str() == Some("C2M")) {
            return Err(Error::parameter(
                "PMD_type",
                kind,
                "another than \"C2M\", whose eye is not computed here",
            ));
        }
        Ok(keywords)
    }

    pub(super) fn rows(&self, name: &str) -> Result<Option<Matrix>> {
        self.0.get(name).map(|v| matrix(name, v)).transpose()
    }

    pub(super) fn required_rows(&self, name: &str) -> Result<Matrix> {
        self.rows(name)?.filter(|m| m.iter().any(|r| !r.is_empty())).ok_or_else(|| missing(name))
    }

    /// Every number of a value, row by row.
    pub(super) fn list_or(&self, name: &str, default: &[f64]) -> Result<Vec<f64>> {
        let list = self.rows(name)?.map_or_else(|| default.to_vec(), |m| m.concat());
        if list.is_empty() && !default.is_empty() { Err(missing(name)) } else { Ok(list) }
    }

    pub(super) fn number_or(&self, name: &str, default: f64) -> Result<f64> {
        match self.rows(name)? {
            None => Ok(default),
            Some(m) => single(name, &m),
        }
    }

    pub(super) fn number(&self, name: &str) -> Result<f64> {
        single(name, &self.required_rows(name)?)
    }

    /// A whole number in a range.
    pub(super) fn count_or(&self, name: &str, default: usize, low: usize, high: usize) -> Result<usize> {
        let value = self.number_or(name, default as f64)?;
        if value.fract() != 0.0 {
            return Err(Error::parameter(name, value, "a whole number"));
        }
        require::within(name, value, low as f64, high as f64).map(|v| v as usize)
    }

    /// Values for the transmitter and the receiver: one for both, or two.
    pub(super) fn ends(&self, name: &str) -> Result<[f64; 2]> {
        let list = self.required_rows(name)?.concat();
        match list[..] {
            [both] => Ok([both, both]),
            [tx, rx] => Ok([tx, rx]),
            _ => Err(Error::parameter(
                name,
                format!("{} values", list.len()),
                "one value, or one for Tx and one for Rx",
            )),
        }
    }
}

fn single(name: &str, rows: &Matrix) -> Result<f64> {
    match rows.concat()[..] {
        [value] => Ok(value),
        ref list => Err(Error::parameter(name, format!("{} values", list.len()), "one number")),
    }
}

fn missing(name: &str) -> Error {
    Error::parameter(name, "nothing", "given: the release has no default for it")
}
