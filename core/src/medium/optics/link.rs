//! The optical section of a lane: from the transmitter's levels to the waveform and the noise at the receiver's input.
//!
//! ```text
//! levels ─ FFE ─ one-symbol rectangle ─ before ─ G_d H_d H_m ─► V(t) ─► P = P_lane T(V(t)) ─ path, fibre ─ R H_pd ─ Z H_tia ─ after ─►
//! ```
//!
//! The modulator bends the waveform that reaches it, with all the intersymbol interference of the host path: no
//! superposition holds behind it. The section is therefore described by one period of its noiseless output for a de
//! Bruijn sequence ([`crate::response::Record`]). The linear form replaces the modulator by its settled levels and one
//! pulse; it is fast, and its residual says what it leaves out.
//!
//! Driver and receiver are AC-coupled: the mean of levels and of the light is removed (the noise keeps it).
//! Compression of driver and TIA, chirp and polarization are not modelled.

use super::Optics;
use super::de_bruijn::de_bruijn;
use super::link_noise::{LevelLight, Ways, by_symbol, sources, symbol_delay_s};
use super::operating_point::{DriveFigures, OperatingPoint, Stage, TiaFigures, settled_gain};
use super::record::{RecordGrid, Resampled};
use crate::error::{Error, Result};
use crate::response::{ChannelResponse, LevelLaw, NoiseSource, Record, Signal};
use num_complex::Complex64;

/// Seed of the record's symbols: fixed, so that a lane is a pure function of its configuration.
const SEED: u64 = 0x6c69_6768_746c_616e;
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
    /// Symbols that the slicer's table will resolve exactly; the record's order is two more.
    pub memory: usize,
    /// Samples a symbol of the record.
    pub samples_per_symbol: usize,
    /// Levels and one pulse instead of a record.
    pub linear: bool,
}

impl Default for OpticalSettings {
    fn default() -> Self {
        Self { memory: 6, samples_per_symbol: 16, linear: false }
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
        by_symbol(&self.light.slope2_w2_per_v2, 0.0)
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
    check(before, transmit, after, settings)?;
    let mut point = OperatingPoint::new(optics, before, transmit)?;
    let ways = Ways::new(optics, &point, after);

    let (alphabet, m) = (transmit.levels_v.len(), settings.samples_per_symbol);
    let mut order = if settings.linear { 1 } else { settings.memory.saturating_add(2) };
    while alphabet.pow(order.min(15) as u32) < MIN_SYMBOLS {
        order += 1;
    }
    let symbols = de_bruijn(alphabet, order, SEED)?;
    let rate = before.grid().symbol_rate();
    let mut record = RecordGrid::new(symbols.len(), m, rate.hz());
    let step_hz = record.step_hz();
    let (pre, post) = (Resampled::new(before, symbols.len()), Resampled::new(after, symbols.len()));

    // The drive at the modulator for any set of levels.
    let driver = optics.driver.response();
    let unlimited = driver.is_ideal() && optics.modulator.is_unlimited();
    let drive = |record: &mut RecordGrid, levels: &[f64]| {
        let x = shaped(&symbols, levels, transmit);
        let all = symbols.len() * m / 2 + 1;
        let stored = if pre.beyond() == 0.0 || unlimited { pre.len().min(all) } else { all };
        let beyond = if unlimited { pre.beyond() * point.gain } else { 0.0 };
        record.waveform(&x, stored, beyond, |j| {
            let f = j as f64 * step_hz;
            pre.at(j) * driver.at(f) * optics.modulator.response(f) * point.gain
        })
    };
    let drive_v = drive(&mut record, &point.centred_v);
    let power: Vec<f64> =
        drive_v.iter().map(|v| point.lane_power_w * optics.modulator.transmission(*v)).collect();

    let at_driver = symbol_delay_s(before);
    let in_light = if unlimited {
        at_driver
    } else {
        symbol_delay_s(&before.filtered(|f| driver.at(f) * optics.modulator.response(f)))
    };
    let sample_s = rate.period_s() / m as f64;
    let light =
        LevelLight::measure(optics, &point, &symbols, &drive_v, &power, (at_driver, in_light), sample_s);

    let amplifier = optics.tia.response();
    let per_w = optics.photodiode.responsivity_a_per_w * point.path * point.tia.gain_ohm;
    let detect = |j: usize| -> Complex64 {
        if post.beyond() == 0.0 && j >= post.len() {
            return Complex64::new(0.0, 0.0);
        }
        let f = j as f64 * step_hz;
        let optical = optics.dispersion_response(f) * per_w;
        post.at(j) * amplifier.at(f) * optics.photodiode.response(f) * optical
    };

    let half_swing = optics.modulator.monotonic_limit_v();
    let folded = drive_v.iter().filter(|v| v.abs() > half_swing).count() as f64 / drive_v.len() as f64;
    if folded > 1e-3 {
        point.warnings.push(format!(
            "modulator: the drive passes its brightest or darkest point {:.1} % of the time",
            100.0 * folded
        ));
    }

    let from_driver = ways.driver.scaled(light.slope_w_per_v());
    let noise = sources(optics, &point, &ways, &light);
    let (signal, levels_v, linear_residual) = if settings.linear {
        let levels = bent_levels(&point);
        let linear_v = drive(&mut record, &levels);
        let slope = regression(&linear_v, &power);
        let left: Vec<f64> = power.iter().zip(&linear_v).map(|(p, v)| p - slope * v).collect();
        let left = record.filtered(&left, detect);
        let spacing = point.power_w.windows(2).map(|w| (w[1] - w[0]).abs()).fold(f64::INFINITY, f64::min);
        let half_eye = 0.5 * spacing * per_w * settled_gain(after).abs();
        let residual = left.iter().fold(0.0, |a: f64, v| a.max(v.abs())) / half_eye;
        let response = before.cascade(&ways.driver).scaled(slope);
        let signal = Signal::Linear { response, ffe: transmit.ffe.to_vec(), ffe_main: transmit.ffe_main };
        (signal, levels, Some(residual))
    } else {
        let small_signal = before.cascade(&ways.driver).scaled(regression(&drive_v, &power));
        let v = record.filtered(&power, detect);
        let record = Record {
            symbol_rate: rate,
            symbols,
            order,
            memory: settings.memory,
            samples_per_symbol: m,
            v,
            ffe: transmit.ffe.to_vec(),
            ffe_main: transmit.ffe_main,
            small_signal,
        };
        (Signal::Record(record), transmit.levels_v.to_vec(), None)
    };
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

fn check(
    before: &ChannelResponse,
    transmit: &Transmit<'_>,
    after: &ChannelResponse,
    settings: &OpticalSettings,
) -> Result<()> {
    if before.grid() != after.grid() {
        return Err(Error::parameter(
            "after",
            format!("{:?}", after.grid()),
            format!("on {:?}", before.grid()),
        ));
    }
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
    if settings.memory == 0 {
        return Err(Error::parameter("memory", 0, "at least 1"));
    }
    // An odd number has no sample at the symbol's centre.
    if !(2..=64).contains(&settings.samples_per_symbol) || !settings.samples_per_symbol.is_multiple_of(2) {
        let given = settings.samples_per_symbol;
        return Err(Error::parameter("samples_per_symbol", given, "even and between 2 and 64"));
    }
    Ok(())
}

/// x_k = Σ_i ffe[i] level[symbol k − (i − main)], periodic.
fn shaped(symbols: &[u8], levels: &[f64], transmit: &Transmit<'_>) -> Vec<f64> {
    let n = symbols.len() as isize;
    let mut x = vec![0.0; symbols.len()];
    for (i, tap) in transmit.ffe.iter().enumerate().filter(|(_, t)| **t != 0.0) {
        let lag = i as isize - transmit.ffe_main as isize;
        for (k, out) in x.iter_mut().enumerate() {
            *out += tap * levels[symbols[(k as isize - lag).rem_euclid(n) as usize] as usize];
        }
    }
    x
}

/// The levels with the spacing of the settled light and their own outer distance, without mean.
fn bent_levels(point: &OperatingPoint) -> Vec<f64> {
    let (v, p) = (&point.centred_v, &point.power_w);
    let last = v.len() - 1;
    let chord = (p[last] - p[0]) / (v[last] - v[0]);
    // A drive that folds the outer levels onto each other has no linear description.
    if chord.abs() * (v[last] - v[0]) < 1e-6 * point.lane_power_w {
        return v.clone();
    }
    let mean = p.iter().sum::<f64>() / p.len() as f64;
    p.iter().map(|p| (p - mean) / chord).collect()
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
