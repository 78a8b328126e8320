//! What keeps people out of a page, as axe-core finds it: the rules of WCAG 2.2 A and AA, and its good practice.
//!
//! `scripts/axe-core` fetches it. It is put into the page through the driver, past the Content Security Policy, which stays as
//! it is. Where it is missing the tests say so and look at the rest, unless the variable `CI` is `true`.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::LazyLock;

use compliance_exports::audit::Actor;
use compliance_exports::capture::switch;
use compliance_exports::identity::commands;
use fantoccini::key::Key;
use serde_json::Value;

use crate::stage::{self, COMPANY};
use crate::support::TestApp;
use crate::window::{Look, Window};

/// In the folder `target`; the version is that of `scripts/axe-core`.
const AXE: &str = "axe-core/axe-4.14.1.js";

static SOURCE: LazyLock<Option<String>> = LazyLock::new(|| {
    let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join(AXE)).ok();
    if source.is_none() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{AXE} is missing: scripts/axe-core fetches it");
        // Past the test's own output, which is shown only when the test fails.
        #[expect(clippy::disallowed_methods, reason = "words of ours, past what the test prints")]
        let _told = writeln!(io::stderr(), "skipped: axe-core is missing, scripts/axe-core fetches it");
    }
    source
});

/// Each finding: rule, what it asks for, where it is explained, and for each place the element and what is wrong with it.
/// Style sheets are not loaded again for it: a page that may connect to nothing would complain.
const RUN: &str = r"
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'];
    const options = { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'], preload: false };
    return window.axe.run(document, options)
        .then(({ violations }) => violations.map(({ id, help, helpUrl, nodes }) => {
            const places = nodes.map(({ target, html, failureSummary }) =>
                `  ${target.join(' › ')}\n  ${html.slice(0, 300)}\n  ${failureSummary.replaceAll('\n', '\n  ')}`);
            return `${id}: ${help} (${helpUrl})\n${places.join('\n\n')}`;
        }));
";

impl Window {
    /// Checks that axe-core finds nothing on the page as it stands, in the look that it has.
    pub fn accessible(&self, name: &str) {
        let found = self.findings();
        assert!(found.is_empty(), "{name}, at {}:\n{}", self.path(), found.join("\n\n"));
    }

    /// Goes through all that the Tab key stops at, once around; tells the ids, or the words of what has none. Each stop must
    /// be seen: it lies in the window, nothing covers it, and it shows that it has the focus.
    pub fn tab_stops(&self) -> Vec<String> {
        let look = "
            const it = document.activeElement;
            const box = it.getBoundingClientRect();
            const style = getComputedStyle(it);
            const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
            const seen = top && (it.contains(top) || top.contains(it));
            const shown = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
            return { body: it === document.body, name: it.id || it.innerText, seen, shown }";
        let mut stops: Vec<String> = Vec::new();
        for _ in 0..200 {
            self.key(Key::Tab);
            let stop = self.script(look);
            let name = stop["name"].as_str().unwrap_or_default().to_owned();
            if stop["body"] == true || stops.first() == Some(&name) {
                return stops;
            }
            assert!(stop["seen"] == true && stop["shown"] == true, "{name}: {stop}, after {stops:?}");
            stops.push(name);
        }
        panic!("the Tab key does not come around: {stops:?}");
    }

    fn findings(&self) -> Vec<String> {
        let Some(source) = SOURCE.as_deref() else { return Vec::new() };
        // axe-core waits for timers, which do not run where scripts are switched off. Those of the page stay off.
        let found = self.with_scripts(|| {
            if !self.holds("window.axe") {
                self.script(source);
            }
            self.script(RUN)
        });
        let found = found.as_array().expect("axe-core's findings").iter();
        found.filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

#[test]
fn what_keeps_people_out_is_found() {
    if SOURCE.is_none() {
        return;
    }
    let app = TestApp::start();
    let Some(window) = Window::open(&app) else { return };
    window.go("/sign-in");
    window.accessible("sign-in");
    window.script("document.querySelector('label[for=email]').remove()");
    window.script("document.querySelector('h1').style.color = '#bbb'");
    let found = window.findings().join("\n");
    assert!(found.contains("label: Form elements must have labels"), "{found}");
    assert!(found.contains("color-contrast:"), "{found}");
}

#[test]
fn everything_is_reached_by_keyboard_and_seen_to_have_the_focus() {
    let app = TestApp::start();
    let company = stage::company(&app);
    commands::run(app.store(), Actor::User(company.ruth.id), &switch::TurnOn, app.now()).unwrap();
    app.many_admins(app.find_account(COMPANY).id, 40);
    let id = stage::completed(&app, &company.ruth, ("2026-02-01", "2026-02-28"), 1234, &[812_345]);
    let queued = app.request(&company.ruth, "2026-03-01", "2026-03-15");
    let Some(window) = Window::signed_in(&app, &company.ruth) else { return };
    for look in [Look::Desktop, Look::Phone, Look::Forced] {
        window.look(look);
        window.go("/administration");
        let stops = window.tab_stops();
        let wanted = ["toggle", "manage", "request", &format!("cancel-{queued}"), &format!("download-{id}-1")];
        let places: Vec<_> = wanted.iter().map(|id| stops.iter().position(|stop| stop == id)).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{stops:?}");
        assert_eq!(stops[0], "Skip to content");

        // In a dialog: the search, each check box, Save and Cancel, and nothing of the page beneath.
        window.go("/administration");
        window.press("Manage who can request and download exports");
        window.focus_is_on("find");
        let stops = window.tab_stops();
        assert!(stops.len() >= 44 && stops.contains(&"Save".to_owned()), "{stops:?}");
        assert!(!stops.contains(&"manage".to_owned()), "{stops:?}");
        window.key(Key::Escape);
        window.focus_is_on("manage");
    }

    // And pressed: the switch by the space bar, a box by the space bar, the button by Enter.
    window.look(Look::Desktop);
    window.go("/administration");
    window.script("document.getElementById('toggle').focus()");
    window.key(Key::Space);
    window.waits_for("dialog[open]");
    window.key(Key::Escape);
    window.focus_is_on("toggle");
    window.script("document.getElementById('manage').focus()");
    window.key(Key::Enter);
    window.waits_for("dialog[open]");
    window.script(&format!("document.getElementById('user-{}').focus()", company.bram.id));
    window.key(Key::Space);
    window.script("document.querySelector('dialog .primary').focus()");
    window.key(Key::Enter);
    window.sees("Access saved.");
    window.sees("Bram van der Velde, Ruth Adeyemi (you)");
}
