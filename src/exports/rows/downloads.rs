//! Rows of who has taken which part of an archive out of the server, and when.

use diesel::prelude::*;

use crate::db::schema::{export_downloads, users};
use crate::db::{Conn, Tx, instant, parsed};
use crate::error::Result;
use crate::model::{Download, RequestId, Timestamp, UserId, Way};

/// Notes that a part is taken.
pub fn create(
    tx: &mut Tx<'_>,
    request: RequestId,
    part_number: i32,
    way: Way,
    user: Option<UserId>,
    now: Timestamp,
) -> Result<()> {
    diesel::insert_into(export_downloads::table)
        .values((
            export_downloads::request_id.eq(request),
            export_downloads::part_number.eq(part_number),
            export_downloads::way.eq(way.as_str()),
            export_downloads::user_id.eq(user),
            export_downloads::at.eq(now.micros()),
        ))
        .execute(tx.sql())?;
    Ok(())
}

/// Whether someone has begun to download a part after an instant.
pub fn exists_since(
    c: &mut Conn,
    request: RequestId,
    part_number: i32,
    user: UserId,
    since: Timestamp,
) -> Result<bool> {
    let downloads = export_downloads::table
        .filter(export_downloads::request_id.eq(request).and(export_downloads::user_id.eq(user)))
        .filter(export_downloads::part_number.eq(part_number).and(export_downloads::at.gt(since.micros())));
    Ok(diesel::select(diesel::dsl::exists(downloads)).get_result(c)?)
}

/// Some of the downloads of a request, the newest first, and how many there are.
pub fn page(c: &mut Conn, request: RequestId, skip: i64, limit: i64) -> Result<(Vec<Download>, i64)> {
    let ours = export_downloads::table.filter(export_downloads::request_id.eq(request));
    let count = ours.count().get_result(c)?;
    let rows: Vec<(i32, String, Option<String>, i64)> = ours
        .left_join(users::table)
        .order(export_downloads::id.desc())
        .offset(skip)
        .limit(limit)
        .select((export_downloads::part_number, export_downloads::way, users::name.nullable(), export_downloads::at))
        .load(c)?;
    let download = |(part_number, way, person, at): (i32, String, Option<String>, i64)| {
        Ok(Download { part_number, way: parsed(&way)?, person, at: instant(at)? })
    };
    Ok((rows.into_iter().map(download).collect::<Result<_>>()?, count))
}
