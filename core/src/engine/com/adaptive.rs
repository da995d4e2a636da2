//! A search that does not go through the whole grid.
//!
//! A setting is a place on the grid: one index a CTLE gain, one a transmitter tap with more than one value. The FOM of
//! an MMSE receiver varies slowly over it, because FFE and DFE make up for most of what CTLE and transmitter leave.
//!
//! 1. A thinned grid, ends included, is judged.
//! 2. From the best few places of it, each behind another CTLE setting, steps along one coordinate lead on as long as
//!    they gain; where none does, steps are halved.
//! 3. From the best place found, every place that differs by one step in up to three coordinates, or by two in one, is
//!    judged, and the best of them is gone on from, until none is better.
//!
//! Nothing guarantees the best of the whole grid; tests find it on channels whose whole grid is searched beside it.

use super::config::ComConfig;
use super::equalizer::Step;
use super::pulse::Taps;
use super::search::{BLOCK, Best, Candidates, main_tap, with_main};
use crate::error::Result;
use crate::run::Run;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

/// Most values of g_DC, g_DC_HP and of a tap on the thinned grid.
const THIN: [usize; 3] = [6, 3, 3];
/// Places of the thinned grid that steps lead on from.
const STARTS: usize = 3;
/// CTLE settings whose pulses are kept.
const KEPT: usize = 40;

/// Index of each coordinate: g_DC, g_DC_HP, then the taps.
type Place = Vec<usize>;

/// Candidates behind one CTLE setting, for one thread.
type Task<'a, S> = (Arc<S>, &'a [(Place, Taps)]);

/// The grid by coordinates.
pub(super) struct Grid<'a> {
    pub(super) high_db: &'a [f64],
    pub(super) low_db: &'a [f64],
    pub(super) taps: Vec<(i32, Vec<f64>)>,
    pub(super) c0_min: f64,
}

impl Grid<'_> {
    fn sizes(&self) -> Vec<usize> {
        [self.high_db.len(), self.low_db.len()]
            .into_iter()
            .chain(self.taps.iter().map(|t| t.1.len()))
            .collect()
    }

    /// Every transmitter setting whose main tap is large enough, the last tap running fastest.
    pub(super) fn settings(&self) -> Settings<'_> {
        Settings { grid: self, next: Some(vec![0; self.taps.len()]) }
    }

    /// The transmitter setting of a place, if its main tap is large enough.
    fn setting(&self, place: &Place) -> Option<Taps> {
        let taps: Vec<(i32, f64)> = self.taps.iter().zip(&place[2..]).map(|(t, i)| (t.0, t.1[*i])).collect();
        with_main(&taps, self.c0_min)
    }
}

/// Transmitter settings of a grid, one after the other: there may be more than memory holds.
pub(super) struct Settings<'a> {
    grid: &'a Grid<'a>,
    /// Index of each tap of the next combination.
    next: Option<Vec<usize>>,
}

impl Iterator for Settings<'_> {
    type Item = Taps;

    fn next(&mut self) -> Option<Taps> {
        loop {
            let index = self.next.as_ref()?;
            let taps: Vec<(i32, f64)> =
                self.grid.taps.iter().zip(index).map(|((place, values), i)| (*place, values[*i])).collect();
            // The first tap from which on nothing is left for the main one: whatever the others are, it will not fit.
            let c0_min = self.grid.c0_min;
            let fits = |n: &usize| main_tap(taps[..*n].iter().map(|t| t.1), c0_min).is_some();
            let too_many = (1..=taps.len()).find(|n| !fits(n));
            self.step(too_many.unwrap_or(taps.len()));
            if too_many.is_none() {
                return with_main(&taps, c0_min);
            }
        }
    }
}

impl Settings<'_> {
    /// Goes on to the next values of the first `n` taps, the others at their first.
    fn step(&mut self, n: usize) {
        let Some(index) = &mut self.next else { return };
        index[n..].fill(0);
        for d in (0..n).rev() {
            index[d] += 1;
            if index[d] < self.grid.taps[d].1.len() {
                return;
            }
            index[d] = 0;
        }
        self.next = None;
    }
}

struct Walk<'a, C: Candidates> {
    candidates: &'a C,
    config: &'a ComConfig,
    grid: &'a Grid<'a>,
    run: &'a Run,
    known: HashMap<Place, f64>,
    stages: HashMap<(usize, usize), Arc<C::Stage>>,
    order: VecDeque<(usize, usize)>,
}

/// The best setting found; None if no candidate has a pulse.
pub(super) fn adaptive<C: Candidates>(
    candidates: &C,
    config: &ComConfig,
    grid: &Grid<'_>,
    run: &Run,
) -> Result<Option<Best>>
where
    C::Stage: Send + Sync,
{
    let (known, stages, order) = (HashMap::new(), HashMap::new(), VecDeque::new());
    let mut walk = Walk { candidates, config, grid, run, known, stages, order };
    let sizes = grid.sizes();
    let thin: Vec<Vec<usize>> = sizes.iter().enumerate().map(|(d, n)| thinned(*n, THIN[d.min(2)])).collect();
    walk.judge(&combinations(&thin))?;
    for start in walk.starts() {
        let steps: Vec<usize> = thin.iter().map(|t| (t.get(1).map_or(0, |i| i - t[0])).div_ceil(2)).collect();
        walk.descend(start, steps)?;
    }
    while let Some(place) = walk.best() {
        walk.judge(&around(&place, &sizes))?;
        if walk.best().as_ref() == Some(&place) {
            break;
        }
    }
    Ok(walk.best().and_then(|place| walk.outcome(&place)))
}

/// Up to `most` of n indices, evenly spread, ends included.
fn thinned(n: usize, most: usize) -> Vec<usize> {
    let k = most.min(n);
    if k < 2 {
        return vec![n / 2];
    }
    (0..k).map(|i| (i * (n - 1) + (k - 1) / 2) / (k - 1)).collect()
}

fn combinations(values: &[Vec<usize>]) -> Vec<Place> {
    values.iter().fold(vec![vec![]], |all, next| {
        all.iter().flat_map(|p| next.iter().map(move |v| [p.as_slice(), &[*v]].concat())).collect()
    })
}

/// Places that differ by one step in up to three coordinates, or by two in one.
fn around(place: &Place, sizes: &[usize]) -> Vec<Place> {
    let moved = |p: &Place, d: usize, by: i64| {
        let i = usize::try_from(p[d] as i64 + by).ok().filter(|i| *i < sizes[d])?;
        let mut q = p.clone();
        q[d] = i;
        Some(q)
    };
    let mut out: Vec<Place> = (0..sizes.len())
        .flat_map(|d| [-2, 2].into_iter().filter_map(move |by| moved(place, d, by)))
        .collect();
    let mut ring = vec![(place.clone(), 0)];
    for _ in 0..3 {
        ring = ring
            .iter()
            .flat_map(|(p, from)| {
                (*from..sizes.len()).flat_map(move |d| {
                    [-1, 1].into_iter().filter_map(move |by| Some((moved(p, d, by)?, d + 1)))
                })
            })
            .collect();
        out.extend(ring.iter().map(|r| r.0.clone()));
    }
    out
}

impl<C: Candidates> Walk<'_, C>
where
    C::Stage: Send + Sync,
{
    /// Learns the FOM of places not judged yet, those behind one CTLE setting one after another.
    fn judge(&mut self, places: &[Place]) -> Result<()> {
        let mut groups: BTreeMap<(usize, usize), Vec<(Place, Taps)>> = BTreeMap::new();
        for place in places {
            if !self.known.contains_key(place)
                && let Some(taps) = self.grid.setting(place)
            {
                self.known.insert(place.clone(), f64::NEG_INFINITY);
                groups.entry((place[0], place[1])).or_default().push((place.clone(), taps));
            }
        }
        // A CTLE setting with many candidates must not leave the other threads waiting.
        let share = (groups.values().map(Vec::len).sum::<usize>() / (4 * self.run.threads())).max(8);
        let missing: Vec<(usize, usize)> =
            groups.keys().copied().filter(|k| !self.stages.contains_key(k)).collect();
        let (candidates, config, grid, run) = (self.candidates, self.config, self.grid, self.run);
        let made = run.install(|| {
            missing
                .par_iter()
                .map(|(i, j)| {
                    run.check()?;
                    Ok(candidates.stage(config.stage(grid.high_db[*i], grid.low_db[*j])?))
                })
                .collect::<Result<Vec<_>>>()
        })?;
        for (key, stage) in missing.into_iter().zip(made) {
            self.stages.insert(key, Arc::new(stage));
            self.order.push_back(key);
        }
        let tasks: Vec<Task<'_, C::Stage>> = groups
            .iter()
            .filter_map(|(key, group)| self.stages.get(key).map(|s| (s, group)))
            .flat_map(|(stage, group)| group.chunks(share).map(move |c| (Arc::clone(stage), c)))
            .collect();
        let found = run.install(|| {
            tasks
                .par_iter()
                .map(|(stage, group)| {
                    let mut scratch = candidates.scratch();
                    let mut foms = Vec::with_capacity(group.len());
                    for (i, (place, taps)) in group.iter().enumerate() {
                        if i % BLOCK == 0 {
                            run.check()?;
                        }
                        foms.push((place.clone(), candidates.fom_db(stage, taps, &mut scratch)));
                    }
                    Ok(foms)
                })
                .collect::<Result<Vec<_>>>()
        })?;
        self.known.extend(found.into_iter().flatten().filter_map(|(place, fom)| Some((place, fom?))));
        while self.order.len() > KEPT {
            if let Some(key) = self.order.pop_front() {
                self.stages.remove(&key);
            }
        }
        let n = self.known.len() as u64;
        run.report(n, grid.sizes().iter().product::<usize>().max(self.known.len()) as u64);
        Ok(())
    }

    /// Of two places the better one, of equal ones the first in the order of the grid.
    fn better<'p>(&self, a: &'p Place, b: &'p Place) -> &'p Place {
        let (x, y) = (self.known[a], self.known[b]);
        if y > x || (y == x && b < a) { b } else { a }
    }

    fn best(&self) -> Option<Place> {
        let place = self.known.keys().reduce(|a, b| self.better(a, b))?;
        (self.known[place] > f64::NEG_INFINITY).then(|| place.clone())
    }

    /// The best place of each CTLE setting judged.
    fn by_stage(&self) -> BTreeMap<(usize, usize), Place> {
        let mut best: BTreeMap<(usize, usize), Place> = BTreeMap::new();
        for place in self.known.iter().filter(|k| *k.1 > f64::NEG_INFINITY).map(|k| k.0) {
            let entry = best.entry((place[0], place[1])).or_insert_with(|| place.clone());
            *entry = self.better(entry, place).clone();
        }
        best
    }

    fn starts(&self) -> Vec<Place> {
        let mut all: Vec<Place> = self.by_stage().into_values().collect();
        all.sort_by(|a, b| self.known[b].total_cmp(&self.known[a]));
        all.truncate(STARTS);
        all
    }

    fn descend(&mut self, mut place: Place, mut steps: Vec<usize>) -> Result<()> {
        let sizes = self.grid.sizes();
        while steps.iter().any(|s| *s > 0) {
            let near: Vec<Place> = (0..sizes.len())
                .filter(|d| steps[*d] > 0)
                .flat_map(|d| {
                    let (low, high) = (place[d].checked_sub(steps[d]), Some(place[d] + steps[d]));
                    [low, high]
                        .into_iter()
                        .flatten()
                        .filter(|i| *i < sizes[d])
                        .map(|i| (d, i))
                        .collect::<Vec<_>>()
                })
                .map(|(d, i)| {
                    let mut q = place.clone();
                    q[d] = i;
                    q
                })
                .collect();
            self.judge(&near)?;
            let judged = near.iter().filter(|p| self.known.contains_key(*p));
            let next = judged.fold(&place, |a, b| self.better(a, b)).clone();
            if next == place {
                let last = steps.iter().all(|s| *s <= 1);
                steps.iter_mut().for_each(|s| *s = if last { 0 } else { s.div_ceil(2) });
            } else {
                place = next;
            }
        }
        Ok(())
    }

    fn outcome(&self, place: &Place) -> Option<Best> {
        let step = |p: &Place| {
            let (high, low) = (self.grid.high_db[p[0]], self.grid.low_db[p[1]]);
            self.grid.setting(p).map(|taps| Step::new(high, low, &taps, self.known[p]))
        };
        Some(Best {
            gdc_db: self.grid.high_db[place[0]],
            gdc2_db: self.grid.low_db[place[1]],
            taps: self.grid.setting(place)?,
            n_candidates: self.known.len(),
            trace: self.by_stage().values().filter_map(step).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_the_combinations_that_fit_in_the_order_of_the_grid() {
        let values = [vec![0.0, 0.1, -0.2], vec![-0.3, 0.0], vec![0.0, 0.05, 0.25]];
        let taps: Vec<(i32, Vec<f64>)> = [-2, -1, 1].into_iter().zip(values).collect();
        for c0_min in [0.0, 0.5, 0.7, 0.95] {
            let grid = Grid { high_db: &[0.0], low_db: &[0.0], taps: taps.clone(), c0_min };
            let mut all = Vec::new();
            for a in &taps[0].1 {
                for b in &taps[1].1 {
                    all.extend(
                        taps[2].1.iter().filter_map(|c| with_main(&[(-2, *a), (-1, *b), (1, *c)], c0_min)),
                    );
                }
            }
            assert_eq!(grid.settings().collect::<Vec<_>>(), all, "{c0_min}");
        }
        let none = Grid { high_db: &[0.0], low_db: &[0.0], taps: vec![], c0_min: 0.5 };
        assert_eq!(none.settings().collect::<Vec<_>>(), [vec![(0, 1.0)]]);
    }

    #[test]
    fn a_thinned_axis_keeps_its_ends() {
        assert_eq!(thinned(21, 6), [0, 4, 8, 12, 16, 20]);
        assert_eq!(thinned(7, 3), [0, 3, 6]);
        assert_eq!(thinned(2, 3), [0, 1]);
        assert_eq!(thinned(1, 3), [0]);
    }

    #[test]
    fn the_neighbourhood_of_a_place_in_the_middle_is_whole() {
        // 2·5 steps of two, 2·5 of one, 4·10 in two and 8·10 in three coordinates.
        assert_eq!(around(&vec![5; 5], &[11; 5]).len(), 10 + 10 + 40 + 80);
        assert_eq!(around(&vec![0], &[1]).len(), 0);
    }
}
