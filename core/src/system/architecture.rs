//! The ledger of a named architecture of a 200 Gb/s lane: 106.25 GBd PAM4 with KP4.
//!
//! Losses and lengths of the preset are of one end. A host equalizes its own path, and where the medium is linear
//! also an equivalent of what the optics do; over copper without retimers the receiver equalizes both ends and the
//! cable, since nothing between them resets the signal.

use super::entries::Entries;
use super::fold::Entry;
use super::terms::{Delay, Host, Ledger, Loss, Terms};
use super::values::{ArchitecturePreset, MediumKind, system_data};
use crate::error::{Error, Result};
use crate::fec::Fec;
use crate::ledger::Graded;

const LINE_RATE_BPS: f64 = 212.5e9;

/// Names of the built-in architectures.
///
/// # Errors
/// None in practice; the built-in data are whole.
pub fn architecture_names() -> Result<Vec<&'static str>> {
    Ok(system_data()?.architectures.keys().map(String::as_str).collect())
}

/// Folds the ledger of an architecture; `-` is accepted for `_` in its name.
///
/// `fiber_length_m` is the reach of an optical one (copper has its cable), `interleave` the codewords decoded
/// together.
///
/// # Errors
/// [`Error::Unknown`] with the nearest name; [`Error::Parameter`] for a negative length or an interleave of 0.
///
/// ```
/// let cpo = lightlane::system::architecture_ledger("cpo", 30.0, 1)?;
/// assert!((cpo.host_loss_db.value - 18.0 * 0.11).abs() < 1e-12);
/// # Ok::<(), lightlane::Error>(())
/// ```
pub fn architecture_ledger(name: &str, fiber_length_m: f64, interleave: usize) -> Result<Ledger> {
    Ok(terms(name, fiber_length_m, interleave)?.ledger())
}

fn terms(name: &str, fiber_length_m: f64, interleave: usize) -> Result<Terms> {
    let known = &system_data()?.architectures;
    let unknown = || Error::unknown("architecture", name, known.keys().map(String::as_str));
    let preset = known.get(&name.replace('-', "_")).ok_or_else(unknown)?;
    let mut entries = Entries::new()?;
    let (losses, delays) = electrical_path(&mut entries, preset)?;
    let host = if preset.host_serdes {
        let db = preset.host_extra_loss_equivalent_db;
        let extra = if db > 0.0 {
            Some(chosen(&mut entries, preset, "host_extra_loss_equivalent", db, "dB")?)
        } else {
            None
        };
        entries.host_by_loss(extra)?
    } else {
        Host::None
    };
    let (mut parts, mut lasers) = (Vec::new(), Vec::new());
    let ring = preset.energy_parts.iter().any(|p| p == "ring_tuning");
    for part in &preset.energy_parts {
        match part.as_str() {
            "laser_internal" => lasers.push(entries.laser_budget(false, ring)?),
            "laser_external" => lasers.push(entries.laser_budget(true, ring)?),
            name => parts.push((1.0, entries.part(name)?)),
        }
    }
    Ok(Terms {
        losses,
        delays,
        host,
        vrm_efficiency: if preset.energy_parts.is_empty() {
            None
        } else {
            Some(entries.part("vrm_efficiency")?)
        },
        parts,
        lasers,
        fiber: match preset.medium {
            MediumKind::Copper => None,
            MediumKind::Optical => Some(entries.fiber(fiber_length_m)?),
        },
        dsp: entries.dsp(preset.dsp_modules)?,
        serdes_delay: entries.part("serdes_pair")?,
        // A die-to-die interface instead of a host SerDes: its round trip is one crossing at each end.
        die_to_die: if preset.host_serdes { None } else { Some(entries.part("ucie")?) },
        fec: entries.fec(Fec::Kp4, interleave)?,
        line_rate_bps: LINE_RATE_BPS,
        payload_rate_bps: Fec::Kp4.payload_rate_bps(LINE_RATE_BPS),
        book: entries.book,
    })
}

/// Enters a choice of the preset: a value without a range.
fn chosen(
    entries: &mut Entries,
    preset: &ArchitecturePreset,
    name: &str,
    value: f64,
    unit: &str,
) -> Result<Entry> {
    let source = system_data()?.source_text(&preset.source)?;
    Ok(entries.book.path(Graded::new(name, value, value, value, unit, preset.grade, &source)?))
}

/// Losses that one host equalizes, and the delays of both ends and the cable.
fn electrical_path(entries: &mut Entries, preset: &ArchitecturePreset) -> Result<(Vec<Loss>, Vec<Delay>)> {
    let copper = preset.medium == MediumKind::Copper;
    // With nothing between the hosts that resets the signal, the far end's path counts too.
    let linear_copper = copper && preset.dsp_modules == 0;
    let count = if linear_copper { 2.0 } else { 1.0 };
    let (mut losses, mut delays) = (Vec::new(), Vec::new());
    for (section, length_mm, dk) in [
        ("package", preset.package_mm, "dk_package"),
        ("pcb", preset.pcb_mm, "dk_pcb"),
        ("flyover", preset.flyover_mm, "dk_twinax"),
    ] {
        if length_mm > 0.0 {
            let length = chosen(entries, preset, &format!("{section}_length"), length_mm * 1e-3, "m")?;
            losses.push(Loss {
                count,
                loss: entries.path(&format!("{section}_loss"))?,
                length: Some(length),
            });
            delays.push(Delay::Line { count: 2.0, length, dk: entries.path(dk)? });
        }
    }
    for name in &preset.extra_losses {
        losses.push(Loss { count, loss: entries.path(name)?, length: None });
    }
    if copper {
        let length = chosen(entries, preset, "cable_length", preset.cable_m, "m")?;
        delays.push(Delay::Line { count: 1.0, length, dk: entries.path("dk_twinax")? });
    }
    if linear_copper {
        let loss = chosen(entries, preset, "cable_loss", preset.cable_loss_db, "dB")?;
        losses.push(Loss { count: 1.0, loss, length: None });
    }
    Ok((losses, delays))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_point_of_the_box_leaves_the_bounds() {
        // A linear congruential generator is random enough to look for a counterexample.
        let mut state = 1u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        for name in architecture_names().expect("built-in") {
            let terms = terms(name, 500.0, 2).expect("built-in");
            let (energy, latency) = terms.ranges();
            for i in 0..300 {
                // Corners as well as the inside.
                let mut point = |e: &Graded| {
                    let u = if i % 2 == 0 { uniform().round() } else { uniform() };
                    e.low + u * (e.high - e.low)
                };
                let values: Vec<f64> = terms.book.entries().iter().map(&mut point).collect();
                let (e, l) = terms.at(&values);
                // 1e-12: rounding of the same sum in another order of values.
                let inside = |x: f64, r: &super::super::Ranged| {
                    x >= r.low * (1.0 - 1e-12) && x <= r.high * (1.0 + 1e-12)
                };
                assert!(inside(e, &energy) && inside(l, &latency), "{name}: {e:e} {l:e}");
            }
        }
    }
}
