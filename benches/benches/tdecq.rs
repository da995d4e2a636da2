//! How long does TDECQ of a captured SSPRQ take? Two rows do the parts that every measurement has whatever its rules:
//! one main tap of fixed taps at a fixed time, with the pattern given and looked for.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lightlane::Run;
use lightlane::engine::tdecq::{TdecqConfig, Waveform, tdecq};
use lightlane::modulation::ssprq;
use std::f64::consts::TAU;
use std::hint::black_box;
use std::time::Duration;

const SAMPLES_PER_SYMBOL: usize = 20;
const SYMBOL_RATE_HZ: f64 = 53.125e9;

/// One turn of symbols behind a single pole at 0.4 of the symbol rate, W.
fn smeared(symbols: &[u8]) -> Vec<f64> {
    let step = 1.0 - (-TAU * 0.4 / SAMPLES_PER_SYMBOL as f64).exp();
    let mut level = 2e-3;
    let mut turn = || -> Vec<f64> {
        let sent = symbols.iter().flat_map(|s| [1e-3 + 2e-3 / 3.0 * f64::from(*s); SAMPLES_PER_SYMBOL]);
        let follow = |p: f64| {
            level += step * (p - level);
            level
        };
        sent.map(follow).collect()
    };
    // The first turn forgets where it began.
    turn();
    turn()
}

fn ssprq_by_preset(c: &mut Criterion) {
    let symbols = ssprq().expect("a pattern without parameters");
    let waveform_w = smeared(&symbols);
    let mut group = c.benchmark_group("tdecq");
    group.throughput(Throughput::Elements(symbols.len() as u64));
    group.sample_size(10).measurement_time(Duration::from_secs(10));
    let run = Run::with_threads(Some(1)).expect("one thread is allowed");
    let mut row = |name: &str, known: Option<&[u8]>, config: &TdecqConfig| {
        let given = Waveform {
            waveform_w: &waveform_w,
            samples_per_symbol: SAMPLES_PER_SYMBOL,
            symbol_rate_hz: SYMBOL_RATE_HZ,
            symbols: known,
        };
        group.bench_function(name, |b| b.iter(|| tdecq(black_box(&given), config, &run)));
    };
    for name in ["802.3bs", "802.3cu", "802.3dj"] {
        row(name, None, &TdecqConfig::preset(name).expect("a preset"));
    }
    let fixed = TdecqConfig { taps: Some(vec![1.0]), optimize_timing: false, ..TdecqConfig::default() };
    row("fixed taps, pattern given", Some(&symbols), &fixed);
    row("fixed taps, pattern found", None, &fixed);
    group.finish();
}

criterion_group!(benches, ssprq_by_preset);
criterion_main!(benches);
