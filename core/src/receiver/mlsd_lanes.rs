//! Sequence detection of one record in sixteen overlapping segments at a time.
//!
//! ```text
//! segment i      ├── warm-up ──┼────────── decided ──────────┼── tail ──┤
//! segment i + 1                                ├── warm-up ──┼────────── decided ──────────┼── tail ──┤
//! ```
//!
//! A segment starts from an unknown state and ends before the record does; warm-up and tail are so long that neither
//! is felt inside. That is checked: the path of each segment must enter the next in the state in which the next leaves
//! its warm-up, or the record is detected anew as a whole.

use crate::error::{Error, Result};
use crate::modulation::Modulation;
use crate::receiver::mlsd::{Trellis, detect};
use crate::receiver::sample::largest;
use crate::run::Run;
use crate::simd::Level;
use crate::simd::lanes::{LANES, Row, VITERBI_STATES, viterbi, viterbi_trace};

/// Warm-up and tail, in symbols for each of memory: error events of 1 + D, the longest there are short of a spectral
/// null, reach it with a probability of (3/4)^64 = 1e-8 even without noise to end them.
const OVERLAP: usize = 64;
/// Fewest and most symbols that a segment decides: survivors of the most fit the second-level cache.
const DECIDED: (usize, usize) = (256, 2048);
/// Least ratio of response to samples.
const WEIGHT: f64 = 1.0 / 1024.0;

/// The most likely PAM4 sequence, as [`super::mlsd`], many times as fast on records of 10,000 symbols and more.
///
/// Metrics are in single precision: sequences closer than about 1e-6 in likelihood count as equal.
///
/// ```
/// use lightlane::{Run, receiver::mlsd_lanes};
/// let y = [1.0, 0.0, 0.0, 2.0 / 3.0];
/// assert_eq!(mlsd_lanes(&y, &[1.0, 1.0], &Run::default())?, [3, 0, 3, 1]);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// As [`super::mlsd`]; [`Error::Parameter`] also for a trellis of other than 4, 16 or 64 states.
pub fn mlsd_lanes(samples: &[f32], response: &[f64], run: &Run) -> Result<Vec<u8>> {
    let trellis = Trellis::new(response, Modulation::Pam4)?;
    if !VITERBI_STATES.contains(&trellis.states) {
        let requirement = "a response of 2, 3 or 4 taps, for 4, 16 or 64 states";
        return Err(Error::parameter("response", format!("{} states", trellis.states), requirement));
    }
    let (scaled, scale) = trellis.scaled(largest("samples", samples)?);
    match segments(samples, &scaled, scale, run)? {
        Some(decisions) => Ok(decisions),
        None => detect(samples, &trellis, run),
    }
}

/// Where segments begin.
struct Plan {
    /// First symbol of the first segment.
    start: usize,
    overlap: usize,
    decided: usize,
    pieces: usize,
}

impl Plan {
    fn new(n: usize, memory: usize) -> Option<Self> {
        let overlap = OVERLAP * memory;
        let decided = (n / LANES).clamp(DECIDED.0, DECIDED.1);
        let room = n.checked_sub(memory + 2 * overlap)?;
        let pieces = room / decided;
        (pieces >= LANES / 2).then_some(Self { start: memory, overlap, decided, pieces })
    }

    /// First symbol that segment i sees.
    fn begin(&self, i: usize) -> usize {
        self.start + i * self.decided
    }

    fn length(&self) -> usize {
        self.decided + 2 * self.overlap
    }
}

/// The decisions, or none when the record is short or a seam does not hold.
fn segments(samples: &[f32], trellis: &Trellis, scale: f64, run: &Run) -> Result<Option<Vec<u8>>> {
    // Single precision has no room for samples that are far beyond the response.
    if trellis.weight < WEIGHT {
        return Ok(None);
    }
    let Some(plan) = Plan::new(samples.len(), trellis.memory) else { return Ok(None) };
    let simd = Level::detect()?;
    let outputs: Vec<f32> = trellis.outputs.iter().map(|[_, e]| *e as f32).collect();
    let words = trellis.states.div_ceil(16);
    let (length, overlap) = (plan.length(), plan.overlap);
    let mut rows = vec![Row::default(); length];
    let mut metrics = vec![Row::default(); trellis.states];
    let mut survivors = vec![Row::<u32>::default(); length * words];
    let mut decided = vec![[0u8; LANES]; length];
    let mut decisions = vec![0u8; samples.len()];
    let first_metrics = trellis.lead_in(&samples[..plan.start], scale);
    // State in which the path of the piece before enters its successor.
    let mut entered: Option<u32> = None;
    for group in (0..plan.pieces).step_by(LANES) {
        run.check()?;
        // Lanes beyond the last piece repeat it.
        let piece = |lane: usize| (group + lane).min(plan.pieces - 1);
        let streams: [&[f32]; LANES] = std::array::from_fn(|lane| {
            let begin = plan.begin(piece(lane));
            &samples[begin..begin + length]
        });
        Row::interleave_into(&streams, &mut rows);
        if scale.to_bits() != 1f64.to_bits() {
            rows.iter_mut().for_each(|row| row.0 = row.0.map(|y| (f64::from(y) * scale) as f32));
        }
        metrics.fill(Row::default());
        if group == 0 {
            // The first segment has a past: nothing before the record.
            for (row, m) in metrics.iter_mut().zip(&first_metrics) {
                row.0[0] = ((m - first_metrics[0]) * trellis.weight) as f32;
            }
        }
        viterbi(simd, &rows, &outputs, &mut metrics, &mut survivors);
        let mut state = std::array::from_fn(|lane| {
            let metric = |s: &u32| metrics[*s as usize].0[lane];
            (0..trellis.states as u32).min_by(|a, b| metric(a).total_cmp(&metric(b))).unwrap_or(0)
        });
        let tail = length - overlap;
        viterbi_trace(simd, trellis.states, &survivors[tail * words..], &mut state, &mut decided[tail..]);
        let leaving = state;
        let inner = overlap * words..tail * words;
        viterbi_trace(simd, trellis.states, &survivors[inner], &mut state, &mut decided[overlap..tail]);
        let entering = state;
        if group == 0 {
            // The first segment decides its warm-up as well, and the symbols before it.
            let all = &survivors[..overlap * words];
            viterbi_trace(simd, trellis.states, all, &mut state, &mut decided[..overlap]);
            trellis.write_state(state[0] as usize, &mut decisions[..plan.start]);
            for (k, row) in decided[..overlap].iter().enumerate() {
                decisions[plan.start + k] = row[0];
            }
        }
        for lane in 0..LANES.min(plan.pieces - group) {
            if entered.is_some_and(|state| state != entering[lane]) {
                return Ok(None);
            }
            entered = Some(leaving[lane]);
        }
        scatter(&decided[overlap..tail], &mut decisions[plan.begin(group) + overlap..], plan.pieces - group);
        run.report(plan.begin(group) as u64, samples.len() as u64);
    }
    // What is left ends with the record and not in a tail.
    let rest = plan.begin(plan.pieces);
    let (state, tail) = trellis.last_segment(&samples[rest..], overlap, scale, run)?;
    if entered.is_some_and(|entered| entered as usize != state) {
        return Ok(None);
    }
    decisions[rest + overlap..].copy_from_slice(&tail);
    Ok(Some(decisions))
}

/// Rows of segments back to one record.
fn scatter(rows: &[[u8; LANES]], decisions: &mut [u8], lanes: usize) {
    for (lane, part) in decisions.chunks_mut(rows.len()).take(lanes.min(LANES)).enumerate() {
        part.iter_mut().zip(rows).for_each(|(d, row)| *d = row[lane]);
    }
}
