//! What nobody else may see: passwords in what is printed, and files that others could open.

use std::fs;
use std::path::Path;

use crate::browser::Browser;
use crate::support::{House, PASSWORD, mode};

#[test]
fn no_password_is_in_any_log_however_much_is_told() {
    let mut house = House::new();
    house.set("COMPLIANCE_EXPORTS_LOG__FILTER", "trace");
    house.ok("account create Acme --include-exports");
    let line = "user create --account Acme --email ada@acme.example --name \"Ada Marsh\" --admin";
    let created = house.run_with(line, PASSWORD);
    assert_eq!(created.code, Some(0), "{created}");

    let (server, address) = house.serve();
    let browser = Browser::new(&address);
    assert_eq!(browser.sign_in("ada@acme.example", "mistyped secret word").status, 422);
    assert_eq!(browser.sign_in("ada@acme.example", PASSWORD).status, 303);
    server.signal("TERM");
    server.wait_for_log("stopped");

    let told = format!("{}{}{}", created.stdout, created.stderr, server.log());
    assert!(told.contains("TRACE") && told.contains("sign-in"), "the log tells much");
    for secret in [PASSWORD, "correct+horse", "correct%20horse", "mistyped secret", "mistyped+secret", "argon2id$"] {
        assert!(!told.contains(secret), "{secret}");
    }
}

#[test]
fn no_password_is_kept_in_the_clear() {
    let house = House::of_acme();
    house.ok("export --account Acme --email ada@acme.example --from 2026-03-01 --to 2026-03-31");
    each_file(&house.path("data"), &mut |path| {
        let bytes = fs::read(path).unwrap();
        assert!(!bytes.windows(PASSWORD.len()).any(|window| window == PASSWORD.as_bytes()), "{}", path.display());
    });
}

#[test]
fn only_the_owner_opens_what_is_kept() {
    let mut house = House::of_acme();
    house.set("COMPLIANCE_EXPORTS_PUBLIC_ADDRESS", "https://exports.acme.example");
    house.ok("export --account Acme --email ada@acme.example --from 2026-03-01 --to 2026-03-31");
    let (server, _) = house.serve();
    for folder in ["data", "data/archives", "data/keys", "data/mail", "data/tmp"] {
        assert_eq!(mode(&house.path(folder)), "700", "{folder}");
    }
    let keys = house.list("data/keys");
    assert_eq!(keys, ["archives.key", "cookies.key"]);
    for key in keys {
        assert_eq!(mode(&house.path("data/keys").join(&key)), "600", "{key}");
    }
    drop(server);
}

#[test]
fn a_database_in_a_folder_that_others_can_open_is_private_all_the_same() {
    use std::os::unix::fs::PermissionsExt;
    let mut house = House::new();
    fs::create_dir(house.path("data")).unwrap();
    fs::set_permissions(house.path("data"), fs::Permissions::from_mode(0o755)).unwrap();
    house.set("COMPLIANCE_EXPORTS_DATABASE__URL", "sqlite:data/company.db");
    let (server, _) = house.serve();
    each_file(&house.path("data"), &mut |path| {
        assert_eq!(mode(path), "600", "{}", path.display());
    });
    drop(server);
}

fn each_file(folder: &Path, check: &mut dyn FnMut(&Path)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { each_file(&path, check) } else { check(&path) }
    }
}
