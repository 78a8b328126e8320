//! What `exports::contents` reads, as the archive's records.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::archive::manifest::{Capture, Coverage, DayCount, Filters, Header, RequestInfo, Span};
use crate::archive::names;
use crate::archive::records::{
    AccountRef, Assignee, ConversationEntry, ConversationRef, Counts, Deletion, Edit, Id, ItemEntry, Member, Person,
    Repeated,
};
use crate::capture::rules::periods;
use crate::exports::contents::{self, ConversationWithPeople, ItemAsOfCut};
use crate::exports::evidence::TakenCut;
use crate::exports::filters::Chosen;
use crate::exports::rules::slices;
use crate::exports::rules::summary::{ConversationCounts, ItemCounts};
use crate::model::{ConversationId, ConversationKind, ExportRequest, Timestamp, User, UserId};

/// What the manifest says of the request.
pub(super) fn header(request: &ExportRequest, range: &Range<Timestamp>, cut: &TakenCut) -> Header {
    let TakenCut { at: cut, evidence } = cut;
    let (cut, account, periods) = (*cut, &evidence.account, &evidence.periods);
    let people = |users: &[User]| users.iter().map(|user| person_of(user, account)).collect();
    let one = |user: &Option<User>| user.as_ref().map(|user| person_of(user, account));
    // Nothing is known of the time after the cut.
    let until = range.end.min(cut).max(range.start);
    let captured = periods
        .iter()
        .map(|period| Span { from: period.on_at.max(range.start), to: period.off_at.unwrap_or(until).min(until) })
        .filter(|span| span.from < span.to)
        .collect();
    let gaps = periods::gaps(periods, range.start, until).into_iter().map(|(from, to)| Span { from, to }).collect();
    Header {
        request: RequestInfo {
            id: Id(request.id),
            first_day: request.first_day,
            last_day: request.last_day,
            time_zone: request.time_zone.name().to_owned(),
            range_start: range.start,
            range_end: range.end,
            requested_at: request.requested_at,
            requested_by: person_of(&evidence.requester, account),
            filters: (!evidence.chosen.is_empty()).then(|| filters(&evidence.chosen)),
        },
        account: AccountRef { id: Id(request.account_id), name: account.clone() },
        cut,
        coverage: Coverage { captured, gaps },
        capture: periods.last().map(|last| Capture {
            enabled_at: last.on_at,
            enabled_by: one(&evidence.enabled_by),
            disabled_at: last.off_at,
            disabled_by: one(&evidence.disabled_by),
        }),
        access: people(&evidence.access),
    }
}

fn filters(chosen: &Chosen) -> Filters {
    let conversation = |(id, name): &(_, String)| ConversationRef { id: Id(*id), name: name.clone() };
    Filters {
        people: chosen.people.iter().map(|(user, account)| person_of(user, account)).collect(),
        conversations: chosen.conversations.iter().map(conversation).collect(),
    }
}

/// The name of the archive's one top folder.
pub(super) fn top_folder(header: &Header) -> String {
    let request = &header.request;
    names::top_folder(&header.account.name, request.first_day, request.last_day, request.id.0)
}

/// What is signed beside the check sums of a part. No clock: the cut says when.
pub(super) fn comment(header: &Header, part: u32) -> String {
    format!("compliance export {}, part {part}, cut {}", header.request.id, header.cut)
}

/// What a part is called when downloaded.
pub(super) fn part_file(top_folder: &str, number: i32, count: i32) -> String {
    // Parts are numbered from 1.
    names::part_file(top_folder, number.unsigned_abs(), count.unsigned_abs())
}

/// The list of check sums of a part.
pub(super) fn sums_file(number: i32) -> String {
    names::sums_file(number.unsigned_abs())
}

/// A line of the manifest's counts.
pub(super) fn day_count(count: &slices::DayCount) -> DayCount {
    DayCount { day: count.day, items: count.items.into(), deleted: count.deleted.into() }
}

/// A conversation's folder and name, as every one of its items repeats them.
pub(super) struct Folder {
    pub(super) id: ConversationId,
    pub(super) kind: ConversationKind,
    /// Path below the top folder.
    pub(super) path: String,
    reference: Arc<Repeated<ConversationRef>>,
}

impl Folder {
    pub(super) fn of(listed: &ConversationWithPeople) -> Self {
        let conversation = &listed.conversation;
        let mut names: Vec<&str> = Vec::new();
        let mut last = None;
        for (person, _) in &listed.stays {
            if last != Some(person.user.id) {
                names.push(&person.user.name);
                last = Some(person.user.id);
            }
        }
        let path = names::conversation_folder(conversation.kind, conversation.id, conversation.name.as_deref(), &names);
        let name = conversation.name.clone().unwrap_or_else(|| names.join(", "));
        let reference = Repeated::new(ConversationRef { id: Id(conversation.id), name });
        Self { id: conversation.id, kind: conversation.kind, path, reference }
    }
}

impl Folder {
    /// Its items by kind.
    pub(super) fn counts(&self, items: ItemCounts) -> ConversationCounts {
        ConversationCounts { id: self.id, kind: self.kind, items }
    }

    /// Its name, or its people's.
    pub(super) fn name(&self) -> &str {
        &self.reference.name
    }
}

/// People as records name them, made once for each.
#[derive(Default)]
pub(super) struct People(HashMap<UserId, Arc<Repeated<Person>>>);

impl People {
    fn of(&mut self, who: &contents::UserWithCompany) -> Arc<Repeated<Person>> {
        let record = self.0.entry(who.user.id).or_insert_with(|| Repeated::new(person(who)));
        Arc::clone(record)
    }
}

/// A line of a day file.
pub(super) fn item(folder: &Folder, shown: ItemAsOfCut, people: &mut People) -> ItemEntry {
    let mut edits = Vec::with_capacity(shown.log.len());
    for (entry, editor) in shown.log {
        edits.push(Edit {
            edited_at: entry.at,
            editor: editor.map(|editor| people.of(&editor)),
            text_before: entry.before.text,
            title_before: entry.before.title,
        });
    }
    let mut item = ItemEntry::new(shown.id, shown.kind, Arc::clone(&folder.reference), shown.created_at, edits);
    item.author = shown.author.map(|author| people.of(&author));
    item.parent_id = shown.parent;
    item.title = shown.content.title;
    item.text = shown.content.text;
    item.assignees = shown.assignees.iter().map(|person| assignee(person)).collect();
    if let Some(details) = shown.content.details {
        item.status = details.status;
        item.due_at = details.due_at;
        item.starts_at = details.time.map(|time| time.starts_at);
        item.ends_at = details.time.map(|time| time.ends_at);
        item.all_day = details.time.map(|time| time.all_day);
        item.location = details.location;
    }
    item.attachments = shown.attachments;
    item.deleted = shown.deleted.map(|(at, by)| Deletion { at, by: by.map(|by| people.of(&by)) });
    item
}

/// A line of the lists.
pub(super) fn conversation(listed: &ConversationWithPeople, folder: &Folder, counts: Counts) -> ConversationEntry {
    let conversation = &listed.conversation;
    let members = listed.stays.iter().map(|(who, stay)| Member {
        person: person(who),
        joined_at: stay.joined_at,
        left_at: stay.left_at,
    });
    ConversationEntry {
        id: Id(conversation.id),
        kind: conversation.kind,
        name: conversation.name.clone(),
        public: (!conversation.kind.is_people()).then_some(conversation.is_public),
        folder: folder.path.clone(),
        owner: AccountRef { id: Id(conversation.owner_account_id), name: listed.owner.clone() },
        created_at: conversation.created_at,
        archived_at: conversation.archived_at,
        started_by: listed.starter.as_deref().map(person),
        members: members.collect(),
        counts,
    }
}

fn person(person: &contents::UserWithCompany) -> Person {
    person_of(&person.user, &person.account)
}

fn person_of(user: &User, account: &str) -> Person {
    Person {
        id: Id(user.id),
        name: user.name.clone(),
        email: user.email.clone(),
        account: account.to_owned(),
        bot: user.is_bot,
    }
}

fn assignee(person: &contents::UserWithCompany) -> Assignee {
    Assignee { id: Some(Id(person.user.id)), name: person.user.name.clone() }
}
