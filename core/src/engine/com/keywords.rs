//! Keywords of the IEEE workbooks: which are known, which change a result, and their values.

use super::matlab::{Matrix, matrix, written};
use crate::error::{Error, Result, require};
use serde_json::{Map, Value};
use std::cell::RefCell;

/// Keywords that shape a result.
const MODELLED: [&str; 103] = [
    "release",
    "f_b",
    "L",
    "M",
    "DER_0",
    "T_r",
    "FORCE_TR",
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
    "Include PCB",
    "z_bp (TX)",
    "z_bp (RX)",
    "z_bp (FEXT)",
    "z_bp (NEXT)",
    "board_Z_c",
    "board_tl_tau",
    "board_tl_gamma0_a1_a2",
    "C_0",
    "C_1",
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
    "N_bg",
    "N_bf",
    "N_f",
    "bmaxg",
    "B_float_RSS_MAX",
    "N_tail_start",
    "PMD_type",
    "T_O",
    "sigma_r",
    "QL",
    "Histogram_Window_Weight",
    "samples_for_C2M",
    "EH_min",
    "VEC Pass threshold",
    "COM Pass threshold",
    "Local Search",
    "Port Order",
    "f_min",
    "ERL",
    "TDR",
    "ERL Pass threshold",
    "TR_TDR",
    "N",
    "N_bx",
    "beta_x",
    "rho_x",
    "Tukey_Window",
    "TDR_Butterworth",
    "fixture delay time",
    "Z_t",
    "T_k",
    "Grr",
    "Grr_limit",
    "Gx",
    "f_v",
    "f_f",
    "f_n",
    "f_1",
    "f_2",
    "f_2_ILD",
    "A_ft",
    "A_nt",
];

/// Keywords of reports and plots, of parts that another keyword switches off, and of figures that are not given.
const WITHOUT_EFFECT: [&str; 53] = [
    "Delta_f",
    "Sigma BBN step",
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
    "SAVE_FIGURE_to_CSV",
    "SAVE_KEYWORD_FILE",
    "SAVE_CONFIG2MAT",
    "SAVE_TD",
    "WRITE_CSV_TRANSPOSED",
    "TIMESTAMP",
    "RUNTAG",
    "TIME_AXIS",
    "BREAD_CRUMBS",
    "BREAD_CRUMBS_FIELDS",
    "Display frequency domain",
    "PLOT_CM",
    "CM_MASK_REPORT",
    "COM_CONTRIBUTION",
    "BBN Q factor",
    "Force BBN Q factor",
    "COMPUTE_RILN",
    "COMPUTE_TDILN",
    "delta_IL",
    "EXE_MODE",
    "TDR_duration",
    "min_VEO_Test",
    "Min_VEO_Test",
    "EH_min_test",
    "EH_max",
    "N_v",
    "D_p",
    "N_p",
    "P_peak",
    "DER_CDR",
    "N_qb",
    "P_qc",
    "add_rx_noise",
    "Report_Modal_ERL",
    "RIT_REF_PTR",
    "Max burst length calculated",
    "Error propagation COM margin",
    "Use simple error propagation model",
];

/// Keywords whose other values would change the result by rules that are not computed.
const NEUTRAL: [(&str, f64); 51] = [
    ("RX_CALIBRATION", 0.0),
    ("PSDRXCAL", 0.0),
    ("AC_CM_RMS", 0.0),
    ("ERL_ONLY", 0.0),
    ("DO_NOT_COMPUTE_COM", 0.0),
    ("NO_COM", 0.0),
    ("MLSE", 0.0),
    ("MLSD", 0.0),
    ("ffe_pre_tap_len", 0.0),
    ("ffe_post_tap_len", 0.0),
    ("ffe_backoff", 0.0),
    ("N_b_step", 0.0),
    ("IDEAL_TX_TERM", 0.0),
    ("IDEAL_RX_TERM", 0.0),
    ("Raised_Cosine", 0.0),
    ("Bessel_Thomson", 0.0),
    ("Butterworth", 1.0),
    ("INC_PACKAGE", 1.0),
    ("INCLUDE_CTLE", 1.0),
    ("INCLUDE_TX_RX_FILTER", 1.0),
    ("Enforce Causality", 0.0),
    ("kappa1", 1.0),
    ("kappa2", 1.0),
    ("GDC_MIN", 0.0),
    ("C_v", 0.0),
    ("PKG_Tx_FFE_preset", 0.0),
    ("inc_reflect_board", 0.0),
    ("T_r_meas_point", 0.0),
    ("T_r_filter_type", 0.0),
    ("SNR_TXwC0", 0.0),
    ("Noise_Crest_Factor", 0.0),
    ("Force PDF bin size", 0.0),
    ("PDF bin size", 1e-5),
    ("Impulse response truncation threshold", 0.001),
    ("LIMIT_JITTER_CONTRIB_TO_DFE_SPAN", 0.0),
    ("USE_ETA0_PSD", 0.0),
    ("Optimize_loop_speed_up", 0.0),
    ("ZERO_PAD", 0.0),
    ("zero_pad_tukey_window_in_fb", 0.0),
    ("TDMODE", 0.0),
    ("TDECQ", 0.0),
    ("TDR_W_TXPKG", 0.0),
    ("SHOW_BRD", 0.0),
    ("AUTO_TFX", 0.0),
    ("WC_PORTZ", 0.0),
    ("ERL_FOM", 1.0),
    ("Txpskew", 0.0),
    ("Txnskew", 0.0),
    ("Rxpskew", 0.0),
    ("Rxnskew", 0.0),
    ("f_hp", 0.0),
];

/// Texts that choose a rule, each with the one that is computed.
const CHOICES: [(&str, &str); 4] = [
    ("CTLE_type", "CL120d"),
    ("CDR", "MM"),
    ("S-parameter magnitude extrapolation policy", "linear_trend_to_DC"),
    ("S-parameter phase extrapolation policy", "extrap_cubic_to_dc_linear_to_inf"),
];

/// Those of `NEUTRAL` that release "d3.3" computes.
const DRAFT: [&str; 3] = ["MLSD", "ffe_pre_tap_len", "ffe_post_tap_len"];

/// Every keyword that is known.
pub(super) fn known() -> impl Iterator<Item = &'static str> {
    MODELLED
        .iter()
        .chain(&WITHOUT_EFFECT)
        .copied()
        .chain(NEUTRAL.iter().map(|n| n.0))
        .chain(CHOICES.iter().map(|c| c.0))
}

/// A mapping of keywords whose names are known and whose unmodelled parts are neutral. It notes the defaults that are
/// asked of it, so that the resolved configuration can be written.
pub(super) struct Keywords<'a> {
    given: &'a Map<String, Value>,
    defaults: RefCell<Map<String, Value>>,
}

impl<'a> Keywords<'a> {
    /// `draft` lets the receiver of Annex 178A be switched on.
    pub(super) fn new(map: &'a Map<String, Value>, draft: bool) -> Result<Self> {
        if let Some(name) = map.keys().find(|k| !known().any(|n| n == k.as_str())) {
            return Err(Error::unknown("keyword", name, known()));
        }
        let keywords = Self { given: map, defaults: RefCell::new(Map::new()) };
        for (name, neutral) in NEUTRAL.into_iter().filter(|n| !(draft && DRAFT.contains(&n.0))) {
            let Some(rows) = keywords.rows(name)? else { continue };
            if let Some(value) = rows.concat().into_iter().find(|v| *v != neutral) {
                let requirement = format!("{neutral}: other values are not computed by this mode");
                return Err(Error::parameter(name, value, requirement));
            }
        }
        for (name, computed) in CHOICES {
            if let Some(other) = map.get(name).filter(|v| v.as_str() != Some(computed)) {
                let requirement = format!("{computed:?}: others are not computed by this mode");
                return Err(Error::parameter(name, other, requirement));
            }
        }
        Ok(keywords)
    }

    /// Every keyword that was given, and every default that was used; lists as the texts of a workbook.
    pub(super) fn resolved(self) -> Result<Map<String, Value>> {
        let mut all = self.defaults.into_inner();
        for (name, value) in self.given {
            let value = if value.is_array() { written(&matrix(name, value)?) } else { value.clone() };
            all.insert(name.clone(), value);
        }
        Ok(all)
    }

    fn note(&self, name: &str, default: Value) {
        self.defaults.borrow_mut().entry(name).or_insert(default);
    }

    /// A text, `default` if the keyword is absent.
    pub(super) fn text_or(&self, name: &str, default: &str) -> Result<String> {
        match self.given.get(name) {
            None => {
                self.note(name, default.into());
                Ok(default.into())
            }
            Some(Value::String(text)) => Ok(text.clone()),
            Some(Value::Number(number)) => Ok(number.to_string()),
            Some(other) => Err(Error::parameter(name, other, "a text")),
        }
    }

    pub(super) fn rows(&self, name: &str) -> Result<Option<Matrix>> {
        self.given.get(name).map(|v| matrix(name, v)).transpose()
    }

    pub(super) fn required_rows(&self, name: &str) -> Result<Matrix> {
        self.rows(name)?.filter(|m| m.iter().any(|r| !r.is_empty())).ok_or_else(|| missing(name))
    }

    /// Every number of a value, row by row.
    pub(super) fn list_or(&self, name: &str, default: &[f64]) -> Result<Vec<f64>> {
        let list = match self.rows(name)? {
            Some(rows) => rows.concat(),
            None => {
                self.note(name, written(&vec![default.to_vec()]));
                default.to_vec()
            }
        };
        if list.is_empty() && !default.is_empty() { Err(missing(name)) } else { Ok(list) }
    }

    pub(super) fn number_or(&self, name: &str, default: f64) -> Result<f64> {
        match self.rows(name)? {
            None => {
                self.note(name, default.into());
                Ok(default)
            }
            Some(m) => single(name, &m),
        }
    }

    pub(super) fn number(&self, name: &str) -> Result<f64> {
        single(name, &self.required_rows(name)?)
    }

    /// 0 or 1.
    pub(super) fn switch_or(&self, name: &str, default: bool) -> Result<bool> {
        match self.number_or(name, f64::from(u8::from(default)))? {
            0.0 => Ok(false),
            1.0 => Ok(true),
            other => Err(Error::parameter(name, other, "0 or 1")),
        }
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
        both(name, &self.required_rows(name)?.concat())
    }

    /// The same, `default` at both if the keyword is absent.
    pub(super) fn ends_or(&self, name: &str, default: f64) -> Result<[f64; 2]> {
        both(name, &self.list_or(name, &[default, default])?)
    }
}

fn both(name: &str, list: &[f64]) -> Result<[f64; 2]> {
    match *list {
        [both] => Ok([both, both]),
        [tx, rx] => Ok([tx, rx]),
        _ => Err(Error::parameter(
            name,
            format!("{} values", list.len()),
            "one value, or one for Tx and one for Rx",
        )),
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
