//! SQL as it is typed at a terminal and piped in.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::cli::{BINARY, User};

/// Goes on for days.
const ENDLESS: &str = "SELECT sum(a.value * b.value) FROM generate_series(1, 1000000) a CROSS JOIN generate_series(1, 100000000) b;";
/// Time for whatever a test waits for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A terminal with `aftershock sql` in it, made by `script` of util-linux.
struct Terminal {
    child: Child,
    keys: ChildStdin,
    pieces: Receiver<Vec<u8>>,
    seen: String,
}

impl Terminal {
    /// `None`, said, where there is no `script` that can do it.
    fn open(user: &User) -> Result<Option<Self>> {
        let tried = [
            "--quiet",
            "--return",
            "--flush",
            "--command",
            "test -t 0",
            "/dev/null",
        ];
        let tried = user.command("script", &tried).stdin(Stdio::null()).output();
        if !tried.is_ok_and(|said| said.status.success()) {
            eprintln!("left out: there is no `script` of util-linux that can make a terminal");
            return Ok(None);
        }
        // In the place of the shell: one that waits for it is ended by the Ctrl-C that it outlives.
        let command = format!("exec '{BINARY}' sql");
        let mut child = user
            .command(
                "script",
                &[
                    "--quiet",
                    "--return",
                    "--flush",
                    "--command",
                    &command,
                    "/dev/null",
                ],
            )
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let keys = child.stdin.take().context("a pipe was asked for")?;
        let mut screen = child.stdout.take().context("a pipe was asked for")?;
        let (sender, pieces) = channel();
        thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(length @ 1..) = screen.read(&mut piece) {
                if sender.send(piece[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        Ok(Some(Self {
            child,
            keys,
            pieces,
            seen: String::new(),
        }))
    }

    fn types(&mut self, keys: &str) -> Result<()> {
        self.keys.write_all(keys.as_bytes())?;
        Ok(self.keys.flush()?)
    }

    /// Waits until the screen shows a text after what was seen before.
    #[track_caller]
    fn shows(&mut self, text: &str) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.seen.find(text) {
                self.seen.drain(..at + text.len());
                return Ok(());
            }
            let left = until.saturating_duration_since(Instant::now());
            let piece = self.pieces.recv_timeout(left);
            let piece = piece.with_context(|| format!("no `{text}` in: {}", self.seen))?;
            self.seen.push_str(&String::from_utf8_lossy(&piece));
        }
    }

    /// Whether the program ends, and how.
    fn ends(&mut self) -> Result<Option<i32>> {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status.code());
            }
            thread::sleep(Duration::from_millis(20));
        }
        anyhow::bail!("it does not end: {}", self.seen)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Gone already, where all is well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const PROMPT: &str = "aftershock> ";

#[test]
fn an_interrupt_gives_up_the_answer_and_not_the_session() -> Result<()> {
    let user = User::new()?;
    let Some(mut terminal) = Terminal::open(&user)? else {
        return Ok(());
    };
    terminal.shows(PROMPT)?;
    terminal.types(&format!("{ENDLESS}\r"))?;
    terminal.shows("100000000) b;")?;
    // Pressed too early it is a key of the line editor, and too late it is not.
    thread::sleep(Duration::from_secs(2));
    terminal.types("\x03")?;
    terminal.shows("error: the query was cancelled")?;
    terminal.shows(PROMPT)?;
    terminal.types("SELECT 40 + 2 AS n; SELECT\r")?;
    terminal.shows("│ 42 │")?;
    terminal.shows("-> ")?;
    terminal.types("'a;b' AS t; \\df medrv\r")?;
    terminal.shows("│ a;b │")?;
    terminal.shows("Andersen, Dobrev and Schaumburg")?;
    terminal.shows(PROMPT)?;
    // What is typed is cleared.
    terminal.types("SELECT nonsense\x03")?;
    terminal.shows(PROMPT)?;
    terminal.types("SELECT 1 + 6 AS n;\r")?;
    terminal.shows("│ 7 │")?;
    terminal.shows(PROMPT)?;
    terminal.types("SELECT marc; SELECT 5 + 6 AS n;\r")?;
    terminal.shows("no column is named `marc`")?;
    terminal.shows(PROMPT)?;
    ensure!(
        !terminal.seen.contains("11"),
        "went on after an error: {}",
        terminal.seen
    );
    terminal.types("\x04")?;
    let code = terminal.ends()?;
    ensure!(code == Some(0), "ends with {code:?}");
    Ok(())
}

#[test]
fn statements_that_are_piped_in_are_answered_in_turn() -> Result<()> {
    let user = User::new()?;
    let csv = &["sql", "--format", "csv"];
    let input = "SELECT 1 AS a; -- one; two\nSELECT ';' AS b, $$;$$ AS c;;\n/* ; */\nSELECT $word AS d";
    let asked = user
        .says_to(&["sql", "--format", "csv", "-p", "word=x;y"], input)?
        .fine()?;
    ensure!(asked.text()? == "a\n1\nb,c\n;,;\nd\nx;y\n", "{}", asked.text()?);

    let failing = "SELECT 1 AS a;\n\nSELECT\n  marc FROM catalog.runs;\nSELECT 2 AS b;";
    let failed = user.says_to(csv, failing)?;
    ensure!(failed.code == Some(1), "ends with {:?}", failed.code);
    ensure!(failed.text()? == "a\n1\n", "{}", failed.text()?);
    for words in [
        "statement 2, from line 3 on",
        "no column is named `marc`",
        "line 2, column 3:   marc FROM catalog.runs\n                    ^^^^\n",
    ] {
        ensure!(
            failed.stderr.contains(words),
            "no `{words}` in: {}",
            failed.stderr
        );
    }

    let commands = user
        .says_to(csv, "\\df medrv\nSELECT 3 AS a;\n\\q\nSELECT 4 AS b;")?
        .fine()?;
    ensure!(
        commands.text()?.contains("Andersen, Dobrev and Schaumburg"),
        "{}",
        commands.text()?
    );
    ensure!(commands.text()?.ends_with("a\n3\n"), "{}", commands.text()?);
    user.says_to(csv, "\\x\n")?
        .refused(&["there is no command \\x", "\\df FUNCTION"])?;
    user.says_to(csv, "SELECT 'a; SELECT 1")?
        .refused(&["not valid SQL", "line 1, column 8"])?;
    user.says_to(csv, " -- nothing\n;")?
        .refused(&["there is nothing to answer"])?;
    user.says(&["sql", "SELECT 1; SELECT 2", "-o", "a.csv", "--format", "csv"])?
        .refused(&["2 answers do not go into one file"])?;
    ensure!(!user.path("a.csv").exists());
    Ok(())
}
