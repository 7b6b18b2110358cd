//! Who is let in: everybody where there is no token, else whoever proves by SCRAM to know it.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aftershock_query::SCHEMA;
use async_trait::async_trait;
use futures_util::Sink;
use pgwire::api::auth::sasl::SASLAuthStartupHandler;
use pgwire::api::auth::sasl::scram::{SCRAM_ITERATIONS, ScramAuth, gen_salted_password};
use pgwire::api::auth::{
    AuthSource, LoginInfo, Password, ServerParameterProvider, StartupHandler, finish_authentication,
    protocol_negotiation, save_startup_parameters_to_metadata,
};
use pgwire::api::{ClientInfo, PgWireConnectionState, PidSecretKeyGenerator, RandomPidSecretKeyGenerator};
use pgwire::error::{ErrorInfo, PgWireError, PgWireResult};
use pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage};

use crate::Access;

/// The version of Postgres whose catalogs are imitated.
pub(super) const VERSION: &str = "16.0 (Aftershock)";

/// What the server tells about itself before the first query.
const PARAMETERS: [(&str, &str); 10] = [
    ("server_version", VERSION),
    ("server_encoding", "UTF8"),
    ("client_encoding", "UTF8"),
    ("DateStyle", "ISO, YMD"),
    ("IntervalStyle", "postgres"),
    ("TimeZone", "UTC"),
    ("integer_datetimes", "on"),
    ("standard_conforming_strings", "on"),
    ("default_transaction_read_only", "on"),
    ("is_superuser", "off"),
];

/// What it tells besides, once it is asked.
const SETTINGS: [(&str, &str); 5] = [
    ("server_version_num", "160000"),
    ("search_path", SCHEMA),
    ("transaction_isolation", "repeatable read"),
    ("transaction_read_only", "on"),
    ("max_identifier_length", "63"),
];

/// Lets clients in.
pub(super) struct Door {
    secret: Option<Arc<Secret>>,
    keys: Arc<RandomPidSecretKeyGenerator>,
}

impl Door {
    pub(super) fn new(access: &Access) -> Self {
        let secret = access.token.as_ref().map(|token| {
            let mut salt = vec![0; 16];
            rand::Rng::fill_bytes(&mut rand::rng(), &mut salt);
            let salted = gen_salted_password(token, &salt, SCRAM_ITERATIONS);
            Arc::new(Secret { salt, salted })
        });
        Self {
            secret,
            keys: Arc::default(),
        }
    }

    /// Lets one client in and notes it in `admitted`; none that would speak in `plain` text where there is a certificate.
    pub(super) fn startup(&self, admitted: Arc<AtomicBool>, plain: bool) -> Startup {
        let scram = self.secret.as_ref().map(|secret| {
            let keys: Arc<dyn PidSecretKeyGenerator> = Arc::clone(&self.keys) as _;
            SASLAuthStartupHandler::new(Arc::new(Said))
                .with_scram(ScramAuth::new(Arc::clone(secret) as _))
                .with_pid_secret_key_generator(keys)
        });
        Startup {
            scram,
            keys: Arc::clone(&self.keys),
            admitted,
            plain,
        }
    }
}

/// The first messages of one connection.
pub(super) struct Startup {
    scram: Option<SASLAuthStartupHandler<Said>>,
    keys: Arc<RandomPidSecretKeyGenerator>,
    admitted: Arc<AtomicBool>,
    plain: bool,
}

#[async_trait]
impl StartupHandler for Startup {
    async fn on_startup<C>(&self, client: &mut C, message: PgWireFrontendMessage) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        if self.plain {
            return Err(refused(
                "28000",
                "this server speaks TLS alone",
                "connect with sslmode=require",
            ));
        }
        match (&self.scram, message) {
            (Some(scram), message) => {
                scram.on_startup(client, message).await?;
                // The library says so in this state once the proof is right, and in no other way.
                if matches!(client.state(), PgWireConnectionState::ReadyForQuery) {
                    self.admitted.store(true, Ordering::Release);
                }
            }
            (None, PgWireFrontendMessage::Startup(startup)) => {
                protocol_negotiation(client, &startup).await?;
                save_startup_parameters_to_metadata(client, &startup);
                let (pid, secret) = self.keys.generate(client);
                client.set_pid_and_secret_key(pid, secret);
                finish_authentication(client, &Said).await?;
                self.admitted.store(true, Ordering::Release);
            }
            (None, _) => {}
        }
        Ok(())
    }
}

/// The token as SCRAM keeps it.
struct Secret {
    salt: Vec<u8>,
    salted: Vec<u8>,
}

impl Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

#[async_trait]
impl AuthSource for Secret {
    async fn get_password(&self, _login: &LoginInfo) -> PgWireResult<Password> {
        Ok(Password::new(Some(self.salt.clone()), self.salted.clone()))
    }
}

/// [`PARAMETERS`] for the library.
struct Said;

impl ServerParameterProvider for Said {
    fn server_parameters<C>(&self, _client: &C) -> Option<HashMap<String, String>>
    where
        C: ClientInfo,
    {
        let said = PARAMETERS
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Some(said.collect())
    }
}

/// The value of a setting, for `SHOW` and `current_setting`.
pub(super) fn setting(name: &str) -> Option<&'static str> {
    let found = settings().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value)
}

/// All settings with their values.
pub(super) fn settings() -> impl Iterator<Item = (&'static str, &'static str)> {
    PARAMETERS.iter().chain(&SETTINGS).copied()
}

/// An error after which the connection ends; who was not let in hears no more than that.
pub(super) fn fatal(error: PgWireError) -> PgWireError {
    let mut info: ErrorInfo = match error {
        PgWireError::InvalidPassword(_) => ErrorInfo::new(
            "FATAL".to_owned(),
            "28P01".to_owned(),
            crate::access::REFUSED.to_owned(),
        ),
        error => error.into(),
    };
    "FATAL".clone_into(&mut info.severity);
    PgWireError::UserError(Box::new(info))
}

fn refused(code: &str, message: &str, hint: &str) -> PgWireError {
    let mut info = ErrorInfo::new("FATAL".to_owned(), code.to_owned(), message.to_owned());
    info.hint = Some(hint.to_owned());
    PgWireError::UserError(Box::new(info))
}
