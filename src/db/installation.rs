//! The row that names this database, the data folder that it has, and the key that signs its archives.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::Conn;
use super::schema::installation;
use crate::db::Tx;
use crate::error::Result;

/// What a database knows of itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Installation {
    pub id: String,
    /// The name of its data folder.
    pub folder: Option<String>,
    /// The public half of the key that signs its archives.
    pub signing_key: Option<String>,
}

/// What this database knows of itself; none before its first start.
pub fn find(c: &mut Conn) -> Result<Option<Installation>> {
    let columns = (installation::id, installation::folder, installation::signing_key);
    let found: Option<(String, Option<String>, Option<String>)> =
        installation::table.select(columns).first(c).optional()?;
    Ok(found.map(|(id, folder, signing_key)| Installation { id, folder, signing_key }))
}

/// Names this database and its data folder, unless it has a name; gives what it knows of itself then.
pub fn find_or_create(tx: &mut Tx<'_>, id: &str, folder: &str) -> Result<Installation> {
    if let Conn::Postgres(inner) = tx.sql() {
        // Of two processes that start at once, the other waits, and finds the name.
        inner.batch_execute("LOCK TABLE installation IN SHARE ROW EXCLUSIVE MODE")?;
    }
    if let Some(known) = find(tx)? {
        return Ok(known);
    }
    let values = (installation::id.eq(id), installation::folder.eq(folder), installation::beats.eq(0));
    diesel::insert_into(installation::table).values(values).execute(tx.sql())?;
    Ok(Installation { id: id.to_owned(), folder: Some(folder.to_owned()), signing_key: None })
}

/// Gives this database another data folder.
pub fn update_folder(tx: &mut Tx<'_>, folder: &str) -> Result<()> {
    diesel::update(installation::table).set(installation::folder.eq(folder)).execute(tx.sql())?;
    Ok(())
}

/// Notes the key that signs from now on.
pub fn update_signing_key(tx: &mut Tx<'_>, key: &str) -> Result<()> {
    diesel::update(installation::table).set(installation::signing_key.eq(key)).execute(tx.sql())?;
    Ok(())
}
