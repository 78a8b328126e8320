//! Check sums of rows: what never changes of an item or an edit, and what was recorded of a deletion.
//!
//! CRC-32, made when the row is, and made again from what an export reads. Neither database keeps any of its own (PostgreSQL
//! does if its cluster was made so), and both give a row whose bytes have changed on the disk as if it were sound. It says nothing
//! about who changed them: who can write into the database can write the sum as well.

use crc32fast::Hasher;

use super::ItemId;
use crate::error::Error;
use crate::model::{ConversationId, UserId};

/// What never changes of an item, as its row holds it.
pub(crate) struct OfItem<'a> {
    pub(crate) conversation_id: ConversationId,
    pub(crate) external_id: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) author_id: Option<UserId>,
    pub(crate) created_at: i64,
    pub(crate) parent: Option<&'a str>,
    pub(crate) title: Option<&'a str>,
    pub(crate) text: Option<&'a str>,
    pub(crate) details: Option<&'a str>,
    pub(crate) attachments: Option<&'a str>,
    pub(crate) recording: i64,
}

impl OfItem<'_> {
    pub(crate) fn sum(&self) -> i64 {
        let mut sum = Sum::default();
        sum.number(self.conversation_id).text(self.external_id).text(self.kind).number_opt(self.author_id);
        sum.number(self.created_at).text_opt(self.parent).text_opt(self.title).text_opt(self.text);
        sum.text_opt(self.details).text_opt(self.attachments).number(self.recording).value()
    }
}

/// An edit, as its row holds it.
pub(crate) struct OfEdit<'a> {
    pub(crate) conversation_id: ConversationId,
    pub(crate) item_created_at: i64,
    pub(crate) item_id: ItemId,
    pub(crate) edited_at: i64,
    pub(crate) editor_id: Option<UserId>,
    pub(crate) title: Option<&'a str>,
    pub(crate) text: Option<&'a str>,
    pub(crate) details: Option<&'a str>,
    pub(crate) recording: i64,
}

impl OfEdit<'_> {
    pub(crate) fn sum(&self) -> i64 {
        let mut sum = Sum::default();
        sum.number(self.conversation_id).number(self.item_created_at).number(self.item_id).number(self.edited_at);
        sum.number_opt(self.editor_id).text_opt(self.title).text_opt(self.text).text_opt(self.details);
        sum.number(self.recording).value()
    }
}

/// The sum of a mark of deletion.
pub(crate) fn of_deletion(at: i64, by: Option<UserId>, recording: i64) -> i64 {
    Sum::default().number(at).number_opt(by).number(recording).value()
}

/// Each value with its length, so that nothing can move from one to the next.
#[derive(Default)]
struct Sum(Hasher);

impl Sum {
    fn number(&mut self, number: i64) -> &mut Self {
        self.0.update(&number.to_le_bytes());
        self
    }

    fn number_opt(&mut self, number: Option<i64>) -> &mut Self {
        match number {
            Some(number) => self.number(1).number(number),
            None => self.number(0),
        }
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.0.update(&(text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
        self
    }

    fn text_opt(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.number(-1),
        }
    }

    fn value(&mut self) -> i64 {
        i64::from(self.0.clone().finalize())
    }
}

/// The failure of an export that meets such a row. It does not pass by itself.
pub(crate) fn damaged(what: &str, conversation: ConversationId) -> Error {
    Error::conflict(format!(
        "The database is damaged: {what} of conversation {conversation} is no longer what was recorded. Ask the server's \
         operator to restore the database from a backup.",
    ))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Any change of any value shows, also a letter that moves from one to the next, and nothing in place of an empty text.
        #[test]
        fn whatever_changes_of_an_item_changes_its_sum(
            texts in prop::array::uniform7(prop::option::of("[ab]{0,3}")),
            numbers in prop::array::uniform4(0_i64..3),
            other_texts in prop::array::uniform7(prop::option::of("[ab]{0,3}")),
            other_numbers in prop::array::uniform4(0_i64..3),
            which in 0_usize..11,
        ) {
            let sum = |texts: &[Option<String>; 7], numbers: [i64; 4]| OfItem {
                conversation_id: numbers[0],
                external_id: texts[0].as_deref().unwrap_or_default(),
                kind: texts[1].as_deref().unwrap_or_default(),
                author_id: (numbers[1] > 0).then_some(numbers[1]),
                created_at: numbers[2],
                parent: texts[2].as_deref(),
                title: texts[3].as_deref(),
                text: texts[4].as_deref(),
                details: texts[5].as_deref(),
                attachments: texts[6].as_deref(),
                recording: numbers[3],
            }.sum();
            let (mut texts, mut changed) = (texts.clone(), texts);
            for text in &mut texts[..2] {
                text.get_or_insert_default();
            }
            changed[..2].clone_from_slice(&texts[..2]);
            let mut moved = numbers;
            match which {
                0..7 => changed[which].clone_from(&other_texts[which]),
                _ => moved[which - 7] = other_numbers[which - 7],
            }
            for text in &mut changed[..2] {
                text.get_or_insert_default();
            }
            prop_assert_eq!((&texts, numbers) == (&changed, moved), sum(&texts, numbers) == sum(&changed, moved));
        }
    }

    #[test]
    fn a_deletion_has_a_sum_of_its_own() {
        let sums =
            [of_deletion(1, None, 1), of_deletion(1, Some(1), 1), of_deletion(2, None, 1), of_deletion(1, None, 2)];
        assert!(sums.iter().enumerate().all(|(place, sum)| !sums[..place].contains(sum)), "{sums:?}");
        assert_eq!(damaged("an edit", 7).kind(), crate::error::Kind::Conflict);
        assert!(damaged("an edit", 7).message().contains("an edit of conversation 7"));
    }
}
