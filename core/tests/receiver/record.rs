//! A record of a linear channel through the nonlinear path.

use crate::links::{LEVELS, M, grid, line, link, run};
use lightlane::receiver::{Dfe, Ffe, Receiver, Sampling, SamplingRule};
use lightlane::response::{
    Jitter, JitterModel, LevelLaw, LinkResponse, NoiseKind, NoiseSource, Plane, Record, Signal, SlicerSignal,
};

/// Symbols without structure (splitmix64): words of a few symbols all occur, and no slow drift adds up the pulse's tail
/// as it would in a lexicographic sequence.
fn random_symbols(n: usize) -> Vec<u8> {
    let mut state = 5u64;
    (0..n)
        .map(|_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            ((z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 62) as u8
        })
        .collect()
}

#[test]
fn a_record_of_a_linear_channel_gives_the_linear_answer() {
    let linear = link(line(8.0));
    let Signal::Linear { response, .. } = &linear.signal else { panic!() };
    let pulse = response.pulse();
    let order = 6;
    let symbols = random_symbols(8192);
    let n = symbols.len() as isize;
    // Half the samples of the grid that noise and jitter live on.
    let m = M as isize / 2;
    // Superposition of the pulse, cut where its window is empty.
    let v: Vec<f64> = (0..n * m)
        .map(|i| {
            let k = i.div_euclid(m);
            (-2..200)
                .map(|d| {
                    LEVELS[symbols[(k - d).rem_euclid(n) as usize] as usize]
                        * pulse.at(2 * (i - (k - d) * m - m / 2))
                })
                .sum()
        })
        .collect();
    let record = Record {
        symbol_rate: linear.grid.symbol_rate(),
        symbols,
        order,
        memory: Some(4),
        samples_per_symbol: M / 2,
        v,
        ffe: vec![],
        ffe_main: 0,
        small_signal: line(8.0),
    };
    let mut bent = LinkResponse { signal: Signal::Record(record), ..linear.clone() };
    let mut linear = linear;
    for l in [&mut bent, &mut linear] {
        l.noise.push(NoiseSource::thermal(grid(), 7.5e-17));
        l.noise.push(NoiseSource {
            name: "rin".into(),
            plane: Plane::Light,
            kind: NoiseKind::Density { density: vec![1e-16; grid().n_freq()], transfer: line(8.0) },
            law: LevelLaw::BySymbol { factor: vec![0.5, 1.0, 1.5, 2.0], symbol_delay_s: 0.0 },
        });
        l.jitter = Some(Jitter { rj_ui: 0.002, dd_ui: 0.0, model: JitterModel::Edge, ..Jitter::default() });
    }
    let receiver = Receiver {
        bandwidth_hz: Some(58.4e9),
        ffe: Some(Ffe::new(3, 5)),
        dfe: Some(Dfe::unlimited(1)),
        sampling: Sampling::Rule(SamplingRule::Peak),
        ..Receiver::default()
    };
    let (a, b) = (run(&linear, &receiver), run(&bent, &receiver));
    assert_eq!(a.equalizer.sampling_ui, b.equalizer.sampling_ui);
    // The fitted pulse of a record ends after 96 symbols; with so little noise the taps beside the feedback are loosely
    // held, hence their width. What matters is the error that they leave.
    for (x, y) in a.equalizer.ffe.iter().zip(&b.equalizer.ffe) {
        assert!((x - y).abs() < 0.05, "{x} {y}");
    }
    assert!(
        (a.equalizer.snr_db - b.equalizer.snr_db).abs() < 0.1,
        "{} {}",
        a.equalizer.snr_db,
        b.equalizer.snr_db
    );
    // The disturbances are those of the linear form, source by source and symbol by symbol: 5 % for the other taps.
    for ((name, x), (same, y)) in a.budget_v.iter().zip(&b.budget_v).filter(|(x, _)| x.0 != "isi") {
        assert!(name == same && (x / y - 1.0).abs() < 0.05, "{name} {x} {y}");
    }
    let (x, y) = (&a.model.noise.by_symbol[0], &b.model.noise.by_symbol[0]);
    let largest = |e: &[f64]| (0..e.len()).max_by(|i, j| e[*i].total_cmp(&e[*j])).unwrap();
    assert_eq!((largest(&x.energy_v2), largest(&y.energy_v2)), (x.main, y.main));
    let SlicerSignal::Table { table, memory, after, residual_v, residual_ratio, .. } = &b.model.signal else {
        panic!()
    };
    assert_eq!((table.len(), *memory), (256, 4));
    // What is left is the tail of the loss beyond the remainder, which ends 72 symbols after the cursor.
    assert!(*residual_ratio < 0.02 && residual_v.is_empty(), "{residual_ratio}");
    // Two words that differ in the cursor by one level differ by cursor times the spacing.
    let digit = 4usize.pow(*after as u32);
    let difference = table[2 * digit] - table[digit];
    assert!((difference / (b.equalizer.cursor * (LEVELS[2] - LEVELS[1])) - 1.0).abs() < 0.01);
    let again = run(&bent, &b.resolved);
    assert_eq!(again.model, b.model);
}
