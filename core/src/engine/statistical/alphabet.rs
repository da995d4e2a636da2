//! What the engine needs of the alphabet: its size, moments and bit distances.

use crate::error::{Error, Result, require};
use crate::modulation::Modulation;
use crate::response::{DecisionModel, SlicerSignal};
use std::cmp::Ordering;

/// Levels of a checked model.
#[derive(Debug, Clone)]
pub(super) struct Alphabet {
    pub(super) levels: Vec<f64>,
    pub(super) mean: f64,
    pub(super) variance: f64,
}

impl Alphabet {
    /// Number of levels.
    pub(super) fn size(&self) -> usize {
        self.levels.len()
    }

    /// Bits a symbol.
    pub(super) fn bits(&self) -> f64 {
        (self.size() as f64).log2()
    }

    /// Bits that differ between the Gray-coded symbols `a` and `b`: 00, 01, 11, 10 in ascending order of level.
    pub(super) fn bit_distance(a: usize, b: usize) -> f64 {
        f64::from(((a ^ (a >> 1)) ^ (b ^ (b >> 1))).count_ones())
    }

    /// Checks a whole model and takes its alphabet.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the first field that does not fit the others.
    pub(super) fn of(model: &DecisionModel) -> Result<Self> {
        let levels = model.levels.clone();
        let expected = match model.modulation {
            Modulation::Nrz => 2,
            Modulation::Pam4 => 4,
        };
        let count = |name: &str, found: usize, wanted: usize| {
            let ok = found == wanted;
            if ok {
                Ok(())
            } else {
                Err(Error::parameter(name, format!("{found} values"), format!("{wanted} values")))
            }
        };
        let ascending = |name: &str, x: &[f64]| match x
            .windows(2)
            .position(|w| w[0].partial_cmp(&w[1]) != Some(Ordering::Less))
        {
            Some(i) => {
                Err(Error::parameter(format!("{name}[{}]", i + 1), x[i + 1], format!("above {}", x[i])))
            }
            None => all_finite(name, x),
        };
        count("levels", levels.len(), expected)?;
        ascending("levels", &levels)?;
        if let Some(t) = &model.thresholds_v {
            count("thresholds_v", t.len(), expected - 1)?;
            ascending("thresholds_v", t)?;
        }
        let (cursors, main) = model.signal.cursors();
        all_finite("cursors", cursors)?;
        if let SlicerSignal::Table { table, memory, after, residual_v, .. } = &model.signal {
            // 65,536 words: more than any record resolves.
            let most = if expected == 2 { 16 } else { 8 };
            if *memory == 0 || *memory > most || after >= memory {
                let requirement = format!("between 1 and {most}, and above the symbols after the cursor");
                return Err(Error::parameter("memory", memory, requirement));
            }
            count("table", table.len(), expected.pow(*memory as u32))?;
            all_finite("table", table)?;
            all_finite("residual_v", residual_v)?;
        } else if main >= cursors.len() {
            return Err(Error::parameter(
                "main",
                main,
                format!("below the number of cursors, {}", cursors.len()),
            ));
        }
        all_finite("dfe", &model.dfe)?;
        all_finite("autocorrelation_v2", &model.noise.autocorrelation_v2)?;
        if let Some(v2) = model.noise.autocorrelation_v2.first() {
            require::non_negative("autocorrelation_v2[0]", *v2)?;
        }
        for source in &model.noise.by_symbol {
            count(&format!("noise {}: factor", source.name), source.factor.len(), expected)?;
            for x in source.factor.iter().chain(&source.energy_v2) {
                require::non_negative(&format!("noise {}: factor or energy_v2", source.name), *x)?;
            }
        }
        for uniform in &model.noise.uniform {
            all_finite(&format!("noise {}: response", uniform.name), &uniform.response)?;
        }
        model.noise.interference.iter().try_for_each(|i| i.validate(expected))?;
        for aggressor in &model.crosstalk {
            all_finite(&format!("crosstalk {}: levels", aggressor.name), &aggressor.levels)?;
            for phase in &aggressor.phases {
                all_finite(&format!("crosstalk {}: phases", aggressor.name), phase)?;
            }
        }
        if let Some(jitter) = &model.jitter {
            require::non_negative("rj_ui", jitter.rj_ui)?;
            require::non_negative("dd_ui", jitter.dd_ui)?;
            require::non_negative("sj_ui", jitter.sj_ui)?;
            require::non_negative("dcd_ui", jitter.dcd_ui)?;
            for order in &jitter.higher_orders {
                all_finite("jitter higher_orders", order)?;
            }
            all_finite("jitter response", &jitter.response)?;
            all_finite("transmit_taps", &jitter.transmit_taps)?;
        }
        let mean = levels.iter().sum::<f64>() / levels.len() as f64;
        let variance = levels.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / levels.len() as f64;
        Ok(Self { levels, mean, variance })
    }
}

fn all_finite(name: &str, x: &[f64]) -> Result<()> {
    match x.iter().position(|v| !v.is_finite()) {
        Some(i) => Err(Error::parameter(format!("{name}[{i}]"), x[i], "finite")),
        None => Ok(()),
    }
}

/// Linear response by lag after decision feedback: lag L multiplies the symbol sent L symbols ago.
#[derive(Debug, Clone)]
pub(super) struct Response {
    first: isize,
    g: Vec<f64>,
}

impl Response {
    /// Cursors (or a table's linear remainder) less the decision feedback taps.
    pub(super) fn of(model: &DecisionModel) -> Self {
        let (cursors, main) = model.signal.cursors();
        let first = -(main as isize);
        let end = (first + cursors.len() as isize).max(1 + model.dfe.len() as isize);
        let mut g = vec![0.0; (end - first) as usize];
        g[..cursors.len()].copy_from_slice(cursors);
        for (j, tap) in model.dfe.iter().enumerate() {
            g[(1 + j as isize - first) as usize] -= tap;
        }
        Self { first, g }
    }

    /// Response at a lag, V per unit of level.
    pub(super) fn at(&self, lag: isize) -> f64 {
        usize::try_from(lag - self.first).ok().and_then(|i| self.g.get(i)).copied().unwrap_or(0.0)
    }

    /// Lags with their responses.
    pub(super) fn lags(&self) -> impl Iterator<Item = (isize, f64)> + '_ {
        self.g.iter().enumerate().map(|(i, g)| (self.first + i as isize, *g))
    }
}

/// Two points that have the given mean, standard deviation and skewness, with their probabilities.
pub(super) fn two_points(mean: f64, deviation: f64, skewness: f64) -> [(f64, f64); 2] {
    let half = 0.5 * skewness;
    let root = (1.0 + half * half).sqrt();
    let high = 0.5 * (1.0 - half / root);
    [(mean + deviation * (half + root), high), (mean + deviation * (half - root), 1.0 - high)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gray_distances_of_pam4() {
        let d: Vec<f64> = (0..4).map(|b| Alphabet::bit_distance(0, b)).collect();
        assert_eq!(d, [0.0, 1.0, 2.0, 1.0]);
        assert_eq!(Alphabet::bit_distance(1, 3), 2.0);
        assert_eq!(Alphabet::bit_distance(2, 3), 1.0);
    }

    #[test]
    fn two_points_have_the_moments_asked_for() {
        let p = two_points(2.0, 0.7, 1.3);
        let moment = |k: i32| p.iter().map(|(x, w)| w * ((x - 2.0) / 0.7).powi(k)).sum::<f64>();
        assert!((moment(0) - 1.0).abs() < 1e-15 && moment(1).abs() < 1e-15);
        assert!((moment(2) - 1.0).abs() < 1e-15 && (moment(3) - 1.3).abs() < 1e-14);
    }
}
