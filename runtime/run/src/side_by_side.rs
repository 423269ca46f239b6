//! Waves on threads of their own, beside each other where one leaves a part of the device idle.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Sender, channel};
use std::thread::ScopedJoinHandle;

use synx_plan::executor::Load;
use synx_plan::problem::Problem;

use crate::course::{Common, Course, Trained};

/// A wave that trains.
type Running<'scope> = (Arc<Course>, ScopedJoinHandle<'scope, Result<Trained, Problem>>);

/// Carries out one course after the other, as `next` gives them; the next is made ready while others train, and starts when none does or the device has room for it
/// beside them. `next` is told whether its course is to fill up what others leave idle. `done` is told what each came to. Whether one was made ready and not begun, since all were to stop.
///
/// The first problem is given when all have stopped, with checkpoints.
pub(crate) fn train_all(
    common: &Common,
    mut next: impl FnMut(bool) -> Result<Option<Course>, Problem>,
    done: &mut dyn FnMut(Trained),
) -> Result<bool, Problem> {
    let mut problem = None;
    let mut ready: Option<Arc<Course>> = None;
    std::thread::scope(|scope| {
        let mut running: BTreeMap<usize, Running> = BTreeMap::new();
        let mut begun = 0;
        let (tell, ended) = channel();
        loop {
            let beside: Vec<Load> = running.values().map(|(course, _)| course.load()).collect();
            let is_idle = common.executor().is_idle_beside(&beside);
            if ready.is_none() && !common.stops() {
                match next(is_idle && !beside.is_empty()) {
                    Ok(course) => ready = course.map(Arc::new),
                    Err(found) => common.fail(&mut problem, found),
                }
            }
            let can_start = |course: &mut Arc<Course>| {
                !common.stops() && is_idle && common.executor().fits_beside(&beside, &course.load())
            };
            if let Some(course) = ready.take_if(can_start) {
                let (own, end) = (Arc::clone(&course), End { tell: tell.clone(), number: begun });
                let thread = scope.spawn(move || {
                    let _end = end;
                    own.train(common)
                });
                running.insert(begun, (course, thread));
                common.running.store(running.len(), Ordering::Relaxed);
                begun += 1;
            } else if running.is_empty() {
                break;
            } else if let Some((_, thread)) = ended.recv().ok().and_then(|number| running.remove(&number)) {
                common.running.store(running.len(), Ordering::Relaxed);
                match thread.join() {
                    Ok(Ok(trained)) => done(trained),
                    Ok(Err(found)) => common.fail(&mut problem, found),
                    Err(panic) => {
                        common.failed.store(true, Ordering::Relaxed);
                        resume_unwind(panic);
                    }
                }
            }
        }
    });
    problem.map_or(Ok(ready.is_some()), Err)
}

/// Says, when it is dropped, that a wave's thread is at its end, however it came there.
struct End {
    tell: Sender<usize>,
    number: usize,
}

impl Drop for End {
    fn drop(&mut self) {
        // Nobody listens any more where the one who waited has failed.
        let _ = self.tell.send(self.number);
    }
}
