//! The operating margin of an analysed lane.

use crate::engine::statistical::{OperatingMargin, Prepared};
use crate::error::Result;
use crate::report::LaneReport;
use crate::run::Run;

/// COM of a lane, whatever its medium.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LaneMargin {
    /// Margin with what sequence detection is credited with, dB.
    pub com_db: f64,
    /// What sequence detection gains where errors are rare, dB; 0 without it.
    pub mlsd_gain_db: f64,
    /// The margin of the slicer.
    pub slicer: OperatingMargin,
}

impl LaneReport {
    /// How much noise, interference, crosstalk and jitter may grow together before an edge is crossed with probability
    /// `der`; the detector error ratio of the lane's limit if None. See [`Prepared::operating_margin`].
    ///
    /// It is at least 0 if the lane meets its limit with correct feedback, but for the bits of errors by two levels.
    /// [`LaneReport::margin_db`] lets Gaussian noise alone grow: the two agree where nothing else disturbs, and where
    /// both are positive this one is not larger.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] unless 0 < der < 0.5; [`crate::Error::Interrupted`].
    pub fn operating_margin(&self, der: Option<f64>, run: &Run) -> Result<LaneMargin> {
        let statistics = Prepared::new(&self.model, run)?;
        let der = der.unwrap_or_else(|| statistics.der_of_ber(self.ber_limit));
        let slicer = statistics.operating_margin(der, run)?;
        let mlsd_gain_db = self.detection.as_ref().map_or(0.0, |d| d.gain_db.max(0.0));
        Ok(LaneMargin { com_db: slicer.com_db + mlsd_gain_db, mlsd_gain_db, slicer })
    }
}
