//! What a format needs of a part, for whoever divides an export (`exports::rules::parts`). Pure numbers.

/// How much an export lists.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Extent {
    pub conversations: u64,
    /// Stays of people in them.
    pub stays: u64,
}

/// What a format needs of a part: entries, and bytes after compression. Reckoned on the safe side.
#[derive(Clone, Copy, Debug, Default)]
pub struct Needs {
    /// Entries beside those of conversations and days.
    pub own: usize,
    /// Entries for each day of a conversation.
    pub entries_per_day: usize,
    /// Entries for each conversation with items, in each part that holds some of it.
    pub entries_per_portion: usize,
    /// Files that hold the texts of many conversations, if it has such.
    pub shards: Option<Shards>,
    /// Bytes for each day, beside its items.
    pub per_day: u64,
    /// Bytes for each item and edit, beside its texts.
    pub per_record: u64,
    /// Bytes for each conversation, beside its people.
    pub per_conversation: u64,
    /// Bytes for each stay of a person in a conversation.
    pub per_stay: u64,
    /// How often it holds each text.
    pub texts: u64,
}

/// Files that hold the texts of many conversations: whenever one is full, another is begun. The first is among the entries
/// that a format has as its own.
#[derive(Clone, Copy, Debug)]
pub struct Shards {
    /// Bytes, before compression, with which one is full.
    pub full: u64,
    /// Bytes of an item or an edit there beside its texts.
    pub per_record: u64,
}

impl Needs {
    /// Of the JSON, which every part has, and of the part itself.
    pub const JSON: Self = Self {
        // Five folders, two lists, manifest, check sums and signature.
        own: 10,
        entries_per_day: 1,
        entries_per_portion: 0,
        shards: None,
        // Headers in the zip, and the path there and in the check sums.
        per_day: 700,
        // Names, times and ids.
        per_record: 400,
        // Its folder, and its line in the lists.
        per_conversation: 700,
        per_stay: 100,
        texts: 1,
    };

    /// Of both; but for shards, which can't be added up.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        Self {
            own: self.own.saturating_add(other.own),
            entries_per_day: self.entries_per_day + other.entries_per_day,
            entries_per_portion: self.entries_per_portion + other.entries_per_portion,
            shards: None,
            per_day: self.per_day + other.per_day,
            per_record: self.per_record + other.per_record,
            per_conversation: self.per_conversation + other.per_conversation,
            per_stay: self.per_stay + other.per_stay,
            texts: self.texts + other.texts,
        }
    }
}
