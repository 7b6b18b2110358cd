//! The browser of the machine: it prints a page, and shows one.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::failure::Mistake;

/// Names under which Chromium and its kin are installed, in the order in which they are tried.
const NAMES: [&str; 6] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
];
/// Where a Mac keeps it, which is on no path.
const MAC: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
/// Names another one.
const VARIABLE: &str = "AFTERSHOCK_CHROMIUM";

/// An installed Chromium, or one of its kin.
pub(super) fn installed() -> Result<PathBuf> {
    if let Some(named) = env::var_os(VARIABLE).filter(|named| !named.is_empty()) {
        let named = PathBuf::from(named);
        if named.is_file() {
            return Ok(named);
        }
        return Err(Mistake::new(format!("{VARIABLE} names {}, which is no file", named.display())).into());
    }
    let folders: Vec<PathBuf> =
        env::var_os("PATH").map_or_else(Vec::new, |path| env::split_paths(&path).collect());
    let found = NAMES
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .chain([PathBuf::from(MAC)])
        .find(|path| path.is_file());
    found.ok_or_else(|| {
        Mistake::new("a PDF is printed by Chromium or Chrome, and none is installed")
            .hint(format!(
                "install it (Debian: apt-get install chromium), or name it in {VARIABLE}; --format html,md needs none"
            ))
            .into()
    })
}

/// Prints a page into a PDF file.
pub(super) fn print(browser: &Path, html: &str, pdf: &Path) -> Result<()> {
    // A profile and a page of its own, so that nothing of the user's is read or left behind.
    let folder = env::temp_dir().join(format!("aftershock-print-{}", std::process::id()));
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let printed = print_in(&folder, browser, html, pdf);
    // Whether it can be removed changes nothing about the page.
    let _ = fs::remove_dir_all(&folder);
    printed
}

fn print_in(folder: &Path, browser: &Path, html: &str, pdf: &Path) -> Result<()> {
    let page = folder.join("page.html");
    fs::write(&page, html).with_context(|| format!("cannot write {}", page.display()))?;
    let target = folder.join("page.pdf");
    let mut command = Command::new(browser);
    command
        .args([
            "--headless",
            "--disable-gpu",
            "--no-first-run",
            "--no-pdf-header-footer",
        ])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("--print-to-pdf={}", target.display()));
    if is_root() {
        // Chromium has no sandbox for the superuser and refuses to start with one; the page can load nothing.
        command.arg("--no-sandbox");
    }
    let output = command
        .arg(format!("file://{}", page.display()))
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {}", browser.display()))?;
    if !target.is_file() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said
            .lines()
            .rfind(|line| !line.trim().is_empty())
            .unwrap_or("nothing");
        return Err(Mistake::new(format!(
            "{} printed no PDF ({}); it said: {last}",
            browser.display(),
            output.status
        ))
        .hint("the page itself is there with --format html")
        .into());
    }
    fs::copy(&target, pdf).with_context(|| format!("cannot write {}", pdf.display()))?;
    Ok(())
}

/// Whether this process is the superuser's.
#[cfg(target_os = "linux")]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// Whether this process is the superuser's.
#[cfg(not(target_os = "linux"))]
fn is_root() -> bool {
    false
}

/// Opens a file with the desktop's own opener.
pub(super) fn open(path: &Path) -> Result<()> {
    let (opener, before): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(target_os = "windows") {
        ("cmd", &["/C", "start", ""])
    } else {
        ("xdg-open", &[])
    };
    let status = Command::new(opener)
        .args(before)
        .arg(path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => {
            Err(Mistake::new(format!("{opener} did not open {} ({status})", path.display())).into())
        }
        Err(error) => Err(
            Mistake::new(format!("cannot open {}: {opener}: {error}", path.display()))
                .hint("the file is written; open it in a browser")
                .into(),
        ),
    }
}
