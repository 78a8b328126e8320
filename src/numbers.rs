//! Whole numbers from one type to another: the one place where a number that the other type can't hold is noticed.
//!
//! Databases count in `i64`, memory in `usize`, files in `u64`. A number that does not fit is a fault, and an error: taken for
//! the largest number or for none, it would make an export silently wrong. Numbers that are only shown need no conversion:
//! [`crate::format`] takes them all.

use std::fmt::Display;

use crate::error::{Error, Result};

/// The same number as the type that is needed.
///
/// # Errors
/// When that type can't hold it.
pub fn exact<N: Copy + Display, M: TryFrom<N>>(number: N) -> Result<M> {
    M::try_from(number).map_err(|_| {
        let to = std::any::type_name::<M>();
        Error::internal(
            "The server met a number that can't be. Please tell its operator.",
            format!("{number} is no {to}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_does_not_fit_is_an_error() {
        assert_eq!(exact::<usize, i64>(7).ok(), Some(7));
        assert_eq!(exact::<i64, u64>(i64::MAX).ok(), Some(9_223_372_036_854_775_807));
        let error = exact::<i64, u64>(-1).err().map(|error| error.causes());
        assert_eq!(error.as_deref(), Some("-1 is no u64"));
        assert!(exact::<u64, i64>(u64::MAX).is_err() && exact::<i64, i32>(1 << 40).is_err());
    }
}
