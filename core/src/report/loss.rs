//! Loss figures of a prepared lane.

use crate::lane::PreparedLane;
use crate::response::ChannelResponse;
use crate::units::amplitude_db;

/// Loss of a response at a frequency, dB, relative to a perfect connection; infinite where nothing passes.
pub fn loss_at_db(response: &ChannelResponse, freq_hz: f64) -> f64 {
    let position = freq_hz / response.grid().step_hz();
    let k = position.floor() as usize;
    let share = position - k as f64;
    let db = |k: usize| -amplitude_db(response.at(k).norm());
    // Decibels are interpolated, as instruments and standards do.
    if share == 0.0 { db(k) } else { (1.0 - share) * db(k) + share * db(k + 1) }
}

/// Loss at the Nyquist frequency that the host's SerDes sees, dB: all of a copper lane, the larger electrical side of
/// an optical one. Of a path that is known to end below it, the loss at its end: at least so much has to be equalized.
pub fn electrical_loss_db(prepared: &PreparedLane) -> f64 {
    let nyquist_hz = prepared.link.grid.symbol_rate().nyquist_hz();
    let of = |response: &ChannelResponse| {
        let end_hz = response.grid().freq_hz(response.h().len() - 1);
        let known_hz = if response.beyond() == 0.0 { end_hz.min(nyquist_hz) } else { nyquist_hz };
        // A null exactly there is no loss that a number could state.
        loss_at_db(response, known_hz).min(300.0)
    };
    let host = of(&prepared.host);
    prepared.after.as_ref().map_or(host, |after| host.max(of(after)))
}
