//! `demo`: the invented company of [`crate::demo`], with an export of its conversations.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;

use super::{export, output, serve};
use crate::app::App;
use crate::archive::formats;
use crate::audit::Actor;
use crate::capture::{sources, switch};
use crate::clock::Clock;
use crate::config::{Archives, DatabaseUrl, MailTransport, Settings};
use crate::demo::{self, Company};
use crate::error::{Context, Error, Kind, Result};
use crate::exports::request::RequestExport;
use crate::exports::requests;
use crate::identity::accounts::{self, NewSignIn};
use crate::identity::{access, commands};
use crate::jobs::Stop;
use crate::model::{ExportRequest, RequestId, Status, Timestamp, UserId};
use crate::{blobs, days, keys};

/// Of every person of the demo. It is no secret, so the demo listens on this machine only.
const PASSWORD: &str = "demonstration";
/// Marks a folder that the demo may empty.
const MARK: &str = "this-is-the-demo";

/// Makes the company, exports its conversations, and serves the pages unless `exit`.
///
/// # Errors
/// When the demo runs already, the address is taken, or something fails.
pub(super) fn demo(mut settings: Settings, exit: bool) -> Result<()> {
    let address = settings.server.listen;
    if !address.ip().is_loopback() {
        return Err(Error::new(
            Kind::Invalid,
            format!("The demo's passwords are no secret, so it does not listen on {address}, but on 127.0.0.1 only."),
        ));
    }
    let folder = settings.data_dir.join("demo");
    let _lock = clean(&folder)?;
    let listener = if exit { None } else { Some(listen(&mut settings)?) };
    settings.set_database_url(DatabaseUrl::Sqlite(folder.join("compliance-exports.db")));
    settings.data_dir = folder;
    settings.archives = Archives::default();
    settings.mail.transport = MailTransport::Files;

    let app = App::open(settings, Clock::default())?;
    let now = app.clock.now();
    let (main, partner) = demo::companies();
    output::aside(&format!("Making the invented company {} …", main.name));
    let requester = people(&app, &main, now)?;
    people(&app, &partner, now)?;
    commands::run(&app.store, Actor::User(requester), &switch::TurnOn, demo::captured_since(now))?;
    record(&app, &main, now)?;

    let worker = app.worker()?;
    let id = request(&app, requester, now)?;
    let finished = export::wait(&app, &worker, id, &Stop::default())?;
    export::send_mails(&worker);
    if finished.status != Status::Completed {
        return Err(Error::conflict(finished.reason.unwrap_or_else(|| "The export did not complete.".to_owned())));
    }
    print_summary(&app, &finished, &main, &partner, exit)?;
    match listener {
        None => Ok(()),
        Some(listener) => {
            let mut state = app.state();
            state.demo = true;
            serve::run(&app, &worker, state, listener, || output::aside("Ctrl-C stops the demo."))
        }
    }
}

/// Empties the demo's folder; the file that is returned keeps a second demo from doing so meanwhile.
fn clean(folder: &Path) -> Result<File> {
    let mark = folder.join(MARK);
    if folder.exists() && !mark.exists() && !blobs::list_names(folder)?.is_empty() {
        return Err(Error::conflict(format!(
            "{} holds something that is not the demo's. Move it away, or choose another folder with --data-dir.",
            folder.display()
        )));
    }
    blobs::create_private_dir(folder)?;
    let failed = || format!("The demo's folder {} can't be emptied.", folder.display());
    let lock = File::create(&mark).context(failed)?;
    if lock.try_lock().is_err() {
        return Err(Error::conflict(format!("Another demo runs in {}. Stop it first.", folder.display())));
    }
    for name in blobs::list_names(folder)?.iter().filter(|name| *name != MARK) {
        let path = folder.join(name);
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.context(failed)?;
    }
    Ok(lock)
}

/// Listens where the settings say, or, if another program does already, on a free port.
fn listen(settings: &mut Settings) -> Result<TcpListener> {
    let wanted = settings.server.listen;
    let listener = TcpListener::bind(wanted).or_else(|_| TcpListener::bind((wanted.ip(), 0)));
    let listener = listener.context(|| format!("The demo can't listen on {}.", wanted.ip()))?;
    settings.server.listen = listener.local_addr().context(|| "The listener has no address.".to_owned())?;
    Ok(listener)
}

/// Makes a company with those who sign in; returns its first administrator.
fn people(app: &App, company: &Company, now: Timestamp) -> Result<UserId> {
    commands::run(
        &app.store,
        Actor::Operator,
        &accounts::CreateAccount { name: company.name, time_zone: company.time_zone, include_exports: true },
        now,
    )?;
    let mut first_admin = None;
    for person in &company.people {
        let new = NewSignIn { account: company.name, email: &person.email, name: person.name, admin: person.admin };
        let id = commands::run(&app.store, Actor::Operator, &accounts::SetSignIn::new(new, PASSWORD)?, now)?;
        if person.admin {
            first_admin.get_or_insert(id);
        }
    }
    first_admin.ok_or_else(|| Error::new(Kind::Internal, "A company of the demo has no administrator."))
}

fn record(app: &App, company: &Company, now: Timestamp) -> Result<()> {
    let facts = demo::conversations(now);
    let account = app.store.read(|c| accounts::find(c, company.name))?.id;
    let bar = output::bar("Recording", facts.len() as u64, false);
    let mut progress = |done, _| bar.set_position(done);
    let summary = sources::record_all(&app.store, &app.clock, account, facts, &mut progress)?;
    bar.finish_and_clear();
    match summary.problems.first() {
        None => Ok(()),
        Some((_, reason)) => Err(Error::new(Kind::Internal, format!("The demo's company is not consistent: {reason}"))),
    }
}

/// An export of everything.
fn request(app: &App, user: UserId, now: Timestamp) -> Result<RequestId> {
    let (administrator, offer) = app.store.read(|c| requests::offer(c, user, app.state().policy, now))?;
    let today = days::day_of(now, administrator.account.time_zone);
    let command = RequestExport {
        first_day: offer.earliest.unwrap_or(today),
        last_day: today,
        people: Vec::new(),
        conversations: Vec::new(),
        formats: formats::every(),
        form_key: keys::new_key(),
        max_open: app.state().policy.max_open,
    };
    commands::run(&app.store, Actor::User(user), &command, now)
}

fn print_summary(app: &App, request: &ExportRequest, main: &Company, partner: &Company, exit: bool) -> Result<()> {
    let line = output::line;
    line("");
    line(&format!(
        "The export of {} items from {} to {} is ready:",
        crate::format::number(request.items_done),
        request.first_day,
        request.last_day
    ));
    // Under the name that a download gives it, so that it can be found and unpacked.
    let folder = app.settings.data_dir.join("downloads");
    blobs::create_private_dir(&folder)?;
    for path in export::copy(app, request.id, &folder)? {
        line(&format!("  {}", path.display()));
    }
    if exit {
        return Ok(());
    }
    let address = app.settings.public_address();
    line("");
    line(&format!("Administration page: {}", address.page("/administration")));
    line("");
    line(&format!("Sign in as one of these invented people; the password is “{PASSWORD}”:"));
    let account = app.store.read(|c| accounts::find(c, main.name))?;
    let holders = app.store.read(|c| access::holders(c, &account))?;
    for company in [main, partner] {
        line(&format!("  {}", company.name));
        for person in &company.people {
            let has_access = holders.iter().any(|holder| holder.email.as_deref() == Some(person.email.as_str()));
            let role = match (person.admin, has_access) {
                (true, true) => "administrator with access",
                (true, false) => "administrator",
                (false, _) => "member",
            };
            line(&format!("    {:<42} {} ({role})", person.email, person.name));
        }
    }
    line("");
    Ok(())
}
