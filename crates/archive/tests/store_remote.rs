//! A store that is an object store: S3 against a server on loopback, the others as far as configuration goes.
//!
//! Credentials come from the environment alone, so each test starts this binary again with the environment of a
//! user; the server is in the first process.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aftershock_archive::tape::{Kind, SourceEntry, Tape};
use aftershock_archive::{ArchiveError, Store};
use arrow::array::{ArrayRef, DictionaryArray, Int64Array, RecordBatch, StringArray, new_null_array};
use arrow::datatypes::{DataType, Int32Type};
use hyper::Method;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// What the server was sent.
#[derive(Default)]
struct Counts {
    uploaded_parts: AtomicUsize,
    ranges: AtomicUsize,
}

/// An S3 server on loopback with an empty bucket `held`, gone when this is dropped.
struct Server {
    address: SocketAddr,
    counts: Arc<Counts>,
    folder: tempfile::TempDir,
    _runtime: tokio::runtime::Runtime,
}

impl Server {
    /// `heeds`: whether it heeds the conditions of a write, which some servers do not.
    fn start(heeds: bool) -> Result<Self, Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        fs::create_dir(folder.path().join("held"))?;
        let files = s3s_fs::FileSystem::new(folder.path()).map_err(|error| format!("{error:?}"))?;
        let mut service = S3ServiceBuilder::new(files);
        // Conditions are signed: a server that drops them here cannot check signatures.
        if heeds {
            service.set_auth(SimpleAuth::from_single("reader", "secret"));
        }
        let service = service.build();
        let counts = Arc::new(Counts::default());
        let counted = Arc::clone(&counts);
        let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
            let query = request.uri().query().unwrap_or_default();
            if request.method() == Method::PUT && query.contains("partNumber=") {
                counted.uploaded_parts.fetch_add(1, Ordering::Relaxed);
            }
            if request.headers().contains_key("range") {
                counted.ranges.fetch_add(1, Ordering::Relaxed);
            }
            if !heeds && request.method() == Method::PUT {
                request.headers_mut().remove("if-match");
                request.headers_mut().remove("if-none-match");
            }
            Service::call(&service, request)
        });

        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?;
        runtime.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    let socket = TokioIo::new(socket);
                    let _ = Builder::new(TokioExecutor::new())
                        .serve_connection(socket, service)
                        .await;
                });
            }
        });
        Ok(Self {
            address,
            counts,
            folder,
            _runtime: runtime,
        })
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ENDPOINT", format!("http://{}", self.address)),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_ACCESS_KEY_ID", "reader".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
            ("AWS_REGION", "eu-north-1".to_owned()),
        ]
    }
}

/// Runs one of the ignored tests below as a user with this environment and no other.
fn as_user(what: &str, environment: Vec<(&'static str, String)>) -> Outcome {
    let mut command = Command::new(std::env::current_exe()?);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["AWS_", "GOOGLE_", "AZURE_"]
            .iter()
            .any(|prefix| text.starts_with(prefix))
        {
            command.env_remove(&name);
        }
    }
    let output = command
        .args(["--exact", what, "--ignored", "--nocapture"])
        .env("NO_PROXY", "127.0.0.1")
        .env("STORE_TEST_USER", "1")
        .envs(environment)
        .output()?;
    let printed = String::from_utf8_lossy(&output.stdout);
    if output.status.success() && printed.contains("1 passed") {
        return Ok(());
    }
    Err(format!("{printed}\n{}", String::from_utf8_lossy(&output.stderr)).into())
}

/// Whether this process was started by [`as_user`]: it alone has the environment.
fn is_user() -> bool {
    std::env::var_os("STORE_TEST_USER").is_some()
}

/// Bytes that no compression and no repetition could stand for.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 20_200_312_u64;
    let mut next = || {
        // Constants of Knuth's linear congruential generator MMIX (The Art of Computer Programming, vol. 2).
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..bytes).map(|_| next()).collect()
}

#[test]
fn s3_objects_are_replaced_only_by_who_has_seen_them() -> Outcome {
    as_user("user_replaces", Server::start(true)?.environment())
}

#[test]
#[ignore = "started by another test"]
fn user_replaces() -> Outcome {
    if !is_user() {
        return Ok(());
    }
    let store = Store::open("s3://held/tapes/crash")?;
    assert_eq!(store.location(), "s3://held/tapes/crash");
    assert!(store.local_folder().is_none());
    assert!(store.get("manifest.json")?.is_none());
    store.put_if("manifest.json", b"one", None)?;
    let again = store.put_if("manifest.json", b"other", None).unwrap_err();
    assert!(matches!(again, ArchiveError::Conflict { .. }), "{again}");
    let (bytes, first) = store.get("manifest.json")?.ok_or("it was written")?;
    assert_eq!(bytes, b"one");
    store.put_if("manifest.json", b"two", Some(&first))?;
    let late = store.put_if("manifest.json", b"three", Some(&first)).unwrap_err();
    assert!(matches!(late, ArchiveError::Conflict { .. }), "{late}");
    let absent = store.put_if("none.json", b"x", Some(&first)).unwrap_err();
    assert!(matches!(absent, ArchiveError::Conflict { .. }), "{absent}");

    // The right to write is free, and shown to mean something.
    let _lock = (store.lock()?, store.lock()?);
    // Inside somebody else's runtime, and from several threads.
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let (bytes, second) = runtime
        .block_on(async { store.get("manifest.json") })?
        .ok_or("it was written")?;
    assert_eq!(bytes, b"two");
    assert_ne!(first, second);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert!(store.get("manifest.json").unwrap().is_some()));
        }
    });
    assert_eq!(store.list("")?, ["manifest.json"]);
    Ok(())
}

#[test]
fn s3_takes_and_gives_a_large_file_in_parts() -> Outcome {
    let server = Server::start(true)?;
    as_user("user_moves_a_large_file", server.environment())?;
    // 30 000 000 bytes in parts of 5 MiB are 6, each way.
    assert_eq!(server.counts.uploaded_parts.load(Ordering::Relaxed), 6);
    assert_eq!(server.counts.ranges.load(Ordering::Relaxed), 6);
    Ok(())
}

#[test]
#[ignore = "started by another test"]
fn user_moves_a_large_file() -> Outcome {
    if !is_user() {
        return Ok(());
    }
    let store = Store::open("s3://held/tapes")?;
    let scratch = store.scratch()?;
    let local = scratch.path().join("part.parquet");
    let bytes = noise(30_000_000);
    fs::write(&local, &bytes)?;
    store.put_file(&local, "parts/kind=trades/part.parquet")?;
    assert!(!local.exists());

    let second = store.scratch()?;
    assert_ne!(scratch.path(), second.path());
    let fetched = store.fetch("parts/kind=trades/part.parquet", second.path())?;
    assert!(fetched.starts_with(second.path()));
    assert!(
        fs::read(&fetched)? == bytes,
        "the bytes came back as they went out"
    );
    let missing = store.fetch("parts/none.parquet", second.path()).unwrap_err();
    assert!(matches!(missing, ArchiveError::MissingObject { .. }), "{missing}");
    let folder = second.path().to_owned();
    assert_eq!(
        fs::read_dir(folder.join("parts"))?.count(),
        1,
        "nothing but `kind=trades`"
    );
    drop(second);
    assert!(!folder.exists());
    Ok(())
}

#[test]
fn s3_lists_and_removes() -> Outcome {
    as_user("user_lists_and_removes", Server::start(true)?.environment())
}

#[test]
#[ignore = "started by another test"]
fn user_lists_and_removes() -> Outcome {
    if !is_user() {
        return Ok(());
    }
    let store = Store::open("s3://held/tapes/crash/")?;
    assert!(store.list("")?.is_empty());
    let scratch = store.scratch()?;
    for path in ["parts/b", "parts/a/2", "parts/a/10", "partsy", "empty"] {
        let local = scratch.path().join("local");
        fs::write(&local, if path == "empty" { "" } else { path })?;
        store.put_file(&local, path)?;
    }
    // Beside the prefix, and hidden below it.
    Store::open("s3://held/tapes/crashed")?.put_if("other", b"x", None)?;
    Store::open("s3://held/tapes")?.put_if("crash/parts/c", b"x", None)?;
    assert_eq!(
        store.list("")?,
        ["empty", "parts/a/10", "parts/a/2", "parts/b", "parts/c", "partsy"]
    );
    assert_eq!(
        store.list("parts")?,
        ["parts/a/10", "parts/a/2", "parts/b", "parts/c"]
    );
    assert!(store.list("none")?.is_empty());
    assert!(fs::read(store.fetch("empty", scratch.path())?)?.is_empty());

    store.delete("parts/a/2")?;
    store.delete("parts/a/2")?;
    assert_eq!(store.list("parts/a")?, ["parts/a/10"]);
    Ok(())
}

#[test]
fn s3_keeps_the_parts_of_the_list_before() -> Outcome {
    as_user("user_writes_thrice", Server::start(true)?.environment())
}

#[test]
#[ignore = "started by another test"]
fn user_writes_thrice() -> Outcome {
    if !is_user() {
        return Ok(());
    }
    let store = Store::open("s3://held/tapes")?;
    let tape = Tape::new(store.clone());
    let mut lists: Vec<String> = Vec::new();
    for name in ["a", "b", "c"] {
        let mut writer = tape.write()?;
        let mut staging = writer.stage(name);
        let word = |word: &str| -> ArrayRef { Arc::new(DictionaryArray::<Int32Type>::from_iter([word])) };
        let columns: Vec<ArrayRef> = vec![
            word("number"),
            Arc::new(StringArray::from(vec!["1,,3"])),
            word("price"),
            new_null_array(&DataType::Utf8, 1),
            word(name),
            Arc::new(Int64Array::from(vec![4])),
        ];
        let rows = RecordBatch::try_new(Kind::Rejects.schema(), columns)?;
        staging.push(Kind::Rejects, "somewhere", "all", rows)?;
        let entry = SourceEntry {
            source: name.to_owned(),
            dialect: "test".to_owned(),
            sha256: name.to_owned(),
            bytes: 4,
            name: name.to_owned(),
            what: "rejects".to_owned(),
            records: 1,
            rejected: 1,
            rows: [("rejects".to_owned(), 1)].into(),
        };
        writer.add(entry, staging.finish()?);
        writer.commit()?;
        let [part] = &tape.list()?.parts[..] else {
            return Err("one part".into());
        };
        lists.push(part.path.clone());
        let held = store.list("rejects")?;
        let readable = lists.iter().rev().take(2);
        assert!(readable.clone().all(|path| held.contains(path)), "{held:?}");
        assert_eq!(held.len(), readable.len(), "nothing else is left: {held:?}");
    }
    Ok(())
}

#[test]
fn s3_that_heeds_no_condition_is_refused_in_plain_words() -> Outcome {
    let server = Server::start(false)?;
    let mut environment = server.environment();
    environment.push(("AWS_SKIP_SIGNATURE", "true".to_owned()));
    as_user("user_meets_a_careless_server", environment)?;
    let left = fs::read_dir(server.folder.path().join("held"))?;
    let left: Vec<_> = left.collect::<Result<_, _>>()?;
    assert!(left.is_empty(), "the probe is removed: {left:?}");
    Ok(())
}

#[test]
#[ignore = "started by another test"]
fn user_meets_a_careless_server() -> Outcome {
    if !is_user() {
        return Ok(());
    }
    let refused = Store::open("s3://held")?.lock().unwrap_err();
    assert_eq!(
        refused.to_string(),
        "s3://held cannot replace an object only if it is unchanged, which a tape needs; \
         expected a store that heeds If-Match and If-None-Match on writing"
    );
    Ok(())
}

#[test]
fn s3_refusals_name_the_object_and_the_store() -> Outcome {
    let server = Server::start(true)?;
    let mut environment = server.environment();
    environment.push(("AWS_SECRET_ACCESS_KEY", "wrong".to_owned()));
    as_user("user_is_refused", environment)
}

#[test]
#[ignore = "started by another test"]
fn user_is_refused() -> Outcome {
    if !is_user() {
        return Ok(());
    }
    let store = Store::open("s3://held/tapes")?;
    let local = tempfile::NamedTempFile::new()?.into_temp_path();
    for refused in [
        store.get("manifest.json").map(drop),
        store.put_if("manifest.json", b"x", None),
        store.put_file(&local, "part"),
    ] {
        let refused = refused.unwrap_err().to_string();
        assert!(
            refused.contains("in s3://held/tapes: ") && refused.contains("SignatureDoesNotMatch"),
            "{refused}"
        );
        assert!(!refused.contains('\n') && !refused.contains("wrong"), "{refused}");
    }
    assert!(Path::new(&local).exists(), "what was not taken stays");
    Ok(())
}

#[test]
fn s3_says_what_the_environment_lacks() -> Outcome {
    let elsewhere = |name| (name, "http://127.0.0.1:1".to_owned());
    as_user(
        "user_has_no_credentials",
        vec![elsewhere("AWS_METADATA_ENDPOINT"), elsewhere("AWS_ENDPOINT")],
    )?;
    let mut environment = Server::start(true)?.environment();
    environment.retain(|(name, _)| *name != "AWS_ALLOW_HTTP");
    as_user("user_does_not_allow_http", environment)
}

#[test]
#[ignore = "started by another test"]
fn user_has_no_credentials() -> Outcome {
    if !is_user() {
        return Ok(());
    }
    let error = Store::open("s3://held")?.get("manifest.json").unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("cannot read `manifest.json` in s3://held: the environment holds no credentials"),
        "{error}"
    );
    Ok(())
}

#[test]
#[ignore = "started by another test"]
fn user_does_not_allow_http() -> Outcome {
    if !is_user() {
        return Ok(());
    }
    let error = Store::open("s3://held")?.get("manifest.json").unwrap_err();
    assert!(error.to_string().contains("set AWS_ALLOW_HTTP=true"), "{error}");
    Ok(())
}

#[test]
fn gs_and_az_open_from_configuration() -> Outcome {
    as_user(
        "user_opens_gs_and_az",
        vec![
            ("GOOGLE_SKIP_SIGNATURE", "true".to_owned()),
            ("AZURE_STORAGE_ACCOUNT_NAME", "account".to_owned()),
            ("AZURE_STORAGE_ACCOUNT_KEY", "c2VjcmV0".to_owned()),
        ],
    )?;
    as_user("user_has_no_azure_account", Vec::new())
}

#[test]
#[ignore = "started by another test"]
fn user_opens_gs_and_az() -> Outcome {
    if !is_user() {
        return Ok(());
    }
    for location in ["gs://bucket/tapes", "az://container/tapes"] {
        let store = Store::open(location)?;
        assert_eq!(store.location(), location);
        assert!(store.local_folder().is_none());
        assert!(
            !format!("{store:?}").contains("c2VjcmV0"),
            "a secret is not shown"
        );
    }
    Ok(())
}

#[test]
#[ignore = "started by another test"]
fn user_has_no_azure_account() -> Outcome {
    if !is_user() {
        return Ok(());
    }
    let error = Store::open("az://container/tapes").unwrap_err().to_string();
    assert!(
        error.contains("`az://container/tapes`") && error.contains("Account must be specified"),
        "{error}"
    );
    let error = Store::open("s3:///tapes").unwrap_err().to_string();
    assert!(error.contains("it names no bucket"), "{error}");
    Ok(())
}
