//! `majlis completions` and `majlis man`: made from the table of arguments.

use std::io::{self, Write as _};

use clap::{Args, Command, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;

use super::app::{App, Stop};
use super::args::Cli;

/// Print what makes a shell complete the commands.
#[derive(Args)]
#[command(after_help = "\
Examples:
  majlis completions bash > ~/.local/share/bash-completion/completions/majlis
  majlis completions zsh > ~/.zfunc/_majlis
  majlis completions fish > ~/.config/fish/completions/majlis.fish")]
pub struct CompletionsArgs {
    /// Which shell.
    shell: Shell,
}

impl CompletionsArgs {
    pub fn run(self, app: &mut App) -> Result<(), Stop> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "majlis", &mut script);
        app.out.bytes(&script)?;
        Ok(())
    }
}

/// Prints the manual page: one page with a section for every command.
pub fn man(app: &mut App) -> Result<(), Stop> {
    let page = page()?;
    app.out.bytes(&page)?;
    Ok(())
}

fn page() -> io::Result<Vec<u8>> {
    let mut command = Cli::command();
    command.build();
    let mut page = Vec::new();
    let man = Man::new(command.clone()).title("MAJLIS");
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    sections(&command, "majlis", &mut page)?;
    notes(&man, &mut page)?;
    Ok(page)
}

/// What follows the options in the help, line by line as it is there.
fn notes(man: &Man, page: &mut Vec<u8>) -> io::Result<()> {
    let mut section = Vec::new();
    man.render_extra_section(&mut section)?;
    let section = String::from_utf8_lossy(&section).replace(".SH EXTRA\n", ".SH NOTES\n.nf\n");
    writeln!(page, "{}\n.fi", section.trim_end())
}

/// A section for each command below this one that does something itself.
fn sections(above: &Command, path: &str, page: &mut Vec<u8>) -> io::Result<()> {
    for command in above.get_subcommands().filter(|command| command.get_name() != "help") {
        let path = format!("{path} {}", command.get_name());
        if command.has_subcommands() {
            sections(command, &path, page)?;
            continue;
        }
        let mut section = Vec::new();
        let man = Man::new(command.clone());
        man.render_synopsis_section(&mut section)?;
        man.render_description_section(&mut section)?;
        man.render_options_section(&mut section)?;
        notes(&man, &mut section)?;
        writeln!(page, ".SH \"{}\"", path.to_uppercase())?;
        // The headings of the command's own page become those of paragraphs.
        page.extend_from_slice(String::from_utf8_lossy(&section).replace("\n.SH ", "\n.SS ").as_bytes());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_examples() {
        fn check(command: &Command) {
            for command in command.get_subcommands().filter(|command| command.get_name() != "help") {
                let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(
                    command.has_subcommands() || help.contains("Examples:\n  "),
                    "{}",
                    command.get_name()
                );
                assert!(command.get_about().is_some(), "{}", command.get_name());
                check(command);
            }
        }
        check(&Cli::command());
    }

    #[test]
    fn the_page_has_every_command() {
        let page = String::from_utf8(page().unwrap()).unwrap();
        for section in ["MAJLIS RUN", "MAJLIS RECOVERY RESTORE", "MAJLIS ACCOUNT END", "MAJLIS MAN"] {
            assert!(page.contains(&format!(".SH \"{section}\"\n")), "{section}");
        }
    }
}
