//! What a manifest says of those behind an export as they stood at its cut (C7): who asked, who had turned the feature on,
//! who had access, and when capture was on.
//!
//! Rows of access and capture are changed in place and have no numbers of recordings. So all this is read together with the
//! cut, and kept with the request: `queue` takes it, the worker and [`crate::exports::contents`] use it.

use serde::{Deserialize, Serialize};

use super::filters::{self, Chosen};
use super::rows;
use crate::db::{self, Conn, Store};
use crate::error::{Error, Result};
use crate::model::{CapturePeriod, ExportRequest, RequestId, Timestamp, User, UserId};
use crate::{capture, identity, numbers};

/// What was so at the cut.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Evidence {
    /// Name of the account, to which all these people belong.
    pub account: String,
    /// Who asked for the export.
    pub requester: User,
    /// When capture was on, oldest first. There is one period at least: what is off can't be asked for.
    pub periods: Vec<CapturePeriod>,
    /// Who began the last period; none for the operator.
    pub enabled_by: Option<User>,
    /// Who ended it; none for the operator, or while it goes on.
    pub disabled_by: Option<User>,
    /// Who could manage access, request and download.
    pub access: Vec<User>,
    /// What those were called whom and what it is limited to.
    #[serde(default, skip_serializing_if = "Chosen::is_empty")]
    pub chosen: Chosen,
    /// How many sources had recorded something: the cut has a number for each of them, and one that was lost would export nothing
    /// of its source, quietly.
    pub sources: i64,
    /// This was not read at the cut, but out of an archive that the operator took into this database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adoption: Option<Adoption>,
}

/// That an archive was taken into this database, which did not know it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Adoption {
    pub at: Timestamp,
    /// The number that the export bears in its archive.
    pub number: RequestId,
}

/// What is so now. For the same instant as the cut, both must be read in one [`Store::read`].
pub(super) fn read(c: &mut Conn, request: &ExportRequest) -> Result<Evidence> {
    let account =
        identity::rows::accounts::find(c, request.account_id)?.map_or_else(String::new, |account| account.name);
    let Some(requester) = identity::rows::users::find(c, request.requester_id)? else {
        return Err(Error::internal("The person who requested the export is gone.", request.requester_id.to_string()));
    };
    let periods = capture::rows::periods::list(c, request.account_id)?;
    let last = periods.last().copied();
    let mut find = |id: Option<UserId>| id.map_or(Ok(None), |id| identity::rows::users::find(c, id));
    let enabled_by = find(last.and_then(|period| period.on_by))?;
    let disabled_by = find(last.and_then(|period| period.off_by))?;
    let access = identity::rows::access::list(c, request.account_id)?;
    let chosen = filters::called(c, &request.filters)?;
    let sources = numbers::exact(db::cuts::read_now(c)?.len())?;
    Ok(Evidence { account, requester, periods, enabled_by, disabled_by, access, chosen, sources, adoption: None })
}

/// The cut of a request, once it is taken: whoever reads what an export holds has one.
#[derive(Clone, Debug)]
pub struct TakenCut {
    pub at: Timestamp,
    /// What was so at that moment.
    pub evidence: Evidence,
}

/// The cut of a request.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if it has none; [`crate::error::Kind::Conflict`] if it was taken before evidence was kept,
/// or numbers of it are lost, with what to do; otherwise when the database fails.
pub fn find(store: &Store, request: &ExportRequest) -> Result<TakenCut> {
    let Some(at) = request.cut else {
        let cause = format!("export {} has no cut", request.id);
        return Err(Error::internal("An export can't be read before its cut is taken.", cause));
    };
    let (kept, sources) = store.reading().read(|c| Ok((find_kept(c, request.id)?, db::cuts::count(c, request.id)?)))?;
    let Some(evidence) = kept else {
        return Err(Error::conflict(
            "An earlier version of the server began this export, and did not note who had access. Retry it, or request \
             it again.",
        ));
    };
    if evidence.sources != sources {
        return Err(Error::conflict(format!(
            "The database is damaged: the cut of this export had numbers of {} sources, and has {sources}. Ask the server's \
             operator to restore the database from a backup.",
            evidence.sources
        )));
    }
    Ok(TakenCut { at, evidence })
}

/// What was so at the cut of a request; none if it has no cut yet, or an earlier version took it.
pub(super) fn find_kept(c: &mut Conn, request: RequestId) -> Result<Option<Evidence>> {
    rows::exports::find_evidence(c, request)?.as_deref().map(parsed).transpose()
}

/// As the request keeps it.
pub(super) fn text(evidence: &Evidence) -> Result<String> {
    serde_json::to_string(evidence).map_err(|error| Error::internal("writing down the evidence of an export", error))
}

fn parsed(text: &str) -> Result<Evidence> {
    serde_json::from_str(text)
        .map_err(|error| Error::internal("The database holds evidence that this version does not know.", error))
}
