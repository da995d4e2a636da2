//! Taps of the transmit FFE.

use crate::error::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Symbol-spaced taps of the transmit FFE, in either of two spellings.
///
/// ```
/// use lightlane::transmitter::TransmitFfe;
/// let ffe = TransmitFfe::from_offsets([(-2, 0.04), (-1, -0.2)]);
/// let (taps, main) = ffe.time_order(None)?;
/// assert_eq!(main, 2);
/// assert!((taps[2] - 0.76).abs() < 1e-15);
/// # Ok::<(), lightlane::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum TransmitFfe {
    /// UI offset to tap; the main tap is implied, c(0) = 1 − Σ|c(i)|. Offsets are spelled as decimal integers.
    Offsets(BTreeMap<String, f64>),
    /// Every tap, first the one that acts earliest; the main tap is at `ffe_pre`.
    List(Vec<f64>),
}

/// Longest transmit FFE: an offset beyond this is a slip of units.
const MAX_OFFSET: i64 = 64;

impl TransmitFfe {
    /// Taps by offset in UI, negative before the cursor.
    pub fn from_offsets(taps: impl IntoIterator<Item = (i32, f64)>) -> Self {
        Self::Offsets(taps.into_iter().map(|(offset, tap)| (offset.to_string(), tap)).collect())
    }

    /// Every tap in time order, x_n = Σ taps\[i\] a_(n − (i − main)), and the index `main`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an offset that is no integer, is 0, is repeated or beyond 64 UI; for taps that leave
    /// c(0) ≤ 0; for a list without `ffe_pre` or a mapping with it; for a tap that is not finite.
    pub fn time_order(&self, ffe_pre: Option<usize>) -> Result<(Vec<f64>, usize)> {
        match (self, ffe_pre) {
            (Self::Offsets(_), Some(pre)) => {
                Err(Error::parameter("transmitter.ffe_pre", pre, "left out when ffe is a mapping"))
            }
            (Self::Offsets(map), None) => offsets_in_time_order(map),
            (Self::List(_), None) => {
                Err(Error::parameter("transmitter.ffe_pre", "none", "given when ffe is a list"))
            }
            (Self::List(taps), Some(pre)) => {
                if pre >= taps.len() || taps.len() > MAX_OFFSET as usize {
                    let requirement =
                        format!("below the number of taps, {} (at most {MAX_OFFSET})", taps.len());
                    return Err(Error::parameter("transmitter.ffe_pre", pre, requirement));
                }
                if let Some(i) = taps.iter().position(|t| !t.is_finite()) {
                    return Err(Error::parameter(format!("transmitter.ffe.{i}"), taps[i], "finite"));
                }
                Ok((taps.clone(), pre))
            }
        }
    }
}

fn offsets_in_time_order(map: &BTreeMap<String, f64>) -> Result<(Vec<f64>, usize)> {
    let mut taps = BTreeMap::new();
    for (key, &tap) in map {
        let name = || format!("transmitter.ffe.{key}");
        let offset = key.trim().parse::<i64>().ok().filter(|o| *o != 0 && o.abs() <= MAX_OFFSET);
        let Some(offset) = offset else {
            let requirement =
                format!("an offset in UI from -{MAX_OFFSET} to {MAX_OFFSET} and not 0: c(0) is 1 - sum|c|");
            return Err(Error::parameter("transmitter.ffe", key, requirement));
        };
        if !tap.is_finite() {
            return Err(Error::parameter(name(), tap, "finite"));
        }
        if taps.insert(offset, tap).is_some() {
            return Err(Error::parameter(name(), tap, "given once"));
        }
    }
    let sum: f64 = taps.values().map(|t| t.abs()).sum();
    if sum >= 1.0 {
        return Err(Error::parameter(
            "transmitter.ffe",
            format!("sum|c| = {sum}"),
            "below 1, so that c(0) = 1 - sum|c| is above 0",
        ));
    }
    let first = taps.keys().next().copied().unwrap_or(0).min(0);
    let last = taps.keys().last().copied().unwrap_or(0).max(0);
    let mut order = vec![0.0; (last - first + 1) as usize];
    for (offset, tap) in taps {
        order[(offset - first) as usize] = tap;
    }
    let main = -first as usize;
    order[main] = 1.0 - sum;
    Ok((order, main))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_become_a_list_with_the_implied_main_tap() {
        let (taps, main) = TransmitFfe::from_offsets([(-1, -0.2), (2, 0.1)]).time_order(None).unwrap();
        assert_eq!((taps.len(), main), (4, 1));
        assert_eq!((taps[0], taps[2], taps[3]), (-0.2, 0.0, 0.1));
        assert!((taps[1] - 0.7).abs() < 1e-15);
        assert_eq!(TransmitFfe::from_offsets([]).time_order(None).unwrap(), (vec![1.0], 0));
    }

    #[test]
    fn both_spellings_survive_json_and_toml() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Holder {
            ffe: TransmitFfe,
        }
        for ffe in [TransmitFfe::from_offsets([(-2, 0.04), (1, -0.1)]), TransmitFfe::List(vec![0.0, 1.0])] {
            let holder = Holder { ffe };
            let json = serde_json::to_string(&holder).unwrap();
            assert_eq!(serde_json::from_str::<Holder>(&json).unwrap(), holder);
            let text = toml::to_string(&holder).unwrap();
            assert_eq!(toml::from_str::<Holder>(&text).unwrap(), holder);
        }
    }

    #[test]
    fn what_cannot_be_a_tap_is_refused() {
        for taps in
            [[(0, 0.5), (1, 0.1)], [(1, 0.6), (2, 0.6)], [(1, f64::NAN), (2, 0.0)], [(99, 0.1), (1, 0.1)]]
        {
            assert!(TransmitFfe::from_offsets(taps).time_order(None).is_err(), "{taps:?}");
        }
        assert!(TransmitFfe::List(vec![1.0]).time_order(None).is_err());
        assert!(TransmitFfe::List(vec![1.0]).time_order(Some(1)).is_err());
        assert!(TransmitFfe::from_offsets([(1, 0.1)]).time_order(Some(0)).is_err());
    }
}
