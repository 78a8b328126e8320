//! What only PostgreSQL has: encrypted connections, and errors that a server sends over a wire. Runs with `scripts/postgres`;
//! on SQLite there is nothing to test.

use std::sync::mpsc::channel;
use std::time::Duration;

use compliance_exports::config::DatabaseUrl;
use compliance_exports::db::{Conn, PoolOptions, Store};
use compliance_exports::error::{Error, Kind};
use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;

use crate::support::TestApp;

/// The server that `scripts/postgres` has started, and the certificate of its authority.
fn server() -> Option<(String, String)> {
    let url = std::env::var("TEST_DATABASE_URL").ok()?;
    Some((url, std::env::var("TEST_DATABASE_CA").expect("scripts/postgres names the authority")))
}

fn open(url: &str) -> Result<Store, Error> {
    Store::open(&url.parse::<DatabaseUrl>().unwrap(), PoolOptions::default())
}

fn ask(store: &Store, sql: &str) -> String {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        value: String,
    }
    store.read(|c| Ok(diesel::sql_query(sql).get_result::<Row>(c)?)).unwrap().value
}

#[test]
fn a_connection_is_as_encrypted_as_its_address_asks() {
    let Some((url, ca)) = server() else { return };
    let by_name = url.replace("127.0.0.1", "localhost");
    let encrypted = "SELECT version AS value FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl";
    for address in [
        format!("{url}?sslmode=require"),
        format!("{url}?sslmode=require&sslrootcert={ca}"),
        format!("{url}?sslmode=verify-ca&sslrootcert={ca}"),
        format!("{by_name}?sslmode=verify-full&sslrootcert={ca}"),
        // As libpq: encrypted where the server can.
        url.clone(),
    ] {
        assert_eq!(ask(&open(&address).unwrap(), encrypted), "TLSv1.3", "{address}");
    }
    let clear = open(&format!("{url}?sslmode=disable")).unwrap();
    assert_eq!(ask(&clear, "SELECT ssl::text AS value FROM pg_stat_ssl WHERE pid = pg_backend_pid()"), "false");
}

#[test]
fn a_server_that_is_not_the_one_that_was_meant_is_refused() {
    let Some((url, ca)) = server() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (other, empty) = (folder.path().join("other.pem"), folder.path().join("empty.pem"));
    let (other, empty) = (other.to_str().unwrap(), empty.to_str().unwrap());
    let request = ["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
    let made = std::process::Command::new("openssl")
        .args(request)
        .args(["-subj", "/CN=Another authority", "-keyout", "/dev/null", "-out", other])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    std::fs::write(empty, "").unwrap();
    for (address, why) in [
        // The certificate is for localhost.
        (format!("{url}?sslmode=verify-full&sslrootcert={ca}"), "certificate not valid for name"),
        (format!("{url}?sslmode=verify-ca&sslrootcert={other}"), "UnknownIssuer"),
        (format!("{url}?sslmode=require&sslrootcert={other}"), "UnknownIssuer"),
        (format!("{url}?sslmode=verify-ca&sslrootcert={empty}"), "holds no certificate"),
        (format!("{url}?sslmode=verify-ca&sslrootcert=/nowhere.pem"), "/nowhere.pem can't be read"),
        (format!("{url}?sslmode=verfy-full"), "sslmode is “verfy-full”"),
    ] {
        let error = open(&address).unwrap_err();
        assert!(error.causes().contains(why), "{address}: {error:?}");
        assert!(error.message().contains("can't be opened"), "{error}");
    }
}

#[test]
fn errors_of_the_server_are_told_apart_by_their_code() {
    if server().is_none() {
        return;
    }
    let app = TestApp::start();
    let fails = |sql: &str| app.store().read(|c| Ok(c.batch_execute(sql)?)).unwrap_err();
    let raise =
        |code: &str| format!("DO $$ BEGIN RAISE EXCEPTION 'Etwas ging schief' USING ERRCODE = '{code}'; END $$");
    for code in ["40001", "40P01", "55P03", "57P01", "57P03", "53300", "08006"] {
        let error = fails(&raise(code));
        assert!(error.is_transient() && error.kind() == Kind::Unavailable, "{code}: {error:?}");
        assert!(error.causes().contains(&format!("[{code}] Etwas ging schief")), "{error:?}");
    }
    for (code, words) in [("53100", "disk is full"), ("25006", "can't write")] {
        let error = fails(&raise(code));
        assert!(!error.is_transient() && error.kind() == Kind::Unavailable, "{code}: {error:?}");
        assert!(error.message().contains(words), "{error}");
    }
    for code in ["P0001", "23505", "42601"] {
        let error = fails(&raise(code));
        assert!(!error.is_transient() && error.kind() == Kind::Internal, "{code}: {error:?}");
    }
    // One that no statement comes back from.
    let ended = fails("SELECT pg_terminate_backend(pg_backend_pid())");
    assert!(ended.is_transient(), "{ended:?}");
    assert_eq!(ask(app.store(), "SELECT 'again' AS value"), "again", "the pool has let it go");
}

/// PostgreSQL takes a commit for a rollback then, and says that it went well.
#[test]
fn a_transaction_of_which_a_statement_has_failed_is_never_called_committed() {
    if server().is_none() {
        return;
    }
    let app = TestApp::start();
    let swallowed = app.store().write(|tx| {
        tx.batch_execute("CREATE TABLE kept (id BIGINT)")?;
        assert!(tx.batch_execute("SELECT 1 / 0").is_err());
        Ok(())
    });
    assert!(swallowed.is_err());
    app.store().write(|tx| Ok(tx.batch_execute("CREATE TABLE kept (id BIGINT)")?)).unwrap();
}

/// As `pg_dump` does, or another process of a rolling upgrade: longer than a statement otherwise waits.
#[test]
fn a_process_waits_for_the_migrations_of_another_as_long_as_they_take() {
    if server().is_none() {
        return;
    }
    let app = TestApp::start_with(|settings| settings.database.busy_timeout_ms = 100);
    let url = app.app.settings.database_url();
    let options = PoolOptions { busy_timeout: Duration::from_millis(100), ..PoolOptions::default() };
    let second = Store::open(&url, options).unwrap();
    let (begun, has_begun) = channel();
    std::thread::scope(|scope| {
        let migrating = scope.spawn(move || {
            has_begun.recv().unwrap();
            second.migrate()
        });
        app.store()
            .write(|tx| {
                tx.batch_execute("SELECT pg_advisory_xact_lock(7246553)")?;
                begun.send(()).unwrap();
                // It waits, and longer than it would for anything else.
                let waits = "SELECT 1 / count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
                     AND waitstart < clock_timestamp() - interval '0.5 s'";
                while tx.batch_execute(&format!("SAVEPOINT look; {waits}")).is_err() {
                    tx.batch_execute("ROLLBACK TO SAVEPOINT look; SELECT pg_sleep(0.05)")?;
                }
                Ok(())
            })
            .unwrap();
        assert!(migrating.join().unwrap().unwrap().is_empty());
    });
}

#[test]
fn a_connection_dropped_by_asynchronous_code_does_no_harm() {
    let Some((url, _)) = server() else { return };
    let store = open(&url).unwrap();
    assert!(store.read(|c| Ok(matches!(c, Conn::Postgres(_)))).unwrap());
    actix_web::rt::System::new().block_on(async move { drop(store) });
}
