//! Asking a server, no faster than it is willing to answer.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ureq::http::{HeaderMap, Response};
use ureq::{Agent, Body};

use super::download::Options;

/// What an answer means.
pub(super) enum Answer {
    /// 200, 206 or 416: it depends on what was asked.
    Body(Response<Body>),
    /// The archive has no such file.
    Absent,
    /// It may go better later.
    Again { reason: String, after: Option<Duration> },
    /// It will not go better.
    Refused { status: u16 },
}

/// Speaks to one archive.
pub(super) struct Client {
    agent: Agent,
    /// Time between two requests.
    every: Duration,
    /// When the next request may start.
    next: Mutex<Instant>,
}

impl Client {
    pub(super) fn new(options: &Options) -> Self {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_resolve(Some(options.connect_timeout))
            .timeout_connect(Some(options.connect_timeout))
            .timeout_send_request(Some(options.idle_timeout))
            .timeout_recv_response(Some(options.idle_timeout))
            .timeout_per_read(Some(options.idle_timeout))
            .user_agent(concat!("aftershock/", env!("CARGO_PKG_VERSION")))
            // The bytes the archive stores are wanted, whatever they are packed with.
            .accept_encoding("identity");
        if !options.environment_proxy {
            config = config.proxy(None);
        }
        Self {
            agent: config.build().into(),
            every: Duration::try_from_secs_f64(1.0 / options.requests_per_second).unwrap_or_default(),
            next: Mutex::new(Instant::now()),
        }
    }

    /// Asks for a file, or for the rest of it from byte `from` on of the `edition` whose beginning is there.
    pub(super) fn ask(&self, url: &str, from: u64, edition: Option<&str>) -> Answer {
        self.wait();
        let mut request = self.agent.get(url).config();
        // A redirect from https to http would let anybody on the way change the file.
        request = request.https_only(url.starts_with("https:"));
        let mut request = request.build();
        if from > 0 {
            request = request.header("Range", format!("bytes={from}-"));
            if let Some(edition) = edition {
                request = request.header("If-Range", edition);
            }
        }
        let response = match request.call() {
            Ok(response) => response,
            Err(error) => {
                let reason = error.to_string();
                return Answer::Again { reason, after: None };
            }
        };
        match response.status().as_u16() {
            200 | 206 | 416 => Answer::Body(response),
            404 | 410 => Answer::Absent,
            status @ (408 | 425 | 429 | 500..=599) => Answer::Again {
                reason: format!("status {status}"),
                after: retry_after(response.headers()),
            },
            status => Answer::Refused { status },
        }
    }

    /// Lets no request to this archive start before `pause` is over.
    pub(super) fn hold(&self, pause: Duration) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next = (*next).max(Instant::now() + pause);
    }

    fn wait(&self) {
        let start = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let start = (*next).max(Instant::now());
            *next = start + self.every;
            start
        };
        thread::sleep(start.saturating_duration_since(Instant::now()));
    }
}

/// What a server calls the edition of a file, in a form that `If-Range` takes: never a weak tag.
pub(super) fn edition(headers: &HeaderMap) -> Option<String> {
    let tag = text(headers, "etag").filter(|tag| tag.starts_with('"'));
    tag.or_else(|| text(headers, "last-modified")).map(str::to_owned)
}

/// The bytes a body announces.
pub(super) fn length(headers: &HeaderMap) -> Option<u64> {
    text(headers, "content-length")?.trim().parse().ok()
}

/// Whether a body says itself where it ends.
pub(super) fn is_chunked(headers: &HeaderMap) -> bool {
    text(headers, "transfer-encoding").is_some_and(|coding| coding.to_ascii_lowercase().contains("chunked"))
}

/// First byte and length of the whole file, of `Content-Range: bytes 5-9/10` or `bytes */10`.
pub(super) fn content_range(headers: &HeaderMap) -> (Option<u64>, Option<u64>) {
    let Some(range) = text(headers, "content-range").and_then(|range| range.trim().strip_prefix("bytes"))
    else {
        return (None, None);
    };
    let (span, whole) = range.split_once('/').unwrap_or((range, ""));
    let first = span
        .split_once('-')
        .and_then(|(first, _)| first.trim().parse().ok());
    (first, whole.trim().parse().ok())
}

/// The pause a server asks for: seconds or a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let asked = text(headers, "retry-after")?.trim();
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = chrono::DateTime::parse_from_rfc2822(asked).ok()?;
    let at = UNIX_EPOCH + Duration::from_secs(u64::try_from(at.timestamp()).ok()?);
    Some(at.duration_since(SystemTime::now()).unwrap_or_default())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(ureq::http::HeaderName::from_static(name), value.parse().unwrap())])
    }

    /// The forms of RFC 9110, sections 14.4, 8.8.3, 13.1.5 and 10.2.3.
    #[test]
    fn reads_the_headers_of_the_standard() {
        let range = |text| content_range(&headers("content-range", text));
        assert_eq!(range("bytes 42-1233/1234"), (Some(42), Some(1234)));
        assert_eq!(range("bytes 42-1233/*"), (Some(42), None));
        assert_eq!(range("bytes */1234"), (None, Some(1234)));
        assert_eq!(range("lines 1-2/3"), (None, None));
        assert_eq!(edition(&headers("etag", "\"xyzzy\"")).unwrap(), "\"xyzzy\"");
        assert_eq!(edition(&headers("etag", "W/\"xyzzy\"")), None);
        let date = "Fri, 31 Dec 1999 23:59:59 GMT";
        assert_eq!(edition(&headers("last-modified", date)).unwrap(), date);
        let pause = |text| retry_after(&headers("retry-after", text));
        assert_eq!(pause("120"), Some(Duration::from_secs(120)));
        assert_eq!(pause(date), Some(Duration::ZERO));
        assert_eq!(pause("soon"), None);
    }
}
