//! Posts and their replies, and ids for them, which a bulk export does not have.
//!
//! An id is made of what never changes about a post: when it was created and by whom, `1553166519720-harry`; further
//! posts with the same two in the same conversation get `-2`, `-3` and so on, in the order of the export.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::Export;
use super::lines::{File, Post, millis};
use crate::capture::sources::cards::{card_text, list};
use crate::capture::sources::{FilePlace, Sink};
use crate::error::Result;
use crate::model::{Attachment, Content, DeletionRecord, EditRecord, Fact, ItemKind, ItemRecord, MembershipRecord};

/// Which ids there are, as their hashes: some ten bytes a post, however long its conversation and author are named.
#[derive(Default)]
pub(super) struct PostIds {
    taken: HashSet<u64>,
}

impl PostIds {
    /// The id of the next post that `user` created in `conversation` at `create_at`.
    pub(super) fn next(&mut self, conversation: &str, create_at: i64, user: &str) -> String {
        let first = format!("{create_at}-{user}");
        if self.take(conversation, &first) {
            return first;
        }
        let mut number = 2_u64;
        loop {
            let id = format!("{first}-{number}");
            if self.take(conversation, &id) {
                return id;
            }
            number += 1;
        }
    }

    fn take(&mut self, conversation: &str, id: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        (conversation, id).hash(&mut hasher);
        self.taken.insert(hasher.finish())
    }
}

impl Export {
    /// Records a post and its replies.
    pub(super) fn posted(
        &mut self,
        place: &FilePlace,
        conversation: &str,
        post: Post,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let mut post = post;
        let replies = std::mem::take(&mut post.replies);
        let root = self.item(place, conversation, post, None, sink)?;
        for reply in replies {
            match serde_json::from_value::<Post>(reply) {
                Ok(reply) => self.item(place, conversation, reply, root.as_deref(), sink).map(drop)?,
                Err(error) => sink.problem(place, format!("a reply: {error}"))?,
            }
        }
        Ok(())
    }

    /// Records one item and what became of it; returns its id, none when it has no usable time.
    fn item(
        &mut self,
        place: &FilePlace,
        conversation: &str,
        post: Post,
        parent: Option<&str>,
        sink: &mut dyn Sink,
    ) -> Result<Option<String>> {
        let Some(at) = millis(Some(post.create_at)) else {
            sink.problem(place, format!("a post without a usable time (create_at: {})", post.create_at))?;
            return Ok(None);
        };
        self.ensure(place, &post.user, sink)?;
        self.reactions += post.reactions.len() as u64;
        let id = self.posts.next(conversation, post.create_at, &post.user);
        let text = said(&post);
        let edited = millis(post.edit_at);
        let content = |text| Content { text, ..Content::default() };
        let record = ItemRecord {
            conversation: conversation.to_owned(),
            id: id.clone(),
            kind: ItemKind::Message,
            at,
            by: Some(post.user.clone()),
            parent: parent.map(str::to_owned),
            // The export holds only what an edit led to.
            content: content(if edited.is_some() { None } else { Some(text.clone()) }),
            attachments: post.attachments.iter().map(attachment).collect(),
        };
        sink.record(place, Fact::ItemCreated(record))?;
        if let Some(at) = edited {
            let (conversation, id) = (conversation.to_owned(), id.clone());
            let record = EditRecord { conversation, id, at, by: None, content: content(Some(text)) };
            sink.record(place, Fact::ItemEdited(record))?;
        }
        if let Some(at) = millis(post.delete_at) {
            let (conversation, id) = (conversation.to_owned(), id.clone());
            let record = DeletionRecord { conversation, id, at: Some(at), by: None };
            sink.record(place, Fact::ItemDeleted(record))?;
        }
        let membership = MembershipRecord { conversation: conversation.to_owned(), user: post.user, at };
        match post.kind.as_str() {
            "system_join_channel" => sink.record(place, Fact::Joined(membership))?,
            "system_leave_channel" => sink.record(place, Fact::Left(membership))?,
            _ => {}
        }
        Ok(Some(id))
    }
}

/// What a post says; integrations say it in cards.
fn said(post: &Post) -> String {
    let message = Some(post.message.clone()).filter(|message| !message.trim().is_empty());
    let cards = list(&post.props, "attachments").iter().map(card_text).filter(|card| !card.is_empty());
    message.into_iter().chain(cards).collect::<Vec<_>>().join("\n")
}

/// A file, from its path in the export: the last step is its name, the one before its id.
fn attachment(file: &File) -> Attachment {
    let mut steps = file.path.rsplit('/').filter(|step| !step.is_empty());
    let name = steps.next().unwrap_or("file");
    let id = steps.next().unwrap_or(name);
    Attachment { id: id.to_owned(), name: name.to_owned(), media_type: None, size: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_posts_are_counted_within_their_conversation() {
        let mut ids = PostIds::default();
        let made: Vec<_> = ["a", "a", "b", "a"].map(|conversation| ids.next(conversation, 7, "harper")).to_vec();
        assert_eq!(made, ["7-harper", "7-harper-2", "7-harper", "7-harper-3"]);
        assert_eq!(PostIds::default().next("a", 7, "harper"), "7-harper", "the same at every import");
    }
}
