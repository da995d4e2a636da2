//! What each kernel means, in the fewest lines: the reference of its tests.

use super::philox::{PHILOX_GROUP, PHILOX_LANES, philox4x32_10};
use super::{Lower, RingRates};
use num_complex::Complex64;

/// [`super::fir_add`] in double precision.
pub fn fir_add(input: &[f32], taps: &[f32], output: &mut [f64]) {
    for (n, y) in output.iter_mut().enumerate() {
        for (i, tap) in taps.iter().enumerate() {
            *y += f64::from(*tap) * f64::from(input[n + taps.len() - 1 - i]);
        }
    }
}

/// [`super::Polyphase`] in double precision, `levels` with one less of history than the pulse has symbols.
pub fn synthesize(pulse: &[f32], samples_per_symbol: usize, levels: &[f32], waveform: &mut [f64]) {
    let history = pulse.len().div_ceil(samples_per_symbol) - 1;
    for (n, w) in waveform.iter_mut().enumerate() {
        let (k, i) = (n / samples_per_symbol, n % samples_per_symbol);
        let phase = pulse.iter().skip(i).step_by(samples_per_symbol);
        *w = phase.enumerate().map(|(j, p)| f64::from(*p) * f64::from(levels[history + k - j])).sum();
    }
}

/// [`super::PolyphaseSum`] in double precision: `events[s]` with one less of history than `responses[s]` has symbols.
pub fn synthesize_sum(responses: &[Vec<Vec<f32>>], events: &[Vec<f32>], waveform: &mut [f64]) {
    let m = responses[0].len();
    waveform.fill(0.0);
    for (response, events) in responses.iter().zip(events) {
        for (n, w) in waveform.iter_mut().enumerate() {
            let row = &response[n % m];
            let at = n / m + row.len() - 1;
            *w += row.iter().enumerate().map(|(j, h)| f64::from(*h) * f64::from(events[at - j])).sum::<f64>();
        }
    }
}

/// [`super::add_rows`].
pub fn add_rows(table: &[f32], width: usize, rows: &[u32], output: &mut [f32]) {
    for (n, y) in output.iter_mut().enumerate().take(rows.len() * width) {
        *y += table[rows[n / width] as usize * width + n % width];
    }
}

/// [`super::interpolate`] in double precision, by the product form of Lagrange's polynomials.
pub fn interpolate(samples: &[f32], at: &[(usize, f32)], width: usize, output: &mut [f64]) {
    for (n, y) in output.iter_mut().enumerate() {
        let ((whole, part), p) = (at[n / width], n % width);
        *y = (0..4)
            .map(|i| {
                let others = (0..4).filter(|j| *j != i);
                let weight: f64 =
                    others.map(|j| (f64::from(part) + 1.0 - f64::from(j)) / f64::from(i - j)).product();
                weight * f64::from(samples[whole + p + i as usize - 1])
            })
            .sum();
    }
}

/// [`super::strided_fir_add`] in double precision.
pub fn strided_fir_add(input: &[f32], taps: &[f32], stride: usize, output: &mut [f64]) {
    for (n, y) in output.iter_mut().enumerate() {
        for (i, tap) in taps.iter().enumerate() {
            *y += f64::from(*tap) * f64::from(input[n + (taps.len() - 1 - i) * stride]);
        }
    }
}

/// [`super::RecursiveFilter`] from rest, one sample at a time.
pub fn recursive(b: &[f64], a: &[f64], x: &[f64], y: &mut [f64]) {
    for k in 0..x.len() {
        let fed: f64 = (1..a.len().min(k + 1)).map(|i| b[i] * x[k - i] - a[i] * y[k - i]).sum();
        y[k] = b[0] * x[k] + fed;
    }
}

/// [`super::lms`] without looking ahead; taps, samples and levels as there.
pub fn lms(
    taps: &mut super::LmsTaps<'_>,
    samples: &[f64],
    known: &[u8],
    levels: &mut [f64],
    soft: &mut [f64],
    decisions: &mut [u8],
) {
    let (n, m) = (taps.ffe.len(), taps.dfe.len());
    for k in 0..soft.len() {
        let z: f64 = taps.ffe.iter().zip(&samples[k..]).map(|(c, r)| c * r).sum::<f64>()
            - taps.dfe.iter().zip(&levels[k..]).map(|(d, a)| d * a).sum::<f64>();
        soft[k] = z;
        decisions[k] = (1.5 * z + 2.0).floor().clamp(0.0, 3.0) as u8;
        levels[k + m] = f64::from(*known.get(k).unwrap_or(&decisions[k])) * 2.0 / 3.0 - 1.0;
        let g = taps.step * (z - levels[k + m]);
        taps.ffe.iter_mut().zip(&samples[k..k + n]).for_each(|(c, r)| *c -= g * r);
        taps.dfe.iter_mut().zip(&levels[k..k + m]).for_each(|(d, a)| *d += g * a);
    }
}

/// [`super::axpy`] in double precision.
pub fn axpy(a: f32, x: &[f32], y: &mut [f64]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += f64::from(a) * f64::from(*x));
}

/// [`super::multiply`].
pub fn multiply(x: &[f32], y: &mut [f32]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y *= x);
}

/// [`super::lookup`].
pub fn lookup(symbols: &[u8], table: &[f32; 4], output: &mut [f32]) {
    output.iter_mut().zip(symbols).for_each(|(y, s)| *y = table[(s & 3) as usize]);
}

/// [`super::count_greater`].
pub fn count_greater(x: &[f32], thresholds: &[f32], decisions: &mut [u8]) {
    decisions.iter_mut().zip(x).for_each(|(d, x)| *d = thresholds.iter().filter(|t| x > t).count() as u8);
}

/// [`super::unpack`].
pub fn unpack(words: &[u32], shift: u32, mask: u8, output: &mut [u8]) {
    output.iter_mut().zip(words).for_each(|(y, w)| *y = ((w >> shift) & u32::from(mask)) as u8);
}

/// [`super::philox_words`].
pub fn philox_words(key: [u32; 2], high: [u32; 2], first_counter: u64, words: &mut [u32]) {
    for (i, word) in words.iter_mut().enumerate() {
        let (group, j, lane) = (i / PHILOX_GROUP, i % PHILOX_GROUP / PHILOX_LANES, i % PHILOX_LANES);
        let c = first_counter.wrapping_add((group * PHILOX_LANES + lane) as u64);
        *word = philox4x32_10([c as u32, (c >> 32) as u32, high[0], high[1]], key)[j];
    }
}

/// [`super::normals`] in double precision, by the library's functions.
pub fn normals(words: &[u32], output: &mut [f64]) {
    for (i, z) in output.iter_mut().enumerate() {
        let first = i / (2 * PHILOX_LANES) * (2 * PHILOX_LANES) + i % PHILOX_LANES;
        let uniform = (f64::from(words[first]) + 0.5) / 4_294_967_296.0;
        let turns = f64::from(words[first + PHILOX_LANES]) / 4_294_967_296.0;
        let (sin, cos) = (std::f64::consts::TAU * turns).sin_cos();
        *z = (-2.0 * uniform.ln()).sqrt() * if i / PHILOX_LANES % 2 == 1 { sin } else { cos };
    }
}

/// [`super::ring`], phases and light from two samples before the first step to one after the last.
pub fn ring(rates: RingRates, theta: &[f64], light: &[Complex64], b: &mut Complex64, out: &mut [Complex64]) {
    let j = Complex64::i();
    for (i, out) in out.iter_mut().enumerate() {
        let (theta, light) = (&theta[i..i + 4], &light[i..i + 4]);
        let mean = |w: [f64; 4]| (0..4).map(|k| w[k] / 24.0 * theta[k]).sum::<f64>();
        let z = Complex64::new(-rates.decay, mean([1.0, -5.0, 19.0, 9.0]));
        let phi_1 = (z.exp() - 1.0) / z;
        let phi_2 = (phi_1 - 1.0) / z;
        let past: Complex64 = [1.0, -5.0, 19.0, 9.0].iter().zip(light).map(|(w, s)| w / 24.0 * s).sum();
        let bend = j * (theta[3] - theta[2]) / 12.0 * (0.5 * z).exp() * 0.5 * (light[2] + light[3]);
        *out = light[2] + j * *b;
        let drive = phi_1 * past + (phi_2 - 0.5 * phi_1) * (light[3] - light[2]) + bend;
        *b = z.exp() * *b + j * rates.into * drive;
    }
}

/// [`super::autocorrelate`].
pub fn autocorrelate(x: &[f64], r: &mut [f64]) {
    r.iter_mut().enumerate().for_each(|(k, r)| *r = x.iter().zip(x.iter().skip(k)).map(|(x, y)| x * y).sum());
}

/// [`super::correlate_add`] in double precision.
pub fn correlate_add(x: &[f32], y: &[f32], r: &mut [f64]) {
    for (k, r) in r.iter_mut().enumerate() {
        *r += x.iter().zip(&y[k.min(y.len())..]).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
    }
}

/// [`super::places`] in double precision.
pub fn places(values: &[f32], low: f32, scale: f32, last: u16, output: &mut [i32]) {
    for (p, v) in output.iter_mut().zip(values) {
        let at = (f64::from(*v) - f64::from(low)) * f64::from(scale);
        *p = (at.clamp(0.0, f64::from(last)) * f64::from(1 << super::PLACE_BITS)) as i32;
    }
}

/// [`super::substitute`] from the first row, one value at a time.
pub fn substitute(l: Lower<'_>, columns: usize, rows: &mut [f64]) {
    for n in 0..rows.len() {
        let (i, c) = (n / columns, n % columns);
        let taken: f64 = (0..i).map(|k| l.values[i * l.width + k] * rows[k * columns + c]).sum();
        rows[n] = (rows[n] - taken) / l.values[i * l.width + i];
    }
}

/// [`super::substitute_back`], one value at a time.
pub fn substitute_back(l: Lower<'_>, columns: usize, rows: &mut [f64]) {
    for n in (0..rows.len()).rev() {
        let (i, c) = (n / columns, n % columns);
        let below = i + 1..rows.len() / columns;
        let taken: f64 = below.map(|k| l.values[k * l.width + i] * rows[k * columns + c]).sum();
        rows[n] = (rows[n] - taken) / l.values[i * l.width + i];
    }
}
