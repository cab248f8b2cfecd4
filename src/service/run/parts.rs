//! What background work consists of.

/// Which parts run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Gives positions to what killed clients left behind. A program without the append path has none.
    pub sequencer: bool,
    /// Signs the log while it grows, where there is a key.
    pub signer: bool,
    /// Keeps the live builds at the head.
    pub projector: bool,
    /// The projector stands by while another is at work; else it ends.
    pub stand_by: bool,
    /// The projector hears when the log has grown; else it only looks.
    pub listener: bool,
}

impl Parts {
    /// All of them.
    pub const ALL: Self = Self { sequencer: true, signer: true, projector: true, stand_by: true, listener: true };
}
