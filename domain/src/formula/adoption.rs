//! What a log can take in: a shipped formula is what its program says, and a document is kept as it is.

use super::{Formula, FormulaError};
use crate::digest::Digest;
use crate::redact;

impl Formula {
    /// Whether a log can take in the formula with this document.
    ///
    /// # Errors
    /// When its name is that of a shipped formula and it is another one, or when the document holds an address.
    pub fn check_adoptable(&self, document: &str) -> Result<(), FormulaError> {
        check_name(&self.name, &self.hash())?;
        if redact::is_clean(document) { Ok(()) } else { Err(FormulaError::Address) }
    }
}

/// Whether a formula with this hash may have this name.
///
/// # Errors
/// When it is that of a shipped formula, and the hash that of another one.
pub(crate) fn check_name(name: &str, hash: &Digest) -> Result<(), FormulaError> {
    let redefined = Formula::shipped(name).is_ok_and(|shipped| shipped.hash() != *hash);
    if redefined { Err(FormulaError::Shipped(name.to_owned())) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::super::SHIPPED;
    use super::*;

    #[test]
    fn shipped_formulas_are_adopted_as_they_are_and_addresses_stay_out() {
        for (name, document) in SHIPPED {
            let formula = Formula::parse(document).unwrap();
            assert_eq!(formula.check_adoptable(document), Ok(()));
            let signed = format!("# by ann@example.org\n{document}");
            assert_eq!(formula.check_adoptable(&signed), Err(FormulaError::Address));
            let other = Formula { description: "mine".to_owned(), ..formula };
            assert_eq!(other.check_adoptable(document), Err(FormulaError::Shipped(name.to_owned())));
            let own = Formula { name: "own".to_owned(), ..other };
            assert_eq!(own.check_adoptable(document), Ok(()));
        }
    }
}
