//! The waveform and its receiver sample by sample, in double precision: what blocks and batches must agree with.

use super::block::Workspace;
use super::plan::Plan;
use super::sampler::Sampler;
use super::source::Source;
use crate::Run;
use crate::engine::time_domain::block::{ORIGIN, PHASE_BLOCK};
use crate::engine::time_domain::interference::PHASE_SYMBOLS;
use crate::error::Result;
use crate::grid::SymbolRate;
use crate::modulation::Modulation;
use crate::random::{Purpose, Stream};
use crate::receiver::{Adc, ClockRecovery, Receiver};
use crate::response::{
    CrosstalkPhase, PhaseResponse, WaveformCrosstalk, WaveformInterference, WaveformModel, WaveformNoise,
    WaveformTable,
};
use crate::simd::Level;

const M: usize = 8;
const SEED: u64 = 7;

/// A smooth response of `length` symbols, another for each `kind`.
fn response(kind: usize, length: usize, main: usize, size: f64) -> PhaseResponse {
    let at = |p: usize, j: usize| {
        let t = (j * M + p) as f64 / M as f64 - main as f64;
        size * (-0.5 * t.abs()).exp() * (1.0 + 0.3 * (t * (1.0 + kind as f64)).sin())
    };
    PhaseResponse { phases: (0..M).map(|p| (0..length).map(|j| at(p, j)).collect()).collect(), main }
}

fn model() -> WaveformModel {
    let words = 4usize.pow(2);
    let table = WaveformTable {
        memory: 2,
        after: 1,
        values: (0..M)
            .map(|p| (0..words).map(|w| 0.02 * (w * 7 % 11) as f64 + 0.01 * p as f64).collect())
            .collect(),
        remainder: response(0, 9, 3, 1.0),
        residual_ratio: 0.0,
        residual_v: (0..5 * M).map(|i| 0.03 * ((i * 5) % 7) as f64 - 0.09).collect(),
    };
    let noise = |kind: usize, factor: Option<Vec<f64>>| WaveformNoise {
        name: "noise".into(),
        streams: vec![response(kind, 3, 1, 0.15), response(kind + 1, 4, 0, 0.1)],
        factor,
    };
    WaveformModel {
        symbol_rate: SymbolRate::new(1e9).unwrap(),
        modulation: Modulation::Pam4,
        levels: vec![-3.0, -1.0, 1.0, 3.0],
        samples_per_symbol: M,
        signal: response(0, 9, 3, 1.0),
        table: Some(table),
        noise: vec![noise(1, None), noise(3, Some(vec![0.5, 1.0, 2.0, 4.0]))],
        interference: vec![WaveformInterference {
            name: "mpi".into(),
            field: vec![0.7, 1.0, 1.2, 1.4],
            interferer: vec![0.8, 1.1],
            response: response(6, 5, 1, 0.2),
        }],
        crosstalk: vec![WaveformCrosstalk {
            name: "fext".into(),
            levels: vec![-1.0, 1.0],
            response: response(5, 4, 1, 0.1),
        }],
        crosstalk_phase: CrosstalkPhase::default(),
        jitter: None,
        sj_ui: 0.0,
        sj_hz: 0.0,
        frequency_offset_ppm: 0.0,
        ssc_ppm: 0.0,
        ssc_hz: 0.0,
        rms_v: 3.0,
        ffe: vec![-0.1132, 1.0, -0.3071],
        ffe_pre: 1,
        dfe: vec![0.2913, 0.1177],
        thresholds_v: vec![-2.0, 0.0, 2.0],
    }
}

/// Sample p of symbol k: every event times its response.
struct Events<'a> {
    model: &'a WaveformModel,
    level: Level,
}

impl Events<'_> {
    fn stream(&self, purpose: Purpose, number: u32) -> Stream {
        Stream::new(self.level, SEED, purpose, number)
    }

    fn symbol(&self, k: i64) -> usize {
        let mut symbol = [0];
        self.stream(Purpose::Symbols, 0).symbols(2, ORIGIN.wrapping_add_signed(k), &mut symbol);
        usize::from(symbol[0])
    }

    fn through(response: &PhaseResponse, k: i64, p: usize, event: impl Fn(i64) -> f64) -> f64 {
        let row = response.phases[p].iter().enumerate();
        row.map(|(j, h)| h * event(k - (j as i64 - response.main as i64))).sum()
    }

    fn sample(&self, k: i64, p: usize) -> f64 {
        let model = self.model;
        let level = |k: i64| model.levels[self.symbol(k)];
        let table = model.table.as_ref().unwrap();
        let word = (0..table.memory as i64)
            .fold(0, |w, i| w * 4 + self.symbol(k + table.after as i64 - (table.memory as i64 - 1) + i));
        let mut y = table.values[p][word] + Self::through(&table.remainder, k, p, level);
        let mut first = [0];
        self.stream(Purpose::Residual, 0).words(0, &mut first);
        let at = ORIGIN.wrapping_add_signed(k).wrapping_add(u64::from(first[0]));
        y += table.residual_v[(at % (table.residual_v.len() / M) as u64) as usize * M + p];
        for (i, source) in model.noise.iter().enumerate() {
            let purpose = if source.factor.is_some() { Purpose::SymbolNoise } else { Purpose::Noise };
            for (q, response) in source.streams.iter().enumerate() {
                let stream = self.stream(purpose, (i * 1024 + q) as u32);
                y += Self::through(response, k, p, |k| {
                    let mut draw = [0.0];
                    stream.normals(ORIGIN.wrapping_add_signed(k), &mut draw);
                    let factor = source.factor.as_ref().map_or(1.0, |f| f[self.symbol(k)].sqrt());
                    f64::from(draw[0]) * factor
                });
            }
        }
        for (i, echo) in model.interference.iter().enumerate() {
            let symbols = self.stream(Purpose::InterferenceSymbols, i as u32);
            let phases = self.stream(Purpose::InterferencePhase, i as u32);
            y += Self::through(&echo.response, k, p, |k| {
                let at = ORIGIN.wrapping_add_signed(k);
                let (mut symbol, mut word) = ([0], [0]);
                symbols.symbols(1, at, &mut symbol);
                phases.words(at / PHASE_SYMBOLS, &mut word);
                let cos = (std::f64::consts::TAU * (f64::from(word[0]) + 0.5) / 4_294_967_296.0).cos();
                cos * echo.field[self.symbol(k)] * echo.interferer[usize::from(symbol[0])]
            });
        }
        for (i, aggressor) in model.crosstalk.iter().enumerate() {
            let mut word = [0];
            let at = ORIGIN.wrapping_add_signed(k);
            self.stream(Purpose::CrosstalkPhase, i as u32).words(at / PHASE_BLOCK, &mut word);
            let late = (u64::from(word[0]) * M as u64) >> 32;
            let early = k * M as i64 + p as i64 - late as i64;
            let symbols = self.stream(Purpose::CrosstalkSymbols, i as u32);
            let (k, p) = (early.div_euclid(M as i64), early.rem_euclid(M as i64) as usize);
            y += Self::through(&aggressor.response, k, p, |k| {
                let mut symbol = [0];
                symbols.symbols(1, ORIGIN.wrapping_add_signed(k), &mut symbol);
                aggressor.levels[usize::from(symbol[0])]
            });
        }
        y
    }
}

#[test]
fn a_block_is_the_sum_of_its_events() -> Result<()> {
    let (model, level) = (model(), Level::detect()?);
    let plan = Plan::new(&model, SEED, level)?;
    let events = Events { model: &model, level };
    let n = 150;
    let (mut symbols, mut v) = (vec![0; n], vec![0.0; n * M]);
    for first in [-70i64, 0, 1000] {
        plan.block(first, &mut symbols, &mut v, &mut Workspace::default());
        for (i, y) in v.iter().enumerate() {
            let k = first + (i / M) as i64;
            assert_eq!(usize::from(symbols[i / M]), events.symbol(k));
            // Transforms of 512 values of about 3 in single precision.
            assert!((f64::from(*y) - events.sample(k, i % M)).abs() < 2e-5, "{k} {}", i % M);
        }
    }
    Ok(())
}

/// Decisions of symbols 0 to `n`, batch by batch of at most `batch`.
fn decided(model: &WaveformModel, receiver: &Receiver, n: i64, batch: i64) -> Result<Vec<(u8, u8)>> {
    let level = Level::detect()?;
    let plan = Plan::new(model, SEED, level)?;
    let run = Run::with_threads(Some(1))?;
    let mut running = super::Running::new(&plan, Sampler::new(model, receiver, SEED, level)?, &run, 0)?;
    let mut found = Vec::new();
    while running.next < n {
        running.decide(n.min(running.next + batch))?;
        let batch = &running.sampler.batch;
        found.extend(batch.sent.iter().copied().zip(batch.decided.iter().copied()));
    }
    Ok(found)
}

#[test]
fn decisions_are_those_of_the_serial_receiver() -> Result<()> {
    let model = model();
    let adc = Adc { interleave: 3, gain_mismatch: 0.02, offset_v: 0.05, ..Adc::default() };
    let receiver = Receiver { adc_bits: Some(7), adc: Some(adc), ..Receiver::default() };
    let n = 3000;
    let level = Level::detect()?;
    let plan = Plan::new(&model, SEED, level)?;
    let run = Run::with_threads(Some(1))?;
    let sampler = Sampler::new(&model, &receiver, SEED, level)?;
    let mut source = Source::new(&plan, &run, -16);
    while source.end() < n + 16 {
        source.advance(-16, 1 << 20)?;
    }
    let y = |k: i64| {
        let (whole, _) = source.place(k, 0.0);
        f64::from(sampler.converter.convert(k, source.samples()[whole]).0)
    };
    let mut past = [-1, -2].map(|k| model.levels[usize::from(source.symbol(k))]);
    let (mut close, mut wrong) = (0, 0);
    let found = decided(&model, &receiver, n, n)?;
    for (k, (sent, decided)) in (0..n).zip(&found) {
        let mut z: f64 = model.ffe.iter().zip(0..).map(|(tap, i)| tap * y(k + 1 - i)).sum();
        z -= model.dfe.iter().zip(&past).map(|(d, a)| d * a).sum::<f64>();
        let wanted = model.thresholds_v.iter().filter(|t| z > **t).count();
        assert_eq!(*sent, source.symbol(k));
        if model.thresholds_v.iter().any(|t| (z - t).abs() < 1e-5) {
            // Single precision may decide otherwise.
            close += 1;
        } else {
            assert_eq!(usize::from(*decided), wanted, "{k}: {z}");
        }
        wrong += u32::from(sent != decided);
        past = [model.levels[usize::from(*decided)], past[0]];
    }
    assert!(close < 3 && wrong > 100, "{close} {wrong}");
    Ok(())
}

#[test]
fn decisions_do_not_depend_on_the_batches() -> Result<()> {
    let model = model();
    let swinging = WaveformModel { sj_ui: 0.2, sj_hz: 5e5, ..model.clone() };
    let skew = Adc { interleave: 3, skew_s: 5e-11, ..Adc::default() };
    let clock = ClockRecovery { bandwidth_hz: 1e6, latency_ui: 4, ..ClockRecovery::default() };
    let tracking = Receiver { clock_recovery: Some(clock), ..Receiver::default() };
    for (label, model, receiver) in [
        ("plain", &model, Receiver::default()),
        ("swinging", &swinging, Receiver { adc: Some(skew), ..Receiver::default() }),
        ("tracking", &swinging, tracking),
    ] {
        let whole = decided(model, &receiver, 6000, 6000)?;
        assert!(whole.iter().filter(|(sent, decided)| sent != decided).count() > 100, "{label}");
        for batch in [1, 7, 1000] {
            assert!(decided(model, &receiver, 6000, batch)? == whole, "{label} {batch}");
        }
    }
    Ok(())
}
