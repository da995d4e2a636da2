//! What each kernel means, stream by stream in double precision: the reference of its tests.

/// [`super::lms`] for one stream.
#[allow(clippy::too_many_arguments)]
pub fn lms(
    samples: &[f64],
    training: &[f64],
    step: f64,
    ffe: &mut [f64],
    dfe: &mut [f64],
    levels: &mut [f64],
    soft: &mut [f64],
) -> f64 {
    let (n, m) = (ffe.len(), dfe.len());
    let mut energy = 0.0;
    for k in 0..soft.len() {
        let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
        let z = dot(ffe, &samples[k..k + n]) - dot(dfe, &levels[k..k + m]);
        let sliced = (1.5 * z + 2.0).floor().clamp(0.0, 3.0) * 2.0 / 3.0 - 1.0;
        let a = training.get(k).copied().unwrap_or(sliced);
        let e = z - a;
        ffe.iter_mut().zip(&samples[k..k + n]).for_each(|(c, r)| *c -= step * e * r);
        dfe.iter_mut().zip(&levels[k..k + m]).for_each(|(d, a)| *d += step * e * a);
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
