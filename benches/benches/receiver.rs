//! How long does it take to equalize a lane, and of that to search the CTLE's 147 settings?

use criterion::{Criterion, criterion_group, criterion_main};
use lightlane::Run;
use lightlane::grid::{Grid, SymbolRate};
use lightlane::modulation::Modulation;
use lightlane::receiver::{Ctle, Dfe, Ffe, Receiver, equalize, mmse};
use lightlane::response::{ChannelResponse, CrosstalkPhase, Jitter, LinkResponse, NoiseSource, Signal};
use num_complex::Complex64;
use std::f64::consts::TAU;
use std::hint::black_box;

/// A lossy line of 28 dB at Nyquist, thermal noise and jitter, on the grid of a measured channel.
fn link() -> Result<LinkResponse, lightlane::Error> {
    let rate = SymbolRate::new(106.25e9)?;
    let grid = Grid::new(rate, 32, 32 * 8192)?;
    let nepers = 28.0 / 8.685_889_638;
    let response = ChannelResponse::from_fn(grid, 110e9, |f| {
        let root = Complex64::new(0.0, 2.0 * f / rate.nyquist_hz()).sqrt();
        (-root * nepers - Complex64::new(0.0, TAU * f * 100.0 / rate.hz())).exp()
    });
    Ok(LinkResponse {
        grid,
        modulation: Modulation::Pam4,
        levels: vec![-0.4, -0.14, 0.14, 0.4],
        signal: Signal::Linear { response, ffe: vec![0.04, -0.2, 0.76], ffe_main: 2 },
        noise: vec![NoiseSource::thermal(grid, 7.5e-18)],
        interference: vec![],
        crosstalk: vec![],
        crosstalk_phase: CrosstalkPhase::default(),
        jitter: Some(Jitter { rj_ui: 0.01, dd_ui: 0.02, ..Jitter::default() }),
    })
}

fn receiver(ctle: Ctle) -> Receiver {
    Receiver {
        bandwidth_hz: Some(58.4e9),
        ctle: Some(ctle),
        ffe: Some(Ffe { tap_limit: 0.7, floating_groups: 2, floating_taps: 4, ..Ffe::new(6, 8) }),
        dfe: Some(Dfe { minimum: Some(0.0), ..Dfe::default() }),
        ..Receiver::default()
    }
}

fn benches(c: &mut Criterion) {
    let mut group = c.benchmark_group("receiver");
    group.sample_size(10);
    if let (Ok(link), Ok(run)) = (link(), Run::with_threads(Some(1))) {
        let (fixed, searched) = (receiver(Ctle::fixed(-8.0, -2.0)), receiver(Ctle::auto()));
        group.bench_function("equalize, fixed CTLE", |b| b.iter(|| equalize(black_box(&link), &fixed, &run)));
        group.bench_function("equalize, 147 CTLE settings", |b| {
            b.iter(|| equalize(black_box(&link), &searched, &run));
        });
    }
    let pulse: Vec<f64> = (0..200).map(|m| (-0.1 * f64::from(m)).exp()).collect();
    group.bench_function("mmse, 23 + 1 taps, delay given", |b| {
        b.iter(|| mmse(black_box(&pulse), &[0.01], 23, 6, 1, 1.0, Some(10), &Run::default()));
    });
    group.finish();
}

criterion_group!(receiver_benches, benches);
criterion_main!(receiver_benches);
