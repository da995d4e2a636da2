//! Which instruction set the kernels use.

use crate::error::{Error, Result};

/// Name of the environment variable that selects the level.
const VARIABLE: &str = "LIGHTLANE_SIMD";
/// Known names, from the narrowest to the widest.
const NAMES: [&str; 3] = ["portable", "avx2", "avx512"];

/// An instruction set that this processor has.
///
/// ```
/// use lightlane::simd::Level;
/// assert_eq!(Level::from_name("portable")?.name(), "portable");
/// assert_eq!(
///     Level::from_name("avx-2").unwrap_err().to_string(),
///     "LIGHTLANE_SIMD = \"avx-2\": unknown, did you mean \"avx2\"?"
/// );
/// # Ok::<(), lightlane::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Level {
    pub(super) inner: fearless_simd::Level,
    name: &'static str,
}

impl Level {
    /// The level that `LIGHTLANE_SIMD` asks for, or the widest of the processor when the variable is unset or empty.
    ///
    /// # Errors
    /// As [`Level::from_name`].
    pub fn detect() -> Result<Self> {
        match std::env::var(VARIABLE) {
            Ok(name) if !name.is_empty() => Self::from_name(&name),
            Err(std::env::VarError::NotUnicode(name)) => Self::from_name(&name.to_string_lossy()),
            _ => Ok(Self::widest()),
        }
    }

    /// The level that [`Level::detect`] finds, the narrowest where it refuses: for a calculation that cannot fail, whose
    /// numbers are the same at every level but for rounding. A run itself refuses a name that is not known.
    pub fn detect_or_narrowest() -> Self {
        Self::detect().unwrap_or_else(|_| Self::portable())
    }

    /// The level of that name.
    ///
    /// # Errors
    /// [`Error::Unknown`] for a name that is not a level, [`Error::Parameter`] for one that this processor lacks.
    pub fn from_name(name: &str) -> Result<Self> {
        if !NAMES.contains(&name) {
            return Err(Error::unknown(VARIABLE, name, NAMES));
        }
        let available = Self::available();
        available.iter().find(|level| level.name == name).copied().ok_or_else(|| {
            let names: Vec<_> = available.iter().map(|level| level.name).collect();
            Error::parameter(VARIABLE, name, format!("one of this processor's: {}", names.join(", ")))
        })
    }

    /// Every level of this processor, from the narrowest to the widest.
    pub fn available() -> Vec<Self> {
        let mut levels = vec![Self::portable()];
        levels.extend(Self::x86());
        levels
    }

    #[cfg(target_arch = "x86_64")]
    fn x86() -> impl Iterator<Item = Self> {
        let best = fearless_simd::Level::new();
        let avx2 = best.as_avx2().map(|t| Self { inner: fearless_simd::Level::Avx2(t), name: NAMES[1] });
        let avx512 =
            best.as_avx512().map(|t| Self { inner: fearless_simd::Level::Avx512(t), name: NAMES[2] });
        avx2.into_iter().chain(avx512)
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn x86() -> impl Iterator<Item = Self> {
        std::iter::empty()
    }

    fn widest() -> Self {
        // `available` is never empty: it starts with the baseline.
        Self::available().pop().unwrap_or_else(Self::portable)
    }

    fn portable() -> Self {
        Self { inner: fearless_simd::Level::baseline(), name: NAMES[0] }
    }

    /// Its name, as `LIGHTLANE_SIMD` takes it.
    pub fn name(self) -> &'static str {
        self.name
    }
}

/// Name of the level in use, for reports and stores.
///
/// # Errors
/// As [`Level::detect`].
pub fn level_name() -> Result<&'static str> {
    Level::detect().map(Level::name)
}
