//! Links that the tests equalize.

use lightlane::Run;
use lightlane::grid::{Grid, SymbolRate};
use lightlane::modulation::Modulation;
use lightlane::receiver::{Ctle, Dfe, Equalized, Ffe, Receiver, equalize};
use lightlane::response::{
    ChannelResponse, Crosstalk, CrosstalkPhase, Jitter, JitterModel, LevelLaw, LinkResponse, NoiseKind,
    NoiseSource, Plane, Signal,
};
use num_complex::Complex64;
use std::f64::consts::TAU;

pub(crate) const M: usize = 16;
pub(crate) const LEVELS: [f64; 4] = [-0.4, -0.4 / 3.0, 0.4 / 3.0, 0.4];

pub(crate) fn grid() -> Grid {
    Grid::new(SymbolRate::new(106.25e9).unwrap(), M, M * 1024).unwrap()
}

/// A causal lossy line: skin-effect loss in √(jf) and 20.3 symbols of delay.
pub(crate) fn line(loss_db: f64) -> ChannelResponse {
    let grid = grid();
    let rate = grid.symbol_rate();
    let nepers = loss_db / 8.685_889_638;
    ChannelResponse::from_fn(grid, 1.5 * rate.hz(), |f| {
        let root = Complex64::new(0.0, 2.0 * f / rate.nyquist_hz()).sqrt();
        (-root * nepers - Complex64::new(0.0, TAU * f * 20.3 / rate.hz())).exp()
    })
}

pub(crate) fn link(response: ChannelResponse) -> LinkResponse {
    LinkResponse {
        grid: grid(),
        modulation: Modulation::Pam4,
        levels: LEVELS.to_vec(),
        signal: Signal::Linear { response, ffe: vec![], ffe_main: 0 },
        noise: vec![],
        interference: vec![],
        crosstalk: vec![],
        crosstalk_phase: CrosstalkPhase::default(),
        jitter: None,
    }
}

pub(crate) fn run(link: &LinkResponse, receiver: &Receiver) -> Equalized {
    equalize(link, receiver, &Run::default()).unwrap()
}

pub(crate) fn nyquist(density_v2_per_hz: f64) -> NoiseSource {
    NoiseSource {
        name: "thermal".into(),
        plane: Plane::Receiver,
        kind: NoiseKind::Nyquist { density_v2_per_hz },
        law: LevelLaw::Stationary,
    }
}

pub(crate) fn cursors(e: &Equalized) -> (&[f64], usize) {
    e.model.signal.cursors()
}

/// Everything at once: loss, transmit FFE and noise, crosstalk, jitter, RIN, CTLE search, floating taps and limits.
pub(crate) fn busy() -> (LinkResponse, Receiver) {
    let mut link = link(line(18.0));
    link.signal = Signal::Linear { response: line(18.0), ffe: vec![0.02, -0.12, 0.86], ffe_main: 2 };
    link.noise.push(NoiseSource::thermal(grid(), 7.5e-18));
    link.noise.push(NoiseSource {
        name: "transmitter".into(),
        plane: Plane::Transmitter,
        kind: NoiseKind::PerSymbol { rms: 0.4 * 10f64.powf(-33.0 / 20.0), response: line(18.0) },
        law: LevelLaw::Stationary,
    });
    link.noise.push(NoiseSource {
        name: "rin".into(),
        plane: Plane::Light,
        kind: NoiseKind::Density { density: vec![2e-17; grid().n_freq()], transfer: line(6.0) },
        law: LevelLaw::BySymbol { factor: vec![0.2, 0.5, 1.0, 2.0], symbol_delay_s: 14.0 / 106.25e9 },
    });
    let coupling =
        line(20.0).filtered(|f| Complex64::new(0.0, 0.05 * f / 53e9) / Complex64::new(1.0, f / 80e9));
    link.crosstalk.push(Crosstalk {
        name: "fext1".into(),
        response: coupling,
        levels: LEVELS.to_vec(),
        ffe: vec![-0.1, 0.9],
        ffe_main: 1,
    });
    link.jitter = Some(Jitter { rj_ui: 0.01, dd_ui: 0.02, model: JitterModel::Edge, ..Jitter::default() });
    let receiver = Receiver {
        bandwidth_hz: Some(58.4e9),
        ctle: Some(Ctle::auto()),
        ffe: Some(Ffe { floating_groups: 2, floating_taps: 4, tap_limit: 0.7, ..Ffe::new(6, 8) }),
        dfe: Some(Dfe { taps: 1, limit: 0.85, minimum: Some(0.0), values: None }),
        ..Receiver::default()
    };
    (link, receiver)
}
