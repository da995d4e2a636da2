//! The response to one symbol.

use crate::error::{Error, Result};
use crate::grid::{Grid, SymbolRate};

/// Response in volts to a one-symbol rectangle of unit level, `samples_per_symbol` samples a symbol.
///
/// Sample i is at `first_s + i · T_b / samples_per_symbol`, where t = 0 is the centre of the transmitted symbol. It
/// is periodic when it comes from a grid and stays so until [`PulseResponse::trimmed`] cuts it; outside a trimmed
/// window it is 0.
#[derive(Debug, Clone, PartialEq)]
pub struct PulseResponse {
    symbol_rate: SymbolRate,
    samples_per_symbol: usize,
    first: isize,
    periodic: bool,
    v: Vec<f64>,
}

impl PulseResponse {
    /// One period of a periodic response; sample 0 is at t = 0.
    pub(crate) fn periodic(grid: Grid, v: Vec<f64>) -> Self {
        Self {
            symbol_rate: grid.symbol_rate(),
            samples_per_symbol: grid.samples_per_symbol(),
            first: 0,
            periodic: true,
            v,
        }
    }

    /// A response from its samples; sample 0 is at `first` sample periods.
    ///
    /// # Errors
    /// [`Error::Parameter`] for no samples, a sample that is not finite, or fewer than one sample a symbol.
    pub fn new(
        symbol_rate: SymbolRate,
        samples_per_symbol: usize,
        first: isize,
        v: Vec<f64>,
    ) -> Result<Self> {
        if v.is_empty() || samples_per_symbol == 0 {
            return Err(Error::parameter(
                "pulse",
                format!("{} samples", v.len()),
                "at least one sample and one sample a symbol",
            ));
        }
        if let Some(i) = v.iter().position(|x| !x.is_finite()) {
            return Err(Error::parameter(format!("pulse[{i}]"), v[i], "finite"));
        }
        Ok(Self { symbol_rate, samples_per_symbol, first, periodic: false, v })
    }

    /// The samples, V.
    pub fn v(&self) -> &[f64] {
        &self.v
    }

    /// Samples a symbol.
    pub fn samples_per_symbol(&self) -> usize {
        self.samples_per_symbol
    }

    /// The symbol rate.
    pub fn symbol_rate(&self) -> SymbolRate {
        self.symbol_rate
    }

    /// Position of sample 0 in sample periods from the centre of the transmitted symbol.
    pub fn first(&self) -> isize {
        self.first
    }

    /// Time of sample `i`, s.
    pub fn time_s(&self, i: usize) -> f64 {
        (self.first + i as isize) as f64 * self.symbol_rate.period_s() / self.samples_per_symbol as f64
    }

    /// Value at sample position `position` (from the centre of the transmitted symbol), 0 outside a trimmed window.
    pub fn at(&self, position: isize) -> f64 {
        let i = position - self.first;
        if self.periodic {
            self.v[i.rem_euclid(self.v.len() as isize) as usize]
        } else if i >= 0 && (i as usize) < self.v.len() {
            self.v[i as usize]
        } else {
            0.0
        }
    }

    /// Value at the sample nearest to `ui` symbol times.
    pub fn at_ui(&self, ui: f64) -> f64 {
        self.at((ui * self.samples_per_symbol as f64).round() as isize)
    }

    /// Position of the largest magnitude.
    pub fn peak(&self) -> isize {
        let mut best = 0;
        for (i, x) in self.v.iter().enumerate() {
            if x.abs() > self.v[best].abs() {
                best = i;
            }
        }
        self.first + best as isize
    }

    /// ∫ p² dt, V² s.
    pub fn energy_v2s(&self) -> f64 {
        self.v.iter().map(|x| x * x).sum::<f64>() * self.symbol_rate.period_s()
            / self.samples_per_symbol as f64
    }

    /// One value a symbol, at positions `position + k · samples_per_symbol`, k from `before` symbols before it to
    /// `after` symbols after it.
    pub fn cursors(&self, position: isize, before: usize, after: usize) -> Vec<f64> {
        let m = self.samples_per_symbol as isize;
        (-(before as isize)..=after as isize).map(|k| self.at(position + k * m)).collect()
    }

    /// `Σ taps[i] p(t − (i − main) T_b)`: a symbol-spaced filter, as a transmit or receive FFE is.
    #[must_use]
    pub fn filtered(&self, taps: &[f64], main: usize) -> Self {
        if taps.is_empty() {
            return self.clone();
        }
        let m = self.samples_per_symbol as isize;
        let (before, after) = (main as isize * m, (taps.len() - 1 - main.min(taps.len() - 1)) as isize * m);
        let (first, len) = if self.periodic {
            (self.first, self.v.len())
        } else {
            (self.first - before, self.v.len() + (before + after) as usize)
        };
        let mut v = vec![0.0; len];
        for (i, &tap) in taps.iter().enumerate().filter(|(_, t)| **t != 0.0) {
            let shift = (i as isize - main as isize) * m;
            for (k, out) in v.iter_mut().enumerate() {
                *out += tap * self.at(first + k as isize - shift);
            }
        }
        Self { first, v, ..self.clone() }
    }

    /// The response times a factor.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        Self { v: self.v.iter().map(|x| x * factor).collect(), ..self.clone() }
    }

    /// Derivative by time in UI: central differences, one sample longer at each end.
    #[must_use]
    pub fn derivative_ui(&self) -> Self {
        let half = 0.5 * self.samples_per_symbol as f64;
        let margin = isize::from(!self.periodic);
        let first = self.first - margin;
        let v = (0..self.v.len() as isize + 2 * margin)
            .map(|i| (self.at(first + i + 1) - self.at(first + i - 1)) * half)
            .collect();
        Self { first, v, ..self.clone() }
    }

    /// The shortest window of whole symbols around the peak outside which at most `share` of the energy lies.
    ///
    /// A periodic response is first unrolled so that its window starts half a window before the peak; energy that
    /// sits at the far side of the window wraps around and would be taken for precursors, so when more than
    /// `wrap_limit` of it lies in the last sixteenth of the window the response is refused: it is longer than its
    /// window.
    ///
    /// # Errors
    /// [`Error::Window`] when the response does not fit its window, [`Error::Parameter`] when it is zero everywhere.
    pub fn trimmed(&self, name: &str, share: f64, wrap_limit: f64) -> Result<Self> {
        let m = self.samples_per_symbol as isize;
        let n = self.v.len() as isize;
        let total: f64 = self.v.iter().map(|x| x * x).sum();
        if total <= 0.0 || !total.is_finite() {
            return Err(Error::parameter(name, "0 V at every sample", "a response that transmits something"));
        }
        let peak = self.peak();
        let (low, high) = if self.periodic {
            // An eighth of the window before the peak for precursors, the rest for the tail.
            (peak - n / 8, peak - n / 8 + n)
        } else {
            (self.first, self.first + n)
        };
        if self.periodic {
            let far: f64 = (high - n / 16..high).map(|i| self.at(i).powi(2)).sum();
            if far > wrap_limit * total {
                let window_s = self.symbol_rate.period_s() * n as f64 / m as f64;
                return Err(Error::Window {
                    name: name.into(),
                    lost: far / total,
                    window_s,
                    limit: wrap_limit,
                    step_hz: 0.5 / window_s,
                });
            }
        }
        // Drop whole symbols from whichever end has less energy until the allowance is used up.
        let symbol_energy = |start: isize| (start..start + m).map(|i| self.at(i).powi(2)).sum::<f64>();
        let centre = peak - m / 2;
        let (mut first, mut last) = (centre - (centre - low) / m * m, centre + (high - centre) / m * m);
        let mut allowance = share * total;
        loop {
            let (head, tail) = (symbol_energy(first), symbol_energy(last - m));
            let head_open = first < centre;
            let tail_open = last - m > centre;
            if tail_open && tail <= allowance && (tail <= head || !head_open) {
                allowance -= tail;
                last -= m;
            } else if head_open && head <= allowance {
                allowance -= head;
                first += m;
            } else {
                break;
            }
        }
        let v = (first..last).map(|i| self.at(i)).collect();
        Ok(Self { first, v, periodic: false, ..self.clone() })
    }
}
