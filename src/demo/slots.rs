//! Fills the slots of a script's text: container numbers, ports, amounts and the like, alike throughout one script.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use super::calendar;

const PORTS: &[&str] = &[
    "Rotterdam",
    "Antwerp",
    "Felixstowe",
    "Gdynia",
    "Yokohama",
    "Jebel Ali",
    "Santos",
    "Algeciras",
    "Hamburg",
    "Le Havre",
    "Gothenburg",
    "Piraeus",
    "Singapore",
    "Busan",
    "Durban",
    "Tilbury",
];
const VESSELS: &[&str] = &[
    "Aurelia Star",
    "Northern Heron",
    "Marigold Express",
    "Sint Elmus",
    "Kestrel Bay",
    "Ostara",
    "Lady Fenna",
    "Cape Lanterna",
    "Silver Avocet",
    "Boreas Trader",
    "Hanami Maru",
    "Polder Queen",
];
const CLIENTS: &[&str] = &[
    "Tulip & Thorne",
    "Kessler Optik",
    "Maison Verrier",
    "Ashdown Cycles",
    "Nordlys Seafood",
    "Baltic Timberworks",
    "Okafor Cocoa",
    "Sakura Instruments",
    "Penrose Ceramics",
    "Delta Pumps",
    "Gulf Dates Trading",
    "Vliet Bloemen",
];
const GOODS: &[&str] = &[
    "bicycle frames",
    "cut flowers",
    "ceramic tiles",
    "frozen prawns",
    "cocoa beans",
    "optical lenses",
    "plywood",
    "pump housings",
    "tinned tomatoes",
    "machine parts",
    "medjool dates",
    "glassware",
];
const HAULIERS: &[&str] = &["Van Beek Transport", "Roadlark", "Kowal Trans", "Zuidhaven Trucking", "Pennine Haulage"];
const DOCKS: &[&str] = &["dock 2", "dock 4", "dock 7", "dock 9", "the reefer bay", "the cross-dock"];
const HS_CODES: &[&str] = &["8712.00", "0603.11", "6907.21", "0306.17", "1801.00", "9001.50", "4412.33", "8413.91"];

/// The slots of one playing of a script.
pub(super) struct Slots {
    rng: StdRng,
    day: NaiveDate,
    filled: BTreeMap<String, String>,
}

/// The text differs from one playing to the next (a speaker's name or a choice alone does not count).
pub(super) fn has_slot(text: &str) -> bool {
    text.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .any(|(inside, _)| !inside.is_empty() && inside.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()))
}

/// Splits `inside} after` at the brace that closes what was opened before it.
fn split_closing(opened: &str) -> Option<(&str, &str)> {
    let mut depth = 0_u32;
    for (place, c) in opened.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Some((opened.get(..place)?, opened.get(place + 1..)?)),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The alternatives of a choice; braces within them stay whole.
fn alternatives(inside: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    inside
        .split(|c| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            c == '|' && depth == 0
        })
        .collect()
}

impl Slots {
    /// For a script played on `day` by the people with these first names.
    pub(super) fn new(rng: &mut StdRng, day: NaiveDate, first_names: &[&str]) -> Self {
        let filled = ('A'..='D').zip(first_names).map(|(slot, name)| (slot.to_string(), (*name).to_owned())).collect();
        Self { rng: StdRng::seed_from_u64(rng.random_range(0..u64::MAX)), day, filled }
    }

    /// The text with its slots filled. What is no known slot stays as it stands.
    pub(super) fn fill(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 16);
        let mut rest = text;
        while let Some((before, opened)) = rest.split_once('{') {
            out.push_str(before);
            let Some((inside, after)) = split_closing(opened) else {
                out.push('{');
                rest = opened;
                continue;
            };
            out.push_str(&self.slot(inside));
            rest = after;
        }
        out.push_str(rest);
        out
    }

    fn slot(&mut self, name: &str) -> String {
        if name.contains('|') {
            let chosen = self.one_of(&alternatives(name));
            return self.fill(&chosen);
        }
        if let Some(value) = self.filled.get(name) {
            return value.clone();
        }
        let value =
            self.value(name.trim_end_matches(|c: char| c.is_ascii_digit())).unwrap_or_else(|| format!("{{{name}}}"));
        self.filled.insert(name.to_owned(), value.clone());
        value
    }

    fn value(&mut self, name: &str) -> Option<String> {
        Some(match name {
            "ctr" => self.container(),
            "port" => self.one_of(PORTS),
            "vessel" => self.one_of(VESSELS),
            "client" => self.one_of(CLIENTS),
            "goods" => self.one_of(GOODS),
            "haulier" => self.one_of(HAULIERS),
            "dock" => self.one_of(DOCKS),
            "hs" => self.one_of(HS_CODES),
            "eur" => format!("€{}", thousands(self.number(9, 180) * 10)),
            "eurbig" => format!("€{}", thousands(self.number(24, 480) * 100)),
            "gbp" => format!("£{}", thousands(self.number(9, 160) * 10)),
            "job" => format!("HL-{}", self.number(24_000, 29_999)),
            "inv" => format!("INV-{}", self.number(7_100, 9_899)),
            "mrn" => format!("NL{:06}X{:04}", self.number(0, 999_999), self.number(0, 9_999)),
            "qty" => self.number(3, 46).to_string(),
            "few" => self.number(2, 6).to_string(),
            "kg" => thousands(self.number(180, 2_380) * 10),
            "temp" => format!("−{}", self.number(17, 22)),
            "pin" => format!("{:05}", self.number(0, 99_999)),
            "berth" => self.number(1, 9).to_string(),
            "time" => format!("{:02}:{:02}", self.number(7, 18), self.number(0, 3) * 15),
            "night" => format!("{:02}:{:02}", self.number(0, 5), self.number(0, 59)),
            "day" => {
                let days = self.number(1, 4);
                calendar::later(self.day, days).format("%A").to_string()
            }
            "date" => {
                let days = self.number(5, 20);
                calendar::later(self.day, days).format("%-d %B").to_string()
            }
            "today" => self.day.format("%A %-d %B").to_string(),
            "isoday" => self.day.format("%Y-%m-%d").to_string(),
            "week" => self.day.iso_week().week().to_string(),
            _ => return None,
        })
    }

    fn one_of(&mut self, values: &[&str]) -> String {
        values.choose(&mut self.rng).copied().unwrap_or_default().to_owned()
    }

    fn number(&mut self, low: u32, high: u32) -> u32 {
        self.rng.random_range(low..=high)
    }

    /// A container number with the check digit of ISO 6346, of an owner who does not exist.
    fn container(&mut self) -> String {
        let owner = self.one_of(&["HLNU", "BRQU"]);
        let body = format!("{owner}{:06}", self.number(100_000, 999_999));
        format!("{body}{}", check_digit(&body))
    }
}

/// ISO 6346: letters count from 10 and skip the multiples of 11, each place weighs twice the one before.
fn check_digit(body: &str) -> u32 {
    let value = |c: char| match c.to_digit(36).unwrap_or(0) {
        digit @ 0..=10 => digit,
        letter @ 11..=20 => letter + 1,
        letter @ 21..=30 => letter + 2,
        letter => letter + 3,
    };
    body.chars().enumerate().map(|(place, c)| value(c) << place).sum::<u32>() % 11 % 10
}

fn thousands(number: u32) -> String {
    match number {
        0..=999 => number.to_string(),
        _ => format!("{},{:03}", number / 1000, number % 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_number_has_the_check_digit_of_iso_6346() {
        assert_eq!(check_digit("CSQU305438"), 3, "the example of the standard");
    }

    #[test]
    fn a_slot_keeps_its_value_within_one_playing_and_unknown_ones_stay() {
        let day = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap_or_default();
        let mut slots = Slots::new(&mut StdRng::seed_from_u64(1), day, &["Sanne"]);
        assert_eq!(slots.fill("{ctr}"), slots.fill("{ctr}"));
        assert_ne!(slots.fill("{ctr}"), slots.fill("{ctr2}"));
        assert_eq!(slots.fill("Hi {A}, {mystery} {"), "Hi Sanne, {mystery} {");
        assert_eq!(slots.fill("{yes|yes}"), "yes");
        assert_eq!(slots.fill("{ask {A}|ask {A}} twice"), "ask Sanne twice");
    }

    #[test]
    fn names_and_choices_alone_are_no_slots() {
        assert!(has_slot("is {ctr} out?"));
        assert!(!has_slot("{Thanks|cheers} {A}"));
    }
}
