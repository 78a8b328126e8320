//! The row that names this database.

use diesel::prelude::*;

use super::Conn;
use super::connection::on_either;
use super::schema::installation;
use crate::error::Result;

/// The name of this database: `new` if it has none yet.
pub fn find_or_create(c: &mut Conn, new: &str) -> Result<String> {
    if let Some(id) = installation::table.select(installation::id).first(c).optional()? {
        return Ok(id);
    }
    let value = installation::id.eq(new);
    on_either!(c, inner => diesel::insert_into(installation::table).values(value).on_conflict_do_nothing().execute(inner))?;
    Ok(installation::table.select(installation::id).order(installation::id).first(c)?)
}
