//! Items of small conversations, read several conversations at a time: an account has very many with little in them, and each
//! look at the database has its price.
//!
//! [`crate::exports::build::read`] asks for the items of one conversation after the other. What they hold is known from the plan.

use std::collections::HashMap;

use chrono_tz::Tz;

use crate::days;
use crate::error::Result;
use crate::exports::contents::{ItemAsOfCut, Reader, SMALL, Within};
use crate::exports::rules::slices::{Portion, Slice};
use crate::model::ConversationId;

/// Conversations that are asked for at once, and those that are looked through for them: most may have nothing.
const SEVERAL: usize = 200;
const LOOK_AHEAD: usize = 2_000;

/// What has been read ahead.
#[derive(Default)]
pub(super) struct Ahead {
    items: HashMap<ConversationId, Vec<ItemAsOfCut>>,
    /// Up to this place of the plan, conversations are better read one after the other.
    singly: usize,
}

impl Ahead {
    /// All items of the conversation in this place of the plan, if it is small.
    pub(super) fn items(
        &mut self,
        reader: &mut Reader,
        plan: &Slice,
        place: usize,
        zone: Tz,
    ) -> Result<Option<Vec<ItemAsOfCut>>> {
        let Some(portion) = plan.portion(place) else { return Ok(None) };
        if let Some(items) = self.items.remove(&portion.conversation) {
            return Ok(Some(items));
        }
        if place < self.singly {
            return Ok(None);
        }
        let (several, end) = several(plan, place, zone);
        if several.len() < 2 {
            return Ok(None);
        }
        match reader.items_of_several(&several)? {
            Some(items) => self.items = items,
            None => self.singly = end,
        }
        Ok(self.items.remove(&portion.conversation))
    }
}

/// Small conversations from this place on that have few items together, and where the others begin.
fn several(plan: &Slice, place: usize, zone: Tz) -> (Vec<Within>, usize) {
    let (mut several, mut items, mut end) = (Vec::new(), 0, place);
    while let Some(portion) = plan.portion(end).filter(|_| several.len() < SEVERAL && end - place < LOOK_AHEAD) {
        // What is not all in this part has days of its own.
        let whole = portion.begins && plan.portion(end + 1).is_some();
        items += items_of(&portion);
        if !whole || items > SMALL {
            break;
        }
        if let (Some(first), Some(last)) = (portion.days.first(), portion.days.last()) {
            several.push((portion.conversation, days::instants_of_days(first.day, last.day, zone)));
        }
        end += 1;
    }
    (several, end)
}

fn items_of(portion: &Portion<'_>) -> u64 {
    portion.days.iter().map(|day| u64::from(day.items)).sum()
}
