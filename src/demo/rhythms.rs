//! What comes back every day or week: stand-ups, ship arrivals posted by a program, weekly reports.
//!
//! The texts are in [`crate::demo::dialogues::standing`]; here is when they are posted and by whom.

use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};
use rand::RngExt;
use rand::seq::{IndexedRandom, SliceRandom};

use super::calendar::is_working;
use super::dialogues::standing::{ARRIVAL_REPLIES, ARRIVALS, REPORT_LINES, STAND_UPS, StandUp};
use super::people::{self, BOT};
use super::rooms::{TEAMS, Team};
use super::slots::Slots;
use super::stage::{Post, Stage, team_id};
use crate::model::{Attachment, Content, ItemKind, Timestamp};

/// Plays all of them through the months.
pub(super) fn play_all(stage: &mut Stage) {
    let days: Vec<NaiveDate> = stage.calendar.days().collect();
    for day in days {
        arrivals(stage, day);
        if !is_working(day) {
            continue;
        }
        for stand_up in STAND_UPS {
            morning(stage, stand_up, day);
        }
        if day.weekday() == Weekday::Fri {
            weekly_report(stage, day);
        }
    }
}

/// A note that opens the day, and in its thread what each of the team is at.
fn morning(stage: &mut Stage, stand_up: &StandUp, day: NaiveDate) {
    let Some(team) = team(stand_up.team) else { return };
    let mut at = moment(stage, day, stand_up.minute, 120);
    let mut there = stage.people_in(team, at);
    if !there.contains(&stand_up.lead) {
        return;
    }
    there.retain(|id| *id != stand_up.lead && is_main(id));
    there.shuffle(&mut stage.rng);
    // Somebody is always on leave, ill or on the road.
    there.truncate(stage.rng.random_range(2..=4));
    let mut slots = Slots::new(&mut stage.rng, day, &[]);
    let conversation = team_id(team);
    let content = Content {
        title: Some(slots.fill("Stand-up, {today}")),
        text: stand_up.openings.choose(&mut stage.rng).map(|text| slots.fill(text)),
        details: None,
    };
    let note = Post { kind: ItemKind::Note, content, ..Post::message(&conversation, at, stand_up.lead, String::new()) };
    let parent = stage.post(note);
    let said: Vec<&str> = stand_up.lines.sample(&mut stage.rng, there.len()).copied().collect();
    for (by, line) in there.iter().zip(said) {
        at = at.plus(TimeDelta::seconds(stage.rng.random_range(40..420)));
        let text = Slots::new(&mut stage.rng, day, &[]).fill(line);
        stage.post(Post { parent: parent.clone(), ..Post::message(&conversation, at, by, text) });
    }
}

/// What the program posts of ships and gates, also at night and at weekends; now and then someone answers.
fn arrivals(stage: &mut Stage, day: NaiveDate) {
    let Some(team) = team("arrivals") else { return };
    let conversation = team_id(team);
    let count = if is_working(day) { stage.rng.random_range(6..=10) } else { stage.rng.random_range(2..=4) };
    for _ in 0..count {
        let minute = stage.rng.random_range(10..23 * 60);
        let at = moment(stage, day, minute, 59);
        let mut slots = Slots::new(&mut stage.rng, day, &[]);
        let text = ARRIVALS.choose(&mut stage.rng).map(|text| slots.fill(text)).unwrap_or_default();
        let Some(id) = stage.post(Post::message(&conversation, at, BOT, text)) else { continue };
        if !is_working(day) || !(8 * 60..17 * 60).contains(&minute) || stage.rng.random_bool(0.6) {
            continue;
        }
        let at = at.plus(TimeDelta::seconds(stage.rng.random_range(60..2_400)));
        let there = stage.people_in(team, at);
        let text = ARRIVAL_REPLIES.choose(&mut stage.rng).map(|text| slots.fill(text)).unwrap_or_default();
        if let Some(by) = there.choose(&mut stage.rng) {
            stage.post(Post { parent: Some(id), ..Post::message(&conversation, at, by, text) });
        }
    }
}

/// Friday's report: a note that is corrected once before people go home.
fn weekly_report(stage: &mut Stage, day: NaiveDate) {
    let Some(team) = team("ops") else { return };
    let conversation = team_id(team);
    let at = moment(stage, day, 15 * 60 + 30, 1_200);
    let mut slots = Slots::new(&mut stage.rng, day, &[]);
    let lines: Vec<String> = REPORT_LINES.sample(&mut stage.rng, 5).map(|line| slots.fill(line)).collect();
    let title = Some(slots.fill("Week {week} in short"));
    let draft = lines.iter().take(4).cloned().collect::<Vec<_>>().join("\n");
    let content = Content { title: title.clone(), text: Some(draft), details: None };
    let attachments = vec![Attachment {
        id: format!("R{}", day.format("%Y%m%d")),
        name: slots.fill("week {week}.xlsx"),
        media_type: Some("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet".to_owned()),
        size: Some(stage.rng.random_range(40_000..90_000)),
    }];
    let note =
        Post { kind: ItemKind::Note, content, attachments, ..Post::message(&conversation, at, "bram", String::new()) };
    let Some(id) = stage.post(note) else { return };
    let later = at.plus(TimeDelta::minutes(stage.rng.random_range(6..50)));
    stage.edit(&conversation, &id, later, "bram", Content { title, text: Some(lines.join("\n")), details: None });
}

fn team(key: &str) -> Option<&'static Team> {
    TEAMS.iter().find(|team| team.key == key)
}

fn is_main(id: &str) -> bool {
    people::person(id).is_some_and(|person| person.company == people::MAIN)
}

/// The local minute, and up to so many seconds more.
fn moment(stage: &mut Stage, day: NaiveDate, minute: u32, seconds: i64) -> Timestamp {
    let late = TimeDelta::microseconds(stage.rng.random_range(0..seconds * 1_000_000));
    stage.calendar.at(day, minute).plus(late)
}
