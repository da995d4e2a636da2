//! How many symbols a second does the time-domain engine decide, and what do its kernels reach?

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lightlane::Run;
use lightlane::engine::time_domain::{Simulation, simulate};
use lightlane::grid::SymbolRate;
use lightlane::modulation::Modulation;
use lightlane::random::{Purpose, Stream};
use lightlane::response::{CrosstalkPhase, DecisionModel, SlicerNoise, SlicerSignal};
use lightlane::simd::{self, Level};

/// PAM4 with 100 cursors, noise of `noise_taps` taps, one feedback tap, symbol error ratio near 1e-3.
fn model(noise_taps: usize) -> DecisionModel {
    let mut cursors: Vec<f64> =
        (0..100).map(|i| 0.01 * (f64::from(i) * 0.9).sin() * (-f64::from(i) / 40.0).exp()).collect();
    (cursors[10], cursors[11]) = (1.0, 0.5);
    let taps: Vec<f64> = (0..noise_taps).map(|i| (-(i as f64) / 4.0).exp() * (i as f64).cos()).collect();
    let energy: f64 = taps.iter().map(|t| t * t).sum();
    let lag = |l: usize| 0.09 / energy * taps.iter().zip(&taps[l..]).map(|(a, b)| a * b).sum::<f64>();
    DecisionModel {
        symbol_rate: SymbolRate::new(106.25e9).expect("a valid rate"),
        modulation: Modulation::Pam4,
        levels: vec![-3.0, -1.0, 1.0, 3.0],
        signal: SlicerSignal::Linear { cursors, main: 10 },
        dfe: vec![0.5],
        noise: SlicerNoise {
            autocorrelation_v2: (0..noise_taps).map(lag).collect(),
            ..SlicerNoise::default()
        },
        crosstalk: vec![],
        crosstalk_phase: CrosstalkPhase::default(),
        jitter: None,
        thresholds_v: Some(vec![-2.0, 0.0, 2.0]),
    }
}

fn engine(c: &mut Criterion) {
    let n_symbols = 1 << 20;
    let mut group = c.benchmark_group("time_domain");
    group.throughput(Throughput::Elements(n_symbols)).sample_size(10);
    for (name, noise_taps) in [("white", 1), ("coloured", 16)] {
        let model = model(noise_taps);
        let run = Run::with_threads(Some(1)).expect("one thread");
        let simulation = Simulation { n_symbols, seed: 1, run, ..Simulation::default() };
        group.bench_function(name, |b| b.iter(|| simulate(&model, &simulation).expect("a valid model")));
    }
    group.finish();
}

fn kernels(c: &mut Criterion) {
    const N: usize = 8192;
    for level in Level::available() {
        let mut group = c.benchmark_group(format!("kernels/{}", level.name()));
        group.throughput(Throughput::Elements(N as u64)).sample_size(20);
        let stream = Stream::new(level, 1, Purpose::Noise, 0);
        let mut input = vec![0.0; N + 127];
        let mut output = vec![0.0; N];
        group.bench_function("normals", |b| b.iter(|| stream.normals(0, &mut output)));
        stream.normals(0, &mut input);
        for taps in [32, 128] {
            let h = vec![1e-3; taps];
            let name = format!("fir {taps}");
            group.bench_function(name, |b| b.iter(|| simd::fir_add(level, &input, &h, &mut output)));
        }
        let mut symbols = vec![0; N];
        group.bench_function("symbols", |b| b.iter(|| stream.symbols(2, 0, &mut symbols)));
        let table = [-3.0, -1.0, 1.0, 3.0];
        group.bench_function("levels", |b| b.iter(|| simd::lookup(level, &symbols, &table, &mut output)));
        let thresholds = [-2.0, 0.0, 2.0];
        group.bench_function("slicer", |b| {
            b.iter(|| simd::count_greater(level, &output, &thresholds, &mut symbols));
        });
        group.finish();
    }
}

criterion_group!(benches, engine, kernels);
criterion_main!(benches);
