//! The optical section of a lane: from the transmitter's levels to the waveform and the noise at the receiver's input.
//!
//! ```text
//! levels ─ FFE ─ one-symbol rectangle ─ before ─ driver, electrode ─► V(t) ─ modulator ─► E(t) ─ path, fibre ─► |E|² ─ photodiode, TIA ─ after ─►
//! ```
//!
//! The modulator turns the waveform that reaches it, with all the intersymbol interference of the host path, into a
//! complex field, and the photodiode takes the square of what the fibre makes of it: no superposition holds. The section
//! is therefore described by one period of its noiseless output for a de Bruijn sequence
//! ([`crate::response::Record`]). The linear form replaces it by the settled levels and the small-signal response; it is
//! fast, and its residual says what it leaves out.
//!
//! Driver and receiver are AC-coupled: the mean of levels and of the light is removed (the noise keeps it).
//! Polarization-dependent loss is not modelled; echoes of reflections and other wavelengths are members of the link of
//! their own.

use super::Optics;
use super::chain::Chain;
use super::de_bruijn::de_bruijn;
use super::link_noise::{Delays, LevelLight, Waveforms, Ways, sources, symbol_delay_s};
use super::operating_point::{DriveFigures, OperatingPoint, Stage, TiaFigures, settled_gain};
use crate::error::{Error, Result};
use crate::response::{ChannelResponse, LevelLaw, NoiseSource, Record, Signal};

/// Seed of the record's symbols: fixed, so that a lane is a pure function of its configuration.
const SEED: u64 = 0x6c69_6768_746c_616e;
/// Symbols that the record resolves when none are asked for: 65,536 symbols of PAM4.
const AUTOMATIC_MEMORY: usize = 6;
/// Share of the time beyond which a drive that passes an extreme of the light is reported.
const FALLING_SHARE: f64 = 1e-3;
/// Fewest symbols of a record: what a least-squares fit of some hundred coefficients needs.
const MIN_SYMBOLS: usize = 4096;

/// What the transmitter sends, before the host path.
#[derive(Debug, Clone, Copy)]
pub struct Transmit<'a> {
    /// Level of each symbol, ascending, V.
    pub levels_v: &'a [f64],
    /// Transmit FFE in time order; a single 1 for none.
    pub ffe: &'a [f64],
    /// Index of its main tap.
    pub ffe_main: usize,
}

/// Size and form of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpticalSettings {
    /// Symbols that the slicer's table resolves exactly; the record's order is two more. `None` leaves the choice to the
    /// receiver, up to six.
    pub memory: Option<usize>,
    /// Samples a symbol of the record.
    pub samples_per_symbol: usize,
    /// Levels and one pulse instead of a record.
    pub linear: bool,
}

impl Default for OpticalSettings {
    fn default() -> Self {
        Self { memory: None, samples_per_symbol: 16, linear: false }
    }
}

/// The section's contribution to the waist, and its figures.
#[derive(Debug, Clone, PartialEq)]
pub struct OpticalLink {
    /// Levels that go with `signal`, V at the transmitter: those given for a record; for the linear form without their
    /// mean and bent by the modulator's settled transfer.
    pub levels_v: Vec<f64>,
    /// The wanted signal at the receiver's input.
    pub signal: Signal,
    /// Noise of driver, laser, photodiode and TIA.
    pub noise: Vec<NoiseSource>,
    /// Small-signal transfer from the driver's input to the receiver's input, at the root mean square of the
    /// modulator's slope: what any other disturbance that arrives there takes.
    pub from_driver: ChannelResponse,
    /// The same from the transmitter's output.
    pub from_transmitter: ChannelResponse,
    /// Light and slope of each symbol.
    pub light: LevelLight,
    /// Settled power of each symbol after the modulator, W.
    pub settled_w: Vec<f64>,
    /// Settled OMA after the modulator, W.
    pub oma_w: f64,
    /// Extinction ratio of the settled outer levels, dB.
    pub extinction_ratio_db: f64,
    /// R_LM of the settled levels.
    pub level_mismatch: f64,
    /// The driver's gain and swing.
    pub drive: DriveFigures,
    /// The TIA's gain and swing.
    pub tia: TiaFigures,
    /// The light's way.
    pub stages: Vec<Stage>,
    /// Linear form only: largest difference from the true waveform before equalization, over half the smallest settled
    /// distance of two levels.
    pub linear_residual: Option<f64>,
    /// What the caller should know.
    pub warnings: Vec<String>,
}

impl OpticalLink {
    /// Law of a noise that enters at the transmitter's output: the squared slope of the modulator at the symbol sent.
    pub fn transmitter_law(&self) -> LevelLaw {
        self.light.slope_law(0.0)
    }
}

/// Computes an optical section between two electrical ones.
///
/// `before` goes from the transmitter's output (its edge response included, its FFE not) to the driver's input, `after`
/// from the TIA's output to the receiver's input; both on one grid.
///
/// # Errors
/// [`Error::Parameter`] for a part that is not valid, levels that do not ascend, an FFE without its main tap, two
/// different grids, a record that would be too long, or nothing arriving at the driver.
pub fn optical_link(
    optics: &Optics,
    before: &ChannelResponse,
    transmit: &Transmit<'_>,
    after: &ChannelResponse,
    settings: &OpticalSettings,
) -> Result<OpticalLink> {
    optics.validate()?;
    if before.grid() != after.grid() {
        let requirement = format!("on {:?}", before.grid());
        return Err(Error::parameter("after", format!("{:?}", after.grid()), requirement));
    }
    check(transmit, settings.samples_per_symbol)?;
    if settings.memory == Some(0) {
        return Err(Error::parameter("memory", 0, "at least 1"));
    }
    let mut point = OperatingPoint::new(optics, before, transmit)?;
    let ways = Ways::new(optics, &point, after);

    let (alphabet, m) = (transmit.levels_v.len(), settings.samples_per_symbol);
    let mut order =
        if settings.linear { 1 } else { settings.memory.unwrap_or(AUTOMATIC_MEMORY).saturating_add(2) };
    while alphabet.pow(order.min(15) as u32) < MIN_SYMBOLS {
        order += 1;
    }
    let symbols = de_bruijn(alphabet, order, SEED)?;
    let rate = before.grid().symbol_rate();
    let sample_s = rate.period_s() / m as f64;

    let mut chain = Chain::new(optics, &point, transmit, (before, after), &symbols, m);
    let drive = chain.drive(&point.centred_v);
    let field = optics.modulator.field(&drive.v, 1.0 / sample_s);
    let power_w: Vec<f64> = field.iter().map(|e| point.lane_power_w * e.norm_sqr()).collect();
    let received_w = chain.received_w(field);
    let detected = chain.detected(&received_w);
    let slope_per_v: Vec<f64> = drive.v.iter().map(|v| optics.modulator.slope_per_v(*v)).collect();
    let waveforms = Waveforms {
        slope_per_v: &slope_per_v,
        power_w: &power_w,
        received_w: &received_w,
        driver_slope: &drive.relative_slope,
        tia_slope: &detected.relative_slope,
    };
    let light = LevelLight::measure(optics, &point, &symbols, &waveforms, delays(optics, before), sample_s);

    let noise = sources(optics, &ways, &light);
    // Over its own slope the small-signal response is that of the signal; the regression gives the size.
    let modulation = optics.modulation_response();
    let levels = bent_levels(&point);
    let linear_v = chain.linear(&levels, |f| modulation(f) * point.path);
    let slope = regression(&linear_v, &detected.v);
    let small_signal = before.cascade(&ways.driver).scaled(slope);
    let from_driver = ways.driver.scaled(light.slope_w_per_v().copysign(slope));
    let (signal, levels_v, linear_residual) = if settings.linear {
        let largest =
            detected.v.iter().zip(&linear_v).map(|(v, l)| (v - slope * l).abs()).fold(0.0, f64::max);
        let spacing = point.output_v.windows(2).map(|w| (w[1] - w[0]).abs()).fold(f64::INFINITY, f64::min);
        let half_eye = 0.5 * spacing * settled_gain(after).abs();
        // Levels that fold onto each other leave no eye.
        let residual = if half_eye > 0.0 { largest / half_eye } else { f64::INFINITY };
        let signal = Signal::Linear {
            response: small_signal,
            ffe: transmit.ffe.to_vec(),
            ffe_main: transmit.ffe_main,
        };
        (signal, levels, Some(residual))
    } else {
        let record = Record {
            symbol_rate: rate,
            symbols: symbols.clone(),
            order,
            memory: settings.memory,
            samples_per_symbol: m,
            v: detected.v,
            ffe: transmit.ffe.to_vec(),
            ffe_main: transmit.ffe_main,
            small_signal,
        };
        (Signal::Record(record), transmit.levels_v.to_vec(), None)
    };
    // The drive rises with the symbol unless host or driver invert it.
    let rises = point.settled_v[alphabet - 1] >= point.settled_v[0];
    let falling = slope_per_v.iter().filter(|s| **s != 0.0 && (**s > 0.0) != rises).count();
    let share = falling as f64 / slope_per_v.len() as f64;
    if share > FALLING_SHARE {
        point.warnings.push(format!(
            "modulator: the drive passes its brightest or darkest point {:.1} % of the time",
            100.0 * share
        ));
    }
    Ok(OpticalLink {
        levels_v,
        signal,
        noise,
        from_transmitter: before.cascade(&from_driver),
        from_driver,
        light,
        oma_w: (point.power_w[alphabet - 1] - point.power_w[0]).abs(),
        extinction_ratio_db: point.extinction_ratio_db(),
        level_mismatch: point.level_mismatch(),
        settled_w: point.power_w,
        drive: point.drive,
        tia: point.tia,
        stages: point.stages,
        linear_residual,
        warnings: point.warnings,
    })
}

/// Checks what a section is driven by.
pub(super) fn check(transmit: &Transmit<'_>, samples_per_symbol: usize) -> Result<()> {
    let levels = transmit.levels_v;
    if !(2..=16).contains(&levels.len())
        || levels.windows(2).any(|w| w[0].partial_cmp(&w[1]) != Some(std::cmp::Ordering::Less))
    {
        return Err(Error::parameter("levels", format!("{levels:?}"), "2 to 16 ascending values"));
    }
    if transmit.ffe_main >= transmit.ffe.len() || transmit.ffe.iter().any(|t| !t.is_finite()) {
        return Err(Error::parameter(
            "ffe",
            format!("{:?}", transmit.ffe),
            "finite taps with the main one among them",
        ));
    }
    // An odd number has no sample at the symbol's centre.
    if !(2..=64).contains(&samples_per_symbol) || !samples_per_symbol.is_multiple_of(2) {
        return Err(Error::parameter("samples_per_symbol", samples_per_symbol, "even and between 2 and 64"));
    }
    Ok(())
}

/// Delays of a symbol at the planes of a section.
fn delays(optics: &Optics, before: &ChannelResponse) -> Delays {
    let (driver, amplifier, diode) = (optics.driver.response(), optics.tia.response(), &optics.photodiode);
    let modulator = &optics.modulator;
    let light = if driver.is_ideal() && modulator.is_unlimited() && modulator.is_memoryless() {
        before.clone()
    } else {
        let modulation = optics.modulation_response();
        before.filtered(|f| driver.at(f) * modulator.response(f) * modulation(f))
    };
    let amplified = if amplifier.is_ideal() && diode.bandwidth_hz.is_infinite() {
        light.clone()
    } else {
        light.filtered(|f| amplifier.at(f) * diode.response(f))
    };
    Delays {
        driver_s: symbol_delay_s(before),
        light_s: symbol_delay_s(&light),
        tia_s: symbol_delay_s(&amplified),
    }
}

/// The levels with the spacing of the settled output and their own outer distance, without mean.
fn bent_levels(point: &OperatingPoint) -> Vec<f64> {
    let (v, out) = (&point.centred_v, &point.output_v);
    let last = v.len() - 1;
    // A drive that folds the outer levels onto each other has no linear description.
    if point.is_flat() {
        return v.clone();
    }
    let chord = (out[last] - out[0]) / (v[last] - v[0]);
    let mean = out.iter().sum::<f64>() / out.len() as f64;
    out.iter().map(|o| (o - mean) / chord).collect()
}

/// Slope of y over x in the least-squares sense, both without their means.
pub(super) fn regression(x: &[f64], y: &[f64]) -> f64 {
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (mx, my) = (mean(x), mean(y));
    let (mut xy, mut xx) = (0.0, 0.0);
    for (a, b) in x.iter().zip(y) {
        xy += (a - mx) * (b - my);
        xx += (a - mx).powi(2);
    }
    if xx > 0.0 { xy / xx } else { 0.0 }
}
