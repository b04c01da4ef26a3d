//! What a store on PostgreSQL needs to be told. Knows how to keep a password out of every text; opens nothing.

use crate::domain::{money::Currency, problem::Problem, time::Calendar};
use std::{fmt, path::PathBuf, str::FromStr as _, time::Duration};
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};

/// How long a connection may be silent before it is given up.
const SILENCE: Duration = Duration::from_secs(30);

/// Where the database is, and how it is used.
#[derive(Clone)]
pub struct PostgresSettings {
    /// The days on which activities count. A database keeps the time zone that it was first served with.
    pub calendar: Calendar,
    /// What amounts are in. A database keeps the currency that it was first served with.
    pub currency: Currency,
    /// How the database is reached.
    pub database: DatabaseSettings,
}

/// How a database is reached, and how much is asked of it at once.
#[derive(Clone)]
pub struct DatabaseSettings {
    pub(super) config: Config,
    /// PEM certificates of authorities that the database's certificate may come from; the system's, if not given.
    pub authorities: Option<PathBuf>,
    /// How many connections are open at once.
    pub connections: usize,
    /// So many entries and records of waiting requests share one transaction.
    pub group: usize,
    /// So often a transaction or a question is tried again after a failure that passes by itself.
    pub retries: u32,
    /// The longest that one statement may take.
    pub statement_timeout: Duration,
    /// Memory that one step of a question may take in the database before it goes to disk, in mebibytes.
    pub work_memory: u32,
}

impl DatabaseSettings {
    /// Takes a URL (`postgresql://user@host/database`) or a list of `key=value`. TLS is required unless the database is
    /// on this machine, where it is used only for `sslmode=require`, or the URL says `sslmode=disable`.
    pub fn parse(url: &str) -> Result<Self, Problem> {
        // The text of the error names the option and never a value, but the URL itself would show the password.
        let config = Config::from_str(url.trim());
        let mut config = config.map_err(|error| {
            let problem = std::error::Error::source(&error).map_or_else(String::new, |source| {
                format!(" ({})", option_only(&source.to_string()))
            });
            Problem::field_invalid("database", &format!("is not a PostgreSQL URL{problem}"))
        })?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(Problem::field_invalid("database", "names no host"));
        }
        if config.get_ssl_mode() == SslMode::Prefer {
            // Whoever could listen on this machine could also read its memory; and many a database there has a
            // certificate that nobody can verify.
            config.ssl_mode(match is_on_this_machine(&config) {
                true => SslMode::Disable,
                false => SslMode::Require,
            });
        }
        if config.get_application_name().is_none() {
            config.application_name("profitscore");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(5));
        }
        // A machine that is gone says nothing: without these its connections would be waited for much longer.
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(SILENCE);
        }
        if config.get_keepalives_interval().is_none() && config.get_keepalives_retries().is_none() {
            config.keepalives_idle(SILENCE / 3);
            config.keepalives_interval(SILENCE / 3);
            config.keepalives_retries(2);
        }
        Ok(Self {
            config,
            authorities: None,
            connections: 16,
            group: 4_000,
            retries: 6,
            statement_timeout: Duration::from_secs(60),
            work_memory: 64,
        })
    }

    /// The name of the database; empty if none is given, which is then that of the user.
    pub fn name(&self) -> &str {
        self.config.get_dbname().unwrap_or_default()
    }

    /// Uses this password, in place of any in the URL.
    pub fn set_password(&mut self, password: &str) {
        self.config.password(password);
    }
}

/// What went wrong without what was given: the driver quotes names of options, and could quote values.
fn option_only(text: &str) -> &str {
    text.split(['`', '"', '='])
        .next()
        .unwrap_or_default()
        .trim()
}

fn is_on_this_machine(config: &Config) -> bool {
    let is_loopback = |host: &Host| match host {
        Host::Tcp(name) => {
            name == "localhost"
                || name
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    config.get_hosts().iter().all(is_loopback)
        && config
            .get_hostaddrs()
            .iter()
            .all(|address| address.is_loopback())
}

impl fmt::Debug for DatabaseSettings {
    /// Without user, password and options.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseSettings")
            .field("hosts", &self.config.get_hosts())
            .field("ports", &self.config.get_ports())
            .field("database", &self.config.get_dbname())
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> SslMode {
        DatabaseSettings::parse(url).unwrap().config.get_ssl_mode()
    }

    #[test]
    fn tls_is_required_beyond_this_machine() {
        assert_eq!(mode("postgresql://u@db.example.org/p"), SslMode::Require);
        assert_eq!(
            mode("postgresql://u@db.example.org,127.0.0.1/p"),
            SslMode::Require
        );
        assert_eq!(
            mode("postgresql://u@db.example.org/p?sslmode=prefer"),
            SslMode::Require
        );
        assert_eq!(
            mode("postgresql://u@db.example.org/p?sslmode=disable"),
            SslMode::Disable
        );
        assert_eq!(mode("postgresql://u@127.0.0.1/p"), SslMode::Disable);
        assert_eq!(
            mode("postgresql://u@localhost/p?sslmode=require"),
            SslMode::Require
        );
        assert_eq!(mode("host=/run/postgresql dbname=p"), SslMode::Disable);
    }

    #[test]
    fn a_password_is_in_no_text() {
        let secret = "s3cr3t-pass";
        let sound = format!("postgresql://u:{secret}@localhost/p");
        let settings = DatabaseSettings::parse(&sound).unwrap();
        assert!(!format!("{settings:?}").contains(secret));
        for wrong in [
            format!("postgresql://u:{secret}@localhost:port/p"),
            format!("postgresql://u:{secret}@localhost/p?sslmode={secret}"),
            format!("postgresql://u:{secret}@localhost/p?{secret}=1"),
            format!("host=localhost password={secret} {secret}"),
            format!("password={secret}"),
            secret.to_owned(),
        ] {
            let problem = DatabaseSettings::parse(&wrong).unwrap_err();
            assert!(!format!("{problem:?}").contains(secret), "{problem:?}");
        }
    }
}
