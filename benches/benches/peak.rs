//! What share of the multiply-adds that registers alone allow do the kernels reach?
//!
//! Least times of one run, level by level. The run fails where a FIR of 32 taps and more falls under its floor of half
//! the peak: vector code falls off cliffs silently.

use lightlane::random::{Purpose, Stream};
use lightlane::simd::{self, Level, Polyphase, SpectralWorkspace};
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

/// Outputs of a call: they and their inputs stay in the first-level cache.
const N: usize = 4096;
/// Share of the peak that a FIR from [`FLOOR_TAPS`] taps on must reach.
const FLOOR: f64 = 0.5;
const FLOOR_TAPS: usize = 32;

/// Least seconds of a call.
fn least(mut call: impl FnMut()) -> f64 {
    let timed = |_| {
        let start = Instant::now();
        call();
        start.elapsed().as_secs_f64()
    };
    (0..2000).map(timed).fold(f64::INFINITY, f64::min)
}

#[allow(clippy::print_stdout)]
fn main() -> ExitCode {
    let mut good = true;
    for level in Level::available() {
        let mut count = 0;
        let seconds = least(|| count = black_box(simd::multiply_adds(level, 200_000)).0);
        let peak = count as f64 / seconds;
        println!("{}: peak {:.1} billion multiply-adds a second", level.name(), 1e-9 * peak);
        let show = |name: &str, macs: usize, seconds: f64| {
            let share = macs as f64 / seconds / peak;
            println!(
                "  {name:36}{:6.1} billion a second, {:3.0} % of the peak",
                share * peak * 1e-9,
                100.0 * share
            );
            share
        };
        let stream = Stream::new(level, 1, Purpose::Noise, 0);
        for taps in [8, 16, 32, 64, 128] {
            let mut input = vec![0.0; N + taps - 1];
            stream.normals(0, &mut input);
            let (filter, mut output) = (vec![1e-3; taps], vec![0.0; N]);
            let seconds = least(|| simd::fir_add(level, black_box(&input), &filter, &mut output));
            good &= show(&format!("FIR, {taps} taps"), N * taps, seconds) >= FLOOR || taps < FLOOR_TAPS;
        }
        for (samples, symbols) in [(32, 8), (32, 16), (16, 16)] {
            let mut pulse = vec![0.0; samples * symbols];
            stream.normals(0, &mut pulse);
            let mut levels = vec![0.0; N / samples + symbols - 1];
            stream.normals(0, &mut levels);
            let (pulse, mut spectral) =
                (Polyphase::new(level, &pulse, samples), SpectralWorkspace::default());
            let mut waveform = vec![0.0; N];
            let seconds = least(|| pulse.synthesize(black_box(&levels), &mut spectral, &mut waveform));
            show(&format!("pulse, {samples} samples, {symbols} symbols"), N * symbols, seconds);
        }
    }
    if !good {
        println!("a FIR of {FLOOR_TAPS} taps or more is under {FLOOR} of the peak");
    }
    ExitCode::from(u8::from(!good))
}
