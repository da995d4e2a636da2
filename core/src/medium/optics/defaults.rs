//! Sources and grades of the default values.

use crate::error::{Error, Result};
use crate::ledger::{Grade, Graded};
use serde::Deserialize;
use std::collections::BTreeMap;

/// One entry of the table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    value: f64,
    low: f64,
    high: f64,
    unit: String,
    grade: Grade,
    source: String,
}

/// Every default of the optical devices that rests on a judgement, named `device.field` (`optics.….field` for what a
/// whole section sets differently), from `core/data/optics.toml`.
///
/// # Errors
/// [`Error::Document`] or [`Error::Parameter`] if the table that is built into the crate were damaged.
pub fn graded_defaults() -> Result<Vec<Graded>> {
    let text = include_str!("../../../data/optics.toml");
    let table: BTreeMap<String, BTreeMap<String, Entry>> =
        toml::from_str(text).map_err(|e| Error::Document {
            line: 0,
            name: "optics.toml".into(),
            value: e.message().to_string(),
            requirement: "tables of graded values".into(),
        })?;
    let mut values = Vec::new();
    for (device, fields) in table {
        for (field, e) in fields {
            let name = format!("{device}.{field}");
            values.push(Graded::new(&name, e.value, e.low, e.high, &e.unit, e.grade, &e.source)?);
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::medium::optics::*;
    use serde_json::Value;

    #[test]
    fn every_default_of_a_device_stands_in_the_table_and_nothing_else_does() {
        let table: BTreeMap<String, f64> =
            graded_defaults().unwrap().into_iter().map(|g| (g.name, g.value)).collect();
        let mut seen = 0;
        let mut check = |device: &str, config: Value| {
            for (field, value) in config.as_object().unwrap() {
                // Zero and none say that an effect is absent, infinity that a limit is: neither is a measured value.
                if let Some(v) = value.as_f64().filter(|v| *v != 0.0) {
                    assert_eq!(table.get(&format!("{device}.{field}")), Some(&v), "{device}.{field}");
                    seen += 1;
                }
            }
        };
        check("alignment", serde_json::to_value(Alignment::default()).unwrap());
        check("laser", serde_json::to_value(Laser::default()).unwrap());
        check("driver", serde_json::to_value(Driver::default()).unwrap());
        check("mach_zehnder", serde_json::to_value(MachZehnder::default()).unwrap());
        check("ring_modulator", serde_json::to_value(RingModulator::default()).unwrap());
        check("eam", serde_json::to_value(Eam::default()).unwrap());
        check("coupler", serde_json::to_value(Coupler::default()).unwrap());
        check("grating_coupler", serde_json::to_value(GratingCoupler::default()).unwrap());
        check("evanescent_coupler", serde_json::to_value(EvanescentCoupler::default()).unwrap());
        check("fiber", serde_json::to_value(Fiber::default()).unwrap());
        check("connector", serde_json::to_value(Connector::default()).unwrap());
        check("photodiode", serde_json::to_value(Photodiode::default()).unwrap());
        check("tia", serde_json::to_value(Tia::default()).unwrap());
        check("wavelengths", serde_json::to_value(Wavelengths::default()).unwrap());
        let optics = Optics::default();
        let Modulator::MachZehnder(modulator) = &optics.modulator else { panic!("a Mach–Zehnder") };
        for (field, value) in [
            ("laser_power_w", optics.laser.power_w),
            ("lanes_per_laser", optics.laser.lanes_per_laser as f64),
            ("feed_loss_db", optics.laser.feed_loss_db),
            ("modulator_loss_db", modulator.loss_db),
            ("coupler_excess_loss_db", optics.couplers().next().unwrap().excess_loss_db),
            ("fiber_length_m", optics.fibers().next().unwrap().length_m),
        ] {
            assert_eq!(table.get(&format!("optics.{field}")), Some(&value), "{field}");
            seen += 1;
        }
        assert_eq!(seen, table.len());
    }
}
