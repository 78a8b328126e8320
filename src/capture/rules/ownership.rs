//! C2: for which accounts a conversation is exported.

use std::collections::BTreeSet;

use crate::model::{AccountId, ConversationKind};

/// The accounts whose exports include a conversation: the owner's; for a Direct, those of its two people, whoever owns it.
#[must_use]
pub fn accounts_of(
    kind: ConversationKind,
    owner: AccountId,
    members: impl IntoIterator<Item = AccountId>,
) -> BTreeSet<AccountId> {
    match kind {
        ConversationKind::Direct => members.into_iter().collect(),
        ConversationKind::Team | ConversationKind::Group | ConversationKind::Personal => BTreeSet::from([owner]),
    }
}

/// Whether so many people can be in a conversation of this kind when it is started; the message says what would do.
///
/// # Errors
/// What such a conversation needs, in words.
pub fn check_people(kind: ConversationKind, people: usize) -> Result<(), String> {
    match (kind, people) {
        (ConversationKind::Personal, 1) | (ConversationKind::Direct, 2) | (ConversationKind::Group, 3..) => Ok(()),
        (ConversationKind::Team, _) => Ok(()),
        (ConversationKind::Personal, _) => Err(format!("a Personal conversation has exactly one person, not {people}")),
        (ConversationKind::Direct, _) => Err(format!("a Direct conversation has exactly two people, not {people}")),
        (ConversationKind::Group, _) => Err(format!("a Group has three or more people, not {people}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: AccountId = 1;
    const THEIRS: AccountId = 2;

    #[test]
    fn c2_team_group_and_personal_belong_to_their_owner_alone() {
        for kind in [ConversationKind::Team, ConversationKind::Group, ConversationKind::Personal] {
            assert_eq!(accounts_of(kind, THEIRS, [OURS, THEIRS]), BTreeSet::from([THEIRS]), "{kind}");
        }
    }

    #[test]
    fn c2_direct_belongs_to_both_of_its_people_whoever_owns_it() {
        assert_eq!(accounts_of(ConversationKind::Direct, THEIRS, [OURS, THEIRS]), BTreeSet::from([OURS, THEIRS]));
        assert_eq!(accounts_of(ConversationKind::Direct, THEIRS, [OURS, OURS]), BTreeSet::from([OURS]));
    }

    #[test]
    fn kinds_are_told_apart_by_how_many_take_part() {
        let fits = |kind| (0..5).filter(|&people| check_people(kind, people).is_ok()).collect::<Vec<_>>();
        assert_eq!(fits(ConversationKind::Personal), [1]);
        assert_eq!(fits(ConversationKind::Direct), [2]);
        assert_eq!(fits(ConversationKind::Group), [3, 4]);
        assert_eq!(fits(ConversationKind::Team), [0, 1, 2, 3, 4]);
    }
}
