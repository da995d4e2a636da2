//! How many times as fast as the serial step is the vectorized field behind a ring, and does it reach five million
//! samples a second times the width?
//!
//! The ratio is of the least times of the same run.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lightlane::medium::optics::RingModulator;
use lightlane::simd::{Level, RingLight, RingRates, naive, ring, ring_window};
use num_complex::Complex64;
use std::hint::black_box;
use std::time::Instant;

/// Samples of a record of 4,096 symbols.
const SAMPLES: usize = 1 << 16;

/// Least time of a call, seconds, over twenty.
fn least(mut call: impl FnMut()) -> f64 {
    let timed = |_| {
        let start = Instant::now();
        call();
        start.elapsed().as_secs_f64()
    };
    (0..20).map(timed).fold(f64::INFINITY, f64::min)
}

#[allow(clippy::print_stdout)]
fn benches(c: &mut Criterion) {
    let level = Level::detect().expect("a level");
    let rates = RingRates { decay: 0.085, into: 0.085 };
    let theta: Vec<f64> = (0..ring_window(SAMPLES)).map(|i| 0.06 + 0.05 * (0.1 * i as f64).sin()).collect();
    let light = vec![Complex64::new(1.0, 0.0); SAMPLES + 3];
    let (re, im) = (vec![1.0; theta.len()], vec![0.0; theta.len()]);
    let mut out = vec![Complex64::default(); SAMPLES];
    let mut b = Complex64::default();
    let serial = least(|| naive::ring(rates, &theta, &light, &mut b, black_box(&mut out)));
    let rate = |s: f64| SAMPLES as f64 / s / 1e6;
    for (what, light) in [("constant", RingLight::Constant), ("varying", RingLight::Varying(&re, &im))] {
        let kernel = least(|| ring(level, rates, &theta, light, &mut b, black_box(&mut out)));
        println!(
            "ring, {what} light: {:.1} times the serial step ({:.0} against {:.0} million samples a second at {})",
            serial / kernel,
            rate(kernel),
            rate(serial),
            level.name()
        );
    }
    let device = RingModulator::default();
    let drive_v: Vec<f64> = (0..SAMPLES).map(|i| (0.1 * i as f64).sin()).collect();
    let mut group = c.benchmark_group("ring");
    group.throughput(Throughput::Elements(SAMPLES as u64)).sample_size(10);
    group.bench_function("field of a record", |b| b.iter(|| device.field(&drive_v, 1.7e12)));
    group.bench_function("propagate", |b| {
        b.iter(|| device.propagate(&light[..SAMPLES], 1.7e12, &[16e9]).expect("finite light"))
    });
    group.finish();
}

criterion_group!(ring_benches, benches);
criterion_main!(ring_benches);
