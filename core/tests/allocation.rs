//! Kernels and engines ask for memory once, not once a block.

use allocation_counter::measure;
use lightlane::engine::time_domain::{Simulation, simulate};
use lightlane::grid::SymbolRate;
use lightlane::modulation::Modulation;
use lightlane::random::{Purpose, Stream};
use lightlane::response::{CrosstalkPhase, DecisionModel, SlicerCrosstalk, SlicerNoise, SlicerSignal};
use lightlane::simd::lanes::{LANES, Row, viterbi, viterbi_trace};
use lightlane::simd::{Level, Polyphase, SpectralWorkspace, fir_add};
use lightlane::{Result, Run};

#[test]
fn kernels_with_their_workspaces_allocate_nothing() -> Result<()> {
    for level in Level::available() {
        let stream = Stream::new(level, 1, Purpose::Noise, 0);
        let (mut input, mut output) = (vec![0.0; 2000 + 127], vec![0.0; 2000]);
        let (taps, mut symbols) = (vec![0.01; 128], vec![0; 5000]);
        // One direct pulse and one by transforms.
        let pulses = [8, 256].map(|n| Polyphase::new(level, &vec![0.01; n * 4], 4));
        let levels = vec![1.0; 4096];
        let mut waveforms = pulses.each_ref().map(|p| vec![0.0; 4 * (levels.len() - p.history())]);
        let mut spectral = SpectralWorkspace::default();
        let (rows, outputs) = (vec![Row::splat(0.5); 100], [0.25; 64]);
        let (mut metrics, mut kept) = (vec![Row::default(); 16], vec![Row::default(); 100]);
        let (mut ends, mut decided) = ([0; LANES], vec![[0; LANES]; 100]);
        let mut all = || {
            stream.normals(7, &mut input);
            stream.symbols(2, 7, &mut symbols);
            fir_add(level, &input, &taps, &mut output);
            for (pulse, waveform) in pulses.iter().zip(&mut waveforms) {
                pulse.synthesize(&levels, &mut spectral, waveform);
            }
            viterbi(level, &rows, &outputs, &mut metrics, &mut kept);
            viterbi_trace(level, 16, &kept, &mut ends, &mut decided);
        };
        // The first call grows the workspace.
        all();
        assert_eq!(measure(&mut all).count_total, 0, "{}", level.name());
    }
    Ok(())
}

#[test]
fn a_longer_run_allocates_for_its_segments_alone() -> Result<()> {
    let model = DecisionModel {
        symbol_rate: SymbolRate::new(106.25e9)?,
        modulation: Modulation::Pam4,
        levels: vec![-3.0, -1.0, 1.0, 3.0],
        signal: SlicerSignal::Linear { cursors: vec![0.1, 1.0, 0.5, 0.1], main: 1 },
        dfe: vec![0.5],
        noise: SlicerNoise { autocorrelation_v2: vec![0.02, 0.01], ..SlicerNoise::default() },
        crosstalk: vec![SlicerCrosstalk {
            name: "fext".into(),
            levels: vec![-1.0, 1.0],
            phases: vec![vec![0.02, 0.01], vec![0.0, 0.03]],
        }],
        crosstalk_phase: CrosstalkPhase::default(),
        jitter: None,
        thresholds_v: Some(vec![-2.0, 0.0, 2.0]),
    };
    // The one thread of its pool, which is the one that is measured. A segment has 65,536 symbols.
    let count = |segments: u64| -> Result<u64> {
        let run = Run::with_threads(Some(1))?;
        let simulation = Simulation { n_symbols: segments << 16, run: run.clone(), ..Simulation::default() };
        run.install(|| {
            let mut done = Ok(0);
            let info = measure(|| done = simulate(&model, &simulation).map(|c| c.n_symbol_errors));
            done.map(|_| info.count_total)
        })
    };
    count(1)?;
    let (few, many) = (count(8)?, count(24)?);
    // A segment keeps its two histories and its tally; it has eight blocks and more, each with four branches.
    assert!(many - few <= 16 * 8, "{few} allocations for 8 segments, {many} for 24");
    Ok(())
}
