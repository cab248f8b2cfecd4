//! Limits of an append, which its errors name.

/// How often an append is tried while others write to the same stream.
pub const TRIES: u32 = 5;
/// How far `observed_at` may be ahead of the database's clock, in minutes: clocks differ, prophecies are refused.
pub(crate) const MAX_AHEAD_MINUTES: i64 = 5;
/// Greatest length of an idempotency key, in bytes.
pub(crate) const MAX_KEY_BYTES: usize = 512;
