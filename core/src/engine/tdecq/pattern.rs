//! Which pattern a waveform holds, and where in it the pattern begins.
//!
//! Symbols and samples are correlated over one period by Fourier transforms, all starts at once, at a few phases.

use super::capture::Waveform;
use super::transforms;
use crate::error::{Error, Result};
use crate::modulation::{Prbs, SSPRQ_PERIOD, gray_encode, ssprq};
use num_complex::Complex32;

/// Correlation below which a waveform does not hold a pattern: strong interference leaves 0.7, an unrelated pattern of
/// 127 symbols at most 0.4.
const LEAST_CORRELATION: f64 = 0.5;
/// Correlation from which no other pattern is looked for: another as good would correlate 0.62 with this one.
const CERTAIN: f64 = 0.9;
/// Phases of a symbol that are correlated.
const PHASES: usize = 2;
/// Blocks within which a slip is looked for, and their fewest symbols.
const BLOCKS: usize = 16;
const FEWEST_IN_BLOCK: usize = 64;
/// A block whose correlation falls below this share of the best block's has slipped.
const SLIPPED: f64 = 0.6;
/// Orders of the PRBSnQ that are looked for.
const ORDERS: [u32; 5] = [15, 13, 11, 9, 7];

/// One period of a pattern.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pattern {
    pub(super) symbols: Vec<u8>,
    pub(super) name: String,
    /// Whether the symbols are known, and not still to be decided.
    pub(super) is_known: bool,
}

/// Where a pattern lies in a waveform.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Alignment {
    /// Column, of those given, that correlates best.
    pub(super) column: usize,
    /// Symbol i of the waveform is symbol i - lag of the pattern.
    pub(super) lag: usize,
    /// Between -1 and 1; negative where levels fall as symbols rise.
    pub(super) correlation: f64,
}

/// The pattern that was given, or the known one that the waveform holds, or one still to be decided; `scale_w` is the
/// waveform's power peak to peak.
pub(super) fn find(given: &Waveform<'_>, scale_w: f64, warnings: &mut Vec<String>) -> Result<Pattern> {
    let n = given.waveform_w.len() / given.samples_per_symbol;
    if let Some(symbols) = given.symbols {
        check(symbols, n)?;
        let found = align(&columns(given, scale_w, symbols.len()), symbols);
        if found.correlation < -LEAST_CORRELATION {
            warnings.push(
                "the waveform is inverted: its levels fall as the symbols rise; symbols were inverted".into(),
            );
            let symbols = symbols.iter().map(|s| 3 - s).collect();
            return Ok(Pattern { symbols, name: "given, inverted".into(), is_known: true });
        }
        require_correlation("symbols", found.correlation)?;
        return Ok(Pattern { symbols: symbols.to_vec(), name: "given".into(), is_known: true });
    }
    let mut best: Option<(f64, Pattern)> = None;
    for known in known(n) {
        let (name, symbols) = known?;
        let c = align(&columns(given, scale_w, symbols.len()), &symbols).correlation;
        if c.abs() >= LEAST_CORRELATION && best.as_ref().is_none_or(|(b, _)| c.abs() > b.abs()) {
            let inverted = c < 0.0;
            let symbols = if inverted { symbols.iter().map(|s| 3 - s).collect() } else { symbols };
            let name = if inverted { format!("{name}, inverted") } else { name };
            best = Some((c, Pattern { symbols, name, is_known: true }));
        }
        if c.abs() >= CERTAIN {
            break;
        }
    }
    if let Some((c, pattern)) = best {
        if c < 0.0 {
            warnings
                .push(format!("the waveform holds {}: its levels fall as the symbols rise", pattern.name));
        }
        return Ok(pattern);
    }
    warnings.push(format!(
        "no SSPRQ and no PRBSnQ found: the {n} symbols are decided from the waveform, taken as one whole period"
    ));
    Ok(Pattern { symbols: vec![0; n], name: "decided".into(), is_known: false })
}

/// Every known pattern with a period of at most `n` symbols, each made when it is asked for.
fn known(n: usize) -> impl Iterator<Item = Result<(String, Vec<u8>)>> {
    let quaternary = |order: u32| {
        let bits: Vec<u8> = Prbs::new(order, None)?.take(2 * period(order)).collect();
        Ok((format!("PRBS{order}Q"), gray_encode(&bits)?))
    };
    let longest = (n >= SSPRQ_PERIOD).then(|| ssprq().map(|symbols| ("SSPRQ".into(), symbols)));
    longest.into_iter().chain(ORDERS.into_iter().filter(move |order| period(*order) <= n).map(quaternary))
}

fn period(order: u32) -> usize {
    (1 << order) - 1
}

fn check(symbols: &[u8], n: usize) -> Result<()> {
    if let Some(i) = symbols.iter().position(|s| *s > 3) {
        return Err(Error::parameter(format!("symbols[{i}]"), symbols[i], "at most 3"));
    }
    for level in 0..4 {
        let seen = symbols.iter().filter(|s| **s == level).count();
        if seen < 2 {
            let value = format!("{seen} symbols of level {level}");
            return Err(Error::parameter("symbols", value, "at least 2 of every level"));
        }
    }
    if n < symbols.len() {
        let requirement = format!("at least one whole period of the pattern, {} symbols", symbols.len());
        return Err(Error::parameter("waveform_w", format!("{n} symbols"), requirement));
    }
    Ok(())
}

fn require_correlation(name: &str, correlation: f64) -> Result<()> {
    if correlation >= LEAST_CORRELATION {
        return Ok(());
    }
    let value = format!("a pattern that correlates {correlation:.2} with the waveform");
    let requirement = format!(
        "what the waveform holds, correlating at least {LEAST_CORRELATION}: another pattern, a wrong samples_per_symbol or slipped symbols would look so"
    );
    Err(Error::parameter(name, value, requirement))
}

/// Samples at a few phases of every symbol of a period, over `scale_w`, added over the periods.
fn columns(given: &Waveform<'_>, scale_w: f64, period: usize) -> Vec<Vec<f32>> {
    let m = given.samples_per_symbol;
    let n = given.waveform_w.len() / m / period * period;
    (0..PHASES.min(m))
        .map(|p| {
            let phase = p * m / PHASES.min(m);
            let samples = given.waveform_w[..n * m].iter().skip(phase).step_by(m);
            let samples: Vec<f64> = samples.copied().collect();
            let average = samples.iter().sum::<f64>() / n as f64;
            let mut column = vec![0.0f32; period];
            for (i, sample) in samples.iter().enumerate() {
                column[i % period] += ((sample - average) / scale_w) as f32;
            }
            column
        })
        .collect()
}

/// The start and the column of largest correlation.
pub(super) fn align(columns: &[Vec<f32>], symbols: &[u8]) -> Alignment {
    let n = symbols.len();
    let (forward, inverse) = (transforms::forward(n), transforms::inverse(n));
    let mean = symbols.iter().map(|s| f64::from(*s)).sum::<f64>() / n as f64;
    let mut reference: Vec<Complex32> =
        symbols.iter().map(|s| Complex32::new((f64::from(*s) - mean) as f32, 0.0)).collect();
    let reference_power: f64 = reference.iter().map(|a| f64::from(a.norm_sqr())).sum();
    forward.process(&mut reference);
    let mut best = Alignment { column: 0, lag: 0, correlation: 0.0 };
    // Two real columns ride on one complex transform.
    for (first, pair) in columns.chunks(2).enumerate() {
        let zero = vec![0.0f32; n];
        let (re, im) = (&pair[0], pair.get(1).unwrap_or(&zero));
        let power = [re, im].map(|c| c.iter().map(|x| f64::from(x * x)).sum::<f64>());
        let mut product: Vec<Complex32> = re.iter().zip(im).map(|(a, b)| Complex32::new(*a, *b)).collect();
        forward.process(&mut product);
        product.iter_mut().zip(&reference).for_each(|(y, a)| *y *= a.conj());
        inverse.process(&mut product);
        for (lag, c) in product.iter().enumerate() {
            for (i, (value, power)) in [c.re, c.im].into_iter().zip(power).enumerate() {
                let norm = n as f64 * (power * reference_power).sqrt();
                let correlation = if norm > 0.0 { f64::from(value) / norm } else { 0.0 };
                if correlation.abs() > best.correlation.abs() {
                    best = Alignment { column: 2 * first + i, lag, correlation };
                }
            }
        }
    }
    best
}

/// Refuses a waveform that leaves its pattern somewhere: `column` has a sample of every symbol, `sent` the symbols.
pub(super) fn refuse_slips(column: &[f32], sent: &[u8]) -> Result<()> {
    let size = (column.len() / BLOCKS).max(FEWEST_IN_BLOCK);
    let correlations: Vec<f64> = column
        .chunks_exact(size)
        .zip(sent.chunks_exact(size))
        .map(|(y, s)| {
            let n = size as f64;
            let mean_y = y.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
            let mean_s = s.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
            let (mut cross, mut yy, mut ss) = (0.0, 0.0, 0.0);
            for (x, a) in y.iter().zip(s) {
                let (x, a) = (f64::from(*x) - mean_y, f64::from(*a) - mean_s);
                cross += x * a;
                yy += x * x;
                ss += a * a;
            }
            // A block of one symbol says nothing.
            if yy * ss > 0.0 { cross / (yy * ss).sqrt() } else { 1.0 }
        })
        .collect();
    let best = correlations.iter().copied().fold(0.0, f64::max);
    match correlations.iter().position(|c| *c < SLIPPED * best) {
        Some(block) => {
            let value = format!(
                "a waveform that leaves its pattern near symbol {}: correlation {:.2} there, {best:.2} elsewhere",
                block * size,
                correlations[block]
            );
            Err(Error::parameter("waveform_w", value, "one pattern throughout, without a slipped symbol"))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeated(symbols: &[u8], n: usize) -> Vec<f64> {
        symbols.iter().cycle().take(n).flat_map(|s| [1e-3 * f64::from(*s); 2]).collect()
    }

    #[test]
    fn the_first_certain_pattern_is_the_only_one() {
        let n = 1 << 16;
        let all: Vec<_> = known(n).map(|k| k.unwrap()).collect();
        assert_eq!(all.len(), 1 + ORDERS.len());
        for (name, symbols) in &all {
            let wave = repeated(symbols, n);
            let given =
                Waveform { waveform_w: &wave, samples_per_symbol: 2, symbol_rate_hz: 1e9, symbols: None };
            for (other, symbols) in &all {
                let c = align(&columns(&given, 3e-3, symbols.len()), symbols).correlation;
                // Half of what could be mistaken: 0.62 is the cosine of twice the angle of 0.9.
                assert!(if name == other { c > CERTAIN } else { c.abs() < 0.5 }, "{name} {other} {c}");
            }
            assert_eq!(&find(&given, 3e-3, &mut Vec::new()).unwrap().name, name);
        }
    }
}
