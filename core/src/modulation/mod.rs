//! Levels, Gray coding, precoding and test patterns.
//!
//! A symbol is a small integer, 0 for the lowest level; its level is on the scale -1..1, where the outer levels
//! stand for ± the transmitter's `amplitude_v` (COM's A_v, zero to peak).

mod de_bruijn;
mod gray;
mod patterns;
mod prbs;
mod precoder;

pub use de_bruijn::{MAX_DE_BRUIJN_SYMBOLS, de_bruijn};
pub use gray::{PAM4_BIT_ERRORS, gray_decode, gray_encode};
pub use patterns::{PRBS13Q_PERIOD, Prbs31q, SSPRQ_PERIOD, prbs13q, prbs31q, ssprq};
pub use prbs::{MAX_PATTERN_SYMBOLS, PRBS_ORDERS, Prbs, prbs};
pub use precoder::{Precoder, Unprecoder, precode, unprecode};

use crate::error::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The alphabet of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Modulation {
    /// Four levels, two Gray-coded bits a symbol.
    #[default]
    Pam4,
    /// Two levels, one bit a symbol.
    Nrz,
}

impl Modulation {
    /// Every modulation, as named in files.
    pub const NAMES: [&'static str; 2] = ["pam4", "nrz"];

    /// The modulation of that name.
    ///
    /// # Errors
    /// [`Error::Unknown`] with the nearest name.
    pub fn from_name(name: &str) -> Result<Self> {
        match name {
            "pam4" => Ok(Self::Pam4),
            "nrz" => Ok(Self::Nrz),
            _ => Err(Error::unknown("modulation", name, Self::NAMES)),
        }
    }

    /// The name used in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pam4 => "pam4",
            Self::Nrz => "nrz",
        }
    }

    /// Equally spaced levels from -1 to 1, ascending: entry s is the level of symbol s.
    pub fn levels(self) -> &'static [f64] {
        match self {
            Self::Pam4 => &[-1.0, -1.0 / 3.0, 1.0 / 3.0, 1.0],
            Self::Nrz => &[-1.0, 1.0],
        }
    }

    /// Size of the alphabet.
    pub fn n_levels(self) -> usize {
        self.levels().len()
    }

    /// Bits a symbol carries.
    pub fn bits_per_symbol(self) -> usize {
        match self {
            Self::Pam4 => 2,
            Self::Nrz => 1,
        }
    }

    /// Mean of the squared level over equiprobable symbols: 5/9 for PAM4, 1 for NRZ.
    pub fn mean_square_level(self) -> f64 {
        self.levels().iter().map(|l| l * l).sum::<f64>() / self.n_levels() as f64
    }

    /// Bits that differ between the Gray labels of two symbols; symbols are taken modulo the alphabet.
    pub fn bit_errors(self, sent: u8, decided: u8) -> u32 {
        match self {
            Self::Pam4 => u32::from(PAM4_BIT_ERRORS[usize::from(sent & 3)][usize::from(decided & 3)]),
            Self::Nrz => u32::from((sent ^ decided) & 1),
        }
    }
}

/// Levels of a saturating transmitter with level-separation mismatch ratio R: ±1 and ±(2 - R)/3 for PAM4.
///
/// R is `R_LM` of IEEE 802.3 120D.3.1.2; the outer levels are kept and the inner ones move outwards, so that the
/// smallest spacing is 2R/3. NRZ has one spacing, hence no mismatch.
///
/// # Errors
/// [`Error::Parameter`] unless 0 < `level_mismatch` ≤ 1, and for NRZ unless it is exactly 1.
///
/// ```
/// use lightlane::modulation::{Modulation, levels_with_mismatch};
/// let levels = levels_with_mismatch(Modulation::Pam4, 0.95)?;
/// assert!((levels[2] - 0.35).abs() < 1e-15 && (levels[3] - levels[2] - 0.65).abs() < 1e-15);
/// # Ok::<(), lightlane::Error>(())
/// ```
pub fn levels_with_mismatch(modulation: Modulation, level_mismatch: f64) -> Result<Vec<f64>> {
    match modulation {
        Modulation::Pam4 if level_mismatch > 0.0 && level_mismatch <= 1.0 => {
            let inner = (2.0 - level_mismatch) / 3.0;
            Ok(vec![-1.0, -inner, inner, 1.0])
        }
        Modulation::Pam4 => Err(Error::parameter("level_mismatch", level_mismatch, "above 0 and at most 1")),
        // Exactly 1 is meant: any other value asks for something that two levels cannot have.
        Modulation::Nrz if level_mismatch.to_bits() == 1f64.to_bits() => Ok(vec![-1.0, 1.0]),
        Modulation::Nrz => {
            Err(Error::parameter("level_mismatch", level_mismatch, "1 for nrz, which has one spacing"))
        }
    }
}

/// Level-separation mismatch ratio R_LM = min(3 ES1, 3 ES2, 2 − 3 ES1, 2 − 3 ES2) of four levels, rising or falling: 1 for
/// equal spacing (IEEE 802.3 120D.3.1.2).
///
/// ```
/// // Inner levels of 0.4 instead of 1/3 leave gaps of 0.6 where 2/3 is the mean.
/// assert!((lightlane::modulation::level_mismatch(&[-1.0, -0.4, 0.4, 1.0]) - 0.8).abs() < 1e-12);
/// ```
pub fn level_mismatch(levels: &[f64; 4]) -> f64 {
    let middle = 0.5 * (levels[0] + levels[3]);
    let inner = [(1, 0), (2, 3)].map(|(i, outer)| 3.0 * ((levels[i] - middle) / (levels[outer] - middle)));
    inner.into_iter().fold(f64::INFINITY, |least, es| least.min(es).min(2.0 - es))
}

/// Checks that every symbol is inside an alphabet of `n_levels`.
fn require_symbols(symbols: &[u8], n_levels: usize) -> Result<()> {
    match symbols.iter().position(|s| usize::from(*s) >= n_levels) {
        Some(i) => {
            Err(Error::parameter(format!("symbols[{i}]"), symbols[i], format!("at most {}", n_levels - 1)))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_slips_are_caught() {
        for name in Modulation::NAMES {
            let m = Modulation::from_name(name).expect("known");
            assert_eq!(m.name(), name);
            assert_eq!(serde_json::to_string(&m).expect("plain enum"), format!("{name:?}"));
        }
        let slip = Modulation::from_name("pam-4").expect_err("not a name").to_string();
        assert!(slip.contains("did you mean \"pam4\""), "{slip}");
    }

    #[test]
    fn mean_squares_are_the_textbook_ones() {
        // 1 ulp: four additions of exactly representable ratios.
        assert!((Modulation::Pam4.mean_square_level() - 5.0 / 9.0).abs() < 2e-16);
        assert_eq!(Modulation::Nrz.mean_square_level(), 1.0);
    }

    #[test]
    fn mismatch_is_the_standards_ratio() {
        for r in [0.3, 0.9, 0.95, 1.0] {
            let l = levels_with_mismatch(Modulation::Pam4, r).expect("in range");
            // 802.3 120D.3.1.2: ES = inner level, R_LM = min(3 ES1, 3 ES2, 2 - 3 ES1, 2 - 3 ES2).
            let es = l[2];
            assert!(((3.0 * es).min(2.0 - 3.0 * es) - r).abs() < 1e-15);
        }
        assert_eq!(levels_with_mismatch(Modulation::Nrz, 1.0), Ok(vec![-1.0, 1.0]));
        for bad in [0.0, -0.1, 1.0001, f64::NAN, f64::INFINITY] {
            assert!(levels_with_mismatch(Modulation::Pam4, bad).is_err(), "{bad}");
        }
        assert!(levels_with_mismatch(Modulation::Nrz, 0.9).is_err());
    }

    #[test]
    fn mismatch_is_that_of_the_levels_it_was_made_of() {
        assert!((level_mismatch(&[0.0, 1.0, 2.0, 3.0]) - 1.0).abs() < 1e-15);
        for r in [0.8, 0.95] {
            let levels = levels_with_mismatch(Modulation::Pam4, r).unwrap();
            let mut levels = [levels[0], levels[1], levels[2], levels[3]].map(|l| 2e-3 + 1e-3 * l);
            assert!((level_mismatch(&levels) - r).abs() < 1e-12);
            levels.reverse();
            assert!((level_mismatch(&levels) - r).abs() < 1e-12);
        }
    }
}
