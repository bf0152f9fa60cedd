//! `majlis config`.

use clap::Args;
use serde::Serialize;

use super::app::{App, Stop};
use crate::config;

/// Show every setting with where its value comes from.
#[derive(Args)]
#[command(after_help = "\
Settings lie in config.toml in the home directory. A setting such as net.mdns can also be given
in the environment, as MAJLIS_NET_MDNS, which goes before the file.

Examples:
  majlis config
  majlis config --sample > ~/.local/share/majlis/config.toml
  MAJLIS_NET_PORT=4001 majlis config")]
pub struct ConfigArgs {
    /// Print a commented file with every setting at its default instead.
    #[arg(long)]
    sample: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    key: &'a str,
    value: &'a toml::Value,
    source: String,
}

impl ConfigArgs {
    /// Whether it works where the configuration is broken.
    pub fn is_sample(&self) -> bool {
        self.sample
    }

    pub fn run(self, app: &mut App) -> Result<(), Stop> {
        if self.sample {
            app.out.text(&config::sample()?)?;
            return Ok(());
        }
        let home = toml::Value::String(app.home.to_string_lossy().into_owned());
        let from = app.home_source().to_owned();
        let mut lines = vec![("home".to_owned(), home, from)];
        let settings = app.loaded()?.settings()?.into_iter();
        lines.extend(settings.map(|setting| (setting.key, setting.value, setting.source.to_string())));
        if app.out.is_json() {
            for (key, value, source) in &lines {
                app.out.object(&Line { key, value, source: source.clone() })?;
            }
            return Ok(());
        }
        let lines: Vec<_> =
            lines.into_iter().map(|(key, value, source)| (format!("{key} = {value}"), source)).collect();
        let width =
            lines.iter().map(|(text, _)| text.chars().count()).filter(|width| *width < 60).max().unwrap_or(0);
        for (text, source) in lines {
            app.out.text(&format!("{text:<width$}  # {source}\n"))?;
        }
        Ok(())
    }
}
