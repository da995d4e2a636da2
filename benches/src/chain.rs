//! One job that can be done in several ways: PAM4 through a pulse, Gaussian noise, an FFE, a DFE of one tap, and count.

use lightlane::grid::SymbolRate;
use lightlane::modulation::Modulation;
use lightlane::random::{Purpose, Stream};
use lightlane::response::{CrosstalkPhase, DecisionModel, SlicerNoise, SlicerSignal};
use lightlane::simd::{self, Level};

/// The job.
#[derive(Debug, Clone)]
pub struct Chain {
    /// Response of the channel, one value a symbol, V per unit of level.
    pub pulse: Vec<f64>,
    /// FFE taps, the first meets the latest sample.
    pub ffe: Vec<f64>,
    /// Index of the cursor in the convolution of pulse and FFE.
    pub main: usize,
    /// The DFE tap, V per unit of level.
    pub dfe: f64,
    /// Standard deviation of the white noise before the FFE, V.
    pub noise_v: f64,
    /// Levels of the symbols.
    pub levels: [f64; 4],
    /// Thresholds of the slicer, V.
    pub thresholds_v: [f64; 3],
}

impl Chain {
    /// The job as the engine takes it: pulse and FFE in one response, the noise by its autocorrelation after the FFE.
    ///
    /// # Errors
    /// What [`SymbolRate::new`] returns.
    pub fn model(&self) -> lightlane::Result<DecisionModel> {
        let taps = &self.ffe;
        let lag = |l: usize| {
            self.noise_v * self.noise_v * taps.iter().zip(&taps[l..]).map(|(a, b)| a * b).sum::<f64>()
        };
        Ok(DecisionModel {
            symbol_rate: SymbolRate::new(106.25e9)?,
            modulation: Modulation::Pam4,
            levels: self.levels.to_vec(),
            signal: SlicerSignal::Linear { cursors: convolve(&self.pulse, taps), main: self.main },
            dfe: vec![self.dfe],
            noise: SlicerNoise {
                autocorrelation_v2: (0..taps.len()).map(lag).collect(),
                ..SlicerNoise::default()
            },
            crosstalk: vec![],
            crosstalk_phase: CrosstalkPhase::default(),
            jitter: None,
            thresholds_v: Some(self.thresholds_v.to_vec()),
        })
    }

    /// The job stage by stage, nothing folded, on the kernels alone; returns the symbol errors.
    ///
    /// The feedback is the true one: symbols after an error are decided one by one until a decision is right.
    pub fn stages(&self, level: Level, seed: u64, n_symbols: u64) -> u64 {
        const BLOCK: usize = 8192;
        /// Filters reach back before the first symbol.
        const ORIGIN: u64 = 1 << 40;
        let single = |values: &[f64]| values.iter().map(|v| *v as f32).collect::<Vec<f32>>();
        let (pulse, ffe, thresholds) = (single(&self.pulse), single(&self.ffe), single(&self.thresholds_v));
        let levels = self.levels.map(|l| l as f32);
        let (dfe, noise_v) = (self.dfe as f32, self.noise_v as f32);
        let symbols = Stream::new(level, seed, Purpose::Symbols, 0);
        let noise = Stream::new(level, seed, Purpose::Noise, 0);
        let received = BLOCK + ffe.len() - 1;
        let sent = received + pulse.len() - 1;
        let mut a = vec![0u8; sent];
        let mut x = vec![0f32; sent];
        let mut y = vec![0f32; received];
        let mut z = vec![0f32; BLOCK];
        let mut decisions = vec![0u8; BLOCK];
        // Index of the cursor's symbol of output 0.
        let cursor = pulse.len() + ffe.len() - 2 - self.main;
        let (mut errors, mut error) = (0, 0.0f32);
        for first in (0..n_symbols).step_by(BLOCK) {
            let n = BLOCK.min((n_symbols - first) as usize);
            let at = ORIGIN + first;
            symbols.symbols(2, at - cursor as u64, &mut a);
            simd::lookup(level, &a, &levels, &mut x);
            noise.normals(at - (ffe.len() as u64 - 1), &mut y);
            y.iter_mut().for_each(|y| *y *= noise_v);
            simd::fir_add(level, &x, &pulse, &mut y);
            z.fill(0.0);
            simd::fir_add(level, &y, &ffe, &mut z);
            simd::axpy(level, -dfe, &x[cursor - 1..], &mut z);
            simd::count_greater(level, &z[..n], &thresholds, &mut decisions);
            let truth = &a[cursor..cursor + n];
            let mut k = 0;
            while k < n {
                if error == 0.0 {
                    let Some(ahead) = first_difference(&truth[k..], &decisions[k..n]) else { break };
                    k += ahead;
                }
                let value = z[k] + dfe * error;
                let decided: usize = thresholds.iter().map(|t| usize::from(value > *t)).sum();
                error = levels[usize::from(truth[k])] - levels[decided];
                errors += u64::from(error != 0.0);
                k += 1;
            }
        }
        errors
    }
}

fn first_difference(a: &[u8], b: &[u8]) -> Option<usize> {
    let blocks = a.chunks(32).zip(b.chunks(32)).position(|(a, b)| a != b)?;
    a[32 * blocks..].iter().zip(&b[32 * blocks..]).position(|(a, b)| a != b).map(|i| 32 * blocks + i)
}

fn convolve(a: &[f64], b: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; a.len() + b.len() - 1];
    for (i, a) in a.iter().enumerate() {
        for (j, b) in b.iter().enumerate() {
            sum[i + j] += a * b;
        }
    }
    sum
}
