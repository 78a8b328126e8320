//! `export`: requests as an administrator, by the same rules and the same workers as the page.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::args::ExportArgs;
use super::{accounts, output, signals};
use crate::app::App;
use crate::audit::Actor;
use crate::error::{Context, Error, Field, Kind, Result};
use crate::exports::request::{self, Draft};
use crate::exports::requests;
use crate::identity::commands;
use crate::jobs::Stop;
use crate::model::{ExportRequest, RequestId, Status};
use crate::worker::Worker;
use crate::{blobs, format, keys};

/// How often the progress is looked up.
const LOOK: Duration = Duration::from_millis(200);

pub(super) fn export(app: &App, args: &ExportArgs) -> Result<()> {
    if let (Some(id), true) = (args.again, args.restore) {
        return restore(app, id);
    }
    // Before anything is requested: what can't be copied there should not be built for it.
    blobs::create_private_dir(&args.output)?;
    let (person, from, to) = match (&args.person, &args.from, &args.to, args.again) {
        (_, _, _, Some(id)) => return again(app, id, &args.output),
        (Some(person), Some(from), Some(to), None) => (person, from, to),
        _ => return Err(Error::new(Kind::Invalid, "Say who asks, with --account and --email, and for which days.")),
    };
    let (_, user) = accounts::administrator(app, person)?;
    let worker = app.worker()?;
    let draft = Draft {
        first_day: from,
        last_day: to,
        people: &args.people,
        conversations: &args.conversations,
        formats: args.formats.0.clone(),
    };
    let now = app.clock.now();
    let made = match draft.parse(&keys::new_key(), app.state().policy.max_open) {
        Some(command) => commands::run(&app.store, Actor::User(user), &command, now),
        None => app.store.read(|c| request::problems(c, user, &draft, now)).and_then(|all| Err(Error::several(all))),
    };
    let id = made.map_err(|error| accounts::for_operator(all_of(error), person))?;
    let stop = Stop::default();
    let asked = stop.clone();
    signals::on_stop(move || asked.ask())?;
    let request = wait(app, &worker, id, &stop)?;
    let ended = end(app, &request, &args.output);
    print_page(app, id);
    // The mail about it, if no server that runs has been quicker. Where that server is reached only it knows, unless the
    // settings say so.
    if app.settings.has_public_address() {
        send_mails(&worker);
    }
    ended
}

/// Builds an archive again and compares it with what it was.
fn again(app: &App, id: RequestId, folder: &Path) -> Result<()> {
    let (request, ..) = app.store.read(|c| requests::completed(c, id))?;
    let stop = Stop::default();
    let asked = stop.clone();
    signals::on_stop(move || asked.ask())?;
    let total = request.items_total.and_then(|total| u64::try_from(total).ok()).unwrap_or(0);
    let bar = output::bar("Building again", total, false);
    let progress = |done: i64| bar.set_position(u64::try_from(done).unwrap_or(0));
    let folder = std::path::absolute(folder).context(|| format!("{} has no full name.", folder.display()))?;
    let rebuilt = app.worker()?.exports.rebuild(id, &folder, &stop, &progress);
    bar.finish_and_clear();
    let rebuilt = rebuilt?;
    commands::run(
        &app.store,
        Actor::Operator,
        &requests::NoteHandling { export: id, handling: requests::Handling::Rebuilt { parts: rebuilt.len() } },
        app.clock.now(),
    )?;
    for part in &rebuilt {
        output::line(&part.path.display().to_string());
    }
    if rebuilt.iter().all(|part| part.same) {
        output::aside("The same, byte for byte, as when the export was completed.");
        return Ok(());
    }
    Err(Error::conflict(
        "The archive is not the same as when the export was completed. Content may have been erased since (items deleted \
         while capture was off), the signing key may be another, or it was made by another version of this program.",
    ))
}

/// Builds an archive again and puts its files back where some are missing or damaged, if they are the same.
fn restore(app: &App, id: RequestId) -> Result<()> {
    let (request, ..) = app.store.read(|c| requests::completed(c, id))?;
    let stop = Stop::default();
    let asked = stop.clone();
    signals::on_stop(move || asked.ask())?;
    let total = request.items_total.and_then(|total| u64::try_from(total).ok()).unwrap_or(0);
    let bar = output::bar("Building again", total, false);
    let progress = |done: i64| bar.set_position(u64::try_from(done).unwrap_or(0));
    let restored = app.worker()?.exports.restore(id, &stop, &progress);
    bar.finish_and_clear();
    let restored = restored?;
    let files = format::count(i64::try_from(restored.len()).unwrap_or(i64::MAX), "file", "files");
    output::line(&format!("Export {id} has its files again: {files} put back, the same, byte for byte."));
    for part in restored {
        output::line(&format!("  {} ({})", part.file_name, format::size(part.size)));
    }
    Ok(())
}

/// Says where to see what became of an export. Where the server is reached is known only if the settings say so.
fn print_page(app: &App, id: RequestId) {
    let page = format::export_page(id);
    let address = if app.settings.has_public_address() {
        app.settings.public_address().page(&page)
    } else {
        format!("{page} on the server")
    };
    output::aside(&format!("All about this export: {address}"));
}

fn end(app: &App, request: &ExportRequest, folder: &Path) -> Result<()> {
    match request.status {
        Status::Completed => {
            let paths = copy(app, request.id, folder).inspect_err(|_| {
                output::aside("The export is complete, and can be downloaded from the Administration page.");
            })?;
            for path in paths {
                output::line(&path.display().to_string());
            }
            Ok(())
        }
        Status::Cancelled => Err(Error::conflict("The export was cancelled.")),
        _ => {
            let reason = request.reason.clone();
            Err(Error::conflict(reason.unwrap_or_else(|| "The export did not complete.".to_owned())))
        }
    }
}

/// Sends what is queued. The export is there with or without its mail.
pub(super) fn send_mails(worker: &Worker) {
    loop {
        match worker.mails.next() {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(cause = %error.causes(), "mail could not be sent: {error}");
                return;
            }
        }
    }
}

/// Every option's message at once: prints all but the last, and gives that.
fn all_of(error: Error) -> Error {
    let option = |error: &Error| match error.field() {
        Some(Field::FirstDay) => format!("--from: {error}"),
        Some(Field::LastDay) => format!("--to: {error}"),
        Some(Field::People) => format!("--person: {error}"),
        Some(Field::Conversations) => format!("--conversation: {error}"),
        None => error.to_string(),
    };
    let mut texts: Vec<String> = error.each().map(option).collect();
    let last = texts.pop().unwrap_or_default();
    // Each in a line of its own.
    texts.iter().for_each(|text| output::aside(&format!("error: {text}")));
    if texts.is_empty() && error.field().is_none() { error } else { Error::new(Kind::Invalid, last) }
}

/// Waits with a progress bar until the export has ended, whoever works on it: this process, or a server that runs.
pub(super) fn wait(app: &App, worker: &Worker, id: RequestId, stop: &Stop) -> Result<ExportRequest> {
    let ended = Stop::default();
    thread::scope(|scope| {
        let working = scope.spawn(|| {
            while !stop.is_asked() {
                // A database that is busy now may not be in a moment, and a server that runs may build it as well.
                match worker.exports.next(Some(id), stop) {
                    // There may be more to do: the plan comes first, then each part.
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(error) => {
                        tracing::warn!(cause = %error.causes(), "the export could not be taken up: {error}");
                    }
                }
                if ended.wait(LOOK) {
                    break;
                }
            }
        });
        let request = watch(app, id, stop);
        ended.ask();
        match working.join() {
            Ok(()) => request,
            Err(_) => Err(Error::new(Kind::Internal, "The worker ended by a fault.")),
        }
    })
}

fn watch(app: &App, id: RequestId, stop: &Stop) -> Result<ExportRequest> {
    let mut bar = output::spinner("Waiting in the queue");
    let mut counted = None;
    loop {
        let request = app.store.read(|c| requests::find(c, id))?;
        let request = request.ok_or_else(|| Error::not_found("The export is gone."))?;
        let total = request.items_total.and_then(|total| u64::try_from(total).ok());
        if counted != total {
            bar.finish_and_clear();
            bar = output::bar("Exporting", total.unwrap_or(0), false);
            counted = total;
        }
        bar.set_position(u64::try_from(request.items_done).unwrap_or(0));
        if !matches!(request.status, Status::Accepted | Status::InProgress) {
            bar.finish_and_clear();
            return Ok(request);
        }
        if stop.wait(LOOK) {
            bar.finish_and_clear();
            return Err(Error::new(
                Kind::Unavailable,
                format!("Stopped waiting. Export {id} stays in the queue: the server builds it as soon as it runs."),
            ));
        }
    }
}

/// Copies the parts of a completed export into a folder.
pub(super) fn copy(app: &App, id: RequestId, folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for (part, key) in app.store.read(|c| requests::stored_parts(c, id))? {
        let path = folder.join(&part.file_name);
        let path = std::path::absolute(&path).context(|| format!("{} has no full name.", path.display()))?;
        app.blobs.copy(&key, &path)?;
        commands::run(
            &app.store,
            Actor::Operator,
            &requests::NoteHandling { export: id, handling: requests::Handling::Copied(part.clone()) },
            app.clock.now(),
        )?;
        paths.push(path);
    }
    Ok(paths)
}
