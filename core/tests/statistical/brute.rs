//! Models to be tested, and error ratios by enumerating every pattern: nothing of the engine in it.

use lightlane::grid::SymbolRate;
use lightlane::modulation::Modulation;
use lightlane::response::{CrosstalkPhase, DecisionModel, SlicerNoise, SlicerSignal, SymbolNoise};

/// A linear model without noise, feedback, crosstalk or jitter.
pub(crate) fn linear(levels: &[f64], cursors: &[f64], main: usize) -> DecisionModel {
    DecisionModel {
        symbol_rate: SymbolRate::new(106.25e9).unwrap(),
        modulation: if levels.len() == 2 { Modulation::Nrz } else { Modulation::Pam4 },
        levels: levels.to_vec(),
        signal: SlicerSignal::Linear { cursors: cursors.to_vec(), main },
        dfe: Vec::new(),
        noise: SlicerNoise { autocorrelation_v2: vec![0.0], ..SlicerNoise::default() },
        crosstalk: Vec::new(),
        crosstalk_phase: CrosstalkPhase::default(),
        jitter: None,
        thresholds_v: None,
    }
}

/// A noise whose variance follows the symbols.
pub(crate) fn by_symbol(energy_v2: &[f64], main: usize, factor: &[f64]) -> SymbolNoise {
    SymbolNoise {
        name: "rin".into(),
        energy_v2: energy_v2.to_vec(),
        main,
        factor: factor.to_vec(),
        response: Vec::new(),
        steps: 1,
    }
}

pub(crate) fn q(x: f64) -> f64 {
    0.5 * libm::erfc(x / 2f64.sqrt())
}

/// Symbol and bit error ratio by enumeration of `n` symbols. `conditional` says, for the symbols of a pattern (entry
/// `main` is the decided one), the mean and the variance of the slicer's voltage.
pub(crate) fn enumerate(
    m: usize,
    n: usize,
    main: usize,
    thresholds: &[f64],
    conditional: impl Fn(&[usize]) -> (f64, f64),
) -> (f64, f64) {
    let gray = |x: usize| x ^ (x >> 1);
    let (mut ser, mut ber) = (0.0, 0.0);
    let words = m.pow(n as u32);
    let mut symbols = vec![0; n];
    for word in 0..words {
        let mut rest = word;
        for s in &mut symbols {
            *s = rest % m;
            rest /= m;
        }
        let (mean, variance) = conditional(&symbols);
        let sigma = variance.sqrt();
        let sent = symbols[main];
        let above = |i: usize| q((thresholds[i] - mean) / sigma);
        let below = |i: usize| q((mean - thresholds[i]) / sigma);
        for decided in 0..m {
            let p = if decided > sent {
                above(decided - 1) - if decided < m - 1 { above(decided) } else { 0.0 }
            } else if decided < sent {
                below(decided) - if decided > 0 { below(decided - 1) } else { 0.0 }
            } else {
                continue;
            };
            ser += p;
            ber += p * f64::from((gray(sent) ^ gray(decided)).count_ones());
        }
    }
    (ser / words as f64, ber / (words as f64 * (m as f64).log2()))
}

/// Mean Σ c a of a pattern.
pub(crate) fn sum(cursors: &[f64], levels: &[f64], symbols: &[usize]) -> f64 {
    cursors.iter().zip(symbols).map(|(c, s)| c * levels[*s]).sum()
}

/// `a` and `b` agree to a relative tolerance.
pub(crate) fn assert_close(a: f64, b: f64, tolerance: f64, what: &str) {
    assert!((a / b - 1.0).abs() < tolerance, "{what}: {a:e} against {b:e}, {:e} apart", a / b - 1.0);
}
