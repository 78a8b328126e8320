//! Items at the very borders of days (C6): the last and first microsecond around local midnight, and the days on which
//! the clock changes.

use chrono::{Days, NaiveDate, TimeDelta};

use super::stage::{Post, Stage};
use crate::model::Timestamp;

const NIGHT_DESK: &str = "team-night";

/// How many days ago the night desk stayed exactly until midnight.
const MIDNIGHTS: &[u32] = &[90, 61, 33, 5];

/// Posts them.
pub(super) fn play_all(stage: &mut Stage) {
    for days_ago in MIDNIGHTS {
        midnight(stage, *days_ago);
    }
    let days: Vec<NaiveDate> = stage.calendar.days().collect();
    for day in days {
        match stage.calendar.hours(day) {
            23 => shorter_night(stage, day),
            25 => longer_night(stage, day),
            _ => {}
        }
    }
}

fn midnight(stage: &mut Stage, days_ago: u32) {
    let day = stage.calendar.days_ago(days_ago);
    let next = stage.calendar.at(day.checked_add_days(Days::new(1)).unwrap_or(day), 0);
    say(
        stage,
        next.plus(TimeDelta::microseconds(-1)),
        "youssef",
        "Last entry of the day: gate closed, all quiet. Over to you.",
    );
    say(stage, next, "daan", "First entry of the day: taking over. It is exactly midnight on my watch.");
}

/// The night of 23 hours: two o'clock is at once three o'clock.
fn shorter_night(stage: &mut Stage, day: NaiveDate) {
    let jump = stage.calendar.at(day, 3 * 60);
    say(
        stage,
        jump.plus(TimeDelta::microseconds(-1)),
        "daan",
        "01:59. In a moment we lose an hour of this shift, and of our sleep.",
    );
    say(stage, jump, "owen", "And it's 03:00 in Rotterdam. Reefer logs show a gap of an hour that isn't one.");
    say(
        stage,
        stage_midnight(stage, day),
        "daan",
        "Clock-change night: shift ends an hour earlier for the same coffee.",
    );
}

/// The night of 25 hours: half past two comes twice.
fn longer_night(stage: &mut Stage, day: NaiveDate) {
    let first = stage.calendar.at(day, 2 * 60 + 30);
    say(stage, first, "daan", "Gate check at 02:30. All well.");
    say(
        stage,
        first.plus(TimeDelta::hours(1)),
        "daan",
        "Gate check at 02:30, again. Same time, another hour. All well.",
    );
    say(
        stage,
        stage_midnight(stage, day),
        "owen",
        "Clock-change night: twenty-five hours today, who pays the extra one?",
    );
}

fn stage_midnight(stage: &Stage, day: NaiveDate) -> Timestamp {
    stage.calendar.at(day, 0)
}

fn say(stage: &mut Stage, at: Timestamp, by: &str, text: &str) {
    stage.post(Post::message(NIGHT_DESK, at, by, text.to_owned()));
}
