//! How many times as fast are sixteen lanes as the serial run of the same streams?
//!
//! The ratios are of the least times of the same run; floors are 5 for either, and 10 and 8 are hoped for.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lightlane::Run;
use lightlane::modulation::Modulation;
use lightlane::random::{Purpose, Stream};
use lightlane::receiver::{Lms, LmsUpdate, mlsd, mlsd_lanes};
use lightlane::simd::Level;
use lightlane::simd::lanes::{LANES, Row};
use std::hint::black_box;
use std::time::Instant;

/// Samples of 1 + D/2 in noise, a symbol error ratio of about 1e-3.
fn record(n: usize, seed: u64) -> Vec<f32> {
    let level = Level::detect().expect("a level");
    let (mut symbols, mut noise) = (vec![0; n + 1], vec![0.0; n]);
    Stream::new(level, seed, Purpose::Symbols, 0).symbols(2, 0, &mut symbols);
    Stream::new(level, seed, Purpose::Noise, 0).normals(0, &mut noise);
    let a = |s: u8| f32::from(s) * (2.0 / 3.0) - 1.0;
    symbols.windows(2).zip(&noise).map(|(s, z)| a(s[1]) + 0.5 * a(s[0]) + 0.1 * z).collect()
}

/// Least time of a call, seconds, over ten.
fn least<T>(mut call: impl FnMut() -> T) -> f64 {
    let timed = |_| {
        let start = Instant::now();
        black_box(call());
        start.elapsed().as_secs_f64()
    };
    (0..10).map(timed).fold(f64::INFINITY, f64::min)
}

#[allow(clippy::print_stdout)]
fn ratio(what: &str, serial_s: f64, lanes_s: f64, symbols: usize) {
    let rate = |s: f64| symbols as f64 / s / 1e6;
    println!(
        "{what}: lanes {:.1} times the serial run ({:.0} against {:.0} million symbols a second)",
        serial_s / lanes_s,
        rate(lanes_s),
        rate(serial_s)
    );
}

fn benches(c: &mut Criterion) {
    let run = Run::with_threads(Some(1)).expect("one thread");
    let n = 1 << 15;
    let streams: Vec<Vec<f32>> = (0..LANES as u64).map(|seed| record(n, seed)).collect();
    let rows = Row::interleave(&std::array::from_fn(|i| streams[i].as_slice()), n);
    let all = n * LANES;
    let whole = record(all, 99);
    let mut group = c.benchmark_group("lanes");
    group.throughput(Throughput::Elements(all as u64)).sample_size(10);
    // Floating taps: a group of four, two symbols behind the others.
    let floating: Vec<usize> = (0..16).filter(|i| !(10..12).contains(i)).collect();
    for (what, taps, update, positions) in [
        ("lms", 16, LmsUpdate::Lms, None),
        ("lms", 32, LmsUpdate::Lms, None),
        ("floating lms", 16, LmsUpdate::Lms, Some(floating)),
        ("sign-sign lms", 16, LmsUpdate::SignSign, None),
        ("block lms", 16, LmsUpdate::Block(32), None),
    ] {
        let step = if update == LmsUpdate::SignSign { 1e-5 } else { 1e-3 };
        let plain = Lms::new(taps, 4, 1, step).expect("a valid equalizer");
        let lms = Lms { update, positions, ..plain };
        let lanes = || lms.run_lanes(&rows, &[], 0, &run).expect("finite samples");
        let serial = || {
            streams.iter().map(|s| lms.run(s, &[], 0, &run).expect("finite samples").error_rms).sum::<f64>()
        };
        group.bench_function(format!("{what} {taps} + 1, lanes"), |b| b.iter(lanes));
        group.bench_function(format!("{what} {taps} + 1, serial"), |b| b.iter(serial));
        ratio(&format!("{what} {taps} + 1"), least(serial), least(lanes), all);
    }
    for response in [&[1.0, 0.5][..], &[1.0, 0.5, 0.2]] {
        let states = 4usize.pow(response.len() as u32 - 1);
        let lanes = || mlsd_lanes(&whole, response, &run).expect("finite samples");
        let serial = || mlsd(&whole, response, Modulation::Pam4, &run).expect("finite samples");
        group.bench_function(format!("viterbi {states} states, lanes"), |b| b.iter(lanes));
        group.bench_function(format!("viterbi {states} states, serial"), |b| b.iter(serial));
        ratio(&format!("viterbi {states} states"), least(serial), least(lanes), all);
    }
    group.finish();
}

criterion_group!(lanes_benches, benches);
criterion_main!(lanes_benches);
