//! Interference of light with delayed or leaked light of the same wavelength: bounded, and slow in its phase.
//!
//! Light that arrives twice adds as a field. An echo of relative amplitude x ≪ 1 makes of the power P(t)
//!
//! ```text
//! |√P(t) + x e^(jθ) √P(t − τ)|² = P + 2 x √(P(t) P(t − τ)) cos θ + x² P(t − τ)
//! ```
//!
//! and the last term is left out. τ is many symbols, so that the echo carries symbols b that are independent of the
//! light's own symbols a; θ turns with the laser's phase over τ, over microseconds at a linewidth of megahertz, so that it
//! stands still over a response and is uniform over 2π. At the slicer
//!
//! ```text
//! shift_k = cos θ Σ_i response[i] field[a_(k−(i−main))] interferer[b_(k−(i−main))]
//! ```
//!
//! | symbol | name | meaning | unit |
//! |---|---|---|---|
//! | x | `amplitude` | field of the echo over the light's own | 1 |
//! | P | `light`, `interferer` | light of each symbol, scaled so that its slope by the levels is 1 | level |
//! | √P | `field` | its root | √level |
//! | 2x c | `response` | twice the amplitude times the response of the signal to one symbol, at the slicer | V per level |
//!
//! **Approximation.** A slow ripple of the light is a ripple of the signal: what it adds in one symbol goes through the
//! response c that the signal has itself. Both patterns are taken in step and as settled symbols. Where the modulator
//! still meets intersymbol interference that the receiver takes out, √(P P') ≈ (P + P')/2 passes the equalizer as each of
//! the two signals does, which is exact for a small modulation depth. Against fields added sample by sample, behind one
//! pole of a quarter to a half of the symbol rate and with the echo in step or half a symbol late, the rms of the two
//! upper levels is 1 to 3 % too small here, that of the lowest up to 8 %, and the largest shift of the top level 2 to 7 %.
//! Polarization is taken as aligned: the worst case. Equalizers are not adapted to interference: it follows the signal
//! itself.

use crate::error::{Error, Result, require};

/// One echo, or one leak of the same wavelength, in what reaches the receiver.
#[derive(Debug, Clone, PartialEq)]
pub struct Interference {
    /// Its name in the budget: "mpi".
    pub name: String,
    /// Its field over that of the light itself, at most 1.
    pub amplitude: f64,
    /// Light of each symbol, ascending levels, in the unit of the levels: its slope by the levels is ±1.
    pub light: Vec<f64>,
    /// The same of the interfering light before `amplitude`, at the same scale; 2 or 4 symbols.
    pub interferer: Vec<f64>,
}

/// One echo at the slicer.
#[derive(Debug, Clone, PartialEq)]
pub struct SlicerInterference {
    /// Its name in the budget.
    pub name: String,
    /// Root of the light of each symbol.
    pub field: Vec<f64>,
    /// Root of the interfering light of each of its symbols.
    pub interferer: Vec<f64>,
    /// Response at cos θ = 1, V per product of `field` and `interferer`; entry i belongs to symbol k − (i − main).
    pub response: Vec<f64>,
    /// Index of the cursor's own symbol.
    pub main: usize,
}

impl Interference {
    /// Checks every field for an alphabet of `n_levels` symbols.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an amplitude outside 0 to 1, light that is negative or not finite, or another number
    /// of symbols.
    pub fn validate(&self, n_levels: usize) -> Result<()> {
        let name = |field: &str| format!("interference.{}.{field}", self.name);
        require::within(&name("amplitude"), self.amplitude, 0.0, 1.0)?;
        for (field, light, counts) in
            [("light", &self.light, &[n_levels][..]), ("interferer", &self.interferer, &[2, 4])]
        {
            if !counts.contains(&light.len()) || light.iter().any(|p| !(p.is_finite() && *p >= 0.0)) {
                let requirement = format!("{counts:?} finite values of at least 0");
                return Err(Error::parameter(name(field), format!("{light:?}"), requirement));
            }
        }
        Ok(())
    }

    /// The echo at the slicer, `cursors` being what the slicer has of one symbol, V per unit of level.
    pub(crate) fn at_slicer(&self, cursors: &[f64], main: usize) -> SlicerInterference {
        let roots = |light: &[f64]| light.iter().map(|p| p.sqrt()).collect();
        SlicerInterference {
            name: self.name.clone(),
            field: roots(&self.light),
            interferer: roots(&self.interferer),
            response: cursors.iter().map(|c| 2.0 * self.amplitude * c).collect(),
            main,
        }
    }
}

impl SlicerInterference {
    /// Checks every field for an alphabet of `n_levels` symbols.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a value that is not finite, a negative field, another number of symbols, or a main index
    /// outside the response.
    pub fn validate(&self, n_levels: usize) -> Result<()> {
        let name = |field: &str| format!("interference {}: {field}", self.name);
        for (field, roots, counts) in
            [("field", &self.field, &[n_levels][..]), ("interferer", &self.interferer, &[2, 4])]
        {
            if !counts.contains(&roots.len()) || roots.iter().any(|f| !(f.is_finite() && *f >= 0.0)) {
                let requirement = format!("{counts:?} finite values of at least 0");
                return Err(Error::parameter(name(field), format!("{roots:?}"), requirement));
            }
        }
        if let Some(i) = self.response.iter().position(|r| !r.is_finite()) {
            return Err(Error::parameter(name(&format!("response[{i}]")), self.response[i], "finite"));
        }
        if self.main >= self.response.len() {
            let requirement = format!("below {}", self.response.len());
            return Err(Error::parameter(name("main"), self.main, requirement));
        }
        Ok(())
    }

    /// E[field · interferer], and E of its square, over independent equally likely symbols.
    pub(crate) fn product_moments(&self) -> (f64, f64) {
        let mean = |x: &[f64], power: i32| x.iter().map(|v| v.powi(power)).sum::<f64>() / x.len() as f64;
        let both = |power| mean(&self.field, power) * mean(&self.interferer, power);
        (both(1), both(2))
    }

    /// Variance that it has at the slicer, V²: given the symbol decided, or averaged over it.
    ///
    /// ```text
    /// ½ E[(Σ response · products)²],   the ½ that of cos² θ
    /// ```
    pub fn variance_v2(&self, symbol: Option<usize>) -> f64 {
        let Some(f) = symbol.map(|s| self.field[s]) else { return self.covariance_v2(0) };
        let (mean, square) = self.product_moments();
        let n = self.interferer.len() as f64;
        let (first, second) = self.interferer.iter().fold((0.0, 0.0), |(a, b), g| (a + g / n, b + g * g / n));
        let own = self.response[self.main];
        let (sum, energy) = self.response.iter().fold((0.0, 0.0), |(s, e), r| (s + r, e + r * r));
        let (sum, energy) = (sum - own, energy - own * own);
        let others = mean * sum;
        0.5 * (own * own * f * f * second + 2.0 * own * f * first * others + others * others)
            + 0.5 * (square - mean * mean) * energy
    }

    /// Covariance with the slicer's input `lag` symbols later, V².
    pub fn covariance_v2(&self, lag: usize) -> f64 {
        let (mean, square) = self.product_moments();
        let sum: f64 = self.response.iter().sum();
        let shared: f64 = self.response.iter().zip(self.response.iter().skip(lag)).map(|(a, b)| a * b).sum();
        0.5 * (mean * mean * sum * sum + (square - mean * mean) * shared)
    }

    /// Largest shift, V.
    pub fn bound_v(&self) -> f64 {
        let largest = |x: &[f64]| x.iter().fold(0.0f64, |m, v| m.max(*v));
        let response: f64 = self.response.iter().map(|r| r.abs()).sum();
        response * largest(&self.field) * largest(&self.interferer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn echo() -> SlicerInterference {
        SlicerInterference {
            name: "mpi".into(),
            field: vec![0.5, 1.0, 1.2, 1.5],
            interferer: vec![0.6, 1.4],
            response: vec![0.02, 0.1, -0.03],
            main: 1,
        }
    }

    /// Mean over every pattern of three symbols of either kind, and over 16 phases, which is exact for squares.
    fn brute(of: impl Fn(&[f64; 3], &[f64; 3], f64) -> f64, own: Option<usize>) -> f64 {
        let e = echo();
        let (mut sum, mut n) = (0.0, 0.0);
        for word in 0..64 * 8 {
            let a = [word % 4, word / 4 % 4, word / 16 % 4];
            let b = [word / 64 % 2, word / 128 % 2, word / 256];
            if own.is_some_and(|s| s != a[1]) {
                continue;
            }
            for turn in 0..16 {
                let cos = (f64::from(turn) * std::f64::consts::TAU / 16.0).cos();
                sum += of(&a.map(|s| e.field[s]), &b.map(|s| e.interferer[s]), cos);
                n += 1.0;
            }
        }
        sum / n
    }

    #[test]
    fn moments_are_those_of_all_patterns() {
        let e = echo();
        let shift = |f: &[f64; 3], g: &[f64; 3], cos: f64| {
            cos * (0..3).map(|i| e.response[i] * f[i] * g[i]).sum::<f64>()
        };
        for own in [None, Some(0), Some(3)] {
            let exact = brute(|f, g, c| shift(f, g, c).powi(2), own);
            assert!((e.variance_v2(own) / exact - 1.0).abs() < 1e-12, "{own:?}");
        }
        // Half of the squared sum, less what different symbols do not share.
        let later = brute(
            |f, g, c| {
                let mean = e.product_moments().0;
                let now = shift(f, g, c);
                // Entry i of the later decision meets entry i − 1 of this one.
                let then = c * (e.response[1] * f[0] * g[0] + e.response[2] * f[1] * g[1]);
                now * (then + c * e.response[0] * mean)
            },
            None,
        );
        assert!((e.covariance_v2(1) / later - 1.0).abs() < 1e-12);
        assert!((e.bound_v() - 0.15 * 1.5 * 1.4).abs() < 1e-15);
    }

    #[test]
    fn one_echo_of_a_clean_symbol_is_the_arcsine_law() {
        // x = 1 %, P = 2 at the top: ±2xP, of variance half its square.
        let source = Interference {
            name: "mpi".into(),
            amplitude: 0.01,
            light: vec![1.0, 2.0],
            interferer: vec![2.0, 2.0],
        };
        source.validate(2).unwrap();
        let e = source.at_slicer(&[1.0], 0);
        assert!((e.variance_v2(Some(1)) - 0.5 * 0.04f64.powi(2)).abs() < 1e-15);
        assert!((e.bound_v() - 0.04).abs() < 1e-15);
    }

    #[test]
    fn bad_fields_are_named() {
        let good = Interference {
            name: "mpi".into(),
            amplitude: 0.01,
            light: vec![1.0, 2.0],
            interferer: vec![1.0, 2.0],
        };
        let text = |i: Interference| i.validate(2).unwrap_err().to_string();
        assert!(text(Interference { amplitude: 1.5, ..good.clone() }).contains("mpi.amplitude = 1.5"));
        assert!(text(Interference { light: vec![1.0], ..good.clone() }).contains("mpi.light"));
        assert!(text(Interference { interferer: vec![f64::NAN, 1.0], ..good }).contains("mpi.interferer"));
        let short = SlicerInterference { main: 3, ..echo() };
        assert!(short.validate(4).unwrap_err().to_string().contains("main = 3"));
    }
}
