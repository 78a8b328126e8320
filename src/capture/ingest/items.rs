//! Judging what is posted, changed and deleted (C4). It is written many at once, in `run`.

use std::borrow::Cow;

use super::run::{Kept, Run, WaitingDeletion, WaitingEdit};
use super::{KnownUser, Outcome, Recorder, clean, is_clean, refused, unknown_conversation, unknown_person};
use crate::capture::rows;
use crate::capture::rows::items::NewItem;
use crate::capture::rules::times;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::model::{Attachment, Content, DeletionRecord, Details, EditRecord, ItemRecord};

impl Recorder {
    /// Judges an item; whether it is known turns out when it is written.
    pub(super) fn item<'r>(&mut self, tx: &mut Tx<'_>, record: &'r ItemRecord, run: &mut Run<'r>) -> Result<()> {
        if record.id.is_empty() {
            run.push(refused("an item needs an id"));
            return Ok(());
        }
        let Some(known) = self.find_conversation(tx, &record.conversation)? else {
            run.push(unknown_conversation(&record.conversation));
            return Ok(());
        };
        let key = (known.id, clean(&record.id));
        if run.is_awaited(&key, false) {
            self.write(tx, run)?;
        }
        // One that is refused, unless it is known: what it says then does not matter.
        let author = match self.find_author(tx, record.by.as_deref())? {
            Ok(author) => author,
            Err(person) => {
                run.push_refused(key, unknown_person(&person));
                return Ok(());
            }
        };
        let content = match self.resolved(tx, &record.content)? {
            Ok(content) => content,
            Err(person) => {
                run.push_refused(key, unknown_person(&person));
                return Ok(());
            }
        };
        let (conversation_id, id) = key;
        // The deletion may have been recorded first.
        let mut deleted = None;
        if self.deletions.may_have(tx, conversation_id, &id)?
            && let Some(deletion) = rows::items::find_deletion(tx, conversation_id, &id)?
        {
            if deletion.is_erased {
                run.push(Outcome::Erased);
                return Ok(());
            }
            let (at, doubt) = times::deleted_at(Some(deletion.at), Some(record.at), self.now);
            run.doubt(doubt);
            if !Kept::default().is_kept(tx, conversation_id, at, self.now)? {
                rows::items::update_erased(tx, conversation_id, &id, at, self.number)?;
                run.push(Outcome::Erased);
                return Ok(());
            }
            rows::items::delete_deletion(tx, conversation_id, &id)?;
            deleted = Some((at, deletion.by));
        }
        run.doubt(times::after_now("the item", record.at, self.now));
        run.push_item(NewItem {
            conversation_id,
            external_id: id,
            kind: record.kind,
            author_id: author.map(|person| person.id),
            created_at: record.at,
            parent: record.parent.as_deref().map(clean),
            content,
            attachments: record.attachments.iter().map(clean_attachment).collect(),
            deleted,
            recording: self.number,
        });
        Ok(())
    }

    /// Judges a change; whether its item is there turns out when it is written.
    pub(super) fn edit<'r>(&mut self, tx: &mut Tx<'_>, record: &'r EditRecord, run: &mut Run<'r>) -> Result<()> {
        let Some(known) = self.find_conversation(tx, &record.conversation)? else {
            run.push(unknown_conversation(&record.conversation));
            return Ok(());
        };
        let key = (known.id, clean(&record.id));
        if run.is_awaited(&key, true) {
            self.write(tx, run)?;
        }
        let change = match self.find_author(tx, record.by.as_deref())? {
            Err(person) => Err(unknown_person(&person)),
            Ok(editor) => match self.resolved(tx, &record.content)? {
                Err(person) => Err(unknown_person(&person)),
                Ok(content) => Ok((editor.map(|person| person.id), content)),
            },
        };
        run.push_edit(WaitingEdit { key, at: record.at, change });
        Ok(())
    }

    /// Judges a deletion; what it finds turns out when it is written.
    pub(super) fn deletion<'r>(&mut self, c: &mut Conn, record: &'r DeletionRecord, run: &mut Run<'r>) -> Result<()> {
        if record.id.is_empty() {
            run.push(refused("an item needs an id"));
            return Ok(());
        }
        let Some(known) = self.find_conversation(c, &record.conversation)? else {
            run.push(unknown_conversation(&record.conversation));
            return Ok(());
        };
        let by = match self.find_author(c, record.by.as_deref())? {
            Ok(by) => by.map(|person| person.id),
            Err(person) => {
                run.push(unknown_person(&person));
                return Ok(());
            }
        };
        run.push_deletion(WaitingDeletion { key: (known.id, clean(&record.id)), given: record.at, by });
        Ok(())
    }

    /// Who did it, where the source says; or the id of the person who has not been recorded.
    fn find_author(
        &mut self,
        c: &mut Conn,
        id: Option<&str>,
    ) -> Result<std::result::Result<Option<KnownUser>, String>> {
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
