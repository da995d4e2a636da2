//! Adaptive quadrature: the panel of largest error is halved until the sum is good enough.
//!
//! Each panel has the 15 points of Kronrod and, among them, the 7 of Gauss; the difference of the two sums tells the error
//! in the way of QUADPACK (R. Piessens et al., Springer 1983).

/// Positive points of Kronrod's rule on −1..1, the outermost first; every second one is a point of Gauss.
const POINTS: [f64; 7] = [
    0.991_455_371_120_812_6,
    0.949_107_912_342_758_5,
    0.864_864_423_359_769_1,
    0.741_531_185_599_394_4,
    0.586_087_235_467_691_1,
    0.405_845_151_377_397_2,
    0.207_784_955_007_898_47,
];
/// Weights of Kronrod's rule, that of the point 0 last.
const KRONROD: [f64; 8] = [
    0.022_935_322_010_529_224,
    0.063_092_092_629_978_55,
    0.104_790_010_322_250_18,
    0.140_653_259_715_525_92,
    0.169_004_726_639_267_9,
    0.190_350_578_064_785_4,
    0.204_432_940_075_298_9,
    0.209_482_141_084_727_82,
];
/// Weights of Gauss's rule at the points 1, 3, 5 and at 0.
const GAUSS: [f64; 4] =
    [0.129_484_966_168_869_7, 0.279_705_391_489_276_64, 0.381_830_050_505_118_9, 0.417_959_183_673_469_4];
/// Most panels: a kink is cut out in some 20 halvings, rounding never.
const MOST_PANELS: usize = 120;

/// One interval with its integral and what that may be wrong by.
struct Panel {
    from: f64,
    to: f64,
    sum: f64,
    error: f64,
}

impl Panel {
    fn new(from: f64, to: f64, f: &mut impl FnMut(f64) -> f64) -> Self {
        let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
        let at_middle = f(middle);
        let (mut kronrod, mut gauss) = (KRONROD[7] * at_middle, GAUSS[3] * at_middle);
        let mut values = [(0.0, 0.0); 7];
        for (i, (point, value)) in POINTS.iter().zip(&mut values).enumerate() {
            *value = (f(middle - half * point), f(middle + half * point));
            kronrod += KRONROD[i] * (value.0 + value.1);
            if i % 2 == 1 {
                gauss += GAUSS[i / 2] * (value.0 + value.1);
            }
        }
        // How far the function is from its mean: what makes a small difference of the sums believable.
        let mean = 0.5 * kronrod;
        let spread = KRONROD[7] * (at_middle - mean).abs()
            + values
                .iter()
                .zip(&KRONROD)
                .map(|(v, w)| w * ((v.0 - mean).abs() + (v.1 - mean).abs()))
                .sum::<f64>();
        let difference = (kronrod - gauss).abs();
        let error =
            if spread > 0.0 { spread * (200.0 * difference / spread).powf(1.5).min(1.0) } else { 0.0 };
        Self { from, to, sum: half * kronrod, error: half * error }
    }
}

/// Integral over consecutive `edges`, ascending, good to `relative` of itself where rounding lets it be.
pub(super) fn integral(edges: &[f64], relative: f64, mut f: impl FnMut(f64) -> f64) -> f64 {
    let mut panels: Vec<Panel> =
        edges.windows(2).filter(|e| e[1] > e[0]).map(|e| Panel::new(e[0], e[1], &mut f)).collect();
    loop {
        let (sum, error) = panels.iter().fold((0.0, 0.0), |(s, e), p| (s + p.sum, e + p.error));
        if error <= relative * f64::abs(sum) || panels.len() >= MOST_PANELS {
            return sum;
        }
        let worst =
            panels.iter().enumerate().max_by(|a, b| a.1.error.total_cmp(&b.1.error)).map_or(0, |(i, _)| i);
        let Panel { from, to, .. } = panels.swap_remove(worst);
        let middle = 0.5 * (from + to);
        panels.push(Panel::new(from, middle, &mut f));
        panels.push(Panel::new(middle, to, &mut f));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_is_exact_for_the_polynomials_it_is_made_for() {
        // Kronrod's 15 points integrate degree 22, Gauss's 7 degree 13: published digits are 16.
        for (degree, exact) in [(0, 2.0), (12, 2.0 / 13.0), (22, 2.0 / 23.0)] {
            let panel = Panel::new(-1.0, 1.0, &mut |x| x.powi(degree));
            assert!((panel.sum - exact).abs() < 1e-14, "{degree}: {}", panel.sum);
        }
        assert!(Panel::new(-1.0, 1.0, &mut |x: f64| x.powi(12)).error < 1e-14);
        assert!(Panel::new(-1.0, 1.0, &mut |x: f64| x.powi(14)).error > 1e-9);
    }

    #[test]
    fn a_step_and_the_end_of_a_root_are_found() {
        // ∫ of a step at 0.3, and of √x, whose slope at 0 is infinite.
        let step = integral(&[0.0, 1.0], 1e-9, |x| f64::from(u8::from(x > 0.3)));
        assert!((step - 0.7).abs() < 1e-8, "{step}");
        let root = integral(&[0.0, 1.0], 1e-9, f64::sqrt);
        assert!((root - 2.0 / 3.0).abs() < 1e-8, "{root}");
        assert_eq!(integral(&[1.0], 1e-9, |x| x), 0.0);
    }
}
