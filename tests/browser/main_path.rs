//! The way of a person who has never seen the product: from the sign-in page to the unpacked archive.

use std::fs;

use compliance_exports::format;
use compliance_exports::jobs::Stop;

use crate::stage::{self, Workers};
use crate::support::{Archive, TestApp};
use crate::window::Window;

#[test]
fn a_newcomer_gets_from_sign_in_to_the_unpacked_archive() {
    let app = TestApp::start();
    let ruth = stage::company(&app).ruth;
    stage::record_conversations(&app);
    let Some(window) = Window::open(&app) else { return };

    window.go("/");
    window.sees("Sign in");
    window.picture("sign-in");
    window.sign_in(&ruth);
    window.click(".profile summary");
    window.picture("profile-menu");
    window.press("Administration");
    window.sees("It is off.");
    window.picture("administration-off");

    window.click("#toggle[aria-checked=false]");
    window.waits_for("#toggle[aria-checked=true]");
    window.sees("No exports");
    window.picture("administration-on");

    window.press("Request an export");
    window.sees("Europe/Amsterdam");
    window.press("Last 30 days");
    assert_eq!([window.value("first-day"), window.value("last-day")], ["2026-02-15", "2026-03-16"]);
    window.picture("request");
    // From here on the page must keep itself up to date.
    window.script("window.neverReloaded = true");
    window.press("Submit");
    window.sees("Export requested.");
    window.waits_for("tr[data-status='Queued']");
    window.picture("history-queued");

    assert!(app.worker.exports.next(None, &Stop::default()).unwrap(), "the plan");
    let claim = stage::begin(&app, 400, 0);
    let total = app.find_request(claim.request.id).items_total.unwrap();
    window.waits_for(&format!("progress[max='{total}'][value='400']"));
    window.sees(&format!("400 of {} items", format::number(total)));
    window.picture("history-in-progress");
    stage::hand_over(&app, &claim);
    let workers = Workers::start(&app);
    window.waits_for("tr[data-status='Completed']");
    assert!(window.holds("window.neverReloaded"));
    assert!(window.text("[data-announcer]").contains("is completed and can be downloaded"));

    window.click("details[id^=hash-] summary");
    window.picture("history-completed");
    let shown = window.text("details[id^=hash-] .hash");
    window.click("a[id^=download-]");
    let bytes = fs::read(window.downloaded()).unwrap();
    assert_eq!(compliance_exports::keys::hex(&compliance_exports::sums::sha256(&bytes)), shown);

    let archive = Archive::open([fs::File::open(window.downloaded()).unwrap()]);
    let days: Vec<_> = archive.day_files().iter().map(|path| path.rsplit('/').next().unwrap().to_owned()).collect();
    assert!(days.len() > 100, "{days:?}");
    assert!(days.iter().all(|day| ("2026-02-15.json".."2026-03-17.json").contains(&day.as_str())), "{days:?}");
    let items = i64::try_from(archive.items().len()).unwrap();
    assert!(items > 900, "{items}");
    let items = format::number(items);
    assert!(window.text("tr[data-status='Completed']").contains(&format!("{items} items")), "{items}");

    let mails = stage::eventually("a mail", || Some(app.take_mails()).filter(|mails| !mails.is_empty()));
    drop(workers);
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    assert!(mail.to.contains(&ruth.email), "{}", mail.to);
    assert!(mail.text.contains(&items), "{}", mail.text);
    assert!(mail.text.contains(&format!("{}/administration", app.address)), "{}", mail.text);
}
