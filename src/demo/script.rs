//! The form in which conversations are written down: a script names a place, its people, and what they say.
//!
//! Here live only the form and its short words (`a`, `b`, `often`, `once`, …), which keep the hand-written dialogues readable.
//! The texts are in [`crate::demo::dialogues`]; [`crate::demo::stage`] turns a script into recordings.
//!
//! In a text, `{ctr}` is a slot (see [`crate::demo::slots`]), `{A}` to `{D}` are the speakers' first names, and `{this|that}`
//! is a choice. A script with a slot is played several times, one without only once.

/// Where a script is played.
#[derive(Clone, Copy, Debug)]
pub(super) enum Venue {
    /// The team of this key.
    Team(&'static str),
    /// The conversation of exactly these people: alone Personal, two Direct, more a Group. They are the speakers.
    People(&'static [&'static str]),
    /// Any of the teams that talk about anything.
    AnyTeam,
    /// Any of the pairs of colleagues who often talk.
    AnyDirect,
    /// Any of the pairs with one person of each company; the main company's speaks first.
    AnyPartnerDirect,
    /// Any of the groups of colleagues who often talk.
    AnyGroup,
}

/// When a script is played.
#[derive(Clone, Copy, Debug)]
pub(super) enum When {
    /// Now and then.
    Often,
    /// Once, on the last working day that is at least so many days ago.
    Once(u32),
    /// On this month and day, if that lies within the demo's months.
    On(u32, u32),
}

/// A conversation as written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Script {
    pub(super) place: Venue,
    pub(super) when: When,
    /// The speakers of a Team's script; whoever is there when empty.
    pub(super) cast: &'static [&'static str],
    /// The local hour at which it begins; any working hour when absent.
    pub(super) hour: Option<u32>,
    pub(super) lines: &'static [Line],
}

/// How long after the line before.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pause {
    /// A minute or a few.
    Short,
    /// So many minutes.
    Minutes(u32),
    /// The next working day's morning.
    NextDay,
}

/// What a line is posted as.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    Message,
    Note { title: &'static str },
    Task { title: &'static str, assignees: &'static [usize], due_days: u32, done_days: Option<u32> },
    Event { title: &'static str, in_days: u32, hour: u32, minutes: u32, location: &'static str },
}

/// One item of a conversation as written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) speaker: usize,
    pub(super) text: &'static str,
    pub(super) pause: Pause,
    /// In the thread of the script's first line.
    pub(super) threaded: bool,
    pub(super) form: Form,
    /// Minutes later, and the text since then.
    pub(super) edit: Option<(u32, &'static str)>,
    /// Minutes later, and the speaker who deletes it.
    pub(super) deletion: Option<(u32, usize)>,
    /// File name and bytes.
    pub(super) file: Option<(&'static str, i64)>,
}

impl Script {
    /// Played by these people.
    pub(super) const fn with(self, cast: &'static [&'static str]) -> Self {
        Self { cast, ..self }
    }

    /// Begins in this local hour.
    pub(super) const fn around(self, hour: u32) -> Self {
        Self { hour: Some(hour), ..self }
    }

    /// Everything that the script may print, for what has to look into the texts.
    pub(super) fn texts(&self) -> impl Iterator<Item = &'static str> {
        self.lines.iter().flat_map(|line| {
            let title = match line.form {
                Form::Message => None,
                Form::Note { title } | Form::Task { title, .. } | Form::Event { title, .. } => Some(title),
            };
            [Some(line.text), line.edit.map(|(_, text)| text), title].into_iter().flatten()
        })
    }

    /// Has something that differs from one time to the next.
    pub(super) fn has_slots(&self) -> bool {
        self.texts().any(crate::demo::slots::has_slot)
    }
}

impl Line {
    const fn new(speaker: usize, text: &'static str) -> Self {
        Self {
            speaker,
            text,
            pause: Pause::Short,
            threaded: false,
            form: Form::Message,
            edit: None,
            deletion: None,
            file: None,
        }
    }

    pub(super) const fn reply(self) -> Self {
        Self { threaded: true, ..self }
    }

    pub(super) const fn after(self, minutes: u32) -> Self {
        Self { pause: Pause::Minutes(minutes), ..self }
    }

    pub(super) const fn next_day(self) -> Self {
        Self { pause: Pause::NextDay, ..self }
    }

    pub(super) const fn edited(self, minutes: u32, text: &'static str) -> Self {
        Self { edit: Some((minutes, text)), ..self }
    }

    pub(super) const fn deleted(self, minutes: u32) -> Self {
        Self { deletion: Some((minutes, self.speaker)), ..self }
    }

    pub(super) const fn deleted_by(self, speaker: usize, minutes: u32) -> Self {
        Self { deletion: Some((minutes, speaker)), ..self }
    }

    pub(super) const fn file(self, name: &'static str, bytes: i64) -> Self {
        Self { file: Some((name, bytes)), ..self }
    }

    pub(super) const fn note(self, title: &'static str) -> Self {
        Self { form: Form::Note { title }, ..self }
    }

    pub(super) const fn task(self, title: &'static str, assignees: &'static [usize], due_days: u32) -> Self {
        Self { form: Form::Task { title, assignees, due_days, done_days: None }, ..self }
    }

    pub(super) const fn done_task(self, title: &'static str, assignees: &'static [usize], due_days: u32) -> Self {
        Self { form: Form::Task { title, assignees, due_days, done_days: Some(due_days) }, ..self }
    }

    pub(super) const fn event(
        self,
        title: &'static str,
        in_days: u32,
        hour: u32,
        minutes: u32,
        location: &'static str,
    ) -> Self {
        Self { form: Form::Event { title, in_days, hour, minutes, location }, ..self }
    }
}

/// The first speaker says.
pub(super) const fn a(text: &'static str) -> Line {
    Line::new(0, text)
}

/// The second speaker says.
pub(super) const fn b(text: &'static str) -> Line {
    Line::new(1, text)
}

/// The third speaker says.
pub(super) const fn c(text: &'static str) -> Line {
    Line::new(2, text)
}

/// The fourth speaker says.
pub(super) const fn d(text: &'static str) -> Line {
    Line::new(3, text)
}

const fn script(when: When, place: Venue, lines: &'static [Line]) -> Script {
    Script { place, when, cast: &[], hour: None, lines }
}

/// A script for any day.
pub(super) const fn often(place: Venue, lines: &'static [Line]) -> Script {
    script(When::Often, place, lines)
}

/// A script for the last working day at least `days_ago` days ago.
pub(super) const fn once(days_ago: u32, place: Venue, lines: &'static [Line]) -> Script {
    script(When::Once(days_ago), place, lines)
}

/// A script for a day of the calendar.
pub(super) const fn on(month: u32, day: u32, place: Venue, lines: &'static [Line]) -> Script {
    script(When::On(month, day), place, lines)
}
