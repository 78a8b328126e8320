//! The pages of a company that has used the product for long: ten thousand exports in the history, five thousand
//! administrators, all of them with access.

use rusqlite::Connection;

use super::measure::Figures;
use super::server::Server;
use super::support::stage::Stage;

const EXPORTS: u32 = 10_000;
const ADMINISTRATORS: u32 = 5_000;
/// Each page is opened so often.
const TIMES: usize = 300;

/// What pages take, in milliseconds.
#[derive(Default)]
pub struct Long {
    /// The Administration page while the history is short.
    pub short: Figures,
    /// The same with everything in it.
    pub newest: Figures,
    /// The oldest page of the history.
    pub oldest: Figures,
    /// The question of an open page whether anything has changed, when nothing has.
    pub unchanged: Figures,
    /// Manage.
    pub manage: Figures,
    /// Manage, of whoever is called so.
    pub found: Figures,
    /// Bytes of the page with everything in it.
    pub bytes: usize,
}

/// Opens the pages, fills the database, and opens them again.
pub fn measure(stage: &Stage, server: &Server) -> Long {
    let mut long = Long::default();
    let page = "/administration";
    time(server, page, &mut long.short);
    let oldest = fill(stage);
    long.bytes = time(server, page, &mut long.newest);
    time(server, &format!("{page}?before={}", oldest + 10), &mut long.oldest);
    time(server, "/administration/access", &mut long.manage);
    time(server, "/administration/access?find=person+49", &mut long.found);

    let history = "/administration/exports/history";
    let known = server.answer(history, None);
    for _ in 0..TIMES {
        let answer = server.answer(history, Some(&known.tag));
        assert_eq!((answer.status, answer.bytes), (304, 0), "nothing has changed");
        long.unchanged.add(answer.milliseconds);
    }
    println!(
        "page p50 {:.2} ms with a short history, {:.2} with a long one; oldest {:.2}, unchanged {:.2}, Manage {:.2}, found \
         {:.2}; {} bytes",
        long.short.median(),
        long.newest.median(),
        long.oldest.median(),
        long.unchanged.median(),
        long.manage.median(),
        long.found.median(),
        long.bytes
    );
    long
}

/// Opens a page again and again; tells how large it is.
fn time(server: &Server, path: &str, figures: &mut Figures) -> usize {
    let mut bytes = 0;
    for _ in 0..TIMES {
        let answer = server.answer(path, None);
        assert_eq!(answer.status, 200, "{path}");
        figures.add(answer.milliseconds);
        bytes = answer.bytes;
    }
    bytes
}

/// Adds completed exports of one part each, and administrators with access; tells the number of the oldest export.
fn fill(stage: &Stage) -> i64 {
    let db = Connection::open(stage.database()).unwrap();
    let oldest: i64 = db.query_row("SELECT min(id) FROM export_requests", [], |row| row.get(0)).unwrap();
    db.execute_batch(&format!(
        "BEGIN IMMEDIATE;
         CREATE TEMPORARY TABLE numbers AS
             WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {EXPORTS}) SELECT n FROM n;
         INSERT INTO export_requests (account_id, requester_id, form_key, first_day, last_day, time_zone, copies, status, attempts,
                 requested_at, finished_at, expires_at, items_total, items_done, not_before)
             SELECT account_id, requester_id, 'form ' || n, first_day, last_day, time_zone, copies, 'Completed', 1,
                 requested_at + n, finished_at + n, expires_at + n, items_total, items_done, not_before
             FROM numbers, export_requests WHERE export_requests.id = {oldest};
         INSERT INTO export_parts (request_id, number, file_name, storage_key, size, sha256)
             SELECT export_requests.id, 1, file_name, storage_key || '-' || export_requests.id, size, sha256
             FROM export_requests, export_parts
             WHERE form_key LIKE 'form %' AND export_parts.request_id = {oldest} AND export_parts.number = 1;
         INSERT INTO users (account_id, name, email, is_bot, is_admin, created_at, search_key)
             SELECT account_id, format('Person %05d', n), format('person-%05d@halcyon-ports.example', n), 0, 1, 0, ''
             FROM numbers, export_requests WHERE export_requests.id = {oldest} AND n <= {ADMINISTRATORS};
         INSERT INTO access_grants (account_id, user_id, granted_at)
             SELECT account_id, id, 0 FROM users WHERE name LIKE 'Person %';
         COMMIT;"
    ))
    .unwrap();
    oldest
}
