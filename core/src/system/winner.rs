//! Which of several ledgers has least of a figure, and which single entry would change that within its range.

use super::fold::Book;
use super::lane_ledger::{LaneLedgerInput, lane_terms};
use super::terms::Terms;
use crate::error::{Error, Result};
use crate::ledger::Graded;

/// A figure that a ledger is folded to; the least wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerFigure {
    /// Energy per bit of one end, J/bit.
    Energy,
    /// Latency, s.
    Latency,
}

/// An entry that takes the first place from the winner within its own range.
#[derive(Debug, Clone, PartialEq)]
pub struct Flip {
    /// Name of the entry.
    pub entry: String,
    /// Index of the member that has it; `None` where several do: it is then one input that they share.
    pub member: Option<usize>,
    /// Value, in the entry's unit, at which the winner and the next are equal.
    pub value: f64,
    /// Unit of the entry.
    pub unit: String,
    /// Index of the member that wins beyond that value.
    pub winner: usize,
}

/// The member with the least of a figure, the first of equals, and every entry that alone would change that.
///
/// Each entry moves from its central value to either end of its range, the others staying at theirs, in all members that
/// have it. A figure is monotone along that way and so is the difference of two, because an entry enters every member by
/// the same law: what is behind at the end of the range is found behind once, and the place by bisection.
///
/// # Errors
/// [`Error::Parameter`] for no member, and those of [`super::lane_ledger`].
///
/// ```
/// use lightlane::{fec::Fec, system::{LaneLedgerInput, LedgerFigure, flips}};
/// let lane = |host_loss_db| LaneLedgerInput {
///     line_rate_bps: 212.5e9, fec: Fec::Kp4, interleave: 1, host_loss_db,
///     segments: vec![], equalizer: None, retimers: 0, optics: vec![],
/// };
/// // The same entries in both: no value of one of them makes more loss the cheaper.
/// let (winner, flips) = flips(&[lane(28.0), lane(10.0)], LedgerFigure::Energy)?;
/// assert_eq!((winner, flips.len()), (1, 0));
/// # Ok::<(), lightlane::Error>(())
/// ```
pub fn flips(members: &[LaneLedgerInput], figure: LedgerFigure) -> Result<(usize, Vec<Flip>)> {
    let members = members.iter().map(lane_terms).collect::<Result<Vec<_>>>()?;
    let as_they_are: Vec<f64> = members.iter().map(|m| at(m, figure, "", 0.0)).collect();
    let least = (0..members.len()).reduce(|a, b| if as_they_are[b] < as_they_are[a] { b } else { a });
    let winner = least.ok_or_else(|| Error::parameter("members", 0, "at least one"))?;
    let mut found: Vec<Flip> = Vec::new();
    for (i, entry) in all(&members) {
        let holders = members.iter().filter(|m| has(&m.book, &entry.name)).count();
        // How far the winner is ahead of the nearest, and who that is.
        let lead = |x: f64| {
            let own = at(&members[winner], figure, &entry.name, x);
            (0..members.len())
                .filter(|j| *j != winner)
                .map(|j| (at(&members[j], figure, &entry.name, x) - own, j))
                .fold((f64::INFINITY, winner), |a, b| if b.0 < a.0 { b } else { a })
        };
        for end in [entry.low, entry.high] {
            if lead(end).0 < 0.0 {
                let (mut ahead, mut behind) = (entry.value, end);
                loop {
                    let x = 0.5 * (ahead + behind);
                    if x == ahead || x == behind {
                        break;
                    }
                    if lead(x).0 < 0.0 { behind = x } else { ahead = x }
                }
                found.push(Flip {
                    entry: entry.name.clone(),
                    member: (holders == 1).then_some(i),
                    value: behind,
                    unit: entry.unit.clone(),
                    winner: lead(behind).1,
                });
            }
        }
    }
    Ok((winner, found))
}

/// Every entry that has a range, once, with the first member that has it. What a lane itself says, such as its fibre's length,
/// has none and is another one in each.
fn all(members: &[Terms]) -> Vec<(usize, &Graded)> {
    let mut entries: Vec<(usize, &Graded)> = Vec::new();
    for (i, member) in members.iter().enumerate() {
        for entry in member.book.entries().iter().filter(|e| e.low < e.high) {
            if entries.iter().all(|(_, known)| known.name != entry.name) {
                entries.push((i, entry));
            }
        }
    }
    entries
}

fn has(book: &Book, name: &str) -> bool {
    book.entries().iter().any(|e| e.name == name)
}

/// The figure with the entry of that name at `x`, as it is where it has none.
fn at(member: &Terms, figure: LedgerFigure, name: &str, x: f64) -> f64 {
    let values: Vec<f64> =
        member.book.entries().iter().map(|e| if e.name == name { x } else { e.value }).collect();
    let (energy_j_per_bit, latency_s) = member.at(&values);
    match figure {
        LedgerFigure::Energy => energy_j_per_bit,
        LedgerFigure::Latency => latency_s,
    }
}
