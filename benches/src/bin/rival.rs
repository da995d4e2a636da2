//! Lightlane's side of `benches/rivals`: reads a job as JSON, prints throughputs and counts as JSON.

use lightlane::Run;
use lightlane::engine::time_domain::{Simulation, simulate};
use lightlane::random::{Purpose, Stream};
use lightlane::simd::{self, Level};
use lightlane_benches::chain::Chain;
use serde::Deserialize;
use serde_json::json;
use std::error::Error;
use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Job {
    task: Task,
    pulse: Vec<f64>,
    ffe: Vec<f64>,
    main: usize,
    dfe: f64,
    noise_v: f64,
    levels: [f64; 4],
    thresholds_v: [f64; 3],
    n_symbols: u64,
    seed: u64,
    threads: usize,
    /// For how long the task is repeated; the fastest repetition counts.
    seconds: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Task {
    /// The engine, pulse and FFE folded.
    Engine,
    /// All stages, nothing folded.
    Stages,
    /// Normals of the noise kernel.
    Normals,
    /// Multiply-adds in registers.
    Peak,
}

fn main() -> Result<(), Box<dyn Error>> {
    let job: Job = serde_json::from_reader(std::io::stdin())?;
    let level = Level::detect()?;
    let chain = Chain {
        pulse: job.pulse,
        ffe: job.ffe,
        main: job.main,
        dfe: job.dfe,
        noise_v: job.noise_v,
        levels: job.levels,
        thresholds_v: job.thresholds_v,
    };
    let mut errors = 0;
    let mut work: Box<dyn FnMut() -> lightlane::Result<u64>> = match job.task {
        Task::Engine => {
            let model = chain.model()?;
            let run = Run::with_threads(Some(job.threads))?;
            let simulation =
                Simulation { n_symbols: job.n_symbols, seed: job.seed, run, ..Simulation::default() };
            Box::new(move || Ok(simulate(&model, &simulation)?.n_symbol_errors))
        }
        Task::Stages => Box::new(move || Ok(chain.stages(level, job.seed, job.n_symbols))),
        Task::Normals => {
            let stream = Stream::new(level, job.seed, Purpose::Noise, 0);
            let mut normals = vec![0.0; job.n_symbols as usize];
            Box::new(move || {
                stream.normals(0, black_box(&mut normals));
                Ok(0)
            })
        }
        Task::Peak => Box::new(move || Ok(black_box(simd::multiply_adds(level, job.n_symbols)).0 & 1)),
    };
    let (start, mut best) = (Instant::now(), Duration::MAX);
    loop {
        let now = Instant::now();
        errors = work()?.max(errors);
        best = best.min(now.elapsed());
        if start.elapsed().as_secs_f64() >= job.seconds {
            break;
        }
    }
    let seconds = best.as_secs_f64();
    let result = json!({ "seconds": seconds, "errors": errors, "simd_level": level.name() });
    writeln!(std::io::stdout(), "{result}")?;
    Ok(())
}
