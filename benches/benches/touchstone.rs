//! How fast is a Touchstone file read? A synthetic 4-port of about 2 MB, against the standard library's split and parse
//! of the same tokens, which builds no network and knows no lines.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lightlane::medium::Network;
use std::fmt::Write as _;
use std::hint::black_box;

/// 5,600 frequencies of a 4-port in real-imaginary or magnitude-angle form, nine digits a number.
fn four_port(polar: bool) -> String {
    let mut text = format!("! synthetic\n# Hz S {} R 50\n", if polar { "MA" } else { "RI" });
    let mut state = 1u64;
    let mut next = |scale: f64| {
        // Knuth's MMIX generator: any digits will do.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 / (1u64 << 53) as f64 - 0.5) * scale
    };
    for k in 1..=5600u64 {
        let _ = write!(text, "{}", k * 10_000_000);
        for _ in 0..4 {
            for _ in 0..4 {
                let (a, b) = if polar { (next(1.0).abs(), next(360.0)) } else { (next(2.0), next(2.0)) };
                let _ = write!(text, " {a:.9} {b:.8}");
            }
            text.push('\n');
        }
    }
    text
}

/// The twin: every token of the data lines by the standard parser.
fn split_and_parse(text: &str) -> f64 {
    text.lines()
        .filter(|line| !line.starts_with(['!', '#']))
        .flat_map(str::split_ascii_whitespace)
        .map(|token| token.parse::<f64>().unwrap_or(f64::NAN))
        .sum()
}

fn touchstone(c: &mut Criterion) {
    let mut group = c.benchmark_group("touchstone");
    for (name, polar) in [("ri", false), ("ma", true)] {
        let text = four_port(polar);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(format!("read_{name}"), |b| {
            b.iter(|| Network::read_bytes(black_box(text.as_bytes()), Some("x.s4p")));
        });
        group.bench_function(format!("std_split_parse_{name}"), |b| {
            b.iter(|| split_and_parse(black_box(&text)));
        });
    }
    group.finish();
}

criterion_group!(benches, touchstone);
criterion_main!(benches);
