//! A fixed equalizer setting, as it is given and as it is found.

use crate::error::{Error, Result, require};
use serde_json::{Map, Value};

/// What is fixed of an equalizer; whatever is None is found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FixedEqualizer {
    /// Gain of the CTLE at 0 Hz, dB.
    pub ctle_gdc_db: Option<f64>,
    /// Gain of its low-frequency stage at 0 Hz, dB.
    pub ctle_gdc2_db: Option<f64>,
    /// Transmitter taps by place in UI, the main one left out: c(0) = 1 - Σ|c|.
    pub tx_ffe: Option<Vec<(i32, f64)>>,
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
    /// Reads a mapping with the keys of the fields; `rx_ffe` may be given as `[1.0]` with `rx_ffe_pre` 0, the receiver
    /// of Annex 93A.
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
        if let Some(taps) = list("rx_ffe")?.filter(|t| t[..] != [1.0]) {
            let requirement = "[1.0]: Annex 93A has no receiver FFE";
            return Err(Error::parameter(at("rx_ffe"), format!("{taps:?}"), requirement));
        }
        if let Some(pre) = whole("rx_ffe_pre")?.filter(|n| *n != 0) {
            return Err(Error::parameter(at("rx_ffe_pre"), pre, "0: Annex 93A has no receiver FFE"));
        }
        Ok(Self {
            ctle_gdc_db: number("ctle_gdc_db")?,
            ctle_gdc2_db: number("ctle_gdc2_db")?,
            tx_ffe: given("tx_ffe").map(|v| taps(&at("tx_ffe"), v)).transpose()?,
            dfe: list("dfe")?,
            sampling_offset: whole("sampling_offset")?,
        })
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
