//! Pulse cursors of the shared channels under the definition that stands in the reference files.

use crate::common::reference;
use lightlane::grid::{Grid, SymbolRate};
use lightlane::medium::Network;
use lightlane::medium::network::PortPairs;
use lightlane::receiver::butterworth4;
use lightlane::response::ChannelResponse;
use num_complex::Complex64;
use serde_json::Value;
use std::f64::consts::PI;

/// The reference forms the Butterworth filter with the coefficients of (93A-20), which are rounded to six decimals: that
/// alone moves the cursors by up to 3e-8 of the peak. The rest, two double-precision sums over 4,000 to 6,000
/// frequencies, is smaller still, so a wrong sample or a wrong frequency cannot hide.
const TOLERANCE: f64 = 1e-7;

#[test]
fn cursors_are_those_of_the_reference_files() {
    for id in ["c2c_12db", "c2m_z100_14db", "dpo_4in", "pychopmarg_example2"] {
        let Some((thru, reference)) = reference(id) else { return };
        let network = thru.differential(Some(PortPairs::DEFAULT)).unwrap();
        for key in ["pulse_106p25GBd", "pulse_53p125GBd"] {
            check(id, &network, &reference[key]);
        }
    }
}

fn check(id: &str, network: &Network, reference: &Value) {
    let number = |name: &str| reference["params"][name].as_f64().unwrap();
    let rate_hz = number("f_b_GBd") * 1e9;
    let (t_r, samples) = (number("T_r_s"), number("M") as usize);
    let freq_hz = network.freq_hz();
    let step_hz = freq_hz[freq_hz.len() - 1] - freq_hz[freq_hz.len() - 2];
    let grid = Grid::with_step(SymbolRate::new(rate_hz).unwrap(), samples, step_hz).unwrap();
    assert!((grid.step_hz() / step_hz - 1.0).abs() < 1e-9, "the file's grid is the pulse's");
    let mut sdd21 = network.trace(1, 0);
    if freq_hz[0] > 0.0 {
        // "DC absent in file: H(0) = |H(f1)|"
        sdd21.insert(0, Complex64::new(sdd21[0].norm(), 0.0));
    }
    sdd21[0].im = 0.0;
    let filtered = sdd21.iter().enumerate().map(|(k, s)| {
        let f = grid.freq_hz(k);
        let edge = (-2.0 * (PI * f * t_r / 1.6832).powi(2)).exp();
        s * edge * butterworth4(f, number("f_r") * rate_hz)
    });
    let pulse = ChannelResponse::new(grid, filtered.collect(), 0.0).unwrap().scaled(number("A_v_V")).pulse();
    let peak_v = reference["peak_V"].as_f64().unwrap();
    let at = reference["peak_index_k"].as_i64().unwrap() as isize;
    assert_eq!(pulse.peak().rem_euclid(grid.n_samples() as isize), at, "{id}: peak");
    let near = |found: f64, wanted: f64, what: &str| {
        assert!((found - wanted).abs() < TOLERANCE * peak_v, "{id}: {what}: {found} {wanted}");
    };
    near(pulse.at(at), peak_v, "peak");
    let wanted = |key: &str| {
        reference[key]["pre3..post5"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_f64().unwrap())
            .collect::<Vec<_>>()
    };
    for (found, wanted) in pulse.cursors(at, 3, 5).iter().zip(wanted("cursors_at_peak_V")) {
        near(*found, wanted, "cursor at the peak");
    }
    let mm = reference["mm_index_k"].as_i64().unwrap() as isize;
    for (found, wanted) in pulse.cursors(mm, 3, 5).iter().zip(wanted("cursors_at_mm_V")) {
        near(*found, wanted, "cursor at the Mueller-Muller phase");
    }
}
