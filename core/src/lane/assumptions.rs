//! What a lane rests on: its numbers compared, one by one, with the tables that the shipped values come from.
//!
//! | part | compared with |
//! |---|---|
//! | transmitter, receiver, limits | the lane preset it is closest to |
//! | package | the values of every package preset |
//! | trace | the values of every material, then the defaults of a trace |
//! | via, connector, twinax | their defaults, which are assumptions throughout |
//! | optics | the graded defaults of the devices |
//! | retimer | its defaults, with the grades that these values have in the lanes |
//! | synthetic channel | one entry: its recipe |
//!
//! A number that stands in no table is its author's own, and so is one that differs from its table.

use crate::error::Result;
use crate::lane::presets::{numbers, settings, support};
use crate::lane::{Block, Lane, Retimer};
use crate::ledger::{Assumption, Grade, Graded};
use crate::medium::electrical::{BoardConnector, Material, Package, Trace, Twinax, Via};
use crate::medium::optics::{OpticalPart, Optics, graded_defaults};
use serde::Serialize;
use serde_json::Value;

/// Source of a default that no document supports.
const OWN_DEFAULT: &str = "default of the block; no public source";
/// Source of the synthetic recipes.
const RECIPE: &str = "synthetic recipe: imitates published budgets, no part";

/// The numbers of a lane that rest on assumptions.
///
/// # Errors
/// If the shipped tables cannot be read, which a test excludes.
///
/// ```
/// use lightlane::lane::{Block, Lane, assumptions};
/// use lightlane::medium::electrical::Via;
/// let lane = Lane { medium: vec![Block::Via(Via::default())], ..Lane::default() };
/// assert!(assumptions(&lane)?.iter().any(|a| a.path == "medium.0.barrel_length_m"));
/// assert!(assumptions(&Lane::default())?.is_empty());
/// # Ok::<(), lightlane::Error>(())
/// ```
pub fn assumptions(lane: &Lane) -> Result<Vec<Assumption>> {
    let mut all = settings(lane)?;
    let tables = Tables::read()?;
    for (i, block) in lane.medium.iter().enumerate() {
        let path = lane.path_of(i);
        all.extend(match block {
            Block::Package(b) => {
                weak(&path, b, |_, value| best(tables.packages.iter().filter(|g| g.value == value)))?
            }
            Block::Trace(b) => {
                let defaults = numbers(&Trace::default())?;
                weak(&path, b, |field, value| {
                    let same = tables.materials.iter().filter(|g| g.name == field && g.value == value);
                    best(same).or_else(|| default_of(&defaults, field, value))
                })?
            }
            Block::Twinax(b) => of_defaults(&path, b, &Twinax::default())?,
            Block::Via(b) => of_defaults(&path, b, &Via::default())?,
            Block::BoardConnector(b) => of_defaults(&path, b, &BoardConnector::default())?,
            Block::Optics(b) => of_optics(&path, b)?,
            Block::Retimer(b) => of_retimer(&path, b)?,
            Block::Synthetic(b) => {
                vec![assumed(format!("{path}.recipe"), b.recipe.clone(), Grade::Assumed, RECIPE)]
            }
            Block::Channel(_) | Block::Lumped(_) | Block::Ideal(_) => Vec::new(),
        });
    }
    Ok(all.into_iter().filter(|a| a.grade == Grade::Assumed).collect())
}

fn assumed(path: String, value: String, grade: Grade, source: &str) -> Assumption {
    Assumption { path, value, grade, source: source.into() }
}

/// Grade and source of the numbers of a block that `support` knows. Zero says that an effect is absent, and a length
/// is a choice: neither has a source.
fn weak(
    path: &str,
    block: &impl Serialize,
    support: impl Fn(&str, f64) -> Option<(Grade, String)>,
) -> Result<Vec<Assumption>> {
    let mut found = Vec::new();
    for (field, value) in numbers(block)? {
        let Some(number) = value.as_f64().filter(|v| *v != 0.0) else { continue };
        if field == "length_m" {
            continue;
        }
        if let Some((grade, source)) = support(&field, number) {
            found.push(assumed(format!("{path}.{field}"), value.to_string(), grade, &source));
        }
    }
    Ok(found)
}

fn of_defaults(path: &str, block: &impl Serialize, default: &impl Serialize) -> Result<Vec<Assumption>> {
    let defaults = numbers(default)?;
    weak(path, block, |field, value| default_of(&defaults, field, value))
}

/// The numbers of a retimer that are those of its defaults.
fn of_retimer(path: &str, retimer: &Retimer) -> Result<Vec<Assumption>> {
    let defaults = numbers(&Retimer::default())?;
    let shared = numbers(retimer)?.into_iter().filter(|leaf| defaults.contains(leaf));
    let graded = shared.map(|(field, value)| {
        let (grade, source) = support(&field)?;
        Ok(assumed(format!("{path}.{field}"), value.to_string(), grade, &source))
    });
    graded.collect()
}

fn default_of(defaults: &[(String, Value)], field: &str, value: f64) -> Option<(Grade, String)> {
    let same = defaults.iter().any(|(name, v)| name == field && v.as_f64() == Some(value));
    same.then(|| (Grade::Assumed, OWN_DEFAULT.to_string()))
}

/// The best grade among entries: a value that any document prints is supported.
fn best<'a>(entries: impl Iterator<Item = &'a Graded>) -> Option<(Grade, String)> {
    entries.min_by_key(|g| g.grade).map(|g| (g.grade, g.source.clone()))
}

/// The graded values of the presets of packages and materials, read once.
struct Tables {
    packages: Vec<Graded>,
    materials: Vec<Graded>,
}

impl Tables {
    fn read() -> Result<Self> {
        let (mut packages, mut materials) = (Vec::new(), Vec::new());
        for name in Package::names()? {
            packages.extend(Package::evidence(&name)?);
        }
        for name in Material::names()? {
            materials.extend_from_slice(Material::named(&name)?.values());
        }
        Ok(Self { packages, materials })
    }
}

/// Fields of an optical section by device: `laser.power_w` is looked up as itself and as `optics.laser_power_w`.
fn of_optics(path: &str, optics: &Optics) -> Result<Vec<Assumption>> {
    let table = graded_defaults()?;
    let known = |device: &str, field: &str, value: f64| {
        let names = [
            format!("{device}.{field}"),
            format!("optics.{field}"),
            format!("optics.{device}_{field}"),
            format!("optics.{}_{field}", if device == "mach_zehnder" { "modulator" } else { device }),
        ];
        best(table.iter().filter(|g| names.contains(&g.name) && g.value == value))
    };
    weak(path, optics, |field, value| {
        let mut parts = field.split('.');
        let section = parts.next()?;
        let device = match section {
            "modulator" => optics.modulator.kind(),
            "path" => {
                let place = parts.next().and_then(|p| part_of(optics, p));
                place.map_or("", OpticalPart::kind)
            }
            other => other,
        };
        parts.next().and_then(|name| known(device, name, value))
    })
}

/// The part of a path that a leaf names, by index or by its own name.
fn part_of<'a>(optics: &'a Optics, place: &str) -> Option<&'a OpticalPart> {
    place.parse::<usize>().ok().and_then(|i| optics.path.get(i))
}
