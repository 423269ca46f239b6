//! Waves on threads of their own, beside each other where one leaves a part of the device idle.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::{Builder, Scope, ScopedJoinHandle};

use synx_plan::executor::{Executor, Load};
use synx_plan::problem::Problem;

use crate::course::{Common, Course, Trained};
use crate::progress::Event;

/// A wave that trains.
type Running<'scope> = (Arc<Course>, ScopedJoinHandle<'scope, Result<Trained, Problem>>);

/// What a wave's thread tells.
enum Told {
    Begun(usize),
    Ended(usize),
}

/// Carries out one course after the other, as `next` gives them, until it gives none; whether it came so far and was not to stop before. The next is made ready
/// while others train, and starts when none does, or when they leave a part of the device idle and memory has all its slots. `next` is told whether its course
/// is to fill up what others leave idle; `done` is told what each came to.
///
/// The first problem is given when all have stopped, with checkpoints.
pub(crate) fn train_all(
    common: &Common,
    executor: &mut dyn Executor,
    mut next: impl FnMut(bool) -> Result<Option<Course>, Problem>,
    done: &mut dyn FnMut(Trained),
) -> Result<bool, Problem> {
    let mut problem = None;
    let mut is_done = false;
    std::thread::scope(|scope| {
        let _stop = StopOnPanic(&common.failed);
        let mut ready: Option<Arc<Course>> = None;
        let mut running: BTreeMap<usize, Running> = BTreeMap::new();
        let mut begun = 0;
        // A wave that has not been told of yet: the next waits, so that they are told of in their order.
        let mut begins: Option<usize> = None;
        let (tell, told) = channel();
        loop {
            let beside: Vec<Load> = running.values().map(|(course, _)| course.load()).collect();
            let is_idle = executor.is_idle_beside(&beside);
            if ready.is_none() && !is_done && !common.stops() {
                let fills_up = beside.len() > 1 || is_idle && !beside.is_empty();
                match next(fills_up) {
                    Ok(course) => {
                        is_done = course.is_none();
                        ready = course.map(Arc::new);
                    }
                    Err(found) => common.fail(&mut problem, found),
                }
            }
            let can_start = |course: &mut Arc<Course>| {
                let wanted = course.breadth.slots;
                let fits = || executor.fit(&course.program, wanted).is_ok_and(|slots| slots >= wanted);
                !common.stops() && begins.is_none() && (beside.is_empty() || is_idle && fits())
            };
            if let Some(course) = ready.take_if(can_start) {
                begun += 1;
                common.running.store(running.len() + 1, Ordering::Relaxed);
                match start(scope, common, executor, Arc::clone(&course), begun, tell.clone()) {
                    Ok(thread) => {
                        begins = Some(begun);
                        running.insert(begun, (course, thread));
                    }
                    Err(found) => common.fail(&mut problem, found),
                }
            } else if running.is_empty() {
                is_done &= ready.is_none();
                break;
            } else {
                let number = match told.recv() {
                    Ok(Told::Begun(number)) => {
                        begins.take_if(|begins| *begins == number);
                        continue;
                    }
                    Ok(Told::Ended(number)) => number,
                    Err(_) => break,
                };
                let has_begun = begins.take_if(|begins| *begins == number).is_none();
                let Some((_, thread)) = running.remove(&number) else { continue };
                if has_begun {
                    common.tell(Event::WaveEnded { wave: number });
                }
                common.running.store(running.len(), Ordering::Relaxed);
                match thread.join() {
                    Ok(Ok(trained)) => done(trained),
                    Ok(Err(found)) => common.fail(&mut problem, found),
                    Err(panic) => resume_unwind(panic),
                }
            }
        }
    });
    problem.map_or(Ok(is_done), Err)
}

/// Makes a wave for a course, of as many of its slots as the device holds, and a thread that it trains on.
fn start<'scope, 'env>(
    scope: &'scope Scope<'scope, 'env>,
    common: &'env Common<'_>,
    executor: &mut dyn Executor,
    course: Arc<Course>,
    number: usize,
    tell: Sender<Told>,
) -> Result<ScopedJoinHandle<'scope, Result<Trained, Problem>>, Problem> {
    let slots = executor.fit(&course.program, course.breadth.slots)?;
    let wave = executor.prepare(&course.program, slots)?;
    let end = End { tell, number };
    let train = move || course.train(common, wave, number, &|| end.tell(Told::Begun(number)));
    Builder::new()
        .name(format!("synx-wave-{number}"))
        .spawn_scoped(scope, train)
        .map_err(|error| Problem::new("E0959", "could not start a thread for a wave").note(error.to_string()))
}

/// Says, when it is dropped, that a wave's thread is at its end, however it came there.
struct End {
    tell: Sender<Told>,
    number: usize,
}

impl End {
    fn tell(&self, told: Told) {
        // Nobody listens any more where the one who waited has failed.
        let _ = self.tell.send(told);
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.tell(Told::Ended(self.number));
    }
}

/// Lets all waves stop, with checkpoints, where the one who waits for them fails.
struct StopOnPanic<'a>(&'a AtomicBool);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests;
