//! Loss of bent fibre by tables: the limits of the standards, or a fibre's own measured figures.
//!
//! Limits are maxima for the turns of their test at two wavelengths; loss is in proportion to the turns. There is no
//! limit at 1310 nm, where the loss is far lower. Between the radii of a measured table log10(dB) is linear in the
//! radius, as the exponent of [`super::bend_loss_marcuse_db_per_m`] is.

use crate::error::{Error, Result, require};

/// One line of a standard's table.
struct Limit {
    grade: &'static str,
    radius_m: f64,
    turns: f64,
    at_1550_db: Option<f64>,
    at_1625_db: f64,
}

const fn limit(
    grade: &'static str,
    radius_m: f64,
    turns: f64,
    at_1550_db: Option<f64>,
    at_1625_db: f64,
) -> Limit {
    Limit { grade, radius_m, turns, at_1550_db, at_1625_db }
}

/// ITU-T G.652 (11/2016) table 2 and G.657 (11/2016) tables 1 and 2. Grades: 1550 nm of A1 and A2 sourced; B3, every
/// figure at 1625 nm and G.652.D, which has a limit at 1625 nm only, as commonly quoted, so draft.
const LIMITS: [Limit; 9] = [
    limit("G.652.D", 30e-3, 100.0, None, 0.1),
    limit("G.657.A1", 15e-3, 10.0, Some(0.25), 1.0),
    limit("G.657.A1", 10e-3, 1.0, Some(0.75), 1.5),
    limit("G.657.A2", 15e-3, 10.0, Some(0.03), 0.1),
    limit("G.657.A2", 10e-3, 1.0, Some(0.1), 0.2),
    limit("G.657.A2", 7.5e-3, 1.0, Some(0.5), 1.0),
    limit("G.657.B3", 10e-3, 1.0, Some(0.03), 0.1),
    limit("G.657.B3", 7.5e-3, 1.0, Some(0.08), 0.25),
    limit("G.657.B3", 5e-3, 1.0, Some(0.15), 0.45),
];

/// Names of the grades of fibre that have a limit.
const GRADES: [&str; 4] = ["G.652.D", "G.657.A1", "G.657.A2", "G.657.B3"];

/// Largest loss, dB, that a standard allows a grade of fibre for so many turns.
///
/// ```
/// use lightlane::medium::optics::bend_loss_limit_db;
/// assert!((bend_loss_limit_db("G.657.A1", 15e-3, 10.0, 1550e-9)? - 0.25).abs() < 1e-15);
/// assert!((bend_loss_limit_db("G.657.A2", 7.5e-3, 2.0, 1550e-9)? - 1.0).abs() < 1e-15);
/// assert!(bend_loss_limit_db("G.657.A1", 7.5e-3, 1.0, 1550e-9).is_err());
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// [`Error::Unknown`] for a grade without a table, [`Error::Parameter`] for a radius or wavelength without an entry or
/// negative turns.
pub fn bend_loss_limit_db(grade: &str, radius_m: f64, turns: f64, wavelength_m: f64) -> Result<f64> {
    require::non_negative("turns", turns)?;
    if !GRADES.contains(&grade) {
        return Err(Error::unknown("grade", grade, GRADES));
    }
    let same = |a: f64, b: f64| (a - b).abs() < 1e-6 * b;
    let lines: Vec<&Limit> = LIMITS.iter().filter(|l| l.grade == grade).collect();
    let Some(line) = lines.iter().find(|l| same(radius_m, l.radius_m)) else {
        let radii: Vec<String> = lines.iter().map(|l| l.radius_m.to_string()).collect();
        return Err(Error::parameter("radius_m", radius_m, format!("{} for {grade}", radii.join(" or "))));
    };
    let at = if same(wavelength_m, 1550e-9) {
        line.at_1550_db
    } else {
        same(wavelength_m, 1625e-9).then_some(line.at_1625_db)
    };
    match at {
        Some(db) => Ok(db * turns / line.turns),
        None => {
            let known = if line.at_1550_db.is_some() { "1550e-9 or 1625e-9" } else { "1625e-9" };
            Err(Error::parameter("wavelength_m", wavelength_m, format!("{known} for {grade}")))
        }
    }
}

/// Loss, dB, of `turns` at a radius by a fibre's own table of (radius, m; loss, dB a turn): log10 of the loss is linear
/// in the radius between two entries, and goes on beyond the outermost two, where it is a trend.
///
/// ```
/// let table = [(7.5e-3, 0.5), (10e-3, 0.1)];
/// let db = lightlane::medium::optics::bend_loss_db(&table, 8.75e-3, 2.0)?;
/// assert!((db - 2.0 * (0.5f64 * 0.1).sqrt()).abs() < 1e-12);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] for fewer than two entries, a radius or loss that is not positive, a radius twice, or negative
/// turns.
pub fn bend_loss_db(table: &[(f64, f64)], radius_m: f64, turns: f64) -> Result<f64> {
    require::positive("radius_m", radius_m)?;
    require::non_negative("turns", turns)?;
    if table.len() < 2 {
        return Err(Error::parameter("table", format!("{} entries", table.len()), "two entries at least"));
    }
    let mut points = Vec::with_capacity(table.len());
    for (i, (radius, db)) in table.iter().enumerate() {
        require::positive(&format!("table[{i}].radius_m"), *radius)?;
        points.push((*radius, require::positive(&format!("table[{i}].db_per_turn"), *db)?.log10()));
    }
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    if let Some(pair) = points.windows(2).find(|p| p[0].0 == p[1].0) {
        return Err(Error::parameter("table", format!("{} m twice", pair[0].0), "one entry a radius"));
    }
    let above = points.partition_point(|p| p.0 < radius_m).clamp(1, points.len() - 1);
    let ((r0, y0), (r1, y1)) = (points[above - 1], points[above]);
    Ok(turns * 10f64.powf(y0 + (y1 - y0) * (radius_m - r0) / (r1 - r0)))
}

/// Largest strain of the glass in a bend, cladding radius over bend radius; `cladding_m` is a diameter.
///
/// ```
/// // 125 um around 5 mm.
/// assert_eq!(lightlane::medium::optics::bend_strain(125e-6, 5e-3)?, 0.0125);
/// # Ok::<(), lightlane::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] for a diameter that is not positive or a bend tighter than the fibre is thick.
pub fn bend_strain(cladding_m: f64, radius_m: f64) -> Result<f64> {
    require::positive("cladding_m", cladding_m)?;
    require::positive("radius_m", radius_m)?;
    if radius_m < cladding_m {
        return Err(Error::parameter("radius_m", radius_m, format!("at least the diameter, {cladding_m} m")));
    }
    Ok(0.5 * cladding_m / radius_m)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_those_printed_and_none_is_made_up() {
        for (grade, radius, turns, db) in [
            ("G.657.A1", 10e-3, 1.0, 0.75),
            ("G.657.A2", 15e-3, 10.0, 0.03),
            ("G.657.A2", 10e-3, 1.0, 0.1),
            ("G.657.A2", 7.5e-3, 1.0, 0.5),
            ("G.657.B3", 5e-3, 1.0, 0.15),
        ] {
            assert!((bend_loss_limit_db(grade, radius, turns, 1550e-9).unwrap() - db).abs() < 1e-15);
            // Longer waves leak more.
            assert!(bend_loss_limit_db(grade, radius, turns, 1625e-9).unwrap() > db);
        }
        assert!((bend_loss_limit_db("G.652.D", 30e-3, 100.0, 1625e-9).unwrap() - 0.1).abs() < 1e-15);
        let message = |g: &str, r: f64, l: f64| bend_loss_limit_db(g, r, 1.0, l).unwrap_err().to_string();
        assert!(message("G.657.A1", 10e-3, 1310e-9).contains("must be 1550e-9 or 1625e-9 for G.657.A1"));
        assert!(message("G.652.D", 30e-3, 1550e-9).contains("must be 1625e-9 for G.652.D"));
        assert!(message("G.657.A1", 5e-3, 1550e-9).contains("0.015 or 0.01 for G.657.A1"));
        assert!(message("G.657.A", 5e-3, 1550e-9).contains("did you mean"));
    }

    #[test]
    fn a_table_gives_its_entries_back_in_any_order_and_falls_between_them() {
        let table = [(15e-3, 0.003), (7.5e-3, 0.5), (10e-3, 0.1)];
        for (radius, db) in table {
            assert!((bend_loss_db(&table, radius, 1.0).unwrap() / db - 1.0).abs() < 1e-12);
        }
        let at = |r: f64| bend_loss_db(&table, r, 3.0).unwrap();
        assert!((1..200).all(|i| at(1e-4 * f64::from(i)) > at(1e-4 * f64::from(i + 1))));
        let message = |t: &[(f64, f64)]| bend_loss_db(t, 1e-2, 1.0).unwrap_err().to_string();
        assert!(message(&table[..1]).contains("two entries at least"));
        assert!(message(&[(1e-2, 0.1), (1e-2, 0.2)]).contains("one entry a radius"));
        assert!(message(&[(1e-2, 0.1), (2e-2, 0.0)]).starts_with("table[1].db_per_turn = 0"));
    }
}
