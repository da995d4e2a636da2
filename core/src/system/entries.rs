//! Enters built-in values into a ledger: the groups of entries that lanes and architectures share.

use super::fold::{Book, Entry};
use super::terms::{BudgetEntries, Host, Laser};
use super::values::{SystemData, system_data};
use crate::error::{Error, Result, require};
use crate::fec::Fec;
use crate::ledger::{Grade, Graded};

/// A ledger under construction.
pub(super) struct Entries {
    data: &'static SystemData,
    pub(super) book: Book,
}

impl Entries {
    pub(super) fn new() -> Result<Self> {
        Ok(Self { data: system_data()?, book: Book::default() })
    }

    /// A built-in value, as a part.
    pub(super) fn part(&mut self, name: &str) -> Result<Entry> {
        Ok(self.book.part(self.data.value(name)?.clone()))
    }

    /// A built-in value, on the path.
    pub(super) fn path(&mut self, name: &str) -> Result<Entry> {
        Ok(self.book.path(self.data.value(name)?.clone()))
    }

    /// A quantity on the path that the caller knows: its range is a point.
    pub(super) fn known(&mut self, name: &str, value: f64, unit: &str) -> Result<Entry> {
        let known = Graded::new(name, value, value, value, unit, Grade::Sourced, "given, not estimated")?;
        Ok(self.book.path(known))
    }

    /// The host's SerDes by the loss it equalizes.
    pub(super) fn host_by_loss(&mut self, extra: Option<Entry>) -> Result<Host> {
        Ok(Host::Affine { base: self.part("serdes_base")?, slope: self.part("serdes_slope")?, extra })
    }

    /// Fibre length and group index.
    pub(super) fn fiber(&mut self, length_m: f64) -> Result<(Entry, Entry)> {
        require::non_negative("fiber_length_m", length_m)?;
        Ok((self.known("fiber_length", length_m, "m")?, self.path("fibre_group_index")?))
    }

    /// Number of retiming modules and the delay of one.
    pub(super) fn dsp(&mut self, modules: usize) -> Result<Option<(f64, Entry)>> {
        if modules == 0 { Ok(None) } else { Ok(Some((modules as f64, self.part("dsp_module")?))) }
    }

    /// Codewords decoded together, bits of one, and the decoder's delay.
    pub(super) fn fec(&mut self, fec: Fec, interleave: usize) -> Result<Option<(f64, Entry, Entry)>> {
        if interleave == 0 {
            return Err(Error::parameter("interleave", 0, "at least 1"));
        }
        match fec {
            Fec::None => Ok(None),
            Fec::Kp4 => {
                Ok(Some((interleave as f64, self.part("fec_codeword_bits")?, self.part("fec_decode")?)))
            }
        }
    }

    /// The optical budget. An internal laser pays its coupling to the chip; an external one the connector and the
    /// excess loss of the split as well.
    pub(super) fn laser_budget(&mut self, external: bool, ring: bool) -> Result<Laser> {
        let coupling = self.part("fibre_to_pic_loss")?;
        let mut laser_path = vec![coupling];
        if external {
            laser_path.extend([self.part("els_connector_loss")?, self.part("splitter_excess")?]);
        }
        Ok(Laser::Budget(Box::new(BudgetEntries {
            sensitivity: self.part("rx_sensitivity_oma")?,
            penalty: self.part("tx_penalty")?,
            margin: self.part("design_margin")?,
            link: self.part("link_loss_dr")?,
            coupling,
            waveguide: self.part("pic_waveguide_loss")?,
            extinction: self.part("extinction_ratio")?,
            modulator: self.part(if ring { "modulator_loss_mrm" } else { "modulator_loss_mzm" })?,
            laser_path,
            lanes_per_laser: if external { Some(self.part("lanes_per_laser")?) } else { None },
            efficiency: self.laser_efficiency(external)?,
        })))
    }

    /// Wall-plug efficiency of a laser.
    pub(super) fn laser_efficiency(&mut self, external: bool) -> Result<Entry> {
        self.part(if external { "els_wall_plug_efficiency" } else { "internal_laser_wall_plug_efficiency" })
    }
}
