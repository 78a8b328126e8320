//! Rows of the queue of mail (B5).

use diesel::prelude::*;

use crate::db::schema::{export_requests, mails, users};
use crate::db::{AT_ONCE, Conn, Tx, instant, instant_opt, parsed};
use crate::error::Result;
use crate::jobs::lease::Due;
use crate::jobs::rows::{ended, free, leases};
use crate::model::{AccountId, DeliveryStatus, MailEvent, MailId, MailTrouble, RequestId, Timestamp, UserId};

/// A mail to be sent, or sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mail {
    pub id: MailId,
    /// What it is about.
    pub request_id: RequestId,
    pub recipient_id: UserId,
    pub event: MailEvent,
    /// Why the export failed, as it was then.
    pub reason: Option<String>,
    /// When it was queued.
    pub created_at: Timestamp,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = mails)]
struct Row {
    id: MailId,
    request_id: RequestId,
    recipient_id: UserId,
    event: String,
    reason: Option<String>,
    created_at: i64,
}

impl Row {
    fn into_model(self) -> Result<Mail> {
        Ok(Mail {
            id: self.id,
            request_id: self.request_id,
            recipient_id: self.recipient_id,
            event: parsed(&self.event)?,
            reason: self.reason,
            created_at: instant(self.created_at)?,
        })
    }
}

/// Queues a mail, in the transaction of the change that it reports.
pub fn create(
    tx: &mut Tx<'_>,
    request: RequestId,
    recipient: UserId,
    event: MailEvent,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    diesel::insert_into(mails::table)
        .values((
            mails::request_id.eq(request),
            mails::recipient_id.eq(recipient),
            mails::event.eq(event.as_str()),
            mails::reason.eq(reason),
            mails::created_at.eq(now.micros()),
            mails::attempts.eq(0),
            mails::not_before.eq(AT_ONCE),
        ))
        .execute(tx.sql())?;
    Ok(())
}

/// The mails that have neither left nor been given up.
macro_rules! open {
    () => {
        mails::sent_at.is_null().and(mails::given_up_at.is_null())
    };
}

leases!(mails, id: MailId => mails::table.find(id), id: MailId => mails::table.find(id));

/// Mails that wait to be sent and that nobody is sending, the longest waiting first. Only their numbers: one whose row says what
/// this version does not know must not hold up those behind it.
pub fn list_waiting(c: &mut Conn, due: &Due) -> Result<Vec<MailId>> {
    let query = mails::table.filter(open!()).filter(free!(mails, due)).order(mails::id);
    Ok(query.select(mails::id).limit(100).load(c)?)
}

/// Locks a mail, if it still waits and that can be done at once; returns how often it has been taken up.
pub fn lock_waiting(tx: &mut Tx<'_>, id: MailId, due: &Due) -> Result<Option<i32>> {
    let row = mails::table.find(id).filter(open!()).filter(free!(mails, due)).select(mails::attempts);
    Ok(match tx.sql() {
        // A writer is alone.
        Conn::Sqlite(inner) => row.first(inner).optional()?,
        Conn::Postgres(inner) => row.for_no_key_update().skip_locked().first(inner).optional()?,
    })
}

/// The mails whose leases lie beyond `latest`: they were noted before the clock was put back.
pub fn list_leased_beyond(c: &mut Conn, latest: Timestamp) -> Result<Vec<MailId>> {
    let beyond = mails::table.filter(open!()).filter(mails::lease_until.gt(latest.micros()));
    Ok(beyond.select(mails::id).load(c)?)
}

/// Notes that a mail has been sent.
pub fn update_sent(tx: &mut Tx<'_>, id: MailId, key: &str, now: Timestamp) -> Result<()> {
    diesel::update(mails::table.find(id))
        .filter(mails::lease_key.eq(key))
        .set((
            mails::sent_at.eq(now.micros()),
            mails::last_error.eq(None::<String>),
            mails::trouble.eq(None::<String>),
            ended!(mails),
        ))
        .execute(tx.sql())?;
    Ok(())
}

/// Why a mail could not be sent.
#[derive(Clone, Debug)]
pub struct Unsent {
    /// In a word, for the page.
    pub trouble: MailTrouble,
    /// In full, for the operator.
    pub error: String,
}

/// Notes why a mail could not be sent, if the lease holds; returns whether it does.
pub fn update_trouble(tx: &mut Tx<'_>, id: MailId, key: &str, why: &Unsent) -> Result<bool> {
    let changed = diesel::update(mails::table.find(id))
        .filter(mails::lease_key.eq(key))
        .set((mails::last_error.eq(&why.error), mails::trouble.eq(why.trouble.as_str())))
        .execute(tx.sql())?;
    Ok(changed > 0)
}

/// Notes that a mail will not be tried again, which ends the lease.
pub fn update_given_up(tx: &mut Tx<'_>, id: MailId, now: Timestamp) -> Result<()> {
    diesel::update(mails::table.find(id))
        .set((mails::given_up_at.eq(now.micros()), ended!(mails)))
        .execute(tx.sql())?;
    Ok(())
}

/// The mail with this number.
pub fn find(c: &mut Conn, id: MailId) -> Result<Option<Mail>> {
    mails::table.find(id).select(Row::as_select()).first(c).optional()?.map(Row::into_model).transpose()
}

/// The newest mails about an account's exports, newest first.
pub fn list_newest(c: &mut Conn, account: AccountId, limit: i64) -> Result<Vec<Mail>> {
    let rows: Vec<Row> = mails::table
        .inner_join(export_requests::table.on(export_requests::id.eq(mails::request_id)))
        .filter(export_requests::account_id.eq(account))
        .order(mails::id.desc())
        .limit(limit)
        .select(Row::as_select())
        .load(c)?;
    rows.into_iter().map(Row::into_model).collect()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = mails)]
struct DeliveryStatusRow {
    event: String,
    created_at: i64,
    attempts: i32,
    not_before: i64,
    sent_at: Option<i64>,
    given_up_at: Option<i64>,
    last_error: Option<String>,
    trouble: Option<String>,
}

/// The newest mails about a request, the newest first, and how many there are.
pub fn list_delivery_statuses(c: &mut Conn, request: RequestId, limit: i64) -> Result<(Vec<DeliveryStatus>, i64)> {
    let ours = mails::table.filter(mails::request_id.eq(request));
    let count = ours.count().get_result(c)?;
    let rows: Vec<(DeliveryStatusRow, String, Option<String>)> = ours
        .inner_join(users::table)
        .order(mails::id.desc())
        .limit(limit)
        .select((DeliveryStatusRow::as_select(), users::name, users::email))
        .load(c)?;
    let delivery = |(row, name, email): (DeliveryStatusRow, String, Option<String>)| {
        Ok(DeliveryStatus {
            event: parsed(&row.event)?,
            name,
            email,
            created_at: instant(row.created_at)?,
            attempts: row.attempts,
            not_before: instant(row.not_before)?,
            sent_at: instant_opt(row.sent_at)?,
            given_up_at: instant_opt(row.given_up_at)?,
            failed: row.last_error.is_some(),
            trouble: row.trouble.and_then(|trouble| trouble.parse().ok()),
        })
    };
    Ok((rows.into_iter().map(delivery).collect::<Result<_>>()?, count))
}
