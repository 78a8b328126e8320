//! The archives that are kept, compared with what this database knows of them: which are missing or damaged, which lie in
//! quarantine because no export of it asks for them, and how such a one is taken in (B6, B7).
//!
//! After an older copy of the database was restored, newer archives belong to nothing. The sweep moves them into quarantine
//! (`sweep`); here the operator's commands find out what they are. An archive is believed if this server has signed it and
//! nothing in it was changed.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use super::evidence::{self, Adoption, Evidence};
use super::filters::Chosen;
use super::rows;
pub use super::rows::exports::KeptPart;
use super::rows::exports::{AdoptedRequest, NewRequest, WithEnd};
use super::rules::requests as rules;
use crate::archive::manifest::Header;
use crate::archive::records::Person;
use crate::archive::sign::PublicKey;
use crate::archive::{self, Identity, PartList};
use crate::audit::{self, Actor, AuditEvent};
use crate::blobs::{Blobs, Condition, Quarantined};
use crate::db::{Conn, Store, Tx};
use crate::error::{Error, Kind, Result};
use crate::identity::{self, accounts};
use crate::keys;
use crate::model::{
    Account, AccountId, CapturePeriod, ConversationId, Filters, Part, RequestId, Timestamp, User, UserId,
};

/// A part that ought to be whole and is not.
#[derive(Clone, Debug)]
pub struct Broken {
    pub kept: KeptPart,
    /// What became of it.
    pub condition: Condition,
}

/// The parts of exports that can be downloaded, each with what became of it, as of now; only of `requests`, if any are given.
///
/// # Errors
/// When the database fails, or the store of archives does not answer.
pub fn kept(
    c: &mut Conn,
    blobs: &Blobs,
    requests: Option<&[RequestId]>,
    now: Timestamp,
) -> Result<Vec<(KeptPart, Condition)>> {
    let available = available(c, requests, now)?;
    let wanted: Vec<_> = available.iter().map(|kept| (kept.storage_key.as_str(), kept.part.size)).collect();
    let conditions = blobs.conditions(&wanted)?;
    Ok(available.into_iter().zip(conditions).collect())
}

fn available(c: &mut Conn, requests: Option<&[RequestId]>, now: Timestamp) -> Result<Vec<KeptPart>> {
    let parts = rows::exports::list_kept_parts(c, requests)?.into_iter();
    let available = |(_, status, expires_at): &WithEnd| rules::is_available(*status, *expires_at, now);
    Ok(parts.filter(available).map(|(kept, ..)| kept).collect())
}

/// The parts of these exports, or of all, that are known to be missing or damaged: for pages, which wait for no object store.
pub fn broken(c: &mut Conn, blobs: &Blobs, requests: Option<&[RequestId]>, now: Timestamp) -> Result<Vec<Broken>> {
    let glance = |kept: KeptPart| {
        let condition = blobs.glance(&kept.storage_key, kept.part.size)?;
        (condition != Condition::Whole).then_some(Broken { kept, condition })
    };
    Ok(available(c, requests, now)?.into_iter().filter_map(glance).collect())
}

/// The parts of these exports, or of all, that are missing or damaged, as of now.
///
/// # Errors
/// As [`kept`].
pub fn broken_now(c: &mut Conn, blobs: &Blobs, requests: Option<&[RequestId]>, now: Timestamp) -> Result<Vec<Broken>> {
    let kept = kept(c, blobs, requests, now)?.into_iter();
    let broken = kept.filter(|(_, condition)| *condition != Condition::Whole);
    Ok(broken.map(|(kept, condition)| Broken { kept, condition }).collect())
}

/// A file in quarantine, and what it says of itself.
#[derive(Clone, Debug)]
pub struct QuarantinedFile {
    pub file: Quarantined,
    /// What it says it is; or why it can't be read.
    pub identity: std::result::Result<Box<Identity>, String>,
}

/// What lies in quarantine, each with what it says of itself.
///
/// # Errors
/// When the folder can't be read.
pub fn quarantined(blobs: &Blobs) -> Result<Vec<QuarantinedFile>> {
    let found = |file: Quarantined| {
        let identity = match blobs.open_quarantined(&file.name) {
            Ok(stored) => archive::identify(stored, &file.name),
            // Of a store that does not answer nobody can say that its files can't be read.
            Err(error) if error.is_transient() => return Err(error),
            Err(error) => Err(error),
        };
        Ok(QuarantinedFile { file, identity: identity.map(Box::new).map_err(|error| error.causes()) })
    };
    blobs.list_quarantined()?.into_iter().map(found).collect()
}

/// What became of an archive that was to be taken in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Adopted {
    /// The export in this database.
    pub request: RequestId,
    /// The number that it bears in its archive. Another one, if this database has given that to another export.
    pub number: RequestId,
    pub account: String,
    /// How many parts it has.
    pub parts: usize,
    pub bytes: i64,
    /// Until when it can be downloaded.
    pub until: Timestamp,
    /// The export was known, and only its files had been away.
    pub was_known: bool,
}

/// Takes an archive out of quarantine, so that it can be downloaded: `what` is the number of the export, or the name of the
/// file that is its part 1. It must be complete, unchanged and signed by this server.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Conflict`] and [`Kind::Invalid`] with what keeps it from being taken in, and what to do;
/// otherwise when the database or the disk fails.
pub fn adopt(
    store: &Store,
    blobs: &Blobs,
    key: &PublicKey,
    what: &str,
    keep_days: u32,
    now: Timestamp,
) -> Result<Adopted> {
    let found = quarantined(blobs)?;
    let (first, identity, whole) = choose(&found, what)?;
    let files = parts_of(blobs, &found, first, identity, whole)?;
    let report = verify(blobs, &files, key)?;
    if let Some(problem) = report.problems.first() {
        let count = u64::try_from(report.problems.len()).unwrap_or(u64::MAX).saturating_add(report.more_problems);
        return Err(Error::conflict(format!(
            "The archive is not complete, unchanged and signed by this server, so it is not taken in. Problems: {count}; \
             the first: {problem}"
        )));
    }
    let header = &identity.header;
    let bytes = files.iter().map(|(part, _)| part.size).sum();
    let (request, until, was_known) = store.write(|tx| {
        let account = account_of(tx, header)?;
        let number = header.request.id.0;
        let known = rows::exports::find(tx, number)?;
        let same = |(old, _): &(Part, String)| {
            files.iter().any(|(part, _)| part.number == old.number && part.sha256 == old.sha256)
        };
        if let Some(known) = known.as_ref().filter(|known| known.account_id == account.id) {
            let parts = rows::exports::list_parts(tx, number)?;
            if parts.len() == files.len() && parts.iter().all(same) {
                return put_back(tx, blobs, known, &parts, &files, now);
            }
        }
        let expires_at = rules::expiry(now, keep_days);
        let requester = requester_of(tx, &account, &header.request.requested_by)?;
        let items = i64::try_from(whole.totals.items).unwrap_or(i64::MAX);
        let evidence = evidence::text(&evidence_of(header, &account, requester.clone(), now))?;
        let chosen = header.request.filters.clone().unwrap_or_default();
        let filters = Filters {
            people: chosen.people.iter().map(|person| person.id.0).collect(),
            conversations: chosen.conversations.iter().map(|conversation| conversation.id.0).collect(),
        };
        let zone = header.request.time_zone.parse().map_err(|error| {
            Error::conflict(format!("The time zone “{}” of the archive is unknown.", header.request.time_zone))
                .because(format!("{error}"))
        })?;
        let asked = NewRequest {
            account_id: account.id,
            requester_id: requester.id,
            form_key: &keys::new_key(),
            first_day: header.request.first_day,
            last_day: header.request.last_day,
            time_zone: zone,
            filters: &filters,
            requested_at: header.request.requested_at,
            formats: &whole.formats,
        };
        let new = AdoptedRequest { asked, cut_at: header.cut, items, now, expires_at, evidence: &evidence };
        let id = rows::exports::create_adopted(tx, &new, known.is_none().then_some(number))?;
        let Some(request) = rows::exports::lock(tx, id)? else {
            return Err(Error::internal("The export could not be taken in.", format!("export {id} was not made")));
        };
        for (part, storage_key) in &files {
            rows::exports::create_part(tx, &request, part, storage_key)?;
        }
        let event = AuditEvent::ExportAdopted { export: id, archive_number: number, parts: files.len() };
        audit::append(tx, account.id, Actor::Operator, &event, now)?;
        Ok((id, expires_at, false))
    })?;
    // The database knows them first: what it knows is never moved into quarantine, and what it knows comes back from there
    // at the next sweep, if this breaks off here.
    for (_, storage_key) in &files {
        if blobs.list_quarantined()?.iter().any(|file| file.name == *storage_key) {
            blobs.take_back(storage_key)?;
        }
    }
    let (number, account) = (header.request.id.0, header.account.name.clone());
    Ok(Adopted { request, number, account, parts: files.len(), bytes, until, was_known })
}

/// The archive that is meant: its part 1, and what that says.
fn choose<'a>(found: &'a [QuarantinedFile], what: &str) -> Result<(&'a Quarantined, &'a Identity, &'a PartList)> {
    let number = what.parse::<RequestId>().ok();
    let is_meant = |found: &QuarantinedFile, identity: &Identity| match number {
        Some(number) => identity.header.request.id.0 == number,
        None => found.file.name == what,
    };
    let meant: Vec<_> = found
        .iter()
        .filter_map(|found| found.identity.as_ref().ok().map(|identity| (found, &**identity)))
        .filter(|(found, identity)| is_meant(found, identity))
        .collect();
    let first: Vec<_> = meant
        .iter()
        .filter_map(|(found, identity)| identity.whole.as_ref().map(|whole| (&found.file, *identity, whole)))
        .collect();
    match first.as_slice() {
        [only] => Ok(*only),
        [] if !meant.is_empty() => Err(Error::conflict(format!(
            "Of this archive, {what}, part 1 is not in quarantine, without which nobody can tell whether it is complete. \
             It was probably never completed. “archives erase” erases what is there."
        ))),
        [] => {
            match found.iter().find(|found| found.file.name == what).and_then(|found| found.identity.as_ref().err()) {
                Some(why) => Err(Error::conflict(format!("{what} can't be read as a part of an archive: {why}"))),
                None => Err(Error::not_found(format!(
                    "There is nothing in quarantine that is {what}. “archives list” tells what there is."
                ))),
            }
        }
        several => {
            let names: Vec<&str> = several.iter().map(|(file, ..)| file.name.as_str()).collect();
            Err(Error::conflict(format!(
                "Several archives in quarantine bear this number. Name the one that you mean by its part 1: {}.",
                names.join(", ")
            )))
        }
    }
}

/// A part, and the key under which it was kept.
type PartFile = (Part, String);

/// Verifies the archive whose parts these are.
fn verify(blobs: &Blobs, files: &[PartFile], key: &PublicKey) -> Result<archive::Report> {
    let local = files.iter().map(|(_, storage_key)| blobs.local_quarantined(storage_key));
    let local = local.collect::<Result<Vec<_>>>()?;
    let paths: Vec<PathBuf> = local.iter().map(|file| file.path().to_owned()).collect();
    archive::verify(&paths, Some(key))
}

/// All parts of an archive in order, found by the check sums that its part 1 lists: names of files prove nothing.
fn parts_of(
    blobs: &Blobs,
    found: &[QuarantinedFile],
    first: &Quarantined,
    identity: &Identity,
    whole: &PartList,
) -> Result<Vec<PartFile>> {
    let hash = |file: &Quarantined| {
        blobs.open_quarantined(&file.name).and_then(|stored| archive::sha256_of(stored, &file.name))
    };
    let mut parts = Vec::with_capacity(whole.parts.len());
    for info in &whole.parts {
        let mut candidates = found.iter().filter(|found| match info.number {
            1 => found.file == *first,
            number => found.identity.as_ref().is_ok_and(|other| {
                other.part == number && other.header == identity.header && info.size == Some(found.file.size)
            }),
        });
        let part = candidates.find_map(|found| {
            let sha256 = hash(&found.file).ok()?;
            (info.sha256.is_none() || info.sha256.as_ref() == Some(&sha256)).then_some((found, sha256))
        });
        let Some((found, sha256)) = part else {
            return Err(Error::conflict(format!(
                "Part {} of {} ({}) is not in quarantine as the archive describes it, so the archive is not complete and \
                 is not taken in. If export {} is still in progress in this database, wait for its end: it may have \
                 this part.",
                info.number,
                whole.parts.len(),
                info.file,
                identity.header.request.id
            )));
        };
        let part = Part {
            number: i32::try_from(info.number).unwrap_or(i32::MAX),
            file_name: info.file.clone(),
            size: i64::try_from(found.file.size).unwrap_or(i64::MAX),
            sha256,
        };
        parts.push((part, found.file.name.clone()));
    }
    Ok(parts)
}

/// The export is known with exactly these files: those that are away are put back.
fn put_back(
    tx: &mut Tx<'_>,
    blobs: &Blobs,
    known: &crate::model::ExportRequest,
    parts: &[(Part, String)],
    files: &[PartFile],
    now: Timestamp,
) -> Result<(RequestId, Timestamp, bool)> {
    let id = known.id;
    let Some(until) = known.expires_at.filter(|_| rules::is_available(known.status, known.expires_at, now)) else {
        return Err(Error::conflict(format!(
            "This database says that export {id} has expired or was deleted: it can't be downloaded any more. “archives \
             erase” erases the files."
        )));
    };
    let mut away = 0;
    for (part, old) in parts {
        if blobs.condition(old, part.size)? == Condition::Whole {
            continue;
        }
        // A damaged file stays where it is, under a key that belongs to nothing, and is moved into quarantine.
        if let Some((_, storage_key)) = files.iter().find(|(file, _)| file.number == part.number) {
            rows::exports::update_storage_key(tx, id, part.number, storage_key)?;
            away += 1;
        }
    }
    if away == 0 {
        return Err(Error::conflict(format!(
            "Export {id} has these files already, so there is nothing to take in. “archives erase” erases the second ones."
        )));
    }
    audit::append(tx, known.account_id, Actor::Operator, &AuditEvent::ExportPutBack { export: id, files: away }, now)?;
    Ok((id, until, true))
}

fn account_of(c: &mut Conn, header: &Header) -> Result<Account> {
    let name = &header.account.name;
    accounts::find(c, name).map_err(|error| match error.kind() {
        Kind::NotFound => Error::not_found(format!(
            "The archive is of the account “{name}”, which this database does not have. “account create” makes it; then \
             adopt the archive again."
        )),
        _ => error,
    })
}

fn requester_of(c: &mut Conn, account: &Account, person: &Person) -> Result<User> {
    let by_email = match &person.email {
        Some(email) => identity::rows::users::find_by_email(c, account.id, email)?,
        None => None,
    };
    let found = match by_email {
        Some(user) => Some(user),
        None => identity::rows::users::find(c, person.id.0)?
            .filter(|user| user.account_id == account.id && user.name == person.name && user.email == person.email),
    };
    found.ok_or_else(|| {
        let address = person.email.as_ref().map_or_else(String::new, |email| format!(" <{email}>"));
        Error::not_found(format!(
            "{}{address}, who had requested the archive, is not known in the account “{}”. “user create” makes them; then \
             adopt the archive again.",
            person.name, account.name
        ))
    })
}

/// What was so at the cut, as far as the archive says.
fn evidence_of(header: &Header, account: &Account, requester: User, now: Timestamp) -> Evidence {
    let person = |person: &Person| as_user(person, account.id);
    let capture = header.capture.as_ref();
    let by = |who: Option<&Person>| who.map(|who| who.id.0);
    let period = |on_at, off_at| CapturePeriod { on_at, off_at, on_by: None, off_by: None };
    let mut periods: Vec<_> = header.coverage.captured.iter().map(|span| period(span.from, Some(span.to))).collect();
    if let Some(last) = capture {
        // The archive has it in full; of the others only what lies within the range.
        periods.retain(|period| period.on_at < last.enabled_at);
        periods.push(CapturePeriod {
            on_by: by(last.enabled_by.as_ref()),
            off_by: by(last.disabled_by.as_ref()),
            ..period(last.enabled_at, last.disabled_at)
        });
    }
    let filters = header.request.filters.clone().unwrap_or_default();
    Evidence {
        // It can't be built again here.
        sources: 0,
        account: header.account.name.clone(),
        requester,
        periods,
        enabled_by: capture.and_then(|capture| capture.enabled_by.as_ref()).map(person),
        disabled_by: capture.and_then(|capture| capture.disabled_by.as_ref()).map(person),
        access: header.access.iter().map(person).collect(),
        chosen: Chosen {
            people: filters.people.iter().map(|one| (person(one), one.account.clone())).collect(),
            conversations: filters
                .conversations
                .into_iter()
                .map(|conversation| (conversation.id.0, conversation.name))
                .collect::<Vec<(ConversationId, String)>>(),
        },
        adoption: Some(Adoption { at: now, number: header.request.id.0 }),
    }
}

fn as_user(person: &Person, account: AccountId) -> User {
    let id: UserId = person.id.0;
    User {
        id,
        account_id: account,
        name: person.name.clone(),
        email: person.email.clone(),
        is_bot: person.bot,
        is_admin: false,
        deactivated_at: None,
    }
}

/// What was erased from quarantine.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ErasedFiles {
    pub files: usize,
    pub bytes: u64,
}

/// The files in quarantine that are meant by `what`: the numbers of exports or names of files; all of them, if it is empty.
///
/// # Errors
/// [`Kind::NotFound`] if one of them is not there; otherwise when the folder can't be read.
pub fn meant(blobs: &Blobs, what: &[String]) -> Result<Vec<QuarantinedFile>> {
    let found = quarantined(blobs)?;
    if what.is_empty() {
        return Ok(found);
    }
    let is = |found: &QuarantinedFile, what: &str| match what.parse::<RequestId>() {
        // What can't be read is known by its name only.
        Ok(number) => number_of(found) == Some(number),
        Err(_) => found.file.name == what,
    };
    if let Some(none) = what.iter().find(|what| !found.iter().any(|found| is(found, what))) {
        return Err(Error::not_found(format!(
            "There is nothing in quarantine that is {none}. “archives list” tells what there is."
        )));
    }
    Ok(found.into_iter().filter(|found| what.iter().any(|what| is(found, what))).collect())
}

/// The number of the export that a file is of: what it says itself, otherwise what its name says.
#[must_use]
pub fn number_of(found: &QuarantinedFile) -> Option<RequestId> {
    match &found.identity {
        Ok(identity) => Some(identity.header.request.id.0),
        Err(_) => rules::number_in_key(&found.file.name),
    }
}

/// Erases files in quarantine for good, and notes it for the accounts of this database that they are of.
///
/// # Errors
/// When the database or the disk fails; what was erased until then is noted.
pub fn erase(store: &Store, blobs: &Blobs, files: &[QuarantinedFile], now: Timestamp) -> Result<ErasedFiles> {
    let mut erased = ErasedFiles::default();
    let accounts: HashMap<String, AccountId> =
        store.read(accounts::list)?.into_iter().map(|account| (account.name, account.id)).collect();
    // A file that the database knows meanwhile is not erased: it is on its way back.
    let known: HashSet<String> = crate::exports::queue::storage_keys(store)?;
    for found in files.iter().filter(|found| !known.contains(&found.file.name)) {
        let account = found.identity.as_ref().ok().map(|identity| &identity.header.account.name);
        // Noted first: what is erased is never erased without a note.
        if let Some(account) = account.and_then(|name| accounts.get(name)) {
            let event = AuditEvent::QuarantineErased { export: number_of(found), file: found.file.name.clone() };
            store.write(|tx| audit::append(tx, *account, Actor::Operator, &event, now))?;
        }
        blobs.delete_quarantined(&found.file.name)?;
        tracing::info!(file = found.file.name, bytes = found.file.size, "erased from quarantine by the operator");
        erased.files += 1;
        erased.bytes += found.file.size;
    }
    Ok(erased)
}
