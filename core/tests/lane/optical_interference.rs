//! Reflections and other wavelengths in a whole lane.

use crate::engines::{MODEL_TOLERANCE, countable, engines_agree, thermal};
use crate::prepared;
use lightlane::Run;
use lightlane::engine::time_domain::{Simulation, simulate_waveform};
use lightlane::lane::{Block, Lane, SignalForm, preset};
use lightlane::medium::optics::{Connector, OpticalPart, Optics, Wavelengths};
use lightlane::receiver;
use lightlane::report::LaneReport;
use lightlane::response::{LevelLaw, NoiseKind};

/// The co-packaged preset with its section changed.
fn lane(change: impl Fn(&mut Optics)) -> Lane {
    let mut lane = preset("cpo-dr1").unwrap();
    for block in &mut lane.medium {
        if let Block::Optics(optics) = block {
            change(optics);
        }
    }
    lane
}

/// Every connector with that reflectance, and one more.
fn reflecting(reflectance_db: f64) -> impl Fn(&mut Optics) {
    move |optics| {
        optics.path.push(OpticalPart::Connector(Connector::default()));
        for part in &mut optics.path {
            if let OpticalPart::Connector(c) = part {
                c.reflectance_db = Some(reflectance_db);
            }
        }
    }
}

fn analyze(lane: &Lane) -> LaneReport {
    prepared(lane).unwrap().analyze(&Run::default()).unwrap()
}

fn budget(report: &LaneReport, name: &str) -> Option<f64> {
    report.noise_budget.iter().find(|(n, _)| n == name).map(|(_, v)| *v)
}

#[test]
fn the_budget_has_the_closed_form_of_the_ripple() {
    for form in [SignalForm::Record, SignalForm::Linear] {
        let mut lane = lane(reflecting(-30.0));
        lane.signal_form = form;
        // Feedback removes the symbol before, but not the ripple of its light.
        lane.receiver.dfe = None;
        let ready = prepared(&lane).unwrap();
        let report = ready.analyze(&Run::default()).unwrap();
        let optical = ready.optical.as_ref().unwrap();
        let Some(Block::Optics(optics)) = lane.medium.iter().find(|b| matches!(b, Block::Optics(_))) else {
            panic!("an optical lane")
        };
        let pairs = optics.echo_amplitudes();
        assert_eq!(pairs.len(), 3);
        // rms of 2 x P_s P_i cos θ over the OMA, times the opening of the outer levels at the slicer.
        let mean = optical.settled_w.iter().sum::<f64>() / 4.0;
        let ripple = pairs.iter().map(|x| 2.0 * x * x).sum::<f64>().sqrt() * mean / optical.oma_w;
        let opening = report.levels_v[3] - report.levels_v[0];
        let found = budget(&report, "mpi").unwrap();
        // Intersymbol interference adds to it, and a bent modulator's levels are off the straight line.
        assert!((found / (ripple * opening) - 1.0).abs() < 0.1, "{form:?}: {found} {}", ripple * opening);
    }
}

#[test]
fn reflections_cost_margin_within_their_bound() {
    let margin = |db: f64| analyze(&lane(reflecting(db))).margin_db;
    // Without reflections, and with so few that nothing is left of them.
    let clean = margin(f64::NEG_INFINITY);
    let quiet = analyze(&lane(reflecting(-70.0)));
    assert!((quiet.margin_db - clean).abs() < 1e-3 && budget(&quiet, "mpi").is_some());
    let mut last = clean;
    for db in [-45.0, -35.0, -30.0, -26.0] {
        let report = analyze(&lane(reflecting(db)));
        assert!(report.margin_db < last, "{db}: {} {last}", report.margin_db);
        last = report.margin_db;
    }
    // At -35 dB the worst phase of every pair takes 2 · 3 · 10^-3.5 of the brightest light: with an extinction ratio of
    // 7 dB that is 1.25 of the OMA, and of a third of it, 0.7 %: 0.07 dB at most.
    let penalty = clean - margin(-35.0);
    assert!(penalty > 0.0 && penalty < 0.12, "{penalty}");
}

#[test]
fn engines_agree_with_reflections() {
    let noisy = |lane: &Lane| thermal(lane, countable(lane));
    engines_agree("record", &noisy(&lane(reflecting(-24.0))), MODEL_TOLERANCE);
    let mut linear = lane(reflecting(-24.0));
    linear.signal_form = SignalForm::Linear;
    engines_agree("linear", &noisy(&linear), MODEL_TOLERANCE);
}

#[test]
fn the_waveform_counts_the_same() {
    let lane = lane(reflecting(-24.0));
    let lane = thermal(&lane, countable(&lane));
    let ready = prepared(&lane).unwrap();
    let report = ready.analyze(&Run::default()).unwrap();
    let model =
        receiver::waveform(&ready.link, &report.lane.receiver, &report.thresholds_v, 8, &Run::default())
            .unwrap();
    assert_eq!(model.interference.len(), 3);
    let simulation = Simulation { n_symbols: 400_000, ..Simulation::default() };
    let counts = simulate_waveform(&model, &report.lane.receiver, &simulation).unwrap().counts;
    assert!(
        counts.agrees_with(report.ber, 0.9999, MODEL_TOLERANCE).unwrap(),
        "{:e} for {:e}",
        counts.ber(),
        report.ber
    );
}

#[test]
fn neighbours_are_aggressors_and_light() {
    let alone = analyze(&lane(|_| ()));
    let grid = |isolation_db| {
        lane(move |o| {
            o.wavelengths = Some(Wavelengths { count: 3, isolation_db, ..Wavelengths::default() });
        })
    };
    let apart = analyze(&grid(Some(80.0)));
    assert!((apart.margin_db - alone.margin_db).abs() < 1e-3);
    let ready = prepared(&grid(Some(20.0))).unwrap();
    assert_eq!(ready.link.crosstalk.len(), 2);
    let near = ready.analyze(&Run::default()).unwrap();
    // Two neighbours of 1 % of the signal's own size each: the deviation of the levels, √2 of a hundredth of it.
    let wanted = near.levels_v.iter().map(|v| v * v).sum::<f64>() / 4.0
        - (near.levels_v.iter().sum::<f64>() / 4.0).powi(2);
    let crosstalk = budget(&near, "crosstalk").unwrap();
    // Over free-running phases the transitions are in between: less than at the instant of the decision.
    let ratio = crosstalk / (0.01 * (2.0 * wanted).sqrt());
    assert!(ratio > 0.6 && ratio < 1.1, "{ratio}");
    assert!(near.margin_db < alone.margin_db - 0.01);
    // 2 % more light, 2 % more density of the shot noise, the same for every symbol's own light.
    let density = |lane: &Lane| {
        let ready = prepared(lane).unwrap();
        let shot = ready.link.noise.into_iter().find(|n| n.name == "shot").unwrap();
        let NoiseKind::Density { density, .. } = shot.kind else { panic!("a density") };
        let LevelLaw::BySymbol { factor, .. } = shot.law else { panic!("a law of the symbol") };
        factor.iter().map(|f| f * density[1]).collect::<Vec<_>>()
    };
    let (before, after) = (density(&lane(|_| ())), density(&grid(Some(20.0))));
    let added = before.iter().sum::<f64>() / 4.0 * 0.02;
    assert!(
        before.iter().zip(&after).all(|(b, a)| ((a - b) / added - 1.0).abs() < 1e-9),
        "{before:?} {after:?}"
    );
    // Of the same wavelength at 35 dB: a field of 1.8 %, worse than a power of 1 % from a neighbour.
    let coherent = analyze(&lane(|o| {
        let same_wavelength_isolation_db = Some(35.0);
        o.wavelengths =
            Some(Wavelengths { count: 1, same_wavelength_isolation_db, ..Wavelengths::default() });
    }));
    assert!(budget(&coherent, "leakage").unwrap() > 0.0 && coherent.margin_db < alone.margin_db);
    engines_agree("wavelengths", &thermal(&grid(Some(20.0)), countable(&grid(Some(20.0)))), MODEL_TOLERANCE);
}

#[test]
fn strong_echoes_are_an_answer_with_a_warning() {
    let report = analyze(&lane(reflecting(-13.0)));
    assert!(report.warnings.iter().any(|w| w.starts_with("path: echoes of 0.1")), "{:?}", report.warnings);
    let closed = analyze(&lane(reflecting(-6.0)));
    assert!(
        closed.ber > 1e-3 && closed.warnings.iter().any(|w| w.contains("interference alone closes the eye"))
    );
}
