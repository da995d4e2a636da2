//! The ledger of a lane: it charges the parts that the lane simulates.
//!
//! A one-way lane's transmitter, medium and receiver are together one end of two-way traffic, so each simulated part
//! is charged once. A retimer of a one-way lane is half of a module's, which serves both directions.

use super::entries::Entries;
use super::power::at_least_one;
use super::terms::{Delay, Host, Laser, Ledger, Loss, Terms};
use crate::error::{Error, Result, require};
use crate::fec::Fec;
use crate::medium::optics::ModuleKind;

/// What a lane tells the ledger about itself.
#[derive(Debug, Clone, PartialEq)]
pub struct LaneLedgerInput {
    /// Bits a second on the line, symbol rate times bits a symbol.
    pub line_rate_bps: f64,
    /// Coding; it sets the payload rate that energy is divided by, and the block that latency waits for.
    pub fec: Fec,
    /// Codewords decoded together.
    pub interleave: usize,
    /// Loss at the Nyquist frequency that the host's SerDes equalizes, dB: all of a copper lane, the electrical path
    /// of one end of an optical one (where the SerDes also equalizes the optics, with an equivalent added).
    pub host_loss_db: f64,
    /// Electrical path, both ends.
    pub segments: Vec<ElectricalSegment>,
    /// The receiver's equalizer; `None` charges the host by its loss.
    pub equalizer: Option<EqualizerTaps>,
    /// Retimers between the hosts.
    pub retimers: usize,
    /// The optical sections, with retimers between them; empty for copper.
    pub optics: Vec<OpticsInput>,
}

/// A stretch of the electrical path. Names must be unique in a lane, so that they can be told apart in the ledger.
#[derive(Debug, Clone, PartialEq)]
pub enum ElectricalSegment {
    /// A line of known length.
    Line {
        /// Path or name of the block.
        name: String,
        /// Length, m.
        length_m: f64,
        /// Effective dielectric constant.
        dk: f64,
    },
    /// A block of which only the delay is known, such as a measured network.
    Delay {
        /// Path or name of the block.
        name: String,
        /// Group delay, s.
        delay_s: f64,
    },
}

impl ElectricalSegment {
    fn name(&self) -> &str {
        match self {
            Self::Line { name, .. } | Self::Delay { name, .. } => name,
        }
    }
}

/// Size of an equalizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EqualizerTaps {
    /// FFE taps, the cursor included.
    pub ffe_taps: usize,
    /// DFE taps.
    pub dfe_taps: usize,
    /// Whether a sequence detector follows.
    pub mlsd: bool,
}

/// What an optical section of a lane has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OpticsInput {
    /// Its fibre, m.
    pub fiber_length_m: f64,
    /// Modulator.
    pub modulator: ModulatorKind,
    /// Where the optics sit.
    pub module: ModuleKind,
    /// This lane's share of the laser's output as simulated, W optical; `None` takes the optical budget's.
    pub laser_power_w: Option<f64>,
}

/// The modulator, as far as energy goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModulatorKind {
    /// A Mach–Zehnder with its driver.
    MachZehnder,
    /// Rings with their driver and their tuning.
    Ring,
}

/// Folds a lane's ledger.
///
/// # Errors
/// [`Error::Parameter`] naming the field that is outside its domain, or the segment whose name is not unique.
///
/// ```
/// use lightlane::{fec::Fec, system::{LaneLedgerInput, lane_ledger}};
/// let copper = LaneLedgerInput {
///     line_rate_bps: 212.5e9, fec: Fec::Kp4, interleave: 1, host_loss_db: 38.0,
///     segments: vec![], equalizer: None, retimers: 0, optics: vec![],
/// };
/// let ledger = lane_ledger(&copper)?;
/// assert!((ledger.energy_j_per_bit.value - (0.8 + 0.055 * 38.0) * 1e-12).abs() < 1e-24);
/// # Ok::<(), lightlane::Error>(())
/// ```
pub fn lane_ledger(input: &LaneLedgerInput) -> Result<Ledger> {
    Ok(lane_terms(input)?.ledger())
}

/// The terms that a lane's ledger is folded from.
pub(super) fn lane_terms(input: &LaneLedgerInput) -> Result<Terms> {
    require::positive("line_rate_bps", input.line_rate_bps)?;
    let mut entries = Entries::new()?;
    let loss_db = require::non_negative("host_loss_db", input.host_loss_db)?;
    let losses = vec![Loss { count: 1.0, loss: entries.known("host_loss", loss_db, "dB")?, length: None }];
    let mut delays = Vec::new();
    for (i, segment) in input.segments.iter().enumerate() {
        if input.segments[..i].iter().any(|s| s.name() == segment.name()) {
            return Err(Error::parameter("segments.name", segment.name(), "unique in the lane"));
        }
        delays.push(delay(&mut entries, segment)?);
    }
    let host = match input.equalizer {
        Some(taps) => host_by_taps(&mut entries, taps)?,
        None => entries.host_by_loss(None)?,
    };
    let mut parts = match (input.retimers, !input.optics.is_empty()) {
        (0, _) => Vec::new(),
        (1, true) => vec![(1.0, entries.part("dsp_retimer_tx_only")?)],
        (n, true) => vec![(0.5 * n as f64, entries.part("dsp_retimer_full")?)],
        (n, false) => vec![(0.5 * n as f64, entries.part("aec_retimer")?)],
    };
    let (mut lasers, mut fiber) = (Vec::new(), None);
    for (i, optics) in input.optics.iter().enumerate() {
        for name in optics_parts(optics, input.retimers > 0) {
            let part = entries.part(name)?;
            // One line of the ledger a part, however many sections have it.
            match parts.iter_mut().find(|(_, known)| *known == part) {
                Some((count, _)) => *count += 1.0,
                None => parts.push((1.0, part)),
            }
        }
        let name = if input.optics.len() == 1 { "laser_power" } else { &format!("optics_{i}_laser_power") };
        lasers.push(optics_laser(&mut entries, optics, name)?);
        require::non_negative("fiber_length_m", optics.fiber_length_m)?;
    }
    if !input.optics.is_empty() {
        fiber = Some(entries.fiber(input.optics.iter().map(|o| o.fiber_length_m).sum())?);
    }
    let vrm_efficiency =
        if parts.is_empty() && lasers.is_empty() { None } else { Some(entries.part("vrm_efficiency")?) };
    Ok(Terms {
        losses,
        delays,
        host,
        parts,
        lasers,
        vrm_efficiency,
        fiber,
        dsp: entries.dsp(input.retimers)?,
        serdes_delay: entries.part("serdes_pair")?,
        die_to_die: None,
        fec: entries.fec(input.fec, input.interleave)?,
        line_rate_bps: input.line_rate_bps,
        payload_rate_bps: input.fec.payload_rate_bps(input.line_rate_bps),
        book: entries.book,
    })
}

/// Parts of the optics besides laser and retimer. A module without retimer needs linear drivers and receivers with
/// an equalizer of their own.
fn optics_parts(optics: &OpticsInput, retimed: bool) -> Vec<&'static str> {
    let linear_module = optics.module == ModuleKind::Pluggable && !retimed;
    let mut parts = match optics.modulator {
        ModulatorKind::Ring => vec!["driver_mrm", "ring_tuning"],
        ModulatorKind::MachZehnder if linear_module => vec!["driver_linear_pluggable"],
        ModulatorKind::MachZehnder => vec!["driver_mzm"],
    };
    parts.push(if linear_module { "tia_linear_pluggable" } else { "tia" });
    parts.push(match optics.module {
        ModuleKind::Pluggable => "control_pluggable",
        ModuleKind::Engine => "control_engine",
    });
    parts
}

fn optics_laser(entries: &mut Entries, optics: &OpticsInput, power: &str) -> Result<Laser> {
    let external = optics.module == ModuleKind::Engine;
    match optics.laser_power_w {
        None => entries.laser_budget(external, optics.modulator == ModulatorKind::Ring),
        Some(power_w) => Ok(Laser::Known {
            power: entries.known(power, require::positive("laser_power_w", power_w)?, "W")?,
            efficiency: entries.laser_efficiency(external)?,
        }),
    }
}

fn delay(entries: &mut Entries, segment: &ElectricalSegment) -> Result<Delay> {
    match segment {
        ElectricalSegment::Line { name, length_m, dk } => {
            let length = require::non_negative(&format!("{name}.length_m"), *length_m)?;
            let dk = at_least_one(&format!("{name}.dk"), *dk)?;
            Ok(Delay::Line {
                count: 1.0,
                length: entries.known(&format!("{name}.length"), length, "m")?,
                dk: entries.known(&format!("{name}.dk"), dk, "1")?,
            })
        }
        ElectricalSegment::Delay { name, delay_s } => {
            let delay = require::non_negative(&format!("{name}.delay_s"), *delay_s)?;
            Ok(Delay::Known(entries.known(&format!("{name}.delay"), delay, "s")?))
        }
    }
}

fn host_by_taps(entries: &mut Entries, taps: EqualizerTaps) -> Result<Host> {
    Ok(Host::Taps {
        afe: entries.part("serdes_afe")?,
        ffe: (taps.ffe_taps as f64, entries.part("serdes_per_ffe_tap")?),
        dfe: (taps.dfe_taps as f64, entries.part("serdes_per_dfe_tap")?),
        mlsd: if taps.mlsd { Some(entries.part("serdes_mlsd")?) } else { None },
    })
}
