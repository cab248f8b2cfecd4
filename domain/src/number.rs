//! Whole numbers that must fit.
//!
//! Where this program itself made a number, one that does not fit is its own bug, and the only honest answer is to
//! stop: cut to a bound or replaced by 0 it would become a wrong number in a log or a score, which nobody sees. Numbers
//! that others make (a column, a document, a flag) are checked where they are read, with an error that says where.

use std::any::type_name;
use std::fmt::Display;

/// The same number in another type, which it fits unless this program has a bug: `fit::<u32>(rows.len(), "rows")`.
/// Postgres keeps positions and counts as `i64`.
///
/// # Panics
/// When it does not fit; the message says what it is, the number and the type.
#[must_use]
#[track_caller]
pub fn fit<To>(number: impl Copy + Display + TryInto<To>, what: &str) -> To {
    let Ok(same) = number.try_into() else {
        panic!("{what}: {number} is no {}, which is a bug of this program", type_name::<To>())
    };
    same
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_fits_stays_the_same() {
        assert_eq!(fit::<u32>(usize::MIN, "n"), 0);
        assert_eq!(fit::<u32>(4_294_967_295_u64, "n"), u32::MAX);
        assert_eq!(fit::<i64>(9_223_372_036_854_775_807_u64, "n"), i64::MAX);
        assert_eq!(fit::<u64>(7_i64, "n"), 7);
    }

    #[test]
    #[should_panic(expected = "vertices: 4294967296 is no u32")]
    fn one_too_great_stops_the_program() {
        _ = fit::<u32>(4_294_967_296_u64, "vertices");
    }

    #[test]
    #[should_panic(expected = "position: -1 is no u64")]
    fn one_too_small_stops_the_program() {
        _ = fit::<u64>(-1_i64, "position");
    }
}
