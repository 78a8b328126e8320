//! The page of one export: what was asked, what became of it, what is inside, who was informed, who has it (B3–B6, C4, C7).
//!
//! All of it may change while somebody looks at it, so that all of it is one live region: a page's part and, at
//! `/administration/exports/{id}/live`, a fragment of its own. Of what there may be many it shows the first ones; all of
//! them have pages of their own ([`ExportList`]).

use askama::Template;
use chrono_tz::Tz;

use super::Chrome;
use super::chart::Chart;
use super::history::{Row, State, is_broken};
use crate::archive::sign::PublicKey;
use crate::archive::{formats, review};
use crate::days;
use crate::exports::archives::Broken;
use crate::exports::filters::Chosen;
use crate::exports::overview::{Coverage, Excerpt, Inside, List, ListPage, Overview};
use crate::exports::rules::summary::{CONVERSATION_KINDS, Count, ItemCounts, KindTotal, Totals};
use crate::exports::rules::volume;
use crate::format::{self, Integer};
use crate::model::{
    Account, ConversationKind, DeliveryStatus, Download, ExportRequest, Formats, MailEvent, MailTrouble, Part,
    RequestId, Status, Timestamp, User, Way,
};

/// The page.
#[derive(Debug, Template)]
#[template(path = "export.html")]
pub struct Export {
    /// The frame.
    pub chrome: Chrome,
    /// What changes.
    pub live: Live,
}

/// All that the page shows.
#[derive(Debug, Template)]
#[template(path = "export_live.html")]
pub struct Live {
    /// The session's CSRF token.
    pub csrf: String,
    /// Name of the account.
    pub account: String,
    /// The account's zone, by whose clocks instants are shown.
    pub zone: Tz,
    pub id: RequestId,
    /// What the Export History says of it.
    pub row: Row,
    /// What can be done.
    pub actions: Actions,
    pub asked: Asked,
    /// How long it took.
    pub took: Option<String>,
    /// The time left until it expires.
    pub left: Option<String>,
    /// Who deleted it, and when.
    pub deletion: Option<Deletion>,
    /// When its bytes were erased.
    pub erased: Option<String>,
    /// That the operator has taken it in as a finished archive.
    pub adopted: Option<String>,
    pub coverage: Missing,
    /// The first parts.
    pub parts: Vec<PartRow>,
    /// How many there are, and how large they are together.
    pub parts_count: i64,
    pub parts_size: String,
    /// They can be downloaded.
    pub available: bool,
    /// How anyone checks the archive; none while there is none.
    pub checking: Option<Checking>,
    /// How much is inside; none while nobody knows.
    pub inside: Option<Contents>,
    /// The conversations with most items.
    pub conversations: Vec<ConversationRow>,
    /// How many have items.
    pub conversations_count: i64,
    /// The newest mails.
    pub mails: Vec<MailLine>,
    /// How many there are.
    pub mails_count: i64,
    /// A mail is about to leave.
    pub mail_leaves: bool,
    /// The newest downloads.
    pub downloads: Vec<DownloadRow>,
    /// How many there are.
    pub downloads_count: i64,
}

/// What can be done with an export.
#[derive(Clone, Debug)]
pub struct Actions {
    /// The feature is on: something can be asked for (B8).
    pub on: bool,
    /// Why nothing can be requested just now (B2).
    pub full: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Asked {
    pub name: String,
    pub email: Option<String>,
    pub at: String,
    /// The same for machines.
    pub instant: Timestamp,
    /// The zone whose days are meant.
    pub zone: &'static str,
    /// How many days that are.
    pub days: String,
    /// Names of those in whose conversations alone it is, each with the company of those of others.
    pub people: Vec<(String, Option<String>)>,
    /// Names of the only conversations that it holds.
    pub conversations: Vec<String>,
    /// What lies beside the JSON, in words.
    pub copies: Option<String>,
    /// The cut, once it is taken.
    pub cut: Option<Cut>,
}

/// The moment that an export shows (C7).
#[derive(Clone, Debug)]
pub struct Cut {
    /// By the clocks of the account's zone.
    pub words: String,
    /// Exactly, as the manifest has it.
    pub instant: Timestamp,
    /// Each source of the account with the number of its last recording that is in it.
    pub recordings: Vec<String>,
}

/// That an export was deleted before it expired.
#[derive(Clone, Debug)]
pub struct Deletion {
    pub at: String,
    pub by: Option<String>,
}

/// Stretches in which deleted items were not kept (C4), in words.
#[derive(Clone, Debug)]
pub struct Missing {
    /// Within the range: `from … to …`.
    pub within: Vec<String>,
    /// After it, up to the cut.
    pub after: Vec<String>,
    /// It was off all the time.
    pub throughout: bool,
}

/// A file.
#[derive(Clone, Debug)]
pub struct PartRow {
    /// Counted from 1.
    pub number: i32,
    /// What it is called when downloaded.
    pub file_name: String,
    /// Rounded size.
    pub size: String,
    /// Every byte of it.
    pub exact_size: String,
    /// Of the whole file.
    pub sha256: String,
    /// It is missing or damaged on the server.
    pub is_broken: bool,
}

/// How a reviewer checks the archive.
#[derive(Clone, Debug)]
pub struct Checking {
    /// The folder in which to do it.
    pub folder: String,
    /// The two commands.
    pub commands: [String; 2],
    /// The public half of the key that signs archives.
    pub key: String,
}

/// How much is inside, by kind.
#[derive(Clone, Debug)]
pub struct Contents {
    /// A row for each kind of conversation that the archive lists.
    pub kinds: Vec<KindRow>,
    /// All kinds together.
    pub all: KindRow,
    /// Days that have items.
    pub days: String,
    /// Items over time, with the days marked on which deleted ones were not kept; none if there is no item.
    pub chart: Option<Chart>,
}

/// All conversations of a kind.
#[derive(Clone, Debug)]
pub struct KindRow {
    pub name: &'static str,
    pub listed: String,
    /// How many of them have items in the range.
    pub with_items: String,
    pub items: [String; 4],
    /// All items.
    pub sum: String,
    /// Those of them that are marked deleted.
    pub deleted: String,
}

#[derive(Clone, Debug)]
pub struct ConversationRow {
    /// What it is called, or the first of its people.
    pub name: String,
    /// How many more people are in it.
    pub others: Option<String>,
    pub kind: &'static str,
    /// Its folder in the archive.
    pub folder: String,
    /// Its items by kind.
    pub items: [String; 4],
    /// Those of them that are marked deleted.
    pub deleted: String,
}

#[derive(Clone, Debug)]
pub struct MailLine {
    pub name: String,
    pub email: Option<String>,
    pub subject: &'static str,
    /// What became of it.
    pub status: String,
    /// Why it has not left.
    pub trouble: Option<&'static str>,
    /// It has left.
    pub sent: bool,
}

/// A part that somebody took.
#[derive(Clone, Debug)]
pub struct DownloadRow {
    /// Who; none for the operator.
    pub name: Option<String>,
    pub way: &'static str,
    pub part: i32,
    /// When it began.
    pub at: String,
    /// The same for machines.
    pub instant: Timestamp,
}

impl Live {
    /// All that is known of an export of `account`, as of `now`, for a session with this CSRF token.
    #[must_use]
    pub fn new(known: Overview, account: &Account, csrf: String, key: &PublicKey, now: Timestamp) -> Self {
        let Overview { request, requester, parts, mails, downloads, .. } = known;
        let zone = account.time_zone;
        let row = Row::new(&request, &requester.0, &parts.first.shown, &known.broken, zone, now);
        let broken: Vec<&Broken> = known.broken.iter().collect();
        let available = matches!(row.state, State::Completed { .. });
        let finished = matches!(request.status, Status::Completed | Status::Expired);
        let instant = |at| format::instant(at, zone);
        let count = u32::try_from(parts.first.count).ok().filter(|count| *count > 0);
        let took = request.started_at.zip(request.finished_at).filter(|_| finished).map(|(from, to)| {
            format::duration(chrono::TimeDelta::microseconds(to.micros().saturating_sub(from.micros())))
        });
        let left = request
            .expires_at
            .filter(|_| available)
            .map(|at| format::remaining(chrono::TimeDelta::microseconds(at.micros().saturating_sub(now.micros()))));
        Self {
            csrf,
            account: account.name.clone(),
            zone,
            id: request.id,
            actions: Actions { on: account.exports_on, full: known.refusal },
            asked: Asked::new(&request, requester, (known.limits, &known.recordings), account),
            took,
            left,
            deletion: request.deleted_at.map(|at| Deletion { at: instant(at), by: known.deleter }),
            erased: known.erased_at.map(instant),
            coverage: Missing::new(&known.coverage, zone),
            adopted: known.adoption.map(|adoption| {
                let number = if adoption.number == request.id {
                    String::new()
                } else {
                    format!(", which tells its number as {}", adoption.number)
                };
                format!(
                    "This archive{number} was taken into this database by the operator on {}. It was complete, unchanged and \
                     signed by this server.",
                    instant(adoption.at)
                )
            }),
            parts: parts
                .first
                .shown
                .into_iter()
                .map(|part| {
                    let is_broken = is_broken(&broken, part.number);
                    PartRow::new(part, is_broken)
                })
                .collect(),
            parts_count: parts.first.count,
            parts_size: format::size(parts.bytes),
            available,
            checking: count.map(|count| Checking {
                folder: known.top_folder,
                commands: review::commands(key, count),
                key: key.line(),
            }),
            inside: known.totals.map(|totals| Contents::new(&totals, &request, &known.coverage)),
            conversations: known.conversations.shown.into_iter().map(ConversationRow::new).collect(),
            conversations_count: known.conversations.count,
            mail_leaves: mails.shown.iter().any(|delivery| about_to_leave(delivery, now)),
            mails: mails.shown.into_iter().map(|delivery| MailLine::new(delivery, zone)).collect(),
            mails_count: mails.count,
            downloads: downloads.shown.into_iter().map(|download| DownloadRow::new(download, zone)).collect(),
            downloads_count: downloads.count,
            row,
        }
    }

    /// The page asks again and again while this holds.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.row.is_open() || self.mail_leaves
    }

    /// It failed, and the feature is on.
    #[must_use]
    pub fn can_be_retried(&self) -> bool {
        self.actions.on && matches!(self.row.state, State::Failed { .. })
    }

    /// There is, or was, an archive.
    #[must_use]
    pub fn was_completed(&self) -> bool {
        matches!(self.row.state, State::Completed { .. } | State::Expired { .. })
    }

    /// How many conversations there are, if not all are shown.
    #[must_use]
    pub fn all_conversations(&self) -> Option<String> {
        more_than(&self.conversations, self.conversations_count)
    }

    /// How many parts there are, if not all are shown.
    #[must_use]
    pub fn all_parts(&self) -> Option<String> {
        more_than(&self.parts, self.parts_count)
    }

    /// How many mails there are, if not all are shown.
    #[must_use]
    pub fn all_mails(&self) -> Option<String> {
        more_than(&self.mails, self.mails_count)
    }

    /// How many downloads there are, if not all are shown.
    #[must_use]
    pub fn all_downloads(&self) -> Option<String> {
        more_than(&self.downloads, self.downloads_count)
    }

    /// The export is over, and can be asked for once more.
    #[must_use]
    pub fn can_be_asked_again(&self) -> bool {
        self.actions.on && !self.row.is_open()
    }
}

/// How many there are, if they are more than are shown.
fn more_than<T>(shown: &[T], count: i64) -> Option<String> {
    (count.whole() > shown.len().whole()).then(|| format::number(count))
}

/// Mail leaves within moments of what it reports, if it can; one that has to be tried again is not waited for.
fn about_to_leave(delivery: &DeliveryStatus, now: Timestamp) -> bool {
    let age = now.micros().saturating_sub(delivery.created_at.micros());
    delivery.sent_at.is_none() && delivery.given_up_at.is_none() && !delivery.failed && age < 60_000_000
}

impl Asked {
    fn new(
        request: &ExportRequest,
        (name, email): (String, Option<String>),
        (limits, recordings): (Chosen, &[(String, i64)]),
        account: &Account,
    ) -> Self {
        let zone = account.time_zone;
        let person = |(user, company): (User, String)| {
            let company = (user.account_id != account.id).then_some(company);
            (user.name, company)
        };
        let days = request.last_day.signed_duration_since(request.first_day).num_days() + 1;
        Self {
            name,
            email,
            at: format::instant(request.requested_at, zone),
            instant: request.requested_at,
            zone: request.time_zone.name(),
            days: format::count(days, "day", "days"),
            people: limits.people.into_iter().map(person).collect(),
            conversations: limits.conversations.into_iter().map(|(_, name)| name).collect(),
            copies: copies(&request.formats),
            cut: request.cut.map(|at| Cut {
                words: format::exact_instant_and_zone(at, zone),
                instant: at,
                recordings: recordings
                    .iter()
                    .map(|(source, number)| format!("{} of {source}", format::number(*number)))
                    .collect(),
            }),
        }
    }
}

/// What it has beside the JSON, in words.
fn copies(formats: &Formats) -> Option<String> {
    let mut labels = formats::about(formats).map(|about| about.label).peekable();
    let mut words = labels.next()?.to_owned();
    while let Some(label) = labels.next() {
        words += if labels.peek().is_some() { ", " } else { ", and " };
        words += &format::uncapitalised(label);
    }
    Some(words)
}

impl Missing {
    fn new(coverage: &Coverage, zone: Tz) -> Self {
        let Coverage { range, until, gaps } = coverage;
        let instant = |at| format::instant(at, zone);
        let words = |&(from, to): &(Timestamp, Timestamp)| match (from <= range.start, to >= *until) {
            (true, _) => format!("until {}", instant(to)),
            (false, true) => format!("from {} on", instant(from)),
            (false, false) => format!("from {} to {}", instant(from), instant(to)),
        };
        let (within, after): (Vec<_>, Vec<_>) = gaps.iter().partition(|(from, _)| *from < range.end);
        Self {
            throughout: gaps.first().is_some_and(|gap| gap.0 <= range.start && gap.1 >= range.end),
            within: within.into_iter().map(words).collect(),
            after: after.into_iter().map(words).collect(),
        }
    }

    /// Nothing is missing.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.within.is_empty() && self.after.is_empty()
    }
}

impl PartRow {
    fn new(part: Part, is_broken: bool) -> Self {
        Self {
            is_broken,
            number: part.number,
            size: format::size(part.size),
            exact_size: format::count(part.size, "byte", "bytes"),
            file_name: part.file_name,
            sha256: part.sha256,
        }
    }
}

fn number(value: u64) -> String {
    format::number(value)
}

fn numbers(items: &ItemCounts) -> ([String; 4], Count) {
    let mut each = items.each().map(|(_, count)| number(count.items));
    (std::array::from_fn(|_| each.next().unwrap_or_default()), items.sum())
}

const fn kind_name(kind: ConversationKind) -> &'static str {
    match kind {
        ConversationKind::Team => "Team",
        ConversationKind::Group => "Group",
        ConversationKind::Direct => "Direct",
        ConversationKind::Personal => "Personal",
    }
}

const fn kind_names(kind: ConversationKind) -> &'static str {
    match kind {
        ConversationKind::Team => "Teams",
        ConversationKind::Group => "Groups",
        ConversationKind::Direct => "Direct conversations",
        ConversationKind::Personal => "Personal notes",
    }
}

impl Contents {
    fn new(totals: &Totals, request: &ExportRequest, coverage: &Coverage) -> Self {
        let rows = CONVERSATION_KINDS.into_iter().filter_map(|kind| Some((kind, *totals.by_kind.get(&kind)?)));
        let (listed, with_items) = totals.conversations();
        let all = KindTotal { listed, with_items, items: totals.items() };
        Self {
            kinds: rows.map(|(kind, total)| KindRow::new(kind_names(kind), &total)).collect(),
            all: KindRow::new("All", &all),
            days: format::count(totals.by_day.len(), "day", "days"),
            chart: (!totals.by_day.is_empty()).then(|| chart(totals, request, coverage)),
        }
    }
}

fn chart(totals: &Totals, request: &ExportRequest, coverage: &Coverage) -> Chart {
    let days: Vec<_> = totals.by_day.iter().map(|count| (count.day, count.items.into())).collect();
    let zone = request.time_zone;
    let last_instant = |end: Timestamp| end.plus(chrono::TimeDelta::microseconds(-1));
    let gap = |&(from, to): &(Timestamp, Timestamp)| (days::day_of(from, zone), days::day_of(last_instant(to), zone));
    let gaps: Vec<_> = coverage.gaps.iter().map(gap).collect();
    Chart::new("volume", "Items", &volume::volume(&days, request.first_day, request.last_day), None, &gaps)
}

impl KindRow {
    fn new(name: &'static str, total: &KindTotal) -> Self {
        let (items, sum) = numbers(&total.items);
        Self {
            name,
            listed: number(total.listed),
            with_items: number(total.with_items),
            items,
            sum: number(sum.items),
            deleted: number(sum.deleted),
        }
    }
}

impl ConversationRow {
    fn new(inside: Inside) -> Self {
        let (items, sum) = numbers(&inside.items);
        let others = inside.others;
        Self {
            name: inside.name,
            others: (others > 0).then(|| format::count(others, "other", "others")),
            kind: kind_name(inside.kind),
            folder: inside.folder,
            items,
            deleted: number(sum.deleted),
        }
    }
}

impl MailLine {
    fn new(delivery: DeliveryStatus, zone: Tz) -> Self {
        let subject = match delivery.event {
            MailEvent::Completed => "It is ready",
            MailEvent::Failed => "It could not be made",
        };
        let instant = |at| format::instant(at, zone);
        let tries = || format::count(delivery.attempts, "attempt", "attempts");
        let words = match (delivery.sent_at, delivery.given_up_at) {
            (Some(at), _) => format!("Sent {}", instant(at)),
            (None, Some(at)) => format!("Not sent. Given up {}, after {}", instant(at), tries()),
            (None, None) if delivery.failed => {
                format!("Not sent yet, after {}. The next one is at {}", tries(), instant(delivery.not_before))
            }
            (None, None) => format!("About to be sent since {}", instant(delivery.created_at)),
        };
        let trouble = delivery.failed.then_some(match delivery.trouble {
            Some(MailTrouble::NoAddress) => "They have no email address.",
            Some(MailTrouble::BadAddress) => "Their email address is not valid.",
            Some(MailTrouble::Refused) => "The mail server did not accept it.",
            Some(MailTrouble::Credentials) => {
                "The mail server does not let this server in. Its operator can put that right."
            }
            Some(MailTrouble::Unreachable) => "The mail server could not be reached.",
            Some(MailTrouble::Fault) => "It could not be written. The operator finds the reason in the server’s log.",
            None => "The operator finds the reason in the server’s log.",
        });
        Self {
            name: delivery.name,
            email: delivery.email,
            subject,
            status: words,
            trouble,
            sent: delivery.sent_at.is_some(),
        }
    }
}

impl DownloadRow {
    fn new(download: Download, zone: Tz) -> Self {
        let way = match download.way {
            Way::Download => "Downloaded",
            Way::Copy => "Copied on the server",
            Way::Rebuild => "Built again on the server",
        };
        let at = format::instant(download.at, zone);
        Self { name: download.person, way, part: download.part_number, at, instant: download.at }
    }
}

/// All of what the page shows the first ones of: `/administration/exports/{id}/conversations?page=N` and so on.
#[derive(Debug, Template)]
#[template(path = "export_list.html")]
pub struct ExportList {
    /// The frame.
    pub chrome: Chrome,
    pub id: RequestId,
    /// Its date range.
    pub range: String,
    /// The account's zone.
    pub zone: Tz,
    /// The parts can be downloaded.
    pub available: bool,
    pub rows: Rows,
    /// How many there are in all.
    pub count: i64,
    /// Which page, from 1.
    pub page: u32,
    /// How many pages there are.
    pub pages: u32,
}

#[derive(Debug)]
pub enum Rows {
    Conversations(Vec<ConversationRow>),
    Parts(Vec<PartRow>),
    Downloads(Vec<DownloadRow>),
}

impl ExportList {
    /// A page of one of the lists of an export; `now` and `broken` say which of its parts can be downloaded.
    #[must_use]
    pub fn new(
        chrome: Chrome,
        request: &ExportRequest,
        listed: ListPage,
        (page, per_page): (u32, usize),
        broken: &[Broken],
        zone: Tz,
        now: Timestamp,
    ) -> Self {
        let row = Row::new(request, "", &[], broken, zone, now);
        let broken: Vec<&Broken> = broken.iter().collect();
        let part = |part: Part| {
            let is_broken = is_broken(&broken, part.number);
            PartRow::new(part, is_broken)
        };
        let (rows, count) = match listed {
            ListPage::Conversations(Excerpt { shown, count }) => {
                (Rows::Conversations(shown.into_iter().map(ConversationRow::new).collect()), count)
            }
            ListPage::Parts(Excerpt { shown, count }) => (Rows::Parts(shown.into_iter().map(part).collect()), count),
            ListPage::Downloads(Excerpt { shown, count }) => {
                (Rows::Downloads(shown.into_iter().map(|it| DownloadRow::new(it, zone)).collect()), count)
            }
        };
        let pages = usize::try_from(count).unwrap_or(0).div_ceil(per_page).max(1);
        Self {
            chrome,
            id: request.id,
            available: matches!(row.state, State::Completed { .. }),
            range: row.range,
            zone,
            rows,
            count,
            page,
            pages: u32::try_from(pages).unwrap_or(u32::MAX),
        }
    }

    /// What is listed, as in the address.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.rows {
            Rows::Conversations(_) => path_of(List::Conversations),
            Rows::Parts(_) => path_of(List::Parts),
            Rows::Downloads(_) => path_of(List::Downloads),
        }
    }

    /// What is listed.
    #[must_use]
    pub fn title(&self) -> String {
        let count = |one, many| format::count(self.count, one, many);
        match self.rows {
            Rows::Conversations(_) => count("conversation with items", "conversations with items"),
            Rows::Parts(_) => count("part", "parts"),
            Rows::Downloads(_) => count("download", "downloads"),
        }
    }

    /// The page before this one.
    #[must_use]
    pub fn previous(&self) -> Option<u32> {
        self.page.checked_sub(1).filter(|page| *page > 0)
    }

    /// The page after this one.
    #[must_use]
    pub fn next(&self) -> Option<u32> {
        (self.page < self.pages).then(|| self.page.saturating_add(1))
    }
}

/// The last part of the address of a list.
#[must_use]
pub const fn path_of(list: List) -> &'static str {
    match list {
        List::Conversations => "conversations",
        List::Parts => "parts",
        List::Downloads => "downloads",
    }
}

/// What is asked before an export is deleted.
#[derive(Debug, Template)]
#[template(path = "delete_export.html")]
pub struct DeleteExport {
    /// The frame.
    pub chrome: Chrome,
    pub id: RequestId,
    /// Its date range.
    pub range: String,
    /// What would be erased.
    pub files: String,
    /// Until when it would be available.
    pub until: String,
    /// The feature is on: the days can be asked for again.
    pub on: bool,
}
