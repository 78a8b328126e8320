//! Recording what is posted, changed and deleted (C4).

use std::borrow::Cow;

use super::{Outcome, Person, Recorder, clean, is_clean, refuse, unknown_conversation, unknown_person};
use crate::domain::rules::capture;
use crate::error::Result;
use crate::model::{Attachment, Content, ConversationId, DeletionRecord, Details, EditRecord, ItemRecord, Timestamp};
use crate::store::items::{Edit, NewItem};
use crate::store::{self, Conn};

/// What is to become of an item.
#[expect(clippy::large_enum_variant, reason = "most are new, and one lives at a time")]
pub(super) enum Judged<'r> {
    /// It is made, unless it is known.
    New(NewItem<'r>),
    /// It is refused, unless it is known: what it says then does not matter.
    Refused(ConversationId, Cow<'r, str>, Outcome),
    /// This, in any case.
    Settled(Outcome),
}

impl Recorder {
    /// What is to become of an item, unless it turns out to be known.
    pub(super) fn item<'r>(&mut self, c: &mut Conn, record: &'r ItemRecord) -> Result<Judged<'r>> {
        if record.id.is_empty() {
            return refuse("an item needs an id").map(Judged::Settled);
        }
        let Some(known) = self.find_conversation(c, &record.conversation)? else {
            return unknown_conversation(&record.conversation).map(Judged::Settled);
        };
        let id = clean(&record.id);
        let author = match self.find_author(c, record.by.as_deref())? {
            Ok(author) => author,
            Err(person) => return Ok(Judged::Refused(known.id, id, unknown_person(&person)?)),
        };
        let content = match self.resolved(c, &record.content)? {
            Ok(content) => content,
            Err(person) => return Ok(Judged::Refused(known.id, id, unknown_person(&person)?)),
        };
        // The deletion may have been recorded first.
        let mut deleted = None;
        if self.deletions.may_have(c, known.id, &id)? {
            deleted = store::items::find_deletion(c, known.id, &id)?;
        }
        if let Some((at, _)) = deleted {
            if !self.is_kept(c, known.id, at)? {
                return Ok(Judged::Settled(Outcome::Erased));
            }
            store::items::delete_deletion(c, known.id, &id)?;
        }
        Ok(Judged::New(NewItem {
            conversation_id: known.id,
            external_id: id,
            kind: record.kind,
            author_id: author.map(|person| person.id),
            created_at: record.at,
            parent: record.parent.as_deref().map(clean),
            content,
            attachments: record.attachments.iter().map(clean_attachment).collect(),
            deleted,
            recording: self.number,
        }))
    }

    pub(super) fn edit(&mut self, c: &mut Conn, record: &EditRecord) -> Result<Outcome> {
        let Some(known) = self.find_conversation(c, &record.conversation)? else {
            return unknown_conversation(&record.conversation);
        };
        let id = clean(&record.id);
        let Some(item) = store::items::find(c, known.id, &id)? else {
            return match store::items::find_deletion(c, known.id, &id)? {
                Some((at, _)) if !self.is_kept(c, known.id, at)? => Ok(Outcome::Erased),
                _ => refuse(format!("the item “{}”, which it changes, has not been recorded", record.id)),
            };
        };
        let editor = match self.find_author(c, record.by.as_deref())? {
            Ok(editor) => editor,
            Err(id) => return unknown_person(&id),
        };
        let content = match self.resolved(c, &record.content)? {
            Ok(content) => content,
            Err(id) => return unknown_person(&id),
        };
        let edit = Edit {
            item_id: item.id,
            edited_at: record.at,
            editor_id: editor.map(|person| person.id),
            content: content.into_owned(),
        };
        if store::items::list_edits_at(c, item.id, record.at)?.contains(&edit) {
            return Ok(Outcome::Unchanged);
        }
        store::items::create_edit(c, (known.id, item.created_at), &edit, self.number)?;
        Ok(Outcome::Added)
    }

    pub(super) fn deletion(&mut self, c: &mut Conn, record: &DeletionRecord) -> Result<Outcome> {
        if record.id.is_empty() {
            return refuse("an item needs an id");
        }
        let Some(known) = self.find_conversation(c, &record.conversation)? else {
            return unknown_conversation(&record.conversation);
        };
        let by = match self.find_author(c, record.by.as_deref())? {
            Ok(by) => by.map(|person| person.id),
            Err(id) => return unknown_person(&id),
        };
        // Not after it was told: otherwise capture that is switched on later might bring the item back.
        let (id, at) = (clean(&record.id), record.at.unwrap_or(self.now).min(self.now));
        match store::items::find(c, known.id, &id)? {
            Some(item) if item.deleted.is_some() => return Ok(Outcome::Unchanged),
            Some(item) if self.is_kept(c, known.id, at)? => {
                store::items::update_deleted(c, item.id, at, by, self.number)?;
            }
            Some(item) => {
                store::items::delete(c, &item)?;
                store::items::create_deletion(c, known.id, &id, at, by, self.number, Some(&item))?;
                self.deletions.add(known.id, &id);
            }
            None if store::items::find_deletion(c, known.id, &id)?.is_some() => return Ok(Outcome::Unchanged),
            None => {
                store::items::create_deletion(c, known.id, &id, at, by, self.number, None)?;
                self.deletions.add(known.id, &id);
            }
        }
        Ok(Outcome::Added)
    }

    /// C4: whether what was deleted then in this conversation is kept.
    fn is_kept(&self, c: &mut Conn, conversation: ConversationId, deleted_at: Timestamp) -> Result<bool> {
        let mut periods = Vec::new();
        for account in store::conversations::list_accounts(c, conversation)? {
            periods.push(store::capture::list(c, account)?);
        }
        Ok(capture::is_kept(periods.iter().map(Vec::as_slice), deleted_at))
    }

    /// Who did it, where the source says; or the id of the person who has not been recorded.
    fn find_author(&mut self, c: &mut Conn, id: Option<&str>) -> Result<std::result::Result<Option<Person>, String>> {
        let Some(id) = id else { return Ok(Ok(None)) };
        Ok(match self.find_person(c, id)? {
            Some(person) => Ok(Some(person)),
            None => Err(id.to_owned()),
        })
    }

    /// Content with our numbers in place of the source's ids; or the id of the person who has not been recorded.
    fn resolved<'r>(
        &mut self,
        c: &mut Conn,
        content: &'r Content,
    ) -> Result<std::result::Result<Cow<'r, Content>, String>> {
        let texts = [content.title.as_deref(), content.text.as_deref()];
        if content.details.is_none() && texts.into_iter().flatten().all(is_clean) {
            return Ok(Ok(Cow::Borrowed(content)));
        }
        let details = match &content.details {
            None => None,
            Some(details) => {
                let mut assignees = Vec::with_capacity(details.assignees.len());
                for id in &details.assignees {
                    match self.find_person(c, id)? {
                        Some(person) => assignees.push(person.id.to_string()),
                        None => return Ok(Err(id.clone())),
                    }
                }
                let location = details.location.as_deref().map(|text| clean(text).into_owned());
                Some(Details { assignees, location, ..details.clone() })
            }
        };
        let cleaned = |text: &Option<String>| text.as_deref().map(|text| clean(text).into_owned());
        Ok(Ok(Cow::Owned(Content { title: cleaned(&content.title), text: cleaned(&content.text), details })))
    }
}

fn clean_attachment(attachment: &Attachment) -> Attachment {
    Attachment {
        id: clean(&attachment.id).into_owned(),
        name: clean(&attachment.name).into_owned(),
        media_type: attachment.media_type.as_deref().map(|text| clean(text).into_owned()),
        size: attachment.size,
    }
}
