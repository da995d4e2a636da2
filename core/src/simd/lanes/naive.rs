//! What each kernel means, stream by stream in double precision: the reference of its tests.

/// How the taps of [`lms`] follow the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Update {
    /// Error times sample, every symbol.
    Plain,
    /// The signs of both.
    SignSign,
    /// The sum of error times sample, once so many symbols.
    Block(usize),
}

/// [`super::lms`] for one stream, whose FFE has the taps at `places`.
#[allow(clippy::too_many_arguments)]
pub fn lms(
    samples: &[f64],
    training: &[f64],
    step: f64,
    update: Update,
    places: &[usize],
    ffe: &mut [f64],
    dfe: &mut [f64],
    levels: &mut [f64],
    soft: &mut [f64],
) -> f64 {
    let (n, m) = (ffe.len(), dfe.len());
    let mut energy = 0.0;
    let sign = |x: f64| if x == 0.0 { 0.0 } else { x.signum() };
    let mut sums = (vec![0.0; n], vec![0.0; m]);
    for k in 0..soft.len() {
        let (r, past) = (&samples[k..k + n], levels[k..k + m].to_vec());
        let z = places.iter().map(|i| ffe[*i] * r[*i]).sum::<f64>()
            - dfe.iter().zip(&past).map(|(d, a)| d * a).sum::<f64>();
        let sliced = (1.5 * z + 2.0).floor().clamp(0.0, 3.0) * 2.0 / 3.0 - 1.0;
        let a = training.get(k).copied().unwrap_or(sliced);
        let e = z - a;
        let change = |x: f64| match update {
            Update::SignSign => sign(e) * sign(x),
            _ => e * x,
        };
        places.iter().for_each(|i| sums.0[*i] += change(r[*i]));
        sums.1.iter_mut().zip(&past).for_each(|(d, a)| *d += change(*a));
        let every = if let Update::Block(symbols) = update { symbols } else { 1 };
        if (k + 1) % every == 0 {
            ffe.iter_mut().zip(&sums.0).for_each(|(c, g)| *c -= step * g);
            dfe.iter_mut().zip(&sums.1).for_each(|(d, g)| *d += step * g);
            sums.0.fill(0.0);
            sums.1.fill(0.0);
        }
        (soft[k], levels[k + m]) = (z, a);
        energy += e * e;
    }
    energy
}

/// [`super::viterbi`] for one stream: for each step, the oldest symbol of the survivor of each state.
pub fn viterbi(samples: &[f64], outputs: &[f64], metrics: &mut [f64]) -> Vec<Vec<u8>> {
    let stride = metrics.len() / 4;
    let step = |y: &f64| {
        let old = metrics.to_vec();
        let mut survivors = vec![0; old.len()];
        for (to, survivor) in survivors.iter_mut().enumerate() {
            let candidate = |p: usize| {
                let from = p * stride + to / 4;
                let e = outputs[from * 4 + to % 4];
                old[from] + e * e - 2.0 * e * y
            };
            *survivor = (1..4).fold(0, |best, p| if candidate(p) < candidate(best) { p } else { best }) as u8;
            metrics[to] = candidate(usize::from(*survivor));
        }
        survivors
    };
    samples.iter().map(step).collect()
}
