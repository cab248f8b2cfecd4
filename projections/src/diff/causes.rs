//! Which of the parameters that differ are behind a change: those that suffice to make the value of the second formula
//! out of that of the first.
//!
//! Found by trying. A parameter that alone gives the later value is a cause; where there is none, parameters are taken
//! away as long as the rest still gives it. So the parameters that are named give the later value when they are applied
//! and nothing else is. When trials run out, no more are taken away: one too many may be named then, never one too few.

use super::Change;
use super::parameters::{Parameter, decides};
use super::trials::{Effect, Set, Trials};

/// What single parameters do to a change.
#[derive(Clone, Copy, Default)]
struct Alone {
    /// Give the later value.
    arrive: Set,
    /// Give another value than before.
    move_it: Set,
}

/// The parameters behind every change, as places among those that differ: first what by itself gives the later value,
/// then what by itself moves it, then what does so only together with others.
pub(super) fn find(trials: &mut Trials<'_>, changed: &[Change], parameters: &[Parameter]) -> Vec<Vec<usize>> {
    let places = |set: Set| (0..parameters.len()).filter(move |n| set & 1 << n != 0);
    let candidates: Vec<Set> = changed.iter().map(|change| candidates(change, parameters)).collect();
    // What single parameters do is known first, whatever else there is to try.
    let mut alone = vec![Alone::default(); changed.len()];
    for (n, (alone, candidates)) in alone.iter_mut().zip(&candidates).enumerate() {
        for place in places(*candidates) {
            let one = 1 << place;
            match trials.effect(one, n) {
                Some(Effect::Arrives) => (alone.arrive, alone.move_it) = (alone.arrive | one, alone.move_it | one),
                Some(Effect::Moves) => alone.move_it |= one,
                Some(Effect::Stays) | None => {}
            }
        }
    }
    let named = |(n, (alone, candidates)): (usize, (&Alone, &Set))| {
        let named = sufficient(trials, n, *alone, *candidates);
        let ranks = [alone.arrive, alone.move_it & !alone.arrive, !alone.move_it];
        ranks.into_iter().flat_map(|rank| places(named & rank)).collect()
    };
    alone.iter().zip(&candidates).enumerate().map(named).collect()
}

/// The parameters that may decide a value, by what it is of.
fn candidates(change: &Change, parameters: &[Parameter]) -> Set {
    let deciding = parameters.iter().enumerate().filter(|(_, one)| decides(&one.path, change.level, &change.metric));
    deciding.fold(0, |set, (n, _)| set | 1 << n)
}

/// Parameters that together give the later value, none of them in vain.
fn sufficient(trials: &mut Trials<'_>, change: usize, alone: Alone, candidates: Set) -> Set {
    let mut arrives = |set: Set| trials.effect(set, change) == Some(Effect::Arrives);
    let least = if alone.arrive != 0 {
        alone.arrive & alone.arrive.wrapping_neg()
    } else {
        let mut left = candidates;
        if alone.move_it != 0 && arrives(alone.move_it) {
            left = alone.move_it;
        }
        // What moves nothing by itself goes first.
        for rank in [candidates & !alone.move_it, alone.move_it] {
            for one in (0..Set::BITS).map(|n| 1 << n).filter(|one| rank & one != 0) {
                let without = left & !one;
                if without != left && without != 0 && arrives(without) {
                    left = without;
                }
            }
        }
        left
    };
    // Others that have their effect as well, if the value is still the later one with them.
    let wider = [least | alone.move_it, least | alone.arrive];
    wider.into_iter().find(|wider| *wider == least || arrives(*wider)).unwrap_or(least)
}
