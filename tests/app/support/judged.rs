//! A finished archive, judged: by its own checks, and by the JSON Schemas of the documentation.

use std::io::Write;
use std::path::Path;

use compliance_exports::archive::sign::PublicKey;
use compliance_exports::archive::{Report, verify};
use compliance_exports::exports;
use compliance_exports::model::RequestId;
use serde_json::{Value, json};

use super::{Archive, TestApp};

impl TestApp {
    /// What `verify` says of a completed export, read from files named as a download names them.
    pub fn verify(&self, id: RequestId) -> Report {
        let folder = tempfile::tempdir().unwrap();
        let parts = self.store().read(|c| exports::rows::exports::list_parts(c, id)).unwrap();
        let mut paths = Vec::new();
        for (part, key) in parts {
            let path = folder.path().join(part.file_name);
            let mut bytes = self.app.blobs.find(&key).unwrap().expect("the bytes of a part");
            let mut file = std::fs::File::create_new(&path).unwrap();
            std::io::copy(&mut bytes, &mut file).unwrap();
            file.flush().unwrap();
            paths.push(path);
        }
        let key = PublicKey::parse(&self.worker.exports.public_key()).unwrap();
        verify(&paths, Some(&key)).unwrap()
    }

    /// Expects that an archive is right by its own checks and by the schemas, and opens it.
    pub fn archive_without_fault(&self, id: RequestId) -> Archive {
        let (archive, report) = (self.archive(id), self.verify(id));
        assert_eq!(report.problems, Vec::<String>::new());
        let totals = &archive.manifest()["totals"];
        let verified = json!({"conversations": report.conversations, "items": report.items, "deleted": report.deleted});
        assert_eq!(totals, &verified);
        assert!(report.signature_checked);
        archive.fits_its_schemas();
        archive
    }
}

impl Archive {
    /// Expects that every JSON file is as its schema says, without any field that the schema does not know.
    pub fn fits_its_schemas(&self) {
        let [list, day, manifest] = ["conversations", "day", "manifest"].map(schema);
        for path in self.files.keys().filter(|path| path.ends_with(".json")) {
            let validator = match path.rsplit('/').next() {
                Some("users.json" | "teams.json") => &list,
                Some(name) if name.starts_with("manifest") => &manifest,
                _ => &day,
            };
            let value = self.json(path);
            let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
            assert_eq!(errors, Vec::<String>::new(), "{path}");
        }
    }
}

fn schema(name: &str) -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/schemas/{name}.schema.json"));
    let mut schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    refuse_unknown_fields(&mut schema);
    jsonschema::draft202012::new(&schema).unwrap()
}

fn refuse_unknown_fields(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object.get("type") == Some(&json!("object")) {
                object.insert("additionalProperties".to_owned(), json!(false));
            }
            object.values_mut().for_each(refuse_unknown_fields);
        }
        Value::Array(array) => array.iter_mut().for_each(refuse_unknown_fields),
        _ => {}
    }
}
