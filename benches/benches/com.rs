//! How long does a channel operating margin take? One thread: reading three files of 6,700 points, with package and
//! cascade; one candidate of Annex 178A with all 33 sampling times, that of all behind one CTLE setting, so that what
//! they share counts; and the adaptive search of the whole KR grid. Asked for are 0.2 s for files of 6,000 points, 1 ms
//! and 1 s.

use criterion::{Criterion, criterion_group, criterion_main};
use lightlane::engine::com::{ComConfig, FixedEqualizer, NamedConfig, com};
use lightlane::medium::Network;
use lightlane::medium::electrical::{Package, Side, SyntheticChannel};
use lightlane::medium::touchstone::{Format, FrequencyUnit, Version};
use lightlane::{Result, Run};
use serde_json::json;
use std::hint::black_box;
use std::slice::from_ref;
use std::time::{Duration, Instant};

const CHANNEL: &str = "synthetic-kr-28db";

/// Thru, far-end and near-end aggressor.
fn four_ports() -> Result<[Network; 3]> {
    let recipe = SyntheticChannel::named(CHANNEL)?;
    Ok([recipe.thru()?, recipe.fext(0)?, recipe.next(0)?])
}

fn loading(c: &mut Criterion) {
    let text = |n: &Network| n.to_touchstone(Format::Ri, FrequencyUnit::GHz, Version::V1);
    let files = four_ports().and_then(|n| n.iter().map(text).collect::<Result<Vec<_>>>()).expect("a recipe");
    let load = || -> Result<Vec<Network>> {
        let packages = [Side::Tx, Side::Rx].map(|side| Package::preset("802.3dj-class-a", side));
        let [tx, rx] = packages.map(|p| p.expect("a preset"));
        files
            .iter()
            .map(|file| {
                let channel = Network::read_bytes(black_box(file.as_bytes()), Some("x.s4p"))?;
                let channel = channel.differential(None)?;
                let [left, right] = [&tx, &rx].map(|p| p.network(channel.freq_hz()));
                left?.cascade(&channel)?.cascade(&right?)
            })
            .collect()
    };
    load().expect("four-ports");
    let mut group = c.benchmark_group("com");
    group.sample_size(10);
    group.bench_function("three files, packages, cascade", |b| b.iter(load));
    group.finish();
}

fn search(c: &mut Criterion) {
    let networks = four_ports().expect("a recipe");
    let two_port = |n: &Network| n.differential(None).expect("a four-port");
    let [thru, fext, next] = [&networks[0], &networks[1], &networks[2]].map(two_port);
    let run = Run::with_threads(Some(1)).expect("one thread is allowed");
    let named = NamedConfig::new("802.3dj-kr1@d3.3").expect("shipped");
    let keywords = |more: serde_json::Value| {
        let mut all = named.keywords.clone();
        // One package case.
        all.insert("z_p select".into(), json!(1));
        all.extend(more.as_object().cloned().unwrap_or_default());
        ComConfig::from_keywords(&all).expect("keywords")
    };
    let margin = |config: &ComConfig, fixed: &FixedEqualizer| {
        let found = com(&thru, from_ref(&fext), from_ref(&next), config, fixed, &run).expect("a channel");
        found.worst.n_candidates
    };
    let whole = keywords(json!({"Local Search": 0}));
    let one_ctle =
        FixedEqualizer { ctle_gdc_db: Some(-10.0), ctle_gdc2_db: Some(-2.0), ..FixedEqualizer::default() };
    let one = FixedEqualizer { tx_ffe: Some(vec![(-1, -0.1)]), ..one_ctle.clone() };
    let mut group = c.benchmark_group("com");
    group.sample_size(10).measurement_time(Duration::from_secs(20));
    group.bench_function("a candidate of Annex 178A", |b| {
        b.iter_custom(|times| {
            let start = Instant::now();
            let mut n = 0;
            for _ in 0..times {
                n += margin(&whole, &one_ctle);
            }
            start.elapsed() * times as u32 / n as u32
        });
    });
    group.bench_function("a setting and its margin", |b| b.iter(|| margin(&whole, &one)));
    let adaptive = keywords(json!({}));
    group.bench_function("adaptive search", |b| b.iter(|| margin(&adaptive, &FixedEqualizer::default())));
    group.finish();
}

criterion_group!(benches, loading, search);
criterion_main!(benches);
