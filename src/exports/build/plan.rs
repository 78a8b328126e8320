//! The plan of an export: its cut, how much there is, and which part holds what.

use super::heartbeat::{Heartbeat, Interruption};
use super::{ExportWorker, disk};
use crate::archive::formats;
use crate::db::Store;
use crate::db::cuts::Cut;
use crate::error::{Error, Kind, Result};
use crate::exports::contents::{Division, Reader};
use crate::exports::evidence::{self, TakenCut};
use crate::exports::queue::{self, Claim};
use crate::exports::rules::parts::Limits;
use crate::exports::rules::requests as rules;
use crate::exports::rules::slices::Slice;
use crate::jobs;
use crate::model::ExportRequest;

impl ExportWorker {
    pub(super) fn plan(&self, claim: &mut Claim, heartbeat: &Heartbeat) -> Result<()> {
        // Each step may be reported more than once, and is done once.
        let report = |step: &mut dyn FnMut() -> Result<bool>| {
            let goes_on = || heartbeat.interruption().is_none();
            let ours = jobs::persist(self.patience, "a step of a plan", &goes_on, step)?;
            if ours { Ok(()) } else { Err(heartbeat.interrupt(Interruption::Lost)) }
        };
        report(&mut || queue::take_cut(&self.store, claim, self.clock.now()))?;
        let claim = &*claim;
        // Somebody may have taken it for a folder of temporary files that can be removed.
        crate::blobs::create_private_dir(&self.work_folder)?;
        report(&mut || queue::begin_plan(&self.store, claim))?;
        let mut items = 0;
        divide(
            &self.store,
            &claim.request,
            self.limits,
            &mut |number, slice| {
                items += slice.items();
                report(&mut || queue::add_part(&self.store, claim, number, slice))
            },
            &|| heartbeat.check(),
        )?;
        let formats = formats::chosen(formats::ALL, &claim.request.formats)?;
        disk::check_space(&self.work_folder, items, &formats, self.keep_free)?;
        report(&mut || queue::planned(&self.store, claim, items, self.limits, self.clock.now()))
    }
}

/// A reader of what an export holds, as of its cut.
pub(super) fn reader(store: &Store, request: &ExportRequest, cut: &TakenCut) -> Reader {
    let range = rules::range(request);
    let reader = Reader::new(store, request.account_id, (Cut::Of(request.id), &cut.evidence.periods), range);
    reader.limited_to(&request.filters)
}

/// Gives what each part holds to `take`, with its number: a single part holds everything. Of several, part 1 holds no
/// conversation: it describes the others.
pub(super) fn divide(
    store: &Store,
    request: &ExportRequest,
    limits: Limits,
    take: &mut dyn FnMut(i32, &Slice) -> Result<()>,
    goes_on: &dyn Fn() -> Result<()>,
) -> Result<()> {
    // The first slice waits until it is known whether it is the only one.
    let mut waiting: Option<Slice> = None;
    let mut number = 1;
    let formats = formats::chosen(formats::ALL, &request.formats)?;
    let needs = |extent| formats.iter().map(|format| format.needs(extent)).collect();
    reader(store, request, &evidence::find(store, request)?).plan(
        &Division { zone: request.time_zone, limits, needs: &needs },
        &mut |slice| {
            if let Some(before) = waiting.replace(slice) {
                if number == 1 {
                    take(1, &Slice::default())?;
                }
                number += 1;
                take(number, &before)?;
            }
            Ok(())
        },
        goes_on,
    )?;
    let last = waiting.ok_or_else(|| Error::new(Kind::Internal, "The plan of an export has not even one part."))?;
    take(if number == 1 { 1 } else { number + 1 }, &last)
}
