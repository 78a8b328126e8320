//! The columns of a lease, which the table of every kind of job has (`lease_key`, `lease_until`, `attempts`, `not_before`), and
//! the statements on these alone.
//!
//! The `rows` of a feature make its verbs from here; [`super::lease`] says in which order they are called. What else changes
//! with a lease (a status, a reason) is the feature's. Whoever changes a row holds the lock that its feature asks for.

/// The rows that nobody holds, and whose wait is over, or was not begun since the clock was put back.
macro_rules! free {
    ($table:ident, $due:expr) => {
        ($table::lease_until.is_null().or($table::lease_until.lt($due.now.micros()).assume_not_null()))
            .and($table::not_before.le($due.now.micros()).or($table::not_before.gt($due.latest.micros())))
    };
}
pub(crate) use free;

/// What a row says whose lease has ended.
macro_rules! ended {
    ($table:ident) => {
        ($table::lease_key.eq(None::<String>), $table::lease_until.eq(None::<i64>))
    };
}
pub(crate) use ended;

/// The verbs on the leases of `$table`: of the row of a job, and of all rows of those that take a turn together.
macro_rules! leases {
    ($table:ident, $job:ident: $Job:ty => $row:expr, $turn:ident: $Turn:ty => $rows:expr) => {
        /// Takes up a job that waits.
        pub fn update_claimed(
            tx: &mut $crate::db::Tx<'_>,
            $job: $Job,
            key: &str,
            until: $crate::model::Timestamp,
        ) -> $crate::error::Result<()> {
            let lease = ($table::lease_key.eq(key), $table::lease_until.eq(until.micros()));
            diesel::update($row).set(($table::attempts.eq($table::attempts + 1), lease)).execute(tx.sql())?;
            Ok(())
        }

        /// Whether a lease still holds; if the job is locked, it does until the transaction ends.
        pub fn is_held(c: &mut $crate::db::Conn, $job: $Job, key: &str) -> $crate::error::Result<bool> {
            Ok(diesel::select(diesel::dsl::exists($row.filter($table::lease_key.eq(key)))).get_result(c)?)
        }

        /// Prolongs a lease; returns whether it still holds.
        pub fn update_lease(
            tx: &mut $crate::db::Tx<'_>,
            $job: $Job,
            key: &str,
            until: $crate::model::Timestamp,
        ) -> $crate::error::Result<bool> {
            let held = diesel::update($row).filter($table::lease_key.eq(key));
            Ok(held.set($table::lease_until.eq(until.micros())).execute(tx.sql())? > 0)
        }

        /// Puts a job back; returns whether the lease still held.
        pub fn update_released(
            tx: &mut $crate::db::Tx<'_>,
            $job: $Job,
            key: &str,
            again: $crate::jobs::lease::Again,
        ) -> $crate::error::Result<bool> {
            let waits = ($table::attempts.eq(again.attempts), $table::not_before.eq(again.not_before.micros()));
            let held = diesel::update($row).filter($table::lease_key.eq(key));
            Ok(held.set((waits, $crate::jobs::rows::ended!($table))).execute(tx.sql())? > 0)
        }

        /// Puts what was taken up under this key back as if it had not been; returns whether it was.
        pub fn update_disowned(tx: &mut $crate::db::Tx<'_>, $turn: $Turn, key: &str) -> $crate::error::Result<bool> {
            let held = diesel::update($rows).filter($table::lease_key.eq(key));
            let set = ($table::attempts.eq($table::attempts - 1), $crate::jobs::rows::ended!($table));
            Ok(held.set(set).execute(tx.sql())? > 0)
        }

        /// Ends leases that lie beyond `latest` there.
        pub fn update_leases_beyond(
            tx: &mut $crate::db::Tx<'_>,
            $turn: $Turn,
            latest: $crate::model::Timestamp,
        ) -> $crate::error::Result<()> {
            diesel::update($rows)
                .filter($table::lease_until.gt(latest.micros()))
                .set($table::lease_until.eq(latest.micros()))
                .execute(tx.sql())?;
            Ok(())
        }
    };
}
pub(crate) use leases;
