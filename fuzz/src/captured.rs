//! Oracle of what runs over captured samples: each call answers as its definition does, or refuses by name.

use lightlane::modulation::Modulation;
use lightlane::receiver::{Lms, LmsUpdate, iir, mlsd, mlsd_lanes};
use lightlane::response::pulse_train;
use lightlane::simd::lanes::{LANES, Row};
use lightlane::{Error, Run};

/// Samples with a response and the size of an equalizer.
#[derive(Debug, Clone)]
pub struct Captured {
    /// Samples.
    pub samples: Vec<f64>,
    /// Response, initial taps or coefficients.
    pub response: Vec<f64>,
    /// Symbols to train on.
    pub training: Vec<u8>,
    /// FFE taps before the main one.
    pub pre: usize,
    /// DFE taps.
    pub dfe_taps: usize,
    /// Step size.
    pub step: f64,
}

impl Captured {
    /// A case from arbitrary bytes: doubles of any bit pattern, small counts.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_at_checked(4)?;
        let numbers: Vec<f64> =
            rest.chunks_exact(8).filter_map(|c| c.try_into().ok().map(f64::from_le_bytes)).collect();
        let (step, values) = numbers.split_first()?;
        let cut = usize::from(head[0] % 12).min(values.len());
        Some(Self {
            response: values[..cut].to_vec(),
            samples: values[cut..].to_vec(),
            training: rest.iter().take(usize::from(head[1] % 16)).map(|b| b % 5).collect(),
            pre: usize::from(head[2] % 12),
            dfe_taps: usize::from(head[3] % 6),
            step: *step,
        })
    }

    /// Checks every call on the case.
    ///
    /// # Panics
    /// When an answer is wrong, or an error is of the wrong kind.
    pub fn check(&self) {
        self.check_lms();
        self.check_mlsd(Modulation::Pam4);
        self.check_mlsd(Modulation::Nrz);
        let run = Run::default();
        let single: Vec<f32> = self.samples.iter().map(|x| *x as f32).collect();
        refused_or(iir(&self.response, &self.samples, &single, &run), |y| {
            assert!(y.len() == single.len() && y.iter().all(|y| y.is_finite()));
        });
        let pulse: Vec<f32> = self.response.iter().map(|x| *x as f32).collect();
        refused_or(pulse_train(&single, &pulse, self.pre, &run), |y| {
            assert!(y.len() == single.len() * self.pre && y.iter().all(|y| y.is_finite()));
        });
    }

    fn check_lms(&self) {
        let run = Run::default();
        let mut lms = Lms {
            ffe: self.response.clone(),
            pre: self.pre,
            positions: None,
            dfe: vec![0.0; self.dfe_taps],
            step: self.step,
            update: LmsUpdate::Lms,
            trace_block: 3,
        };
        refused_or(lms.run(&self.samples, &self.training, self.training.len(), &run), |out| {
            let numbers = out.soft.iter().chain(&out.ffe).chain(&out.dfe).chain(&out.error_rms_trace);
            assert!(numbers.chain([&out.error_rms]).all(|x| x.is_finite()), "{self:?} {out:?}");
            for (k, (z, s)) in out.soft.iter().zip(&out.decisions).enumerate() {
                assert_eq!(f64::from(*s), (1.5 * z + 2.0).floor().clamp(0.0, 3.0), "symbol {k}");
            }
            // The first symbol by hand: samples outside the record and symbols before it are 0.
            let at = |i: usize| self.samples.get((self.pre).wrapping_sub(i)).copied().unwrap_or(0.0);
            let terms: Vec<f64> = self.response.iter().enumerate().map(|(i, c)| c * at(i)).collect();
            let size: f64 = terms.iter().map(|t| t.abs()).sum();
            assert!((terms.iter().sum::<f64>() - out.soft[0]).abs() <= 1e-14 * size);
        });
        lms.step = 0.0;
        refused_or(lms.run(&self.samples, &[], 0, &run), |out| assert_eq!(out.ffe, self.response));
        let rows: Vec<Row> = self.samples.iter().map(|x| Row::splat(*x as f32)).collect();
        let training: Vec<[u8; LANES]> = self.training.iter().map(|s| [*s; LANES]).collect();
        lms.step = self.step;
        refused_or(lms.run_lanes(&rows, &training, training.len(), &run), |out| {
            let numbers = out.soft.iter().chain(&out.ffe).chain(&out.dfe);
            assert!(
                numbers.flat_map(|row| row.0).all(f32::is_finite)
                    && out.error_rms.iter().all(|x| x.is_finite())
            );
            // Every stream is the same one.
            assert!(out.soft.iter().all(|row| row.0.iter().all(|x| *x == row.0[0])));
        });
    }

    fn check_mlsd(&self, modulation: Modulation) {
        let run = Run::default();
        refused_or(mlsd(&self.samples, &self.response, modulation, &run), |found| {
            assert_eq!(found.len(), self.samples.len());
            let cost = self.cost(&found, modulation);
            if !cost.is_finite() {
                return;
            }
            // No change of one or two neighbouring symbols is more likely.
            let n = modulation.n_levels() as u8;
            let size: f64 = self.cost_size();
            for k in 0..found.len() {
                for change in 1..n * n {
                    let mut other = found.clone();
                    other[k] = (other[k] + change % n) % n;
                    if let Some(next) = other.get_mut(k + 1) {
                        *next = (*next + change / n) % n;
                    }
                    assert!(
                        self.cost(&other, modulation) >= cost - 1e-12 * size,
                        "{self:?} {found:?} {other:?}"
                    );
                }
            }
        });
        if modulation == Modulation::Pam4 {
            let single: Vec<f32> = self.samples.iter().map(|x| *x as f32).collect();
            refused_or(mlsd_lanes(&single, &self.response, &run), |d| assert_eq!(d.len(), single.len()));
        }
    }

    /// Σ e² − 2 y e: what differs between sequences.
    fn cost(&self, symbols: &[u8], modulation: Modulation) -> f64 {
        let levels = modulation.levels();
        let e = |k: usize| -> f64 {
            let taps = self.response.iter().take(k + 1).enumerate();
            taps.map(|(m, h)| h * levels[usize::from(symbols[k - m])]).sum()
        };
        self.samples.iter().enumerate().map(|(k, y)| e(k) * (e(k) - 2.0 * y)).sum()
    }

    /// A bound on the terms of [`Self::cost`], to which rounding is in proportion.
    fn cost_size(&self) -> f64 {
        let sum: f64 = self.response.iter().map(|h| h.abs()).sum();
        self.samples.iter().map(|y| sum * (sum + 2.0 * y.abs())).sum()
    }
}

/// Looks at the answer; an error must be one of the two that numbers can cause.
fn refused_or<T>(result: Result<T, Error>, look: impl FnOnce(T)) {
    match result {
        Ok(answer) => look(answer),
        Err(e) => assert!(matches!(e, Error::Parameter { .. } | Error::Convergence { .. }), "{e}"),
    }
}
