//! A figure folded over ledger entries, with the range that the entries' ranges give it.
//!
//! Every fold here is monotone in each entry, with a sign that does not depend on the others: energies, losses,
//! lengths and delays raise it, efficiencies and the extinction ratio lower it. So each bound is the fold at one
//! corner of the box of ranges. The sign of an entry is found by moving it alone from its low to its high.

use crate::ledger::{Grade, Graded};
use serde::{Deserialize, Serialize};
use std::cell::Cell;

/// A folded figure: central value, bounds over the entries' ranges, and what it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ranged {
    /// From the entries' central values.
    pub value: f64,
    /// Lower bound over the ranges of the entries.
    pub low: f64,
    /// Upper bound over the ranges of the entries.
    pub high: f64,
    /// The weakest grade among the entries used.
    pub grade: Grade,
    /// Names of the entries used, in the ledger's order.
    pub entries: Vec<String>,
}

/// Handle of an entry of a [`Book`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry(usize);

/// The entries of both ledgers, in the order in which they were entered.
#[derive(Debug, Clone, Default)]
pub(super) struct Book {
    entries: Vec<Graded>,
    is_path: Vec<bool>,
}

impl Book {
    /// Enters a segment of the path, or finds it.
    pub(super) fn path(&mut self, value: Graded) -> Entry {
        self.enter(value, true)
    }

    /// Enters a part, or finds it.
    pub(super) fn part(&mut self, value: Graded) -> Entry {
        self.enter(value, false)
    }

    /// Names are unique: one name is one shared input, wherever it is used.
    fn enter(&mut self, value: Graded, is_path: bool) -> Entry {
        if let Some(i) = self.entries.iter().position(|e| e.name == value.name) {
            return Entry(i);
        }
        self.entries.push(value);
        self.is_path.push(is_path);
        Entry(self.entries.len() - 1)
    }

    /// The path and the parts.
    pub(super) fn ledgers(&self) -> (Vec<Graded>, Vec<Graded>) {
        let of = |path: bool| {
            let pairs = self.entries.iter().zip(&self.is_path);
            pairs.filter(|(_, p)| **p == path).map(|(e, _)| e.clone()).collect()
        };
        (of(true), of(false))
    }

    /// Every entry.
    pub(super) fn entries(&self) -> &[Graded] {
        &self.entries
    }

    /// Name of an entry.
    pub(super) fn name(&self, entry: Entry) -> &str {
        &self.entries[entry.0].name
    }

    /// `f` at the entries' central values.
    pub(super) fn central<T>(&self, f: impl Fn(&View) -> T) -> T {
        self.at(&self.entries.iter().map(|e| e.value).collect::<Vec<_>>(), f)
    }

    /// `f` at values of the entries, in their order.
    pub(super) fn at<T>(&self, values: &[f64], f: impl Fn(&View) -> T) -> T {
        f(&View { values, used: &vec![Cell::new(false); values.len()] })
    }

    /// `f` with its bounds; it must be monotone as the module says.
    pub(super) fn fold(&self, f: impl Fn(&View) -> f64) -> Ranged {
        let mut values: Vec<f64> = self.entries.iter().map(|e| e.value).collect();
        let used = vec![Cell::new(false); values.len()];
        let value = f(&View { values: &values, used: &used });
        // Both corners, one entry after another.
        let (mut lowest, mut highest) = (values.clone(), values.clone());
        for (i, e) in self.entries.iter().enumerate().filter(|(i, _)| used[*i].get()) {
            values[i] = e.low;
            let at_low = f(&View { values: &values, used: &used });
            values[i] = e.high;
            let at_high = f(&View { values: &values, used: &used });
            values[i] = e.value;
            (lowest[i], highest[i]) = if at_high >= at_low { (e.low, e.high) } else { (e.high, e.low) };
        }
        let low = f(&View { values: &lowest, used: &used });
        let high = f(&View { values: &highest, used: &used });
        let rests_on: Vec<&Graded> =
            self.entries.iter().zip(&used).filter(|(_, u)| u.get()).map(|(e, _)| e).collect();
        Ranged {
            value,
            // Rounding must not turn a bound that equals the value past it.
            low: low.min(value),
            high: high.max(value),
            grade: rests_on.iter().map(|e| e.grade).max().unwrap_or(Grade::Sourced),
            entries: rests_on.iter().map(|e| e.name.clone()).collect(),
        }
    }
}

/// Entries at one point of their ranges; remembers which were asked for.
pub(super) struct View<'a> {
    values: &'a [f64],
    used: &'a [Cell<bool>],
}

impl View<'_> {
    pub(super) fn at(&self, entry: Entry) -> f64 {
        self.used[entry.0].set(true);
        self.values[entry.0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_the_corners_by_sign() {
        let mut book = Book::default();
        let v = |name: &str, value, low, high, grade| {
            Graded::new(name, value, low, high, "1", grade, "test").expect("valid")
        };
        let a = book.part(v("a", 2.0, 1.0, 3.0, Grade::Sourced));
        let b = book.path(v("b", 4.0, 2.0, 5.0, Grade::Draft));
        let unused = book.part(v("c", 1.0, 0.0, 9.0, Grade::Assumed));
        assert_eq!(book.part(v("a", 7.0, 7.0, 7.0, Grade::Assumed)), a, "one name is one entry");
        let r = book.fold(|x| x.at(a) / x.at(b));
        assert_eq!((r.value, r.low, r.high), (0.5, 0.2, 1.5));
        assert_eq!((r.grade, r.entries), (Grade::Draft, vec!["a".to_string(), "b".to_string()]));
        assert_eq!(book.central(|x| x.at(unused)), 1.0);
        let (path, parts) = book.ledgers();
        assert_eq!((path.len(), parts.len()), (1, 2));
    }
}
