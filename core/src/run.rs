//! How a long call is run: how many threads, whether to stop, whom to tell.

use crate::error::{Error, Result};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

/// Threads, cancel flag and progress of one long call.
///
/// Kernels call [`Run::check`] once a block and return [`Error::Interrupted`] when the caller has raised the flag.
///
/// ```
/// let run = lightlane::Run::default();
/// assert!(run.check().is_ok());
/// run.cancel_flag().store(true, std::sync::atomic::Ordering::Relaxed);
/// assert_eq!(run.check(), Err(lightlane::Error::Interrupted));
/// ```
#[derive(Clone, Default)]
pub struct Run {
    threads: Option<usize>,
    cancel: Arc<AtomicBool>,
    progress: Option<Arc<dyn Fn(u64, u64) + Send + Sync>>,
}

impl Run {
    /// Most threads that a run may ask for: a slip of the keyboard must not take the machine down.
    pub const MAX_THREADS: usize = 1024;

    /// A run on `threads` threads; `None` takes every core.
    ///
    /// # Errors
    /// [`Error::Parameter`] for zero threads or more than [`Run::MAX_THREADS`].
    pub fn with_threads(threads: Option<usize>) -> Result<Self> {
        if let Some(n) = threads.filter(|n| !(1..=Self::MAX_THREADS).contains(n)) {
            let requirement = format!("between 1 and {}", Self::MAX_THREADS);
            return Err(Error::parameter("threads", n, requirement));
        }
        Ok(Self { threads, ..Self::default() })
    }

    /// The same run, reporting (done, total) to `progress` from whichever thread finished a block.
    #[must_use]
    pub fn with_progress(mut self, progress: impl Fn(u64, u64) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(progress));
        self
    }

    /// The run of part `index` of `parts` of equal length: its progress is told as that of the whole.
    ///
    /// ```
    /// use std::sync::{Arc, atomic::{AtomicU64, Ordering}};
    /// let told = Arc::new(AtomicU64::new(0));
    /// let seen = Arc::clone(&told);
    /// let run = lightlane::Run::default().with_progress(move |done, _| seen.store(done, Ordering::Relaxed));
    /// run.part(1, 2).report(50, 100);
    /// assert_eq!(told.load(Ordering::Relaxed), 75);
    /// ```
    #[must_use]
    pub fn part(&self, index: u64, parts: u64) -> Self {
        let mut run = self.clone();
        if let Some(whole) = self.progress.clone() {
            run = run.with_progress(move |done, total| {
                let before = index.saturating_mul(total);
                whole(before.saturating_add(done) / parts.max(1), total);
            });
        }
        run
    }

    /// Number of threads that will be used.
    pub fn threads(&self) -> usize {
        self.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
    }

    /// The flag that stops the call; raise it from a signal handler or another thread.
    pub fn cancel_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.cancel)
    }

    /// Returns [`Error::Interrupted`] once the flag is raised.
    pub fn check(&self) -> Result<()> {
        if self.cancel.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }

    /// Tells the progress callback, if there is one.
    pub fn report(&self, done: u64, total: u64) {
        if let Some(progress) = &self.progress {
            progress(done, total);
        }
    }

    /// Runs `work` inside a pool of [`Run::threads`] threads, or where it already is in one.
    ///
    /// Pools are kept by (process, size): a forked child must not reuse its parent's pool, whose threads did not
    /// survive the fork, and rayon's global pool would ignore the thread count asked for. A pool of one thread is the
    /// call's own, or calls on one thread each would wait for one another.
    ///
    /// # Errors
    /// [`Error::Parameter`] where the system starts no further thread.
    pub fn install<T: Send>(&self, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        let threads = self.threads();
        if rayon::current_thread_index().is_some() && rayon::current_num_threads() == threads {
            return work();
        }
        pool(threads)?.install(work)
    }
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").field("threads", &self.threads()).finish_non_exhaustive()
    }
}

type Pools = Mutex<HashMap<(u32, usize), Arc<rayon::ThreadPool>>>;

fn pool(threads: usize) -> Result<Arc<rayon::ThreadPool>> {
    let build = || {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.map(Arc::new)
            .map_err(|e| Error::parameter("threads", threads, format!("as many as the system starts: {e}")))
    };
    if threads == 1 {
        return build();
    }
    static POOLS: OnceLock<Pools> = OnceLock::new();
    let mut pools = match POOLS.get_or_init(Pools::default).lock() {
        Ok(guard) => guard,
        Err(poisoned) => poisoned.into_inner(),
    };
    let key = (std::process::id(), threads);
    if let Some(pool) = pools.get(&key) {
        return Ok(Arc::clone(pool));
    }
    let pool = build()?;
    pools.insert(key, Arc::clone(&pool));
    Ok(pool)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    #[test]
    fn calls_on_one_thread_each_do_not_wait_for_one_another() {
        let run = Run::with_threads(Some(1)).unwrap();
        let both = Barrier::new(2);
        // Either waits inside for the other: one after the other they would never end.
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| run.install(|| Ok(both.wait().is_leader())).unwrap());
            }
        });
    }

    #[test]
    fn work_inside_a_pool_stays_there() {
        for threads in [1, 2] {
            let run = Run::with_threads(Some(threads)).unwrap();
            let inside = || Ok((rayon::current_num_threads(), std::thread::current().id()));
            let (outer, inner) = run.install(|| Ok((inside()?, run.install(inside)?))).unwrap();
            assert_eq!(outer, inner);
            assert_eq!(outer.0, threads);
        }
    }
}
