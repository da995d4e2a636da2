//! The device and package of Annex 93A and 178A: die ladder, bump, package lines, board ball.
//!
//! ```text
//! gamma(f) = g0 + a1 (1 + j) √f + a2 (1 - j (2/π) ln(f/1 GHz)) f + j 2π tau f          (93A-9 … 93A-12)
//! rho = (Zc - 2R0)/(Zc + 2R0);  S11 = rho (1 - e^{-2 gamma d})/(1 - rho² e^{-2 gamma d})
//! S21 = (1 - rho²) e^{-gamma d}/(1 - rho² e^{-2 gamma d})                              (93A-13, 93A-14)
//! ```
//!
//! Those reflections are a line of real impedance Zc, whatever R0: the chain matrix used here needs no R0. Capacitances
//! and inductances are those of one leg, Zc is differential, so the pair sees C/2 and 2L. At f = 0 the limit
//! gamma = g0 is exact (f ln f → 0). The order is C_d, L_s per stage, C_b, lines, C_p on the transmitter's side and
//! the mirror image on the receiver's. Valid to about 110 GHz, where the annexes fit it; not a layout model.

use super::presets::Table;
use super::two_port::{TwoPort, check_freq, differential_network};
use crate::error::{Error, Result, require};
use crate::ledger::Graded;
use crate::medium::Network;
use num_complex::Complex64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::{FRAC_2_PI, TAU};

const DATA: &str = include_str!("../../../data/packages.toml");

/// Which end of the lane a package stands at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Die on the left, board on the right.
    #[default]
    Tx,
    /// Board on the left, die on the right.
    Rx,
}

/// One line section of a package.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PackageLine {
    /// Length d, m.
    pub length_m: f64,
    /// Differential impedance Zc, ohm.
    pub z0_ohm: f64,
    /// g0, 1/m.
    pub gamma0_per_m: f64,
    /// a1, √s/m.
    pub a1_sqrt_s_per_m: f64,
    /// a2, s/m; its logarithm takes f in GHz, as in the annex.
    pub a2_s_per_m: f64,
    /// Delay tau, s/m.
    pub tau_s_per_m: f64,
}

impl Default for PackageLine {
    /// 12 mm of the class A package of 802.3dj.
    fn default() -> Self {
        Self {
            length_m: 0.012,
            z0_ohm: 87.5,
            gamma0_per_m: 0.5,
            a1_sqrt_s_per_m: 2.8144271175498574e-05,
            a2_s_per_m: 2e-10,
            tau_s_per_m: 6.141e-9,
        }
    }
}

impl PackageLine {
    /// A line of no length with the terms of the annex: g0 in 1/mm, a1 in √ns/mm, a2 and tau in ns/mm.
    pub(crate) fn from_annex(gamma0: f64, a1: f64, a2: f64, tau: f64) -> Self {
        Self {
            length_m: 0.0,
            gamma0_per_m: gamma0 * 1e3,
            a1_sqrt_s_per_m: a1 * 1e3 * 1e-9_f64.sqrt(),
            a2_s_per_m: a2 * 1e-6,
            tau_s_per_m: tau * 1e-6,
            ..Self::default()
        }
    }

    /// Propagation constant gamma, 1/m.
    pub fn propagation_per_m(&self, freq_hz: f64) -> Complex64 {
        let skin = self.a1_sqrt_s_per_m * freq_hz.sqrt();
        let log = if freq_hz > 0.0 { freq_hz * (freq_hz * 1e-9).ln() } else { 0.0 };
        Complex64::new(
            self.gamma0_per_m + skin + self.a2_s_per_m * freq_hz,
            skin - self.a2_s_per_m * FRAC_2_PI * log + TAU * self.tau_s_per_m * freq_hz,
        )
    }

    fn two_port(&self, freq_hz: f64) -> TwoPort {
        let x = self.propagation_per_m(freq_hz) * self.length_m;
        TwoPort::line(x * self.z0_ohm, x / self.z0_ohm)
    }

    fn validate(&self, index: usize) -> Result<()> {
        let name = |field: &str| format!("lines.{index}.{field}");
        require::within(&name("length_m"), self.length_m, 0.0, 1.0)?;
        require::within(&name("z0_ohm"), self.z0_ohm, 1.0, 1000.0)?;
        require::within(&name("gamma0_per_m"), self.gamma0_per_m, 0.0, 100.0)?;
        require::within(&name("a1_sqrt_s_per_m"), self.a1_sqrt_s_per_m, 0.0, 1e-2)?;
        require::within(&name("a2_s_per_m"), self.a2_s_per_m, 0.0, 1e-7)?;
        require::within(&name("tau_s_per_m"), self.tau_s_per_m, 0.0, 1e-6)?;
        Ok(())
    }
}

/// A device with its package.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Package {
    /// Name within a medium.
    pub name: Option<String>,
    /// End of the lane; the receiver's package is the mirror image.
    pub side: Side,
    /// Shunt capacitances C_d of the die ladder, per leg, from the die outward, F.
    pub die_capacitance_f: Vec<f64>,
    /// Series inductances L_s of the die ladder, per leg, one a capacitance, H.
    pub die_inductance_h: Vec<f64>,
    /// Bump capacitance C_b, per leg, F.
    pub bump_capacitance_f: f64,
    /// Line sections from the die outward.
    pub lines: Vec<PackageLine>,
    /// Capacitance C_p at the board, per leg, F.
    pub board_capacitance_f: f64,
}

impl Default for Package {
    /// The class A package of 802.3dj with its short line, transmitter side.
    fn default() -> Self {
        Self {
            name: None,
            side: Side::Tx,
            die_capacitance_f: vec![40e-15, 90e-15, 110e-15],
            die_inductance_h: vec![130e-12, 150e-12, 140e-12],
            bump_capacitance_f: 30e-15,
            lines: vec![
                PackageLine::default(),
                PackageLine { length_m: 1.8e-3, z0_ohm: 92.5, ..PackageLine::default() },
            ],
            board_capacitance_f: 40e-15,
        }
    }
}

impl Package {
    /// Names of all presets.
    ///
    /// # Errors
    /// If the shipped table cannot be read, which a test excludes.
    pub fn names() -> Result<Vec<String>> {
        Table::names(DATA)
    }

    /// A preset by name for one side, for example `"802.3dj-class-a"` (12 mm) or `"802.3dj-class-a-long"` (33 mm).
    ///
    /// # Errors
    /// [`Error::Unknown`], with the nearest name.
    ///
    /// ```
    /// use lightlane::medium::electrical::{Package, Side};
    /// let tx = Package::preset("802.3dj-class-a", Side::Tx)?;
    /// assert_eq!((tx.lines[0].length_m, tx.lines[1].z0_ohm), (0.012, 92.5));
    /// # Ok::<(), lightlane::Error>(())
    /// ```
    pub fn preset(name: &str, side: Side) -> Result<Self> {
        let table = Table::named(DATA, "package", name)?;
        let end = match side {
            Side::Tx => "length_tx_m",
            Side::Rx => "length_rx_m",
        };
        let lines = table.list(end).into_iter().zip(table.list("z0_ohm"));
        let lines = lines
            .map(|(length_m, z0_ohm)| {
                Ok(PackageLine {
                    length_m,
                    z0_ohm,
                    gamma0_per_m: table.value("gamma0_per_m")?,
                    a1_sqrt_s_per_m: table.value("a1_sqrt_s_per_m")?,
                    a2_s_per_m: table.value("a2_s_per_m")?,
                    tau_s_per_m: table.value("tau_s_per_m")?,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let package = Self {
            name: None,
            side,
            die_capacitance_f: table.list("die_capacitance_f"),
            die_inductance_h: table.list("die_inductance_h"),
            bump_capacitance_f: table.value("bump_capacitance_f")?,
            lines,
            board_capacitance_f: table.value("board_capacitance_f")?,
        };
        package.validate()?;
        Ok(package)
    }

    /// Values of a preset with their grades and sources, the termination R_d of its device among them.
    ///
    /// # Errors
    /// [`Error::Unknown`], with the nearest name.
    pub fn evidence(name: &str) -> Result<Vec<Graded>> {
        Table::named(DATA, "package", name).map(|t| t.values().to_vec())
    }

    /// Single-ended termination R_d of a preset's device, ohm.
    ///
    /// # Errors
    /// [`Error::Unknown`], with the nearest name.
    pub fn termination_ohm(name: &str) -> Result<f64> {
        Table::named(DATA, "package", name)?.value("termination_ohm")
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the field.
    pub fn validate(&self) -> Result<()> {
        if self.die_capacitance_f.len() != self.die_inductance_h.len() {
            return Err(Error::parameter(
                "die_inductance_h",
                format!("{} values", self.die_inductance_h.len()),
                format!("one value for each of die_capacitance_f, {}", self.die_capacitance_f.len()),
            ));
        }
        for (i, &v) in self.die_capacitance_f.iter().enumerate() {
            require::within(&format!("die_capacitance_f.{i}"), v, 0.0, 1e-9)?;
        }
        for (i, &v) in self.die_inductance_h.iter().enumerate() {
            require::within(&format!("die_inductance_h.{i}"), v, 0.0, 1e-6)?;
        }
        require::within("bump_capacitance_f", self.bump_capacitance_f, 0.0, 1e-9)?;
        require::within("board_capacitance_f", self.board_capacitance_f, 0.0, 1e-9)?;
        self.lines.iter().enumerate().try_for_each(|(i, l)| l.validate(i))
    }

    /// Differential-mode chain matrix at each frequency.
    ///
    /// # Errors
    /// As [`Package::validate`]; a frequency that is negative or not finite.
    pub fn chain(&self, freq_hz: &[f64]) -> Result<Vec<TwoPort>> {
        self.validate()?;
        check_freq(freq_hz)?;
        let shunt = |f: f64, farad: f64| TwoPort::shunt(Complex64::new(0.0, 0.5 * TAU * f * farad));
        Ok(freq_hz
            .iter()
            .map(|&f| {
                let mut out = TwoPort::IDENTITY;
                for (&farad, &henry) in self.die_capacitance_f.iter().zip(&self.die_inductance_h) {
                    let series = TwoPort::series(Complex64::new(0.0, 2.0 * TAU * f * henry));
                    out = out.then(&shunt(f, farad)).then(&series);
                }
                out = out.then(&shunt(f, self.bump_capacitance_f));
                for line in &self.lines {
                    out = out.then(&line.two_port(f));
                }
                out = out.then(&shunt(f, self.board_capacitance_f));
                if self.side == Side::Rx { out.mirrored() } else { out }
            })
            .collect())
    }

    /// Differential two-port, 100 ohm.
    ///
    /// # Errors
    /// As [`Package::chain`] and [`Network::new`].
    pub fn network(&self, freq_hz: &[f64]) -> Result<Network> {
        differential_network(freq_hz, &self.chain(freq_hz)?)
    }
}
