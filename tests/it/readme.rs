//! What the README shows of a console is what the console says.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::cli::BINARY;
use crate::workspace::text;

/// A command of the README, as a shell takes it, and what stands below it.
struct Shown {
    command: String,
    printed: Vec<String>,
}

/// Every command of every block of a console, in the order of the page.
fn shown(readme: &str) -> Result<Vec<Shown>> {
    let mut all: Vec<Shown> = Vec::new();
    for block in readme.split("```console\n").skip(1) {
        let (block, _) = block.split_once("\n```").context("a block has an end")?;
        let first = all.len();
        for line in block.lines() {
            let open = all[first..]
                .last_mut()
                .filter(|one| one.command.matches('"').count() % 2 == 1);
            match (open, line.strip_prefix("$ ")) {
                (Some(one), _) => one.command = format!("{}\n{line}", one.command),
                (None, Some(command)) => all.push(Shown {
                    command: command.to_owned(),
                    printed: Vec::new(),
                }),
                (None, None) => {
                    let one = all[first..].last_mut().context("a command comes first")?;
                    one.printed.push(line.to_owned());
                }
            }
        }
    }
    Ok(all)
}

impl Shown {
    /// Whether others ask for what this one makes.
    fn makes(&self) -> bool {
        ["replay ", "synth "]
            .iter()
            .any(|verb| self.command.starts_with(&format!("aftershock {verb}")))
    }

    /// Does what the page does, in `folder`: a file that is shown is written, everything else is run.
    fn holds(&self, folder: &Path) -> Result<()> {
        if let Some(file) = self.command.strip_prefix("cat ") {
            return Ok(fs::write(folder.join(file), self.printed.join("\n") + "\n")?);
        }
        let path = format!("{}:{}", folder.join("bin").display(), std::env::var("PATH")?);
        let output = Command::new("sh")
            .args(["-c", &self.command])
            .current_dir(folder)
            .env("PATH", path)
            .env_remove("AFTERSHOCK_DATA")
            .env_remove("AFTERSHOCK_TAPE")
            .stdin(Stdio::null())
            .output()?;
        let (said, errors) = (
            String::from_utf8(output.stdout)?,
            String::from_utf8(output.stderr)?,
        );
        ensure!(output.status.success(), "$ {}\n{errors}", self.command);
        // A line of dots stands for lines left out.
        let mut rest = said.lines();
        for part in self.printed.split(|line| line == "…") {
            let Some((head, tail)) = part.split_first() else {
                continue;
            };
            ensure!(
                rest.any(|line| line == head) && tail.iter().all(|line| rest.next() == Some(line)),
                "the README shows\n{}\nunder\n$ {}\nwhich says\n{said}",
                part.join("\n"),
                self.command
            );
        }
        Ok(())
    }
}

#[test]
fn what_the_readme_shows_is_what_is_printed() -> Result<()> {
    let shown = shown(&text("README.md")?)?;
    ensure!(shown.iter().any(Shown::makes) && shown.iter().filter(|one| !one.printed.is_empty()).count() > 6);
    let folder = tempfile::tempdir()?;
    fs::create_dir(folder.path().join("bin"))?;
    symlink(BINARY, folder.path().join("bin/aftershock"))?;
    let files = shown.iter().filter(|one| one.command.starts_with("cat "));
    let makers = shown.iter().filter(|one| one.makes());
    let askers = shown
        .iter()
        .filter(|one| !one.makes() && !one.command.starts_with("cat "));
    let faults: Vec<String> = files
        .chain(makers)
        .chain(askers)
        .filter_map(|one| one.holds(folder.path()).err())
        .map(|fault| fault.to_string())
        .collect();
    ensure!(faults.is_empty(), "{}", faults.join("\n\n"));
    Ok(())
}
