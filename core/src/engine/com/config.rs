//! A COM configuration with every value in SI units, from keywords.

use super::annex178a::Rules;
use super::board::Boards;
use super::floating::{FloatingTaps, TailLimit};
use super::keywords::Keywords;
use super::loss::BandConfig;
use super::reflection::ReflectionConfig;
use super::window::EyeWindow;
use crate::error::{Error, Result, require};
use crate::grid::SymbolRate;
use crate::medium::electrical::{Package, PackageLine, Side};
use crate::medium::network::PortPairs;
use crate::receiver::{Ctle, CtleStage};
use serde_json::{Map, Value};

/// Whose path a package stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The lane judged.
    Thru,
    /// An aggressor at the far end.
    Fext,
    /// An aggressor at the near end.
    Next,
}

/// Line lengths of one package case, m, one a section.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PackageCase {
    pub(super) thru_m: Vec<f64>,
    pub(super) rx_m: Vec<f64>,
    pub(super) fext_m: Vec<f64>,
    pub(super) next_m: Vec<f64>,
}

/// What Annex 93A needs to know, as release 4.50 of the reference code reads it.
///
/// Made of the keywords of the IEEE workbooks, in the workbooks' units; `from_keywords` lists what is refused. Fields
/// are private: a configuration is its keywords.
#[derive(Debug, Clone)]
pub struct ComConfig {
    pub(super) rate_hz: f64,
    pub(super) levels: usize,
    pub(super) samples_per_symbol: usize,
    pub(super) der: f64,
    /// Rise time of the transmitter's filter; None without one.
    pub(super) rise_s: Option<f64>,
    pub(super) r_lm: f64,
    pub(super) thru_v: f64,
    pub(super) fext_v: f64,
    pub(super) next_v: f64,
    pub(super) a_dd_ui: f64,
    pub(super) sigma_rj_ui: f64,
    pub(super) snr_tx_db: f64,
    pub(super) eta_v2_per_hz: f64,
    pub(super) receiver_corner: f64,
    pub(super) termination_ohm: [f64; 2],
    pub(super) devices: [Package; 2],
    pub(super) cases: Vec<PackageCase>,
    pub(super) c0_min: f64,
    /// Values to try for each transmitter tap, by its place in UI.
    pub(super) taps: Vec<(i32, Vec<f64>)>,
    pub(super) gdc_db: Vec<f64>,
    pub(super) gdc2_db: Vec<f64>,
    pub(super) ctle: Ctle,
    pub(super) b_min: Vec<f64>,
    pub(super) b_max: Vec<f64>,
    pub(super) pass_db: f64,
    pub(super) floating: Option<FloatingTaps>,
    pub(super) tail: Option<TailLimit>,
    pub(super) boards: Option<Boards>,
    pub(super) reflection: Option<ReflectionConfig>,
    pub(super) band: BandConfig,
    pub(super) window: Option<EyeWindow>,
    pub(super) port_pairs: Option<PortPairs>,
    /// Whether the search leaves places of the grid out; None for the size of the grid to decide.
    pub(super) adaptive: Option<bool>,
    /// The receiver of Annex 178A; None for that of Annex 93A.
    pub(super) receiver: Option<Rules>,
    keywords: Map<String, Value>,
}

/// Annex 93A as the reference code of this release computes it.
pub(super) const RELEASE_93A: &str = "4.50";
/// Annex 178A of this draft.
pub(super) const RELEASE_178A: &str = "d3.3";
/// Largest limit of a DFE tap, relative to the cursor: that of `bmaxg`.
const MAX_DFE: f64 = 10.0;
/// Most settings that a search may have; a finer grid is a slip.
const MAX_SETTINGS: f64 = 1e8;

impl ComConfig {
    /// Reads a mapping of workbook keywords: numbers, lists, or MATLAB texts such as `"[-0.2:0.1:0]"`.
    ///
    /// # Errors
    /// [`Error::Unknown`] for an unknown keyword, naming the nearest. [`Error::Parameter`] for a value outside its
    /// domain, a keyword that is missing and has no default, a release other than `"4.50"` and `"d3.3"`, or one that
    /// switches on what this mode does not compute (by 4.50 the receiver of Annex 178A; MLSE, another CTLE).
    ///
    /// ```
    /// use lightlane::engine::com::ComConfig;
    /// let keywords = serde_json::json!({"f_bb": 53.125});
    /// let error = ComConfig::from_keywords(keywords.as_object().expect("a mapping")).unwrap_err();
    /// assert_eq!(error.to_string(), "keyword = \"f_bb\": unknown, did you mean \"f_b\"?");
    /// ```
    pub fn from_keywords(map: &Map<String, Value>) -> Result<Self> {
        let draft = match map.get("release").map(|r| (r, r.as_str())) {
            None | Some((_, Some(RELEASE_93A))) => false,
            Some((_, Some(RELEASE_178A))) => true,
            Some((other, _)) => {
                let requirement = format!("{RELEASE_93A:?} or {RELEASE_178A:?}");
                return Err(Error::parameter("release", other, requirement));
            }
        };
        let k = Keywords::new(map, draft)?;
        k.text_or("release", RELEASE_93A)?;
        let ghz = |name: &str| Ok::<f64, Error>(require::positive(name, k.number(name)?)? * 1e9);
        let rate_hz = ghz("f_b")?;
        require::within("f_b", rate_hz * 1e-9, 1.0, 1000.0)?;
        let amplitude = |name: &str| require::positive(name, k.number(name)?);
        let n_b = k.count_or("N_b", 0, 0, 1000)?;
        let limit = |name: &str, v: f64| require::within(name, v, -MAX_DFE, MAX_DFE);
        let rest = |name: &str, default: f64| {
            let values = k.list_or(name, &[default])?;
            values.iter().try_for_each(|v| limit(name, *v).map(|_| ()))?;
            match values.len() {
                1 => Ok(vec![values[0]; n_b - 1]),
                n if n >= n_b - 1 => Ok(values[..n_b - 1].to_vec()),
                n => {
                    let requirement = format!("one value, or N_b - 1 = {}", n_b - 1);
                    Err(Error::parameter(name, format!("{n} values"), requirement))
                }
            }
        };
        let mut b_max = if n_b > 0 { vec![limit("b_max(1)", k.number("b_max(1)")?)?] } else { vec![] };
        if n_b > 1 {
            b_max.extend(rest("b_max(2..N_b)", 0.2)?);
        }
        let mut b_min: Vec<f64> = b_max.iter().map(|b| -b).collect();
        if n_b > 0 {
            b_min[0] = limit("b_min(1)", k.number_or("b_min(1)", -b_max[0])?)?;
        }
        if n_b > 1 && k.rows("b_min(2..N_b)")?.is_some() {
            b_min.truncate(1);
            b_min.extend(rest("b_min(2..N_b)", 0.0)?);
        }
        if let Some(i) = (0..n_b).find(|i| b_min[*i] > b_max[*i]) {
            let name = if i == 0 { "b_min(1)".to_string() } else { format!("b_min(2..N_b), value {i}") };
            return Err(Error::parameter(name, b_min[i], format!("at most the maximum, {}", b_max[i])));
        }
        let mut taps = Vec::new();
        for place in (-6..=3).filter(|p| *p != 0) {
            let values = k.list_or(&format!("c({place})"), &[0.0])?;
            for v in &values {
                require::within(&format!("c({place})"), *v, -1.0, 1.0)?;
            }
            taps.push((place, values));
        }
        let gains = |name: &str| {
            let values = k.list_or(name, &[0.0])?;
            values.iter().try_for_each(|v| require::within(name, *v, -60.0, 20.0).map(|_| ()))?;
            Ok::<_, Error>(values)
        };
        let optional_ghz = |name: &str| k.rows(name)?.map(|_| ghz(name)).transpose();
        let rise_s = require::non_negative("T_r", k.number("T_r")?)? * 1e-9;
        let window = EyeWindow::from_keywords(&k)?;
        if draft && window.is_some() {
            let requirement = "\"C2C\": the draft's rules take no eye over a window";
            return Err(Error::parameter("PMD_type", "C2M", requirement));
        }
        let mut config = Self {
            rate_hz,
            levels: k.count_or("L", 4, 2, 64)?,
            samples_per_symbol: k.count_or("M", 32, 4, 256)?,
            der: require::within("DER_0", k.number("DER_0")?, 1e-15, 0.1)?,
            rise_s: k.switch_or("FORCE_TR", draft)?.then_some(rise_s),
            r_lm: require::within("R_LM", k.number_or("R_LM", 1.0)?, 0.1, 1.0)?,
            thru_v: amplitude("A_v")?,
            fext_v: amplitude("A_fe")?,
            next_v: amplitude("A_ne")?,
            a_dd_ui: require::within("A_DD", k.number("A_DD")?, 0.0, 0.5)?,
            sigma_rj_ui: require::within("sigma_RJ", k.number("sigma_RJ")?, 0.0, 0.5)?,
            snr_tx_db: require::within("SNR_TX", k.number("SNR_TX")?, 0.0, 200.0)?,
            eta_v2_per_hz: require::non_negative("eta_0", k.number("eta_0")?)? * 1e-9,
            receiver_corner: require::within("f_r", k.number_or("f_r", 4.0)?, 0.05, 10.0)?,
            termination_ohm: k
                .ends("R_d")?
                .map(|r| require::positive("R_d", r))
                .into_iter()
                .collect::<Result<Vec<_>>>()
                .map(|v| [v[0], v[1]])?,
            devices: [device(&k, Side::Tx)?, device(&k, Side::Rx)?],
            cases: cases(&k)?,
            c0_min: require::within("c(0)", k.number_or("c(0)", 0.0)?, 0.0, 1.0)?,
            taps,
            gdc_db: gains("g_DC")?,
            gdc2_db: gains("g_DC_HP")?,
            ctle: Ctle {
                zero_hz: optional_ghz("f_z")?,
                pole1_hz: optional_ghz("f_p1")?,
                pole2_hz: optional_ghz("f_p2")?,
                low_frequency_hz: optional_ghz("f_HP_PZ")?,
                ..Ctle::default()
            },
            b_min,
            b_max,
            floating: if draft { None } else { FloatingTaps::from_keywords(&k, n_b)? },
            tail: TailLimit::from_keywords(&k, draft)?,
            boards: Boards::from_keywords(&k)?,
            reflection: ReflectionConfig::from_keywords(&k, n_b)?,
            band: BandConfig::from_keywords(&k, rate_hz, amplitude("A_fe")?, amplitude("A_ne")?)?,
            window,
            port_pairs: port_pairs(&k)?,
            keywords: Map::new(),
            pass_db: require::finite("COM Pass threshold", k.number_or("COM Pass threshold", 3.0)?)?,
            adaptive: k
                .rows("Local Search")?
                .map(|_| k.count_or("Local Search", 0, 0, 100))
                .transpose()?
                .map(|n| n > 0),
            receiver: draft.then(|| Rules::from_keywords(&k)).transpose()?,
        };
        let settings = config.taps.iter().map(|t| t.1.len() as f64).product::<f64>()
            * (config.gdc_db.len() * config.gdc2_db.len()) as f64;
        if settings > MAX_SETTINGS {
            return Err(Error::parameter("settings to search", settings, format!("at most {MAX_SETTINGS}")));
        }
        config.keywords = k.resolved()?;
        Ok(config)
    }

    /// Every keyword that was given and every default that was used, lists as a workbook's texts: reading them gives
    /// the same configuration.
    ///
    /// ```
    /// use lightlane::engine::com::{ComConfig, NamedConfig};
    /// let config = NamedConfig::new("802.3ck-c2c@4.50")?.config()?;
    /// assert_eq!(config.keywords()["package_Z_c"], "[87.5 87.5; 92.5 92.5]");
    /// assert_eq!(config.keywords()["Z_t"], 50.0);
    /// assert_eq!(ComConfig::from_keywords(config.keywords())?.keywords(), config.keywords());
    /// # Ok::<(), lightlane::Error>(())
    /// ```
    pub fn keywords(&self) -> &Map<String, Value> {
        &self.keywords
    }

    /// Every keyword that is known, in no order.
    pub fn known_keywords() -> impl Iterator<Item = &'static str> {
        super::keywords::known()
    }

    /// The CTLE with its gains set.
    pub(super) fn stage(&self, gdc_db: f64, gdc2_db: f64) -> Result<CtleStage> {
        Ok(self.ctle.stage(SymbolRate::new(self.rate_hz)?, gdc_db, gdc2_db))
    }

    /// Spacing of the time grid, s.
    pub(super) fn sample_s(&self) -> f64 {
        1.0 / (self.rate_hz * self.samples_per_symbol as f64)
    }

    /// The package of one end for a path and a case.
    pub(super) fn package(&self, case: &PackageCase, side: Side, role: Role) -> Package {
        let (mut package, lengths) = match (side, role) {
            (Side::Rx, _) => (self.devices[1].clone(), &case.rx_m),
            (Side::Tx, Role::Thru) => (self.devices[0].clone(), &case.thru_m),
            (Side::Tx, Role::Fext) => (self.devices[0].clone(), &case.fext_m),
            (Side::Tx, Role::Next) => (self.devices[0].clone(), &case.next_m),
        };
        for (line, length) in package.lines.iter_mut().zip(lengths) {
            line.length_m = *length;
        }
        package
    }

    /// Amplitude of a path's transmitter, V.
    pub(super) fn amplitude_v(&self, role: Role) -> f64 {
        match role {
            Role::Thru => self.thru_v,
            Role::Fext => self.fext_v,
            Role::Next => self.next_v,
        }
    }
}

/// `Port Order`, [left +, left -, right +, right -] as the release has it.
fn port_pairs(k: &Keywords<'_>) -> Result<Option<PortPairs>> {
    let Some(rows) = k.rows("Port Order")? else { return Ok(None) };
    let order = rows.concat();
    let is_order = order.len() == 4 && (1..=4).all(|p| order.contains(&f64::from(p)));
    if !is_order {
        let requirement = "the ports 1 to 4, each once: left +, left -, right +, right -";
        return Err(Error::parameter("Port Order", format!("{order:?}"), requirement));
    }
    let port = |i: usize| order[i] as usize;
    Ok(Some(PortPairs { left: (port(0), port(1)), right: (port(2), port(3)) }))
}

/// The ladder, bump, board ball and line sections of one end, the lengths left to the case.
fn device(k: &Keywords<'_>, side: Side) -> Result<Package> {
    let end = match side {
        Side::Tx => 0,
        Side::Rx => 1,
    };
    // One row holds Tx and Rx of a single stage; two rows hold the stages of each.
    let ladder = |name: &str| {
        let rows = k.required_rows(name)?;
        match (rows.len(), rows[0].len()) {
            (1, 1) => Ok(vec![rows[0][0]]),
            (1, 2) => Ok(vec![rows[0][end]]),
            (2, _) => Ok(rows[end].clone()),
            (n, m) => {
                let requirement = "\"[Tx Rx]\", or one row for Tx and one for Rx";
                Err(Error::parameter(name, format!("{n} rows, {m} columns"), requirement))
            }
        }
    };
    let line = k.list_or("package_tl_gamma0_a1_a2", &[0.0, 1.734e-3, 1.455e-4])?;
    let [g0, a1, a2] = line[..] else {
        let requirement = "three values: gamma0, a1, a2";
        return Err(Error::parameter(
            "package_tl_gamma0_a1_a2",
            format!("{} values", line.len()),
            requirement,
        ));
    };
    let tau = require::positive("package_tl_tau", k.number_or("package_tl_tau", 6.141e-3)?)?;
    let lines = k
        .required_rows("package_Z_c")?
        .iter()
        .map(|row| match row[..] {
            [both] => Ok(both),
            [tx, rx] => Ok([tx, rx][end]),
            _ => Err(Error::parameter("package_Z_c", format!("{} columns", row.len()), "columns Tx, Rx")),
        })
        .map(|z0_ohm| Ok(PackageLine { z0_ohm: z0_ohm?, ..PackageLine::from_annex(g0, a1, a2, tau) }))
        .collect::<Result<Vec<_>>>()?;
    let nano = |values: Vec<f64>| values.into_iter().map(|v| v * 1e-9).collect();
    let package = Package {
        name: None,
        side,
        die_capacitance_f: nano(ladder("C_d")?),
        die_inductance_h: nano(ladder("L_s")?),
        bump_capacitance_f: k.ends("C_b")?[end] * 1e-9,
        lines,
        board_capacitance_f: k.ends("C_p")?[end] * 1e-9,
    };
    package.validate()?;
    Ok(package)
}

fn cases(k: &Keywords<'_>) -> Result<Vec<PackageCase>> {
    let n_sections = k.required_rows("package_Z_c")?.len();
    let select = k.list_or("z_p select", &[1.0])?;
    let lengths = |name: &str, case: f64| {
        let rows = k.required_rows(name)?;
        if rows.len() != n_sections {
            let requirement = format!("{n_sections}, one a row of package_Z_c");
            return Err(Error::parameter(name, format!("{} rows", rows.len()), requirement));
        }
        rows.iter()
            .map(|row| {
                let column =
                    (case.fract() == 0.0 && case >= 1.0).then(|| row.get(case as usize - 1)).flatten();
                let length = column.ok_or_else(|| {
                    let requirement = format!("a column of {name}, 1 to {}", row.len());
                    Error::parameter("z_p select", case, requirement)
                })?;
                require::within(name, *length, 0.0, 1000.0).map(|mm| mm * 1e-3)
            })
            .collect::<Result<Vec<_>>>()
    };
    select
        .iter()
        .map(|&case| {
            Ok(PackageCase {
                thru_m: lengths("z_p (TX)", case)?,
                rx_m: lengths("z_p (RX)", case)?,
                fext_m: lengths("z_p (FEXT)", case)?,
                next_m: lengths("z_p (NEXT)", case)?,
            })
        })
        .collect()
}
