//! The configuration: every floor's own settings, from `config.toml` in the home and from the environment.
//!
//! A setting is named by its section and key, `net.mdns`; its environment variable is `MAJLIS_NET_MDNS`, which goes
//! before the file. Flags of the command line go before both.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::{env, fmt, fs, io};

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::blobs::BlobsConfig;
use crate::http::HttpConfig;
use crate::net::NetConfig;
use crate::node::{Failure, NodeConfig};
use crate::store::StoreConfig;

/// The file's name in the home directory.
pub const FILE: &str = "config.toml";

/// Everything that can be set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where files lie.
    pub blobs: BlobsConfig,
    /// The door for apps and browsers.
    pub http: HttpConfig,
    /// The network.
    pub net: NetConfig,
    /// The node itself.
    pub node: NodeConfig,
    /// Storage.
    pub store: StoreConfig,
}

/// The sections of the file: name, and the source whose field docs describe its keys.
const SECTIONS: [(&str, &str); 5] = [
    ("blobs", include_str!("blobs/config.rs")),
    ("http", include_str!("http/config.rs")),
    ("net", include_str!("net/config.rs")),
    ("node", include_str!("node/config.rs")),
    ("store", include_str!("store/config.rs")),
];

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody has set it.
    Default,
    /// This line of the file.
    File(usize),
    /// This environment variable.
    Environment(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(line) => write!(f, "{FILE} line {line}"),
            Self::Environment(name) => f.write_str(name),
        }
    }
}

/// An effective value.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Section and key, `net.mdns`.
    pub key: String,
    /// The value.
    pub value: Value,
    /// Who set it.
    pub source: Source,
}

/// The configuration in effect, and where each value of it comes from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The values.
    pub config: Config,
    sources: BTreeMap<String, Source>,
}

impl Loaded {
    /// Whether somebody has set it: section and key, `net.mdns`.
    pub fn is_set(&self, key: &str) -> bool {
        self.sources.contains_key(key)
    }

    /// Every setting, by section and key.
    pub fn settings(&self) -> Result<Vec<Setting>, Failure> {
        let values = flatten(&self.config)?.into_iter();
        Ok(values
            .map(|(key, value)| {
                let source = self.sources.get(&key).cloned().unwrap_or(Source::Default);
                Setting { key, value, source }
            })
            .collect())
    }
}

/// Reads the home's file, where there is one, and the environment.
pub fn load(home: &Path) -> Result<Loaded, Failure> {
    load_with(home, |name| env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
}

fn load_with(home: &Path, variable: impl Fn(&str) -> Option<String>) -> Result<Loaded, Failure> {
    let path = home.join(FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(source) if matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            String::new()
        }
        Err(source) => {
            return Err(Failure::new(
                format!("cannot read {}: {source}", path.display()),
                "Check the permissions of the file and of the home directory.",
            ));
        }
    };
    let wrong = |what: &dyn fmt::Display| {
        Failure::new(
            format!("{} is not a configuration: {what}", path.display()),
            "Correct that line; `majlis config --sample` shows every setting.",
        )
    };
    let mut config: Config = toml::from_str(&text).map_err(|error| wrong(&error))?;
    let mut table: Table = toml::from_str(&text).map_err(|error| wrong(&error))?;
    let mut sources = lines(&text);
    for (key, default) in flatten(&Config::default())? {
        let name = variable_name(&key);
        let Some(given) = variable(&name) else { continue };
        let wrong = |what: &dyn fmt::Display| {
            Failure::new(
                format!("the environment variable {name} does not fit {key}: {what}"),
                format!("Unset it, or give it a value like the default, {default}."),
            )
        };
        put(&mut table, &key, parse(&given, &default));
        config = table.clone().try_into().map_err(|error: toml::de::Error| wrong(&error.message()))?;
        sources.insert(key, Source::Environment(name));
    }
    config.net.check().map_err(|error| {
        Failure::new(
            format!("the configuration cannot work: {error}"),
            "See where each value is from: `majlis config`.",
        )
    })?;
    Ok(Loaded { config, sources })
}

/// A commented file with every setting at its default.
pub fn sample() -> Result<String, Failure> {
    let defaults = flatten(&Config::default())?;
    let mut text =
        vec![format!("# Settings of Majlis: {FILE} in the home directory. Every value here is the default.")];
    for (section, source) in SECTIONS {
        text.push(format!("\n[{section}]"));
        for (field, docs) in field_docs(source) {
            text.extend(docs.iter().map(|line| format!("# {line}")));
            let key = format!("{section}.{field}");
            text.extend(
                defaults.iter().filter(|(k, _)| *k == key).map(|(_, value)| format!("#{field} = {value}")),
            );
        }
    }
    text.push(String::new());
    Ok(text.join("\n"))
}

/// `MAJLIS_NET_MDNS` for `net.mdns`.
fn variable_name(key: &str) -> String {
    format!("MAJLIS_{}", key.replace('.', "_").to_ascii_uppercase())
}

/// Section and key of every value.
fn flatten(config: &Config) -> Result<Vec<(String, Value)>, Failure> {
    let table = Table::try_from(config).map_err(|error| {
        Failure::new(format!("a setting cannot be shown: {error}"), "Give it a value that fits into TOML.")
    })?;
    let mut all = Vec::new();
    for (section, values) in table {
        if let Value::Table(values) = values {
            all.extend(values.into_iter().map(|(key, value)| (format!("{section}.{key}"), value)));
        }
    }
    Ok(all)
}

/// What the environment says, in the form that the default has. A list may be given with commas.
fn parse(given: &str, default: &Value) -> Value {
    let plain = || Value::String(given.to_owned());
    match default {
        Value::String(_) => plain(),
        Value::Array(_) if !given.trim_start().starts_with('[') => {
            let parts = given.split(',').map(str::trim).filter(|part| !part.is_empty());
            Value::Array(parts.map(|part| Value::String(part.to_owned())).collect())
        }
        // What is no value is a text, and not what was expected.
        _ => given.trim().parse().unwrap_or_else(|_| plain()),
    }
}

fn put(table: &mut Table, key: &str, value: Value) {
    if let Some((section, key)) = key.split_once('.') {
        let section = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
        if let Value::Table(section) = section {
            section.insert(key.to_owned(), value);
        }
    }
}

/// In which line of the file each key stands.
fn lines(text: &str) -> BTreeMap<String, Source> {
    let mut found = BTreeMap::new();
    let line = |span: Range<usize>| text.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1;
    // The text has been parsed before, so there is nothing new to say about an error.
    let Ok(table) = toml::de::DeTable::parse(text) else { return found };
    for (section, values) in table.get_ref() {
        let Some(values) = values.get_ref().as_table() else { continue };
        for key in values.keys() {
            found.insert(format!("{}.{}", section.get_ref(), key.get_ref()), Source::File(line(key.span())));
        }
    }
    found
}

/// The public fields of the first configuration struct in a source, with their documentation.
fn field_docs(source: &str) -> Vec<(&str, Vec<&str>)> {
    let mut fields = Vec::new();
    let mut docs = Vec::new();
    let body =
        source.lines().skip_while(|line| !(line.starts_with("pub struct") && line.ends_with("Config {")));
    for line in body.skip(1).take_while(|line| *line != "}").map(str::trim) {
        if let Some(doc) = line.strip_prefix("///") {
            docs.push(doc.trim());
        } else if let Some((name, _)) = line.strip_prefix("pub ").and_then(|field| field.split_once(':')) {
            fields.push((name, std::mem::take(&mut docs)));
        }
    }
    fields
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may fail loudly")]
mod tests {
    use super::*;

    fn home(text: &str) -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join(FILE), text).unwrap();
        home
    }

    fn source(loaded: &Loaded, key: &str) -> String {
        loaded.settings().unwrap().into_iter().find(|setting| setting.key == key).unwrap().source.to_string()
    }

    #[test]
    fn each_value_says_where_it_is_from() {
        let home = home("# mine\n[net]\nmdns = false\n\n[store]\nmin_free = 5\n");
        let loaded =
            load_with(home.path(), |name| (name == "MAJLIS_STORE_MIN_FREE").then(|| "7".into())).unwrap();
        assert!(!loaded.config.net.mdns);
        assert_eq!(loaded.config.store.min_free, 7);
        assert_eq!(source(&loaded, "net.mdns"), "config.toml line 3");
        assert_eq!(source(&loaded, "store.min_free"), "MAJLIS_STORE_MIN_FREE");
        assert_eq!(source(&loaded, "store.cache_bytes"), "default");
    }

    #[test]
    fn a_home_without_a_file_has_the_defaults() {
        let loaded = load_with(Path::new("/nowhere/at/all"), |_| None).unwrap();
        assert_eq!(loaded.config, Config::default());
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_its_line() {
        let failure = load_with(home("[net]\nmdns = true\nmdsn = true\n").path(), |_| None).unwrap_err();
        assert!(failure.message.contains("line 3"), "{}", failure.message);
        assert!(failure.message.contains("mdsn"), "{}", failure.message);
    }

    #[test]
    fn a_wrong_variable_is_an_error_that_names_it() {
        let home = tempfile::tempdir().unwrap();
        for wrong in ["maybe", "1", "\"x\"", ""] {
            let given = |name: &str| (name == "MAJLIS_NET_MDNS").then(|| wrong.to_owned());
            let failure = load_with(home.path(), given).unwrap_err();
            assert!(failure.message.contains("MAJLIS_NET_MDNS"), "{}", failure.message);
        }
    }

    #[test]
    fn a_list_may_be_given_with_commas_or_as_toml() {
        let home = tempfile::tempdir().unwrap();
        for given in
            ["/ip4/127.0.0.1/tcp/1, /ip4/127.0.0.1/tcp/2", "['/ip4/127.0.0.1/tcp/1', '/ip4/127.0.0.1/tcp/2']"]
        {
            let loaded =
                load_with(home.path(), |name| (name == "MAJLIS_NET_LISTEN").then(|| given.to_owned()))
                    .unwrap();
            assert_eq!(loaded.config.net.listen.len(), 2);
        }
    }

    #[test]
    fn the_sample_describes_every_setting_and_is_the_default() {
        let text = sample().unwrap();
        for (section, source) in SECTIONS {
            for (field, docs) in field_docs(source) {
                assert!(!docs.is_empty(), "{section}.{field} has no documentation");
            }
        }
        let uncommented: Vec<_> = text
            .lines()
            .filter(|line| !line.starts_with("# "))
            .map(|line| line.strip_prefix('#').unwrap_or(line))
            .collect();
        let uncommented = uncommented.join("\n");
        assert_eq!(toml::from_str::<Config>(&uncommented).unwrap(), Config::default());
        for (key, _) in flatten(&Config::default()).unwrap() {
            let (_, field) = key.split_once('.').unwrap();
            assert!(uncommented.contains(&format!("\n{field} = ")), "{key} is missing");
        }
    }
}
