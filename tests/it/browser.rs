//! A post-mortem in a real browser, Debian's Chromium without a window: what a reader sees, turns over and prints.
//!
//! The browser is spoken to over a pair of pipes in its own protocol, so that neither a driver nor a port is needed. Where
//! none is installed the tests say so and end.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use aftershock_query::Session;
use aftershock_query::cells::{Cell, Rows};
use aftershock_report::Report;
use anyhow::{Context, Result, bail, ensure};
use arrow::array::RecordBatch;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::report::{asked_again, copied, made, report_on, shows, twin_asked_again};

const EPISODE: &str = "2000-01-01-made-up";
const PATIENCE: Duration = Duration::from_secs(120);

/// A browser with one open tab.
struct Browser {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    sent: u64,
    tab: Option<String>,
    /// Pages may not run their scripts.
    without_scripts: bool,
    /// What happened in the tab, in order.
    events: Vec<Value>,
    folder: TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The installed Chromium, if there is one.
fn installed() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    ["chromium", "chromium-browser", "google-chrome"]
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| path.is_file())
}

impl Browser {
    /// Starts it, or says that there is none.
    fn start() -> Result<Option<Self>> {
        let Some(program) = installed().filter(|_| cfg!(unix)) else {
            println!("skipped: no Chromium is installed");
            return Ok(None);
        };
        let folder = tempfile::tempdir()?;
        // It reads commands from its third file and writes answers to its fourth.
        let mut child = Command::new("sh")
            .arg("-c")
            .arg("exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1")
            .arg(program)
            .args([
                "--headless",
                "--remote-debugging-pipe",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
            ])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
                "--hide-scrollbars",
            ])
            .arg(format!(
                "--user-data-dir={}",
                folder.path().join("profile").display()
            ))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let to = child.stdin.take().context("a pipe to the browser")?;
        let mut output = BufReader::new(child.stdout.take().context("a pipe from the browser")?);
        let (heard, from) = channel();
        thread::spawn(move || {
            let mut message = Vec::new();
            while output.read_until(0, &mut message).is_ok_and(|read| read > 0) {
                message.pop();
                let Ok(value) = serde_json::from_slice(&message) else {
                    break;
                };
                if heard.send(value).is_err() {
                    break;
                }
                message.clear();
            }
        });
        let mut browser = Self {
            child,
            to,
            from,
            sent: 0,
            tab: None,
            without_scripts: false,
            events: Vec::new(),
            folder,
        };
        let target = browser.ask("Target.createTarget", json!({ "url": "about:blank" }))?;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = browser.ask("Target.attachToTarget", attach)?;
        browser.tab = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.ask(&format!("{domain}.enable"), json!({}))?;
        }
        browser.screen(1280, 900)?;
        Ok(Some(browser))
    }

    /// Sends a command and waits for its answer.
    fn ask(&mut self, method: &str, parameters: Value) -> Result<Value> {
        self.sent += 1;
        let mut message = json!({ "id": self.sent, "method": method, "params": parameters });
        if let Some(tab) = &self.tab {
            message["sessionId"] = json!(tab);
        }
        self.to.write_all(format!("{message}\0").as_bytes())?;
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let heard = self
                .from
                .recv_timeout(left)
                .with_context(|| format!("no answer to {method}"))?;
            if heard["id"] == json!(self.sent) {
                ensure!(heard["error"].is_null(), "{method}: {}", heard["error"]);
                return Ok(heard["result"].clone());
            }
            if heard["method"].is_string() {
                self.events.push(heard);
            }
        }
    }

    fn screen(&mut self, width: u32, height: u32) -> Result<()> {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.ask("Emulation.setDeviceMetricsOverride", size).map(drop)
    }

    /// How the page is to be shown: `print` or `screen`, `dark` or `light`.
    fn media(&mut self, media: &str, scheme: &str) -> Result<()> {
        let feature = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.ask(
            "Emulation.setEmulatedMedia",
            json!({ "media": media, "features": feature }),
        )
        .map(drop)
    }

    /// Opens a page from a file and waits until it is there.
    fn open(&mut self, html: &str) -> Result<PathBuf> {
        let path = self.folder.path().join("page.html");
        fs::write(&path, html)?;
        self.events.clear();
        self.ask(
            "Page.navigate",
            json!({ "url": format!("file://{}", path.display()) }),
        )?;
        let until = Instant::now() + PATIENCE;
        while self.run("document.readyState")? != json!("complete") {
            ensure!(Instant::now() < until, "the page does not load");
            thread::sleep(Duration::from_millis(50));
        }
        self.settle()?;
        Ok(path)
    }

    /// The value of an expression in the page.
    fn run(&mut self, expression: &str) -> Result<Value> {
        let asked = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.ask("Runtime.evaluate", asked)?;
        ensure!(
            answer["exceptionDetails"].is_null(),
            "{expression}: {}",
            answer["exceptionDetails"]
        );
        Ok(answer["result"]["value"].clone())
    }

    fn number(&mut self, expression: &str) -> Result<f64> {
        let value = self.run(expression)?;
        value.as_f64().with_context(|| format!("{expression} is {value}"))
    }

    /// Waits for two frames, in which whatever was asked for is drawn.
    fn settle(&mut self) -> Result<()> {
        if self.without_scripts {
            // No frame is announced to a page that runs nothing.
            thread::sleep(Duration::from_millis(500));
            return Ok(());
        }
        self.run(
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))",
        )
        .map(drop)
    }

    fn mouse(&mut self, kind: &str, x: f64, y: f64, pressed: bool) -> Result<()> {
        let event = json!({
            "type": kind, "x": x, "y": y, "clickCount": 1,
            "button": if pressed || kind != "mouseMoved" { "left" } else { "none" }, "buttons": u32::from(pressed),
        });
        self.ask("Input.dispatchMouseEvent", event)?;
        self.settle()
    }

    fn key(&mut self, key: &str) -> Result<()> {
        for kind in ["keyDown", "keyUp"] {
            self.ask(
                "Input.dispatchKeyEvent",
                json!({ "type": kind, "key": key, "code": key }),
            )?;
        }
        self.settle()
    }

    /// Nothing was complained of, and nothing but the page itself was asked for.
    fn quiet(&mut self, page: &Path) -> Result<()> {
        self.settle()?;
        for event in &self.events {
            let method = event["method"].as_str().unwrap_or_default();
            let of = &event["params"];
            match method {
                "Runtime.exceptionThrown" | "Runtime.consoleAPICalled" | "Page.javascriptDialogOpening" => {
                    bail!("{method}: {of}")
                }
                "Log.entryAdded" => {
                    // A test that counts dots reads the canvas back more than once; the page never does.
                    let text = of["entry"]["text"].as_str().unwrap_or_default();
                    ensure!(
                        text.contains("willReadFrequently"),
                        "the browser complains: {text}"
                    );
                }
                "Network.requestWillBeSent" => {
                    let address = of["request"]["url"].as_str().unwrap_or_default();
                    ensure!(
                        address == format!("file://{}", page.display()),
                        "asks for {address}"
                    );
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether each figure that the panels say at the reading line is the cell it names; their number.
    fn readouts(&mut self, session: &Session, holder: &str) -> Result<usize> {
        let found = self.run(&format!(
            "[...document.querySelectorAll('{holder} data')].map((one) => [one.dataset.query, one.dataset.episode, \
             one.dataset.row, one.dataset.column, one.dataset.factor ?? '1', one.textContent])"
        ))?;
        let found = found.as_array().context("figures")?;
        for one in found {
            let part = |index: usize| one[index].as_str().context("a part of a figure's address");
            let answer = session.ask(part(0)?, &[("episode", part(1)?)])?;
            let cell = answer.get(part(2)?.parse()?, part(3)?).context("no such cell")?;
            ensure!(shows(part(5)?, cell, part(4)?.parse()?), "{one} is {cell:?}");
        }
        Ok(found.len())
    }
}

/// Left, top, width and height of the plot of a panel, in the window.
fn plot(browser: &mut Browser, panel: usize) -> Result<[f64; 4]> {
    let place = browser.run(&format!(
        "(() => {{ const plot = document.querySelectorAll('.canvas .u-over')[{panel}]; plot.scrollIntoView({{ block: 'center' }}); \
         const box = plot.getBoundingClientRect(); return [box.left, box.top, box.width, box.height]; }})()"
    ))?;
    let part = |index: usize| place[index].as_f64().context("a box");
    Ok([part(0)?, part(1)?, part(2)?, part(3)?])
}

#[test]
fn the_picture_can_be_read_zoomed_and_thinned_out() -> Result<()> {
    let Some(mut browser) = Browser::start()? else {
        return Ok(());
    };
    let (session, report) = made()?;
    let page = browser.open(&report.html)?;
    browser.quiet(&page)?;
    ensure!(
        browser
            .run("document.querySelectorAll('.canvas canvas').length")?
            .as_u64()
            >= Some(4)
    );
    ensure!(
        browser.run("getComputedStyle(document.querySelector('#picture .still')).display")? == json!("none")
    );

    // Hover: the time is an instant of the record, and each figure beside it the cell of that instant.
    let before = browser.run("document.querySelector('.now').textContent")?;
    let [left, top, width, height] = plot(&mut browser, 0)?;
    browser.mouse("mouseMoved", left + 0.35 * width, top + 0.5 * height, false)?;
    let now = browser.run("document.querySelector('.now time').getAttribute('datetime')")?;
    ensure!(
        !before
            .as_str()
            .unwrap_or_default()
            .contains(now.as_str().unwrap_or("?")),
        "still {before}"
    );
    let paths = session.ask("comparison/price_paths", &[("episode", EPISODE)])?;
    let read = browser.run("[...document.querySelectorAll('.panel')[0].querySelectorAll('[data-line=recorded] data')].map((one) => [one.dataset.row, one.textContent])")?;
    let row: usize = read[0][0].as_str().context("a row")?.parse()?;
    let at = paths.get(row, "event_at").context("an instant")?.to_string();
    let minute = now.as_str().context("a time")?.trim_end_matches('Z');
    ensure!(at.starts_with(minute), "the line says {now}, the row {at}");
    let recorded = paths.get(row, "recorded_usd").context("a price")?;
    ensure!(
        shows(read[0][1].as_str().context("a figure")?, recorded, 1.0),
        "{read} is {recorded:?}"
    );
    ensure!(browser.readouts(session, ".readout")? >= 12);

    // Zoom: the stretch that was dragged over is what every panel shows.
    let whole = [
        browser.number("+document.querySelector('.live').dataset.from")?,
        browser.number("+document.querySelector('.live').dataset.to")?,
    ];
    let [left, top, width, height] = plot(&mut browser, 0)?;
    browser.mouse("mouseMoved", left + 0.3 * width, top + 0.5 * height, false)?;
    browser.mouse("mousePressed", left + 0.3 * width, top + 0.5 * height, true)?;
    browser.mouse("mouseMoved", left + 0.5 * width, top + 0.5 * height, true)?;
    browser.mouse("mouseMoved", left + 0.6 * width, top + 0.5 * height, true)?;
    browser.mouse("mouseReleased", left + 0.6 * width, top + 0.5 * height, false)?;
    let zoomed = [
        browser.number("+document.querySelector('.live').dataset.from")?,
        browser.number("+document.querySelector('.live').dataset.to")?,
    ];
    let length = whole[1] - whole[0];
    for (end, share) in zoomed.iter().zip([0.3, 0.6]) {
        let apart = (end - whole[0]) / length - share;
        ensure!(apart.abs() < 0.01, "zoomed to {zoomed:?} of {whole:?}");
    }
    browser.run("[...document.querySelectorAll('.controls button')].find((one) => one.textContent === 'whole').click()")?;
    browser.settle()?;
    ensure!(browser.number("+document.querySelector('.live').dataset.from")? == whole[0]);
    ensure!(browser.number("+document.querySelector('.live').dataset.to")? == whole[1]);

    // Keys: the reading line moves by one instant, and says so to those who do not see it.
    browser.run("document.querySelector('.canvas').focus()")?;
    let before = browser.run("document.querySelector('.now').textContent")?;
    browser.key("ArrowRight")?;
    ensure!(browser.run("document.querySelector('.now').textContent")? != before);
    ensure!(
        browser
            .run("document.querySelector('.live [role=status]').textContent")?
            .as_str()
            .is_some_and(|said| said.contains("recorded"))
    );

    // A rule set that is switched off leaves neither figure nor line.
    let drawn = "(() => { const wanted = getComputedStyle(document.documentElement).getPropertyValue('--s2').trim()\
         .match(/[0-9a-f]{2}/g).map((part) => parseInt(part, 16)); let dots = 0; \
         for (const canvas of [...document.querySelectorAll('.canvas canvas')].slice(0, 2)) { \
         const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height); \
         for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 200 \
         && wanted.every((part, index) => Math.abs(part - data[at + index]) < 12)) dots += 1; } return dots; })()";
    let dots = browser.number(drawn)?;
    ensure!(dots > 20.0, "{dots} dots of price-band");
    ensure!(browser.number("document.querySelectorAll('.readout [data-line=price-band]').length")? > 0.0);
    browser.run("document.querySelector('button[data-set=price-band]').click()")?;
    browser.settle()?;
    ensure!(
        browser.run("document.querySelector('button[data-set=price-band]').getAttribute('aria-pressed')")?
            == json!("false")
    );
    ensure!(
        browser.number(drawn)? == 0.0,
        "the line of price-band is still there"
    );
    ensure!(browser.number("document.querySelectorAll('.readout [data-line=price-band]').length")? == 0.0);

    // The table behind a panel holds cells too.
    browser.run("document.querySelectorAll('.behind')[1].open = true")?;
    browser.settle()?;
    ensure!(browser.number("document.querySelectorAll('.behind tbody tr').length")? > 20.0);
    browser.run(
        "document.querySelectorAll('.behind tbody tr').forEach((row, index) => index > 2 && row.remove())",
    )?;
    ensure!(browser.readouts(session, ".behind")? >= 9);

    // A figure says where it comes from.
    browser.run("document.querySelector('#others table data').click()")?;
    let address = browser.run("document.querySelector('.address').textContent")?;
    ensure!(
        address
            .as_str()
            .is_some_and(|text| text.contains("comparison/drawdowns, row 0, column median_pct")),
        "{address}"
    );
    browser.quiet(&page)
}

#[test]
fn the_page_fits_a_narrow_screen_the_dark_and_paper() -> Result<()> {
    let Some(mut browser) = Browser::start()? else {
        return Ok(());
    };
    let (_, report) = made()?;
    for (width, scheme) in [(400, "light"), (400, "dark"), (1280, "dark")] {
        browser.screen(width, 900)?;
        browser.media("screen", scheme)?;
        let page = browser.open(&report.html)?;
        let wide = browser.number("document.documentElement.scrollWidth")?;
        ensure!(wide <= f64::from(width), "{wide} dots on a screen of {width}");
        let canvas =
            browser.number("document.querySelector('.canvas canvas').getBoundingClientRect().right")?;
        ensure!(
            canvas <= f64::from(width) && canvas > 0.7 * f64::from(width).min(1000.0),
            "the picture ends at {canvas}"
        );
        let light = browser.number("getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).slice(0, 3).reduce((sum, part) => sum + +part, 0) / 765")?;
        ensure!(
            (light > 0.9) == (scheme == "light") && (light < 0.2) == (scheme == "dark"),
            "{scheme}: {light}"
        );
        browser.quiet(&page)?;
    }
    browser.media("print", "dark")?;
    browser.settle()?;
    let shown = |what: &str| format!("getComputedStyle(document.querySelector('{what}')).display");
    ensure!(
        browser.run(&shown("#picture .still"))? == json!("block")
            && browser.run(&shown(".live"))? == json!("none")
    );
    let printed = browser.ask("Page.printToPDF", json!({}))?;
    ensure!(
        printed["data"]
            .as_str()
            .is_some_and(|data| data.starts_with("JVBERi")),
        "no PDF"
    );
    Ok(())
}

#[test]
fn without_scripts_the_drawing_is_there() -> Result<()> {
    let Some(mut browser) = Browser::start()? else {
        return Ok(());
    };
    let (_, report) = made()?;
    browser.ask("Emulation.setScriptExecutionDisabled", json!({ "value": true }))?;
    browser.without_scripts = true;
    let page = browser.open(&report.html)?;
    ensure!(
        browser
            .run("document.querySelector('#picture .still svg').getBoundingClientRect().height")?
            .as_f64()
            > Some(300.0)
    );
    ensure!(browser.run("document.querySelector('.live')")?.is_null());
    browser.quiet(&page)
}

const HOSTILE: &str = "<script>alert(1)</script>";
const WORSE: &str = "\"><img src=x onerror=alert(1)></script><script>alert(1)</script>|\\<!-- -->&amp;";

/// The fixture, in which a rule set and an episode have names that want to be markup.
fn hostile(folder: &Path) -> Result<(Session, Report)> {
    let runs = copied(folder, HOSTILE, |_, batch| Ok(batch))?;
    report_on(folder, &runs, Some(WORSE))
}

#[test]
fn a_run_without_forced_orders_has_a_page_that_says_so() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let runs = copied(folder.path(), "price-band", |table, batch| {
        Ok(match table {
            "forced_orders" | "interventions" | "fund_balances" | "shapley" => batch.slice(0, 0),
            "prices" => {
                let schema = batch.schema();
                let mut columns = batch.columns().to_vec();
                columns[schema.index_of("null_usd")?] = Arc::clone(&columns[schema.index_of("mark_usd")?]);
                RecordBatch::try_new(schema, columns)?
            }
            _ => batch,
        })
    })?;
    let (session, report) = report_on(folder.path(), &runs, None)?;
    asked_again(&session, &report.html)?;
    twin_asked_again(&session, &report.markdown)?;
    for page in [&report.html, &report.markdown] {
        for words in [
            "No forced order was triggered",
            "forced flow added nothing",
            "no rule changed anything",
            "Not recorded for this window: funding, open interest, depth, forced orders, outages.",
        ] {
            ensure!(page.contains(words), "{words}");
        }
    }
    let pictures: Vec<&str> = report
        .pictures
        .iter()
        .map(|picture| picture.file.as_str())
        .collect();
    ensure!(
        pictures
            .iter()
            .all(|file| !file.contains("levels") && !file.contains("mechanisms")),
        "{pictures:?}"
    );
    let Some(mut browser) = Browser::start()? else {
        return Ok(());
    };
    let page = browser.open(&report.html)?;
    ensure!(browser.number("document.querySelectorAll('.canvas canvas').length")? >= 2.0);
    browser.quiet(&page)
}

#[test]
fn a_very_long_name_breaks_no_page() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let name = "halts-and-margins-".repeat(20);
    let runs = copied(folder.path(), &name, |_, batch| Ok(batch))?;
    let (session, report) = report_on(folder.path(), &runs, Some(&"W".repeat(400)))?;
    asked_again(&session, &report.html)?;
    twin_asked_again(&session, &report.markdown)?;
    for picture in &report.pictures {
        ensure!(!picture.svg.contains(&name), "{} holds all of it", picture.file);
    }
    let Some(mut browser) = Browser::start()? else {
        return Ok(());
    };
    for width in [400, 1280] {
        browser.screen(width, 900)?;
        let page = browser.open(&report.html)?;
        let wide = browser.number("document.documentElement.scrollWidth")?;
        ensure!(wide <= f64::from(width), "{wide} dots on a screen of {width}");
        browser.quiet(&page)?;
    }
    Ok(())
}

#[test]
fn hostile_names_are_text() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (session, report) = hostile(folder.path())?;
    asked_again(&session, &report.html)?;
    twin_asked_again(&session, &report.markdown)?;
    let outside: String = report
        .markdown
        .lines()
        .filter(|line| !line.starts_with("<!--"))
        .collect();
    ensure!(
        !outside.replace("\\<", "").contains("<script>"),
        "the twin holds a script"
    );
    let rules = Rows::of(&session.sql("SELECT rule_set FROM catalog.runs WHERE rule_set LIKE '%alert%'")?);
    ensure!(rules.get(0, "rule_set") == Some(&Cell::Text(HOSTILE.to_owned())));
    let Some(mut browser) = Browser::start()? else {
        return Ok(());
    };
    let page = browser.open(&report.html)?;
    let text = browser.run("document.body.innerText")?;
    let text = text.as_str().context("text")?;
    ensure!(text.contains(HOSTILE) && text.contains("<img src=x onerror=alert(1)>"));
    let switches =
        browser.run("[...document.querySelectorAll('button[data-set]')].map((one) => one.dataset.set)")?;
    ensure!(
        switches
            .as_array()
            .is_some_and(|names| names.contains(&json!(HOSTILE))),
        "{switches}"
    );
    ensure!(browser.number("document.querySelectorAll('img, object, iframe').length")? == 0.0);
    browser.quiet(&page)
}

/// The binary in an empty folder, with these settings of the environment.
fn report(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Result<std::process::Output> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aftershock"));
    command.arg("report").args(arguments).current_dir(folder);
    command
        .env_remove("AFTERSHOCK_DATA")
        .env_remove("AFTERSHOCK_CHROMIUM");
    Ok(command.envs(environment.iter().copied()).output()?)
}

#[test]
fn a_pdf_needs_a_browser_and_says_so() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let pdf = ["--all", "--format", "pdf"];
    let cases = [
        (("PATH", ""), ["none is installed", "AFTERSHOCK_CHROMIUM"]),
        (("AFTERSHOCK_CHROMIUM", "/nowhere"), ["/nowhere", "is no file"]),
    ];
    for (environment, words) in cases {
        let output = report(folder.path(), &pdf, &[environment])?;
        let said = String::from_utf8(output.stderr)?;
        ensure!(output.status.code() == Some(1), "{said}");
        ensure!(words.iter().all(|word| said.contains(word)), "{said}");
        ensure!(!folder.path().join("data/reports").exists(), "it wrote something");
    }
    if installed().is_none() {
        println!("skipped: no Chromium is installed");
        return Ok(());
    }
    let output = report(folder.path(), &pdf, &[])?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let printed = fs::read(folder.path().join("data/reports/index.pdf"))?;
    ensure!(printed.starts_with(b"%PDF-"), "no PDF");
    ensure!(!folder.path().join("data/reports/index.html").exists());
    Ok(())
}

#[test]
fn a_folder_without_runs_gives_a_page_that_says_so() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let output = report(folder.path(), &["--all"], &[])?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for ending in ["html", "md"] {
        let page = fs::read_to_string(folder.path().join(format!("data/reports/index.{ending}")))?;
        ensure!(page.contains("There is no run here"), "{page}");
    }
    Ok(())
}
