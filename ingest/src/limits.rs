//! Limits of an append, which its errors name.

/// How often an append is tried while others write to the same stream.
pub const TRIES: u32 = 5;
/// Greatest length of an idempotency key, in bytes.
pub const MAX_KEY_BYTES: usize = 512;
