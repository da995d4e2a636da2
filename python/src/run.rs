//! Long calls: the interpreter released, Ctrl-C honoured, progress told.

use crate::error::Raise;
use lightlane::Run;
use pyo3::prelude::*;
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How often a waiting call looks for signals: well under the 0.2 s within which Ctrl-C must act.
const POLL: Duration = Duration::from_millis(50);

/// Runs `work` on a thread of its own while this one looks for signals and calls `progress(done, total)`.
///
/// A signal, or an exception of the callback, raises the run's cancel flag; the exception is what the caller sees.
pub(crate) fn interruptible<T: Send>(
    py: Python<'_>,
    threads: Option<usize>,
    progress: Option<Py<PyAny>>,
    work: impl FnOnce(&Run) -> lightlane::Result<T> + Send,
) -> PyResult<T> {
    let (told, heard) = channel();
    // Only this thread listens; the lock is what lets it do so while the interpreter is released.
    let heard = Mutex::new(heard);
    let listen = || heard.lock().map_or(Err(RecvTimeoutError::Disconnected), |h| h.recv_timeout(POLL));
    let newer = || heard.lock().ok().and_then(|h| h.try_recv().ok());
    let mut run = Run::with_threads(threads).or_raise()?;
    if progress.is_some() {
        let told = told.clone();
        run = run.with_progress(move |done, total| {
            let _ = told.send(Some((done, total)));
        });
    }
    let cancel = run.cancel_flag();
    let mut failure = None;
    let result = std::thread::scope(|scope| {
        let run = &run;
        let worker = scope.spawn(move || {
            let result = work(run);
            let _ = told.send(None);
            result
        });
        loop {
            match py.detach(listen) {
                Ok(None) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(Some(mut latest)) => {
                    // Only the newest of what has piled up is worth a call.
                    let mut finished = false;
                    while let Some(next) = newer() {
                        match next {
                            Some(next) => latest = next,
                            None => finished = true,
                        }
                    }
                    if failure.is_none()
                        && let Some(callback) = &progress
                        && let Err(e) = callback.call1(py, latest)
                    {
                        cancel.store(true, Ordering::Relaxed);
                        failure = Some(e);
                    }
                    if finished {
                        break;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            if failure.is_none()
                && let Err(e) = py.check_signals()
            {
                cancel.store(true, Ordering::Relaxed);
                failure = Some(e);
            }
        }
        py.detach(|| worker.join())
    });
    match (failure, result) {
        (Some(e), _) => Err(e),
        (None, Ok(result)) => result.or_raise(),
        (None, Err(panic)) => std::panic::resume_unwind(panic),
    }
}
