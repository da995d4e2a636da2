//! A fixed equalizer setting, as it is given and as it is found.

use super::pulse::Taps;
use crate::error::{Error, Result, require};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What is fixed of an equalizer; whatever is None is found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FixedEqualizer {
    /// Gain of the CTLE at 0 Hz, dB.
    pub ctle_gdc_db: Option<f64>,
    /// Gain of its low-frequency stage at 0 Hz, dB.
    pub ctle_gdc2_db: Option<f64>,
    /// Transmitter taps by place in UI, the main one left out: c(0) = 1 - Σ|c|.
    pub tx_ffe: Option<Vec<(i32, f64)>>,
    /// Taps of the receiver's FFE in time order, the main one 1 (Annex 178A).
    pub rx_ffe: Option<Vec<f64>>,
    /// Taps of it before the main one.
    pub rx_ffe_pre: Option<usize>,
    /// DFE taps relative to the cursor.
    pub dfe: Option<Vec<f64>>,
    /// Samples of T_b/M after the sampling time of the release.
    pub sampling_offset: Option<i64>,
}

const KEYS: [&str; 7] =
    ["ctle_gdc_db", "ctle_gdc2_db", "tx_ffe", "rx_ffe", "rx_ffe_pre", "dfe", "sampling_offset"];
/// Places that a transmitter tap may have, UI.
const PLACES: std::ops::RangeInclusive<i32> = -6..=3;

impl FixedEqualizer {
    /// Reads a mapping with the keys of the fields.
    ///
    /// # Errors
    /// [`Error::Unknown`] for an unknown key, [`Error::Parameter`] for a value that does not fit.
    ///
    /// ```
    /// use lightlane::engine::com::FixedEqualizer;
    /// let map = serde_json::json!({"ctle_gdc_db": -3.0, "tx_ffe": {"-1": -0.2, "1": 0.0}});
    /// let fixed = FixedEqualizer::from_json(map.as_object().expect("a mapping"))?;
    /// assert_eq!(fixed.tx_ffe, Some(vec![(-1, -0.2), (1, 0.0)]));
    /// # Ok::<(), lightlane::Error>(())
    /// ```
    pub fn from_json(map: &Map<String, Value>) -> Result<Self> {
        if let Some(key) = map.keys().find(|k| !KEYS.contains(&k.as_str())) {
            return Err(Error::unknown("fixed_equalizer", key, KEYS));
        }
        let at = |key: &str| format!("fixed_equalizer.{key}");
        let given = |key: &str| map.get(key).filter(|v| !v.is_null());
        let number = |key: &str| {
            given(key)
                .map(|v| v.as_f64().ok_or_else(|| Error::parameter(at(key), v, "a number")))
                .transpose()
                .and_then(|v| v.map(|v| require::within(&at(key), v, -60.0, 20.0)).transpose())
        };
        let whole = |key: &str| {
            given(key)
                .map(|v| {
                    v.as_i64()
                        .filter(|n| n.abs() <= 1 << 20)
                        .ok_or_else(|| Error::parameter(at(key), v, "a whole number"))
                })
                .transpose()
        };
        let list = |key: &str| {
            given(key)
                .map(|v| {
                    let numbers =
                        v.as_array().and_then(|a| a.iter().map(Value::as_f64).collect::<Option<Vec<f64>>>());
                    numbers.ok_or_else(|| Error::parameter(at(key), v, "a list of numbers"))
                })
                .transpose()
        };
        let pre = whole("rx_ffe_pre")?
            .map(|n| usize::try_from(n).map_err(|_| Error::parameter(at("rx_ffe_pre"), n, "at least 0")))
            .transpose()?;
        Ok(Self {
            ctle_gdc_db: number("ctle_gdc_db")?,
            ctle_gdc2_db: number("ctle_gdc2_db")?,
            tx_ffe: given("tx_ffe").map(|v| taps(&at("tx_ffe"), v)).transpose()?,
            rx_ffe: list("rx_ffe")?,
            rx_ffe_pre: pre,
            dfe: list("dfe")?,
            sampling_offset: whole("sampling_offset")?,
        })
    }
}

impl FixedEqualizer {
    /// Refuses what does not fit the receiver of a configuration: `n_b` DFE taps, as the keyword `named` says; an FFE of up to `span` taps, `pre` of
    /// them before the main one unless it says otherwise. Annex 93A is an FFE of one tap.
    pub(super) fn check(&self, (named, n_b): (&str, usize), span: usize, pre: usize) -> Result<()> {
        if let Some(dfe) = self.dfe.as_ref().filter(|d| d.len() != n_b) {
            let requirement = format!("{named} = {n_b}");
            return Err(Error::parameter("length of fixed_equalizer.dfe", dfe.len(), requirement));
        }
        let main = self.rx_ffe_pre.unwrap_or(pre);
        let Some(taps) = &self.rx_ffe else {
            let requirement = format!("{pre}, the configuration's, unless rx_ffe is given");
            return if main == pre {
                Ok(())
            } else {
                Err(Error::parameter("fixed_equalizer.rx_ffe_pre", main, requirement))
            };
        };
        if taps.is_empty() || taps.len() > span {
            let requirement = if span == 1 {
                "[1.0]: Annex 93A has no receiver FFE".to_string()
            } else {
                format!("1 to {span} taps, the span of the configuration's FFE")
            };
            return Err(Error::parameter(
                "fixed_equalizer.rx_ffe",
                format!("{} taps", taps.len()),
                requirement,
            ));
        }
        match taps.get(main) {
            Some(1.0) => Ok(()),
            Some(tap) => {
                let requirement = format!("1: it is the main tap, after rx_ffe_pre = {main}");
                Err(Error::parameter(format!("fixed_equalizer.rx_ffe[{main}]"), tap, requirement))
            }
            None => {
                let requirement = format!("below the {} taps of rx_ffe", taps.len());
                Err(Error::parameter("fixed_equalizer.rx_ffe_pre", main, requirement))
            }
        }
    }
}

/// The setting that a figure belongs to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoundEqualizer {
    /// Gain of the CTLE at 0 Hz, dB.
    pub ctle_gdc_db: f64,
    /// Gain of its low-frequency stage at 0 Hz, dB.
    pub ctle_gdc2_db: f64,
    /// Transmitter taps by place in UI, the main one left out.
    pub tx_ffe: BTreeMap<i32, f64>,
    /// Receiver FFE in time order, floating taps in place; `[1.0]` in Annex 93A, which has none.
    pub rx_ffe: Vec<f64>,
    /// Taps of it before the main one, which is 1.
    pub rx_ffe_pre: usize,
    /// DFE taps relative to the cursor.
    pub dfe: Vec<f64>,
    /// Samples of T_b/M after the sampling time of the release: equation 93A-25, or the one of highest FOM for the taps.
    pub sampling_offset: i64,
}

/// The best setting behind one CTLE setting that a search went through.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// Gain of the CTLE at 0 Hz, dB.
    pub ctle_gdc_db: f64,
    /// Gain of its low-frequency stage at 0 Hz, dB.
    pub ctle_gdc2_db: f64,
    /// Transmitter taps by place in UI, the main one left out.
    pub tx_ffe: BTreeMap<i32, f64>,
    /// Figure of merit, dB.
    pub fom_db: f64,
}

impl Step {
    pub(super) fn new(ctle_gdc_db: f64, ctle_gdc2_db: f64, taps: &Taps, fom_db: f64) -> Self {
        let tx_ffe = taps.iter().copied().filter(|t| t.0 != 0).collect();
        Self { ctle_gdc_db, ctle_gdc2_db, tx_ffe, fom_db }
    }
}

fn taps(name: &str, value: &Value) -> Result<Vec<(i32, f64)>> {
    let map = value.as_object().ok_or_else(|| {
        Error::parameter(name, value, "a mapping from place in UI to value, such as {-1: -0.2}")
    })?;
    let mut taps = Vec::new();
    for (place, value) in map {
        let requirement = format!("a place from {} to {}, 0 left out", PLACES.start(), PLACES.end());
        let parsed = place.parse::<i32>().ok().filter(|p| PLACES.contains(p) && *p != 0);
        let parsed = parsed.ok_or_else(|| Error::parameter(name, place, requirement))?;
        let at = format!("{name}.{place}");
        let value = value.as_f64().ok_or_else(|| Error::parameter(&at, value, "a number"))?;
        taps.push((parsed, require::within(&at, value, -1.0, 1.0)?));
    }
    taps.sort_by_key(|t| t.0);
    let sum: f64 = taps.iter().map(|t| t.1.abs()).sum();
    if sum >= 1.0 {
        return Err(Error::parameter(
            name,
            format!("a sum of magnitudes of {sum}"),
            "below 1, as c(0) = 1 - Σ|c|",
        ));
    }
    Ok(taps)
}
