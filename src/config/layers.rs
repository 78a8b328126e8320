//! Puts the layers on top of one another: defaults, file, environment, flags; later ones win.
//!
//! The file is read first and by itself, so that a refusal can name its line and column. Each variable is then laid over
//! it by itself, so that a refusal can name the variable.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::Settings;
use crate::error::{Error, Kind, Result};

/// Begins the name of every variable that is a setting.
const PREFIX: &str = "COMPLIANCE_EXPORTS_";

/// Names the settings file, when no flag does.
const FILE_VARIABLE: &str = "COMPLIANCE_EXPORTS_CONFIG";

/// What flags of the command line say.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--data-dir`.
    pub data_dir: Option<PathBuf>,
    /// `--listen`.
    pub listen: Option<SocketAddr>,
}

impl Settings {
    /// Reads the settings: `config_file` (else the file that `COMPLIANCE_EXPORTS_CONFIG` names, else none), then the
    /// variables of `environment` (usually `std::env::vars_os()`) that begin with `COMPLIANCE_EXPORTS_`, then `overrides`; and checks the whole.
    ///
    /// # Errors
    /// [`Kind::Invalid`], naming the setting and its place: the file can't be read, a setting is unknown, a value can't be
    /// parsed, or settings contradict one another.
    pub fn load<T: Into<OsString>>(
        config_file: Option<&Path>,
        environment: impl IntoIterator<Item = (T, T)>,
        overrides: Overrides,
    ) -> Result<Self> {
        let mut variables = ours(environment)?;
        let named: Option<PathBuf> =
            variables.iter().find(|(name, _)| name == FILE_VARIABLE).map(|(_, path)| path.into());
        variables.retain(|(name, _)| name != FILE_VARIABLE);

        let (mut table, mut settings) = match config_file.or(named.as_deref()) {
            Some(path) => read_file(path)?,
            None => (Table::new(), Self::default()),
        };
        for (name, value) in variables {
            (table, settings) = lay_over(table, &name, value)?;
        }
        if let Some(data_dir) = overrides.data_dir {
            settings.data_dir = data_dir;
        }
        if let Some(listen) = overrides.listen {
            settings.server.listen = listen;
        }
        settings.check()
    }
}

/// The variables that are settings, by name.
fn ours<T: Into<OsString>>(environment: impl IntoIterator<Item = (T, T)>) -> Result<Vec<(String, String)>> {
    let mut variables = Vec::new();
    for (name, value) in environment {
        let name = name.into().to_string_lossy().into_owned();
        if name.starts_with(PREFIX) {
            match value.into().into_string() {
                Ok(value) => variables.push((name, value)),
                Err(_) => return Err(refused(&name, "is not UTF-8")),
            }
        }
    }
    variables.sort();
    Ok(variables)
}

fn refused(variable: &str, why: &str) -> Error {
    Error::new(Kind::Invalid, format!("The environment variable {variable}: {why}"))
}

fn read_file(path: &Path) -> Result<(Table, Settings)> {
    let text = std::fs::read_to_string(path).map_err(|why| {
        Error::new(Kind::Invalid, format!("The settings file {} can't be read: {why}", path.display()))
    })?;
    let invalid = |why| Error::new(Kind::Invalid, syntax_error(path, &text, why));
    let settings = toml::from_str(&text).map_err(invalid)?;
    let table = toml::from_str(&text).map_err(invalid)?;
    Ok((table, settings))
}

/// File, line, column, setting and reason; never the line itself, which may hold a password.
fn syntax_error(path: &Path, text: &str, mut why: toml::de::Error) -> String {
    let before = why.span().and_then(|span| text.get(..span.start));
    let place = before.map_or_else(String::new, |before| {
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
        format!(", line {line}, column {column}")
    });
    // Without its input, the error shows the path of the setting in the place of an excerpt.
    why.set_input(None);
    let shown = why.to_string();
    let setting = shown.trim_end().rsplit_once("\nin `").map_or_else(String::new, |(_, path)| format!(" (`{path})"));
    format!("{}{place}{setting}: {}", path.display(), reason(&why))
}

fn reason(why: &toml::de::Error) -> String {
    why.message().replace("unknown field", "unknown setting").replace("expected i64", "expected a whole number")
}

/// Lays the variable `name` over `table`.
///
/// A variable is only text: it is tried as such, then as a number or a truth value.
fn lay_over(table: Table, name: &str, value: String) -> Result<(Table, Settings)> {
    let path = name.strip_prefix(PREFIX).unwrap_or(name).to_ascii_lowercase();
    let plain = plain_value(&value);
    let with = |value| -> Result<(Table, Settings), String> {
        let mut table = table.clone();
        put(&mut table, &path, value)?;
        let settings = table.clone().try_into().map_err(|why| reason(&why))?;
        Ok((table, settings))
    };
    let laid = match (with(Value::String(value)), plain) {
        // Of two refusals, the one that is about the value and not about its type.
        (Err(as_text), Some(plain)) => {
            with(plain).map_err(|as_plain| if as_text.starts_with("invalid type") { as_plain } else { as_text })
        }
        (laid, _) => laid,
    };
    laid.map_err(|why| refused(name, &why))
}

fn plain_value(text: &str) -> Option<Value> {
    text.parse().map(Value::Integer).or_else(|_| text.parse().map(Value::Boolean)).ok()
}

/// Sets the value at `path`, whose levels are parted by two underscores.
fn put(table: &mut Table, path: &str, value: Value) -> Result<(), String> {
    match path.split_once("__") {
        None => {
            table.insert(path.to_owned(), value);
            Ok(())
        }
        Some((level, rest)) => match table.entry(level).or_insert_with(|| Value::Table(Table::new())) {
            Value::Table(inner) => put(inner, rest, value),
            _ => Err(format!("`{level}` is a setting, not a group of settings")),
        },
    }
}
