//! How long one lane takes from configuration to report, for every shipped preset and, where there is light, in its
//! linear form too. The requirement is 0.25 s for copper and the linear form and 1 s for a de Bruijn record, of each segment
//! between retimers.

use criterion::{Criterion, criterion_group, criterion_main};
use lightlane::Run;
use lightlane::lane::{Block, Networks, PreparedSegments, SignalForm, preset, preset_names};
use std::hint::black_box;
use std::path::Path;

fn analyses(c: &mut Criterion) {
    let mut group = c.benchmark_group("analyze");
    group.sample_size(10);
    let run = Run::with_threads(Some(1)).expect("one thread");
    for name in preset_names().expect("shipped presets") {
        let lane = preset(&name).expect("shipped preset");
        let mut forms = vec![(name.clone(), lane.clone())];
        if lane.medium.iter().any(Block::is_optical) {
            let mut linear = lane;
            linear.signal_form = SignalForm::Linear;
            forms.push((format!("{name} linear"), linear));
        }
        for (label, lane) in forms {
            group.bench_function(&label, |b| {
                b.iter(|| {
                    let mut networks = Networks::default();
                    let prepared = PreparedSegments::new(&lane, &mut networks, Path::new("."), &run)
                        .expect("a preset composes");
                    black_box(prepared.analyze(&run).expect("a preset is analysed").ber)
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, analyses);
criterion_main!(benches);
