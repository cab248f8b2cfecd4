//! Streams of formulas: a name that the program ships means what the program ships.

use super::state::BrokenRule;
use crate::event::Event;
use crate::formula::check_name;

/// Whether an event may be in this stream.
pub(super) fn check(event: &Event) -> Result<(), BrokenRule> {
    if let Event::FormulaAdopted(facts) = event {
        check_name(&facts.name, &facts.hash)?;
    }
    Ok(())
}
