//! Spreads the scripts over the demo's months.

use chrono::{Datelike, NaiveDate};
use rand::RngExt;

use super::calendar::{Calendar, is_working};
use super::dialogues;
use super::script::{Script, When};
use super::stage::Stage;

/// How often a script with slots is played.
const TIMES: u32 = 5;

/// Plays all scripts, each on its days, in order of time.
pub(super) fn play_all(stage: &mut Stage) {
    let working: Vec<NaiveDate> = stage.calendar.days().filter(|day| is_working(*day)).collect();
    let mut plan: Vec<(NaiveDate, u32, &Script)> = Vec::new();
    for script in dialogues::all() {
        for day in days_of(stage, script, &working) {
            let minute = match script.hour {
                Some(hour) => hour * 60 + stage.rng.random_range(0..30),
                None => stage.rng.random_range(8 * 60 + 40..16 * 60 + 20),
            };
            plan.push((day, minute, script));
        }
    }
    plan.sort_by_key(|(day, minute, _)| (*day, *minute));
    for (day, minute, script) in plan {
        stage.play(script, day, minute);
    }
}

fn days_of(stage: &mut Stage, script: &Script, working: &[NaiveDate]) -> Vec<NaiveDate> {
    match script.when {
        When::Once(days_ago) => vec![stage.calendar.days_ago(days_ago)],
        When::On(month, day) => on(&stage.calendar, month, day).into_iter().collect(),
        When::Often => {
            let times = if script.has_slots() { TIMES } else { 1 };
            // One day from each equal stretch of the months, so that the same words never come close together.
            let stretch = working.len() / times as usize;
            (0..times as usize)
                .filter_map(|time| working.get(time * stretch + stage.rng.random_range(0..stretch.max(1))).copied())
                .collect()
        }
    }
}

fn on(calendar: &Calendar, month: u32, day: u32) -> Option<NaiveDate> {
    let date = calendar.days().find(|date| (date.month(), date.day()) == (month, day))?;
    let mut eve = date;
    while !is_working(eve) {
        eve = eve.pred_opt()?;
    }
    (eve >= calendar.first_day()).then_some(eve)
}
