//! Jitter tolerance and transfer of a lane's clock recovery, measured on its waveform.
//!
//! ```text
//! H(s) = (2ζω_n s + ω_n²) / (s² + 2ζω_n s + ω_n²)          sampling phase over sinusoidal jitter, without latency
//! tolerance(f): largest amplitude of a sinusoid at f at which the error ratio stays within the limit
//! ```

use crate::engine::time_domain::{Simulation, WaveformCounts, check_simulation, simulate_waveform};
use crate::error::{Error, Result, require};
use crate::lane::PreparedLane;
use crate::receiver::Receiver;
use crate::response::WaveformModel;

/// Largest amplitude that is tried, UI: masks end at 2.5 UI zero to peak.
const MAX_UI: f64 = 8.0;
/// Smallest: below it nothing moves. A lane that does not bear it tolerates none.
const MIN_UI: f64 = 1e-3;
/// Ratio of two amplitudes that are told apart.
const RATIO: f64 = 1.05;
/// Errors expected at the limit: their scatter is a fifth, which is a few hundredths of an amplitude.
const ERRORS: f64 = 20.0;
/// Fewest whole periods of a measured sinusoid.
const PERIODS: f64 = 4.0;
/// Symbols of a run that its number of symbols does not ask for: slower sinusoids want a longer one.
const LONGEST: f64 = 2e7;

/// What a loop makes of sinusoidal jitter at one frequency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JitterTransfer {
    /// Frequency, Hz.
    pub frequency_hz: f64,
    /// Amplitude of the sampling phase over that of the jitter.
    pub gain: f64,
    /// |H| of the second-order loop without latency.
    pub model: f64,
}

/// How much sinusoidal jitter a lane tolerates at one frequency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JitterTolerance {
    /// Frequency, Hz.
    pub frequency_hz: f64,
    /// Largest amplitude within the limit, UI zero to peak; infinite where the largest that is tried, 8 UI, is.
    pub amplitude_ui: f64,
    /// Error ratio counted there.
    pub ber: f64,
    /// What the mask asks for, UI zero to peak; `None` outside its frequencies.
    pub mask_ui: Option<f64>,
}

impl JitterTolerance {
    /// Whether the lane tolerates what the mask asks for at this frequency; true where it asks for nothing.
    pub fn passes(&self) -> bool {
        self.mask_ui.is_none_or(|mask_ui| self.amplitude_ui >= mask_ui)
    }
}

/// Sinusoidal jitter that a receiver of 802.3dj must tolerate at a frequency, UI zero to peak; `None` below 40 kHz and above
/// ten times the corner of 4 MHz.
///
/// ```text
/// 2 a = 0.05 UI · 4 MHz/f   40 kHz … 4 MHz        2 a = 0.05 UI   4 MHz … 40 MHz
/// ```
///
/// Grade draft: IEEE P802.3dj/D1.3, Table 179–12 (the same in 176D–10), as quoted in public engineering notes: 5, 1.5, 0.5,
/// 0.15 and 0.05 UI peak to peak at 0.04, 0.1333, 0.4, 1.333 and 4 MHz, 0.05 UI at 12 and 40 MHz.
///
/// ```
/// use lightlane::report::jitter_mask_ui;
/// assert!((jitter_mask_ui(40e3).unwrap() - 2.5).abs() < 1e-12);
/// assert!((jitter_mask_ui(1.333e6).unwrap() - 0.075).abs() < 1e-4);
/// assert_eq!((jitter_mask_ui(12e6), jitter_mask_ui(1e3)), (Some(0.025), None));
/// ```
pub fn jitter_mask_ui(frequency_hz: f64) -> Option<f64> {
    const CORNER_HZ: f64 = 4e6;
    const FLAT_UI: f64 = 0.025;
    let specified = (0.01 * CORNER_HZ..=10.0 * CORNER_HZ).contains(&frequency_hz);
    specified.then(|| FLAT_UI * (CORNER_HZ / frequency_hz).max(1.0))
}

impl PreparedLane {
    /// Measures the sampling phase that follows sinusoidal jitter of `amplitude_ui`, zero to peak, at each frequency.
    ///
    /// A run lasts `simulation.n_symbols`, or four periods where these are longer.
    ///
    /// # Errors
    /// [`Error::Parameter`] for no clock recovery, a frequency above a thousandth of the symbol rate or so low that four
    /// periods are more than 2e7 symbols and than `simulation.n_symbols`, an amplitude outside
    /// 0.001 to 8 UI, a loop that slips under it; and those of [`PreparedLane::simulate_waveform`].
    pub fn jitter_transfer(
        &self,
        frequencies_hz: &[f64],
        amplitude_ui: f64,
        simulation: &Simulation,
    ) -> Result<Vec<JitterTransfer>> {
        check_simulation(simulation)?;
        require::within("amplitude_ui", amplitude_ui, MIN_UI, MAX_UI)?;
        let (model, resolved) = self.tracked(frequencies_hz, simulation)?;
        let Some(clock) = &resolved.clock_recovery else { return Ok(Vec::new()) };
        let measure = |frequency_hz: &f64| {
            let found = swinging(&model, &resolved, simulation, (*frequency_hz, amplitude_ui), None)?;
            let slips = found.clock.map_or(0, |c| c.n_slips);
            if slips > 0 {
                let requirement = format!(
                    "small enough to be followed: the loop slipped {slips} times at {frequency_hz} Hz"
                );
                return Err(Error::parameter("amplitude_ui", amplitude_ui, requirement));
            }
            let gain = found.clock.and_then(|c| c.transfer).unwrap_or(0.0);
            Ok(JitterTransfer { frequency_hz: *frequency_hz, gain, model: clock.transfer(*frequency_hz) })
        };
        frequencies_hz.iter().map(measure).collect()
    }

    /// Finds the largest amplitude of sinusoidal jitter at each frequency at which the error ratio stays within
    /// `ber_limit` and the loop does not slip, to 5 %.
    ///
    /// # Errors
    /// [`Error::Parameter`] for no clock recovery, a frequency above a thousandth of the symbol rate or so low that four
    /// periods are more than 2e7 symbols and than `simulation.n_symbols`, a limit of which a
    /// run would not show 20 errors, a lane that misses it without the jitter; and those of
    /// [`PreparedLane::simulate_waveform`].
    pub fn jitter_tolerance(
        &self,
        frequencies_hz: &[f64],
        ber_limit: f64,
        simulation: &Simulation,
    ) -> Result<Vec<JitterTolerance>> {
        check_simulation(simulation)?;
        let bits = simulation.n_symbols as f64 * self.link.modulation.bits_per_symbol() as f64;
        require::within("ber_limit", ber_limit, ERRORS / bits, 0.1)?;
        let (model, resolved) = self.tracked(frequencies_hz, simulation)?;
        let still = WaveformModel { sj_ui: 0.0, ..model.clone() };
        let ber = simulate_waveform(&still, &resolved, simulation)?.counts.ber();
        if ber > ber_limit {
            let requirement = format!("at least {ber:.3e}, the error ratio without sinusoidal jitter");
            return Err(Error::parameter("ber_limit", ber_limit, requirement));
        }
        let search = |frequency_hz: &f64| {
            let within = |amplitude_ui: f64| -> Result<Option<f64>> {
                let found =
                    swinging(&model, &resolved, simulation, (*frequency_hz, amplitude_ui), Some(ber_limit))?;
                let (ber, slips) = (found.counts.ber(), found.clock.map_or(0, |c| c.n_slips));
                Ok((ber <= ber_limit && slips == 0).then_some(ber))
            };
            let tolerance = |amplitude_ui: f64, ber: f64| JitterTolerance {
                frequency_hz: *frequency_hz,
                amplitude_ui,
                ber,
                mask_ui: jitter_mask_ui(*frequency_hz),
            };
            if let Some(ber) = within(MAX_UI)? {
                return Ok(tolerance(f64::INFINITY, ber));
            }
            let Some(mut reached) = within(MIN_UI)? else { return Ok(tolerance(0.0, ber)) };
            let (mut low, mut high) = (MIN_UI, MAX_UI);
            while high > RATIO * low {
                let middle = (low * high).sqrt();
                match within(middle)? {
                    Some(ber) => (low, reached) = (middle, ber),
                    None => high = middle,
                }
            }
            Ok(tolerance(low, reached))
        };
        frequencies_hz.iter().map(search).collect()
    }

    /// The waveform of a lane with clock recovery, and its receiver.
    fn tracked(&self, frequencies_hz: &[f64], simulation: &Simulation) -> Result<(WaveformModel, Receiver)> {
        if self.lane.receiver.clock_recovery.is_none() {
            let requirement = "a ClockRecovery: jitter is tolerated by what follows it";
            return Err(Error::parameter("receiver.clock_recovery", "None", requirement));
        }
        let rate = self.link.grid.symbol_rate().hz();
        let slowest = PERIODS * rate / LONGEST.max(simulation.n_symbols as f64);
        for (i, f) in frequencies_hz.iter().enumerate() {
            let name = format!("frequencies_hz[{i}]");
            require::within(&name, *f, 0.0, 1e-3 * rate)?;
            if *f < slowest {
                let requirement = format!(
                    "at least {slowest:.3e} Hz, of which {PERIODS} periods are the {LONGEST:e} symbols that a run lasts at \
                     most, or n_symbols where that is more"
                );
                return Err(Error::parameter(name, *f, requirement));
            }
        }
        if self.lane.receiver.mlsd.config().is_some() {
            let requirement =
                "false here: tolerance and transfer are those of a receiver that decides symbol by symbol";
            return Err(Error::parameter("receiver.mlsd", "true", requirement));
        }
        let (model, resolved, _) = self.waveform(None, &simulation.run)?;
        Ok((model, resolved))
    }
}

/// A run under a sinusoid, of whole periods, four at least; it ends where it has more errors than a limit allows.
fn swinging(
    model: &WaveformModel,
    resolved: &Receiver,
    simulation: &Simulation,
    (sj_hz, sj_ui): (f64, f64),
    ber_limit: Option<f64>,
) -> Result<WaveformCounts> {
    let period = model.symbol_rate.hz() / sj_hz;
    let periods = (simulation.n_symbols as f64 / period).ceil().max(PERIODS);
    let n_symbols = (periods * period).round() as u64;
    let bits = n_symbols as f64 * model.modulation.bits_per_symbol() as f64;
    let stop_at_bit_errors = ber_limit.map(|limit| (limit * bits).floor() as u64 + 1);
    let model = WaveformModel { sj_ui, sj_hz, ..model.clone() };
    simulate_waveform(&model, resolved, &Simulation { n_symbols, stop_at_bit_errors, ..simulation.clone() })
}
