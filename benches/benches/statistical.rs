//! How fast are the statistical eye, a linear lane's figures, and those of an optical lane's table?
#![allow(missing_docs)] // criterion's macros define undocumented items

use criterion::{Criterion, criterion_group, criterion_main};
use lightlane::Run;
use lightlane::density::{EyeWorkspace, convolve_nearest};
use lightlane::engine::statistical::Prepared;
use lightlane::response::DecisionModel;
use lightlane_benches::statistical as inputs;
use std::hint::black_box;

fn statistical(c: &mut Criterion) {
    let run = Run::with_threads(Some(1)).unwrap_or_default();
    c.bench_function("eye densities, 200 cursors x 4096 bins x 64 phases", |b| {
        let (phases, step_v) = inputs::eye_phases();
        let mut workspace = EyeWorkspace::default();
        b.iter(|| {
            for sets in &phases {
                black_box(convolve_nearest(sets, step_v, &mut workspace));
            }
        });
    });
    let figures = |c: &mut Criterion, name: &str, model: &DecisionModel| {
        c.bench_function(name, |b| {
            b.iter(|| {
                let p = Prepared::new(model, &run).unwrap();
                black_box((p.ratios(1.0), p.margin_db(2.4e-4, &run).unwrap()))
            });
        });
    };
    figures(c, "linear PAM4, 200 cursors: thresholds, ratios, margin", &inputs::linear());
    figures(c, "the same with one feedback tap and coloured noise", &inputs::with_feedback());
    figures(c, "the same with crosstalk and edge jitter", &inputs::with_jitter());
    figures(c, "table of 4096 words: thresholds, ratios, margin", &inputs::table());
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = statistical
}
criterion_main!(benches);
