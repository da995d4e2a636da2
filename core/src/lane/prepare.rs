//! From a configuration to the waist: files read, blocks composed, noise and aggressors gathered.

use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::lane::aggressor::{Aggressor, AggressorKind};
use crate::lane::block::{Block, Networks};
use crate::lane::compose::{self, Raw};
use crate::lane::section::{Section, section};
use crate::lane::{Lane, SignalForm, grid};
use crate::medium::Network;
use crate::medium::optics::{self, OpticalLink, OpticalSettings, Transmit};
use crate::modulation::Modulation;
use crate::response::{
    ChannelResponse, Crosstalk, LevelLaw, LinkResponse, NoiseKind, NoiseSource, Plane, Signal,
};
use crate::run::Run;
use std::path::Path;

/// First window tried for a medium of closed forms only, symbols; doubled until the response fits.
const FIRST_WINDOW: usize = 512;
/// Longest window tried, symbols.
const LAST_WINDOW: usize = 16_384;
/// Window of an ideal medium, symbols.
const IDEAL_WINDOW: usize = 64;
/// Differential impedance of a driver's input and a TIA's output, ohm.
const OPTICS_PORT_OHM: f64 = 100.0;
/// Share of a pulse's energy that may lie in the last sixteenth of its window.
pub(crate) const WRAP_LIMIT: f64 = 1e-4;

/// A lane whose files are read and whose blocks are composed: what an analysis or a simulation starts from.
#[derive(Debug, Clone)]
pub struct PreparedLane {
    /// The configuration.
    pub lane: Lane,
    /// What reaches the receiver.
    pub link: LinkResponse,
    /// Transfer function from the transmitter's output to the receiver's input, V/V; small-signal across optics.
    pub channel: ChannelResponse,
    /// Voltage transfer from the transmitter to the first optical section, or to the receiver in a copper lane.
    pub host: ChannelResponse,
    /// Voltage transfer from the optical section to the receiver; `None` in a copper lane.
    pub after: Option<ChannelResponse>,
    /// The optical section's figures.
    pub optical: Option<OpticalLink>,
    /// What was assumed on the way.
    pub warnings: Vec<String>,
}

impl PreparedLane {
    /// Reads what the lane refers to (files relative to `base`) and composes it.
    ///
    /// # Errors
    /// Those of [`Lane::validate`], for a retimer, of the files and blocks, of a grid that cannot serve the symbol rate, and
    /// [`Error::Window`] for a response longer than its window.
    pub fn new(lane: &Lane, networks: &mut Networks, base: &Path, run: &Run) -> Result<Self> {
        lane.validate()?;
        if let Some(i) = lane.medium.iter().position(|b| matches!(b, Block::Retimer(_))) {
            let requirement =
                "left out here, where one segment is taken; lane.segments() gives those of a lane";
            return Err(Error::parameter(lane.path_of(i), "retimer", requirement));
        }
        run.check()?;
        let rate = lane.symbol_rate()?;
        let mut warnings = Vec::new();
        warnings.extend(without_effect(lane));
        let raw = read(lane, networks, base)?;
        let of_medium =
            raw.medium.iter().enumerate().filter_map(|(i, r)| r.as_ref().map(|r| (lane.path_of(i), r)));
        let of_aggressors = raw.aggressors.iter().enumerate().map(|(i, r)| (format!("aggressors.{i}"), r));
        let all: Vec<(String, &Raw)> = of_medium.chain(of_aggressors).collect();
        let extent = compose::extent(rate, all.iter().map(|(n, r)| (n.clone(), *r)), &mut warnings)?;
        let limit_hz = extent.limit_hz(rate);
        let optical = lane.medium.iter().any(Block::is_optical);
        let samples = if optical { grid::RECORD_SAMPLES_PER_SYMBOL } else { grid::SAMPLES_PER_SYMBOL };
        let end_hz = 0.5 * samples as f64 * rate.hz();
        if let Some(bandwidth_hz) = lane.receiver.bandwidth_hz.filter(|b| *b > end_hz) {
            warnings.push(format!("receiver.bandwidth_hz = {bandwidth_hz:e}: noise is taken up to {end_hz:.3e} Hz, where the grid ends"));
        }
        if let Some(step_hz) = extent.step_hz {
            return Self::on(lane, &raw, Grid::with_step(rate, samples, step_hz)?, limit_hz, warnings);
        }
        if lane.medium.iter().all(|b| matches!(b, Block::Ideal(_))) {
            return Self::on(lane, &raw, grid::window(rate, samples, IDEAL_WINDOW)?, limit_hz, warnings);
        }
        let mut n_symbols = FIRST_WINDOW;
        loop {
            run.check()?;
            let prepared =
                Self::on(lane, &raw, grid::window(rate, samples, n_symbols)?, limit_hz, warnings.clone())?;
            match prepared.channel.pulse().trimmed("pulse response", 1e-9, WRAP_LIMIT) {
                Err(Error::Window { .. }) if n_symbols < LAST_WINDOW => n_symbols *= 2,
                Err(e) => return Err(e),
                Ok(_) => return Ok(prepared),
            }
        }
    }

    fn on(
        lane: &Lane,
        raw: &RawChannels,
        grid: Grid,
        limit_hz: f64,
        mut warnings: Vec<String>,
    ) -> Result<Self> {
        let composer = Composer { lane, raw, grid, freq_hz: grid.freqs_up_to(limit_hz) };
        let optical_at = lane.medium.iter().position(Block::is_optical);
        let before_end = optical_at.unwrap_or(lane.medium.len());
        let host = composer.host(before_end, None)?;
        warnings.extend(host.notes);
        let host = host.response;
        let levels = lane.transmitter.levels_v(lane.modulation)?;
        let (channel, signal, mut noise, optical, after) = match optical_at.map(|i| (i, &lane.medium[i])) {
            Some((i, Block::Optics(optics))) => {
                let after = composer.after(i)?;
                warnings.extend(after.notes);
                let after = after.response;
                let (ffe, ffe_main) = lane.transmitter.taps()?;
                let transmit = Transmit { levels_v: &levels, ffe: &ffe, ffe_main };
                let settings = OpticalSettings {
                    samples_per_symbol: grid.samples_per_symbol(),
                    linear: lane.signal_form == SignalForm::Linear,
                    memory: lane.record_memory,
                };
                let mut link = optics::optical_link(optics, &host, &transmit, &after, &settings)
                    .map_err(|e| e.within(&lane.path_of(i)))?;
                warnings.append(&mut link.warnings);
                let noise = std::mem::take(&mut link.noise);
                (link.from_transmitter.clone(), link.signal.clone(), noise, Some(link), Some(after))
            }
            _ => {
                let (ffe, ffe_main) = lane.transmitter.taps()?;
                (
                    host.clone(),
                    Signal::Linear { response: host.clone(), ffe, ffe_main },
                    Vec::new(),
                    None,
                    None,
                )
            }
        };
        noise.extend(composer.electrical_noise(&channel, optical.as_ref()));
        let mut crosstalk = composer.crosstalk(before_end, optical.as_ref())?;
        let mut interference = Vec::new();
        if let (Some(Block::Optics(optics)), Some(link)) = (optical_at.map(|i| &lane.medium[i]), &optical) {
            interference = optics.interference(link);
            crosstalk.extend(optics.neighbours(link));
            optics.add_leaked_light(&mut noise);
            warnings.extend(optics.interference_warnings());
        }
        let link = LinkResponse {
            grid,
            modulation: lane.modulation,
            levels: optical.as_ref().map_or(levels, |o| o.levels_v.clone()),
            signal,
            noise,
            interference,
            crosstalk,
            crosstalk_phase: lane.crosstalk_phase,
            jitter: lane.transmitter.jitter.clone(),
        };
        Ok(Self { lane: lane.clone(), link, channel, host, after, optical, warnings })
    }
}

/// Settings of a lane that change nothing in it: they are said, not dropped in silence.
fn without_effect(lane: &Lane) -> Vec<String> {
    let mut notes = Vec::new();
    let transmitter = &lane.transmitter;
    if lane.modulation == Modulation::Nrz && transmitter.levels.is_none() && transmitter.level_mismatch != 1.0
    {
        let mismatch = transmitter.level_mismatch;
        notes.push(format!(
            "transmitter.level_mismatch = {mismatch}: NRZ has no inner levels, it changes nothing"
        ));
    }
    let edges_without_width =
        lane.medium.iter().all(|b| matches!(b, Block::Ideal(_))) && transmitter.transition_s.is_none();
    if edges_without_width && transmitter.jitter.is_some() && lane.receiver.bandwidth_hz.is_none() {
        notes.push(
            "transmitter.jitter: edges of no width pass an ideal medium, and jitter of less than half a symbol never moves one across the sampling instant"
                .into(),
        );
    }
    notes
}

struct RawChannels {
    medium: Vec<Option<Raw>>,
    aggressors: Vec<Raw>,
}

fn read(lane: &Lane, networks: &mut Networks, base: &Path) -> Result<RawChannels> {
    let mut medium = Vec::with_capacity(lane.medium.len());
    for (i, block) in lane.medium.iter().enumerate() {
        medium.push(Raw::of_block(block, networks, base).map_err(|e| e.within(&lane.path_of(i)))?);
    }
    let mut aggressors = Vec::with_capacity(lane.aggressors.len());
    for (i, aggressor) in lane.aggressors.iter().enumerate() {
        aggressors.push(
            Raw::of_aggressor(aggressor, networks, base).map_err(|e| e.within(&format!("aggressors.{i}")))?,
        );
    }
    Ok(RawChannels { medium, aggressors })
}

/// Composes sections of one lane on one grid.
struct Composer<'a> {
    lane: &'a Lane,
    raw: &'a RawChannels,
    grid: Grid,
    freq_hz: Vec<f64>,
}

impl Composer<'_> {
    fn network(&self, raw: &Raw, as_pair: bool) -> Result<Network> {
        raw.network_on(self.grid.step_hz(), self.freq_hz.len(), as_pair)
    }

    fn medium_network(&self, i: usize, as_pair: bool) -> Result<Network> {
        match &self.raw.medium[i] {
            Some(raw) => self.network(raw, as_pair),
            None => Err(Error::parameter(self.lane.path_of(i), self.lane.medium[i].kind(), "a channel")),
        }
    }

    /// Transmitter to the first optical section or the receiver, the transmitter's edge included; `replaced` puts
    /// another network in the place of block i.
    fn host(&self, end: usize, replaced: Option<(usize, &Raw)>) -> Result<Section> {
        let load =
            if end < self.lane.medium.len() { OPTICS_PORT_OHM } else { self.lane.receiver.termination_ohm };
        let mut host = section(
            &self.lane.medium[..end],
            self.grid,
            &self.freq_hz,
            (self.lane.transmitter.termination_ohm, load),
            |i, as_pair| match replaced {
                Some((at, raw)) if at == i => self.network(raw, as_pair),
                _ => self.medium_network(i, as_pair),
            },
        )?;
        if replaced.is_none() {
            host = host.settled()?;
        }
        if self.lane.transmitter.transition_s.is_some() {
            host.response = host.response.filtered(|f| self.lane.transmitter.edge_response(f));
        }
        Ok(host)
    }

    /// The optical section's output to the receiver.
    fn after(&self, optical_at: usize) -> Result<Section> {
        let first = optical_at + 1;
        let terminations = (OPTICS_PORT_OHM, self.lane.receiver.termination_ohm);
        section(&self.lane.medium[first..], self.grid, &self.freq_hz, terminations, |i, as_pair| {
            self.medium_network(first + i, as_pair)
        })?
        .settled()
    }

    fn electrical_noise(&self, channel: &ChannelResponse, optical: Option<&OpticalLink>) -> Vec<NoiseSource> {
        let mut sources = Vec::new();
        let receiver = &self.lane.receiver;
        if receiver.noise_v2_per_hz > 0.0 {
            sources.push(match receiver.bandwidth_hz {
                Some(_) => NoiseSource::thermal(self.grid, receiver.noise_v2_per_hz),
                None => NoiseSource {
                    name: "thermal".into(),
                    plane: Plane::Receiver,
                    kind: NoiseKind::Nyquist { density_v2_per_hz: receiver.noise_v2_per_hz },
                    law: LevelLaw::Stationary,
                },
            });
        }
        if self.lane.transmitter.snr_db.is_some() {
            let rms = self.lane.transmitter.noise_rms_v();
            let law = optical.map_or(LevelLaw::Stationary, |o| o.transmitter_law());
            sources.push(NoiseSource {
                name: "transmitter".into(),
                plane: Plane::Transmitter,
                kind: NoiseKind::PerSymbol { rms, response: channel.clone() },
                law,
            });
        }
        sources
    }

    fn crosstalk(&self, host_end: usize, optical: Option<&OpticalLink>) -> Result<Vec<Crosstalk>> {
        if self.lane.aggressors.is_empty() {
            return Ok(Vec::new());
        }
        let (ffe, ffe_main) = self.lane.transmitter.taps()?;
        let mut out = Vec::new();
        for (i, (aggressor, raw)) in self.lane.aggressors.iter().zip(&self.raw.aggressors).enumerate() {
            let place = self.place_of(i, aggressor, host_end)?;
            let through = self.host(host_end, Some((place, raw)))?.response;
            // Behind optics the aggressor rides on the same light: its path is the victim's from the driver on.
            let response = optical.map_or_else(|| through.clone(), |o| through.cascade(&o.from_driver));
            let amplitude = aggressor.amplitude_v.unwrap_or(self.lane.transmitter.amplitude_v);
            let (name, ffe, ffe_main) = match aggressor.kind {
                AggressorKind::Fext => (format!("fext {}", i + 1), ffe.clone(), ffe_main),
                AggressorKind::Next => (format!("next {}", i + 1), Vec::new(), 0),
            };
            let scale = amplitude / self.lane.transmitter.amplitude_v;
            let levels =
                self.lane.transmitter.levels_v(self.lane.modulation)?.iter().map(|l| l * scale).collect();
            out.push(Crosstalk { name, response, levels, ffe, ffe_main });
        }
        Ok(out)
    }
}

impl Composer<'_> {
    /// The block whose place aggressor `i` takes.
    fn place_of(&self, i: usize, aggressor: &Aggressor, host_end: usize) -> Result<usize> {
        let mut places = (0..host_end).filter(|&i| self.lane.medium[i].is_channel());
        if let Some(name) = aggressor.place.as_deref() {
            let found = places.find(|&i| self.lane.medium[i].name() == Some(name));
            let requirement = "a channel block before the receiver or the optics";
            return found.ok_or_else(|| Error::parameter(format!("aggressors.{i}.place"), name, requirement));
        }
        let places: Vec<usize> = places.collect();
        let &[place] = places.as_slice() else {
            let value = format!("{} channel blocks before the receiver or the optics", places.len());
            let requirement = "exactly one whose place the aggressors take, or a place by name";
            return Err(Error::parameter("aggressors", value, requirement));
        };
        Ok(place)
    }
}

impl Lane {
    /// Path of a block of the medium in messages: its name, or its index.
    pub(crate) fn path_of(&self, i: usize) -> String {
        match self.medium.get(i).and_then(Block::name) {
            Some(name) => format!("medium.{name}"),
            None => format!("medium.{i}"),
        }
    }
}
