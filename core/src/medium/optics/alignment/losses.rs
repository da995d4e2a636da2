//! Coupling losses of arrays, drawn.
//!
//! Every draw is a function of the seed and of where it belongs: the same for any number of threads. Normal draws end at
//! 6.76 deviations.

use super::Alignment;
use crate::error::{Error, Result, require};
use crate::medium::optics::Coupler;
use crate::random::{Purpose, Stream};
use crate::run::Run;
use crate::simd::Level;
use rayon::prelude::*;

/// Most losses that are kept or drawn at a time.
const MOST: usize = 20_000_000;
/// Arrays of one block of work.
const BLOCK: usize = 1024;
/// Draws common to an array: offset in x and y, rotation, tilt in x and y, gap.
const COMMON: usize = 6;

/// Losses of every fibre of many arrays.
#[derive(Debug, Clone, PartialEq)]
pub struct ArrayLosses {
    /// Loss, optical dB; the fibres of an array stand together.
    pub loss_db: Vec<f64>,
    /// Fibres of an array.
    pub n_fibers: usize,
}

/// The loss of the worst fibre of many arrays through one coupler or several.
#[derive(Debug, Clone, PartialEq)]
pub struct WorstLosses {
    /// Loss, optical dB, one an array.
    pub loss_db: Vec<f64>,
}

impl Alignment {
    /// Draws the losses of `n_arrays` arrays, each through one coupler, whose own offsets, tilts and gap they are added to.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a field that is not valid, no array or more than 2e7 losses; [`Error::Interrupted`].
    pub fn losses(
        &self,
        coupler: &Coupler,
        wavelength_m: f64,
        n_arrays: usize,
        seed: u64,
        run: &Run,
    ) -> Result<ArrayLosses> {
        let joints = [coupler];
        let loss_db =
            self.drawn(&joints, wavelength_m, n_arrays, seed, run, |fibers, out| out.extend(fibers))?;
        Ok(ArrayLosses { loss_db, n_fibers: self.n_fibers })
    }

    /// Draws the loss of the worst fibre of `n_arrays` arrays through several couplers in a row, each placed by itself with
    /// the same errors; a fibre's losses add up.
    ///
    /// # Errors
    /// As [`Alignment::losses`].
    pub fn worst_losses(
        &self,
        couplers: &[&Coupler],
        wavelength_m: f64,
        n_arrays: usize,
        seed: u64,
        run: &Run,
    ) -> Result<WorstLosses> {
        let worst = |fibers: &[f64]| fibers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let loss_db =
            self.drawn(couplers, wavelength_m, n_arrays, seed, run, |fibers, out| out.push(worst(fibers)))?;
        Ok(WorstLosses { loss_db })
    }

    /// What `keep` makes of the losses of each array's fibres.
    fn drawn(
        &self,
        couplers: &[&Coupler],
        wavelength_m: f64,
        n_arrays: usize,
        seed: u64,
        run: &Run,
        keep: impl Fn(&[f64], &mut Vec<f64>) + Sync,
    ) -> Result<Vec<f64>> {
        self.validate()?;
        couplers.iter().try_for_each(|c| c.validate())?;
        require::within("wavelength_m", wavelength_m, 0.8e-6, 2e-6)?;
        let most = MOST / self.n_fibers;
        if !(1..=most).contains(&n_arrays) {
            return Err(Error::parameter("n_arrays", n_arrays, format!("between 1 and {most}")));
        }
        let level = Level::detect()?;
        let block = |b: usize| -> Result<Vec<f64>> {
            run.check()?;
            let first = b * BLOCK;
            let n = BLOCK.min(n_arrays - first);
            let mut total = vec![0.0; n * self.n_fibers];
            for (i, coupler) in couplers.iter().enumerate() {
                self.add(
                    coupler,
                    wavelength_m,
                    &Draws::new(level, seed, i, self.n_fibers, first, n),
                    &mut total,
                );
            }
            let mut kept = Vec::new();
            total.chunks_exact(self.n_fibers).for_each(|fibers| keep(fibers, &mut kept));
            Ok(kept)
        };
        let n_blocks = n_arrays.div_ceil(BLOCK);
        let blocks: Vec<Vec<f64>> =
            run.install(|| (0..n_blocks).into_par_iter().map(block).collect::<Result<_>>())?;
        Ok(blocks.concat())
    }

    /// Adds the losses through one coupler.
    fn add(&self, coupler: &Coupler, wavelength_m: f64, draws: &Draws, total: &mut [f64]) {
        let arrays = draws.common.chunks_exact(COMMON).zip(draws.own.chunks_exact(2 * self.n_fibers));
        for ((common, own), out) in arrays.zip(total.chunks_exact_mut(self.n_fibers)) {
            let [x, y, turn, tilt_x, tilt_y, gap] = std::array::from_fn(|k| f64::from(common[k]));
            let rotation = self.sigma_rotation_rad * turn;
            let mut placed = Coupler {
                tilt_x_rad: coupler.tilt_x_rad + self.sigma_tilt_rad * tilt_x,
                tilt_y_rad: coupler.tilt_y_rad + self.sigma_tilt_rad * tilt_y,
                gap_m: (coupler.gap_m + self.sigma_gap_m * gap).max(0.0),
                ..coupler.clone()
            };
            for (i, (own, loss)) in own.chunks_exact(2).zip(out).enumerate() {
                let [ex, ey] = [own[0], own[1]].map(|e| self.sigma_fiber_m * f64::from(e));
                placed.offset_x_m = coupler.offset_x_m + self.sigma_common_m * x + ex;
                placed.offset_y_m =
                    coupler.offset_y_m + self.sigma_common_m * y + self.place_m(i) * rotation + ey;
                *loss += placed.loss_db(wavelength_m);
            }
        }
    }
}

/// Normal draws of a run of arrays at one coupler.
struct Draws {
    common: Vec<f32>,
    own: Vec<f32>,
}

impl Draws {
    fn new(level: Level, seed: u64, coupler: usize, n_fibers: usize, first: usize, n: usize) -> Self {
        let stream = |k: u32| Stream::new(level, seed, Purpose::Alignment, 2 * coupler as u32 + k);
        let (mut common, mut own) = (vec![0.0; COMMON * n], vec![0.0; 2 * n_fibers * n]);
        stream(0).normals((COMMON * first) as u64, &mut common);
        stream(1).normals((2 * n_fibers * first) as u64, &mut own);
        Self { common, own }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const L: f64 = 1.31e-6;

    fn array() -> Alignment {
        Alignment {
            sigma_fiber_m: 0.2e-6,
            sigma_common_m: 0.3e-6,
            sigma_rotation_rad: 2e-4,
            n_fibers: 12,
            ..Alignment::default()
        }
    }

    fn share(losses: &WorstLosses, budget_db: f64) -> f64 {
        losses.loss_db.iter().filter(|l| **l <= budget_db).count() as f64 / losses.loss_db.len() as f64
    }

    #[test]
    fn the_share_within_a_budget_is_the_integral() {
        let coupler = Coupler { mfd_a_m: 4.5e-6, ..Coupler::default() };
        let n = 200_000;
        let losses = array().worst_losses(&[&coupler], L, n, 7, &Run::default()).unwrap();
        for budget in [0.3, 1.0, 2.0] {
            let exact = array().array_yield(4.5e-6, budget).unwrap();
            let sigma = (exact * (1.0 - exact) / n as f64).sqrt();
            // Four deviations of a binomial.
            assert!(
                (share(&losses, budget) - exact).abs() < 4.0 * sigma,
                "{budget}: {} {exact}",
                share(&losses, budget)
            );
        }
    }

    #[test]
    fn one_fibre_is_exponential() {
        let alignment = Alignment { sigma_fiber_m: 0.4e-6, ..Alignment::default() };
        let coupler = Coupler { mfd_a_m: 4e-6, ..Coupler::default() };
        let n = 200_000;
        let losses = alignment.losses(&coupler, L, n, 3, &Run::default()).unwrap();
        let mean = losses.loss_db.iter().sum::<f64>() / n as f64;
        let exact = super::super::alignment_mean_loss_db(4e-6, 0.4e-6).unwrap();
        // Four deviations of the mean of n exponentials.
        assert!((mean / exact - 1.0).abs() < 4.0 / (n as f64).sqrt(), "{mean} {exact}");
    }

    #[test]
    fn the_bits_do_not_depend_on_threads() {
        let coupler = Coupler { gap_m: 5e-6, mfd_b_m: Some(4e-6), ..Coupler::default() };
        let tilted = Alignment { sigma_tilt_rad: 0.01, sigma_gap_m: 2e-6, ..array() };
        let drawn = |threads| {
            let run = Run::with_threads(Some(threads)).unwrap();
            tilted.losses(&coupler, L, 3000, 11, &run).unwrap()
        };
        assert_eq!(drawn(1), drawn(2));
        assert_eq!(drawn(1).loss_db.len(), 36_000);
        let other = tilted.losses(&coupler, L, 3000, 12, &Run::default()).unwrap();
        assert_ne!(drawn(1), other);
    }

    #[test]
    fn two_couplers_are_placed_apart() {
        let coupler = Coupler::default();
        let run = Run::default();
        let one = array().worst_losses(&[&coupler], L, 1000, 5, &run).unwrap();
        let two = array().worst_losses(&[&coupler, &coupler], L, 1000, 5, &run).unwrap();
        let mean = |w: &WorstLosses| w.loss_db.iter().sum::<f64>() / 1000.0;
        assert!(two.loss_db.iter().zip(&one.loss_db).all(|(b, a)| b >= a));
        assert!(mean(&two) < 2.0 * mean(&one) && mean(&two) > 1.3 * mean(&one));
    }

    #[test]
    fn too_many_or_too_few_are_refused() {
        let run = Run::default();
        for n in [0, MOST / 12 + 1] {
            assert!(array().losses(&Coupler::default(), L, n, 1, &run).is_err());
        }
        run.cancel_flag().store(true, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(array().losses(&Coupler::default(), L, 10, 1, &run), Err(Error::Interrupted));
    }
}
