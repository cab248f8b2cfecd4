//! What a use case says while it is at work, before its answer: values, for whoever watches to show or to keep.

/// Something that a use case says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Something was odd, and was dealt with as said.
    Warning(String),
    /// How the work goes on, or what its answer rests on.
    Note(String),
    /// The live tables lack so many of the newest events: reading them says nothing of those.
    Behind(u64),
    /// A correction is in the log, and not in the live tables yet.
    Corrected,
    /// The live tables are to be made anew: without an event, or with it again where that was lifted.
    PassedOver {
        /// Whether the event is let in again.
        lifted: bool,
    },
    /// The live tables were made before events were quarantined, or let in again, and cannot be compared with.
    OtherQuarantine,
}

/// Watches use cases at work.
pub trait Watch: Send + Sync {
    /// Something is said.
    fn notice(&self, notice: &Notice);

    /// Work begins, of so many steps where that is known. It ends when what is answered is dropped.
    fn begin(&self, work: &'static str, steps: Option<u64>) -> Box<dyn Progress>;
}

/// How far a work is.
pub trait Progress: Send {
    /// One step further.
    fn step(&mut self);

    /// So many steps are done.
    fn reach(&mut self, done: u64);

    /// So many are done, of so many that are known by now.
    fn reach_of(&mut self, done: u64, known: u64);
}

/// Nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn notice(&self, _: &Notice) {}

    fn begin(&self, _: &'static str, _: Option<u64>) -> Box<dyn Progress> {
        Box::new(Self)
    }
}

impl Progress for Unwatched {
    fn step(&mut self) {}
    fn reach(&mut self, _: u64) {}
    fn reach_of(&mut self, _: u64, _: u64) {}
}
