//! A PostgreSQL of the tests' own: made from the installed programs by a user without privileges, on the loopback
//! interface and a port of its own, in a folder of its own, and gone when the test process ends, however it ends.

use profitscore::store::postgres::DatabaseSettings;
use std::{
    fs,
    net::TcpListener,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio_postgres::NoTls;

const USER: &str = "profitscore";
/// The password of its user.
pub const PASSWORD: &str = "only for tests";

/// A running PostgreSQL.
pub struct Cluster {
    port: u16,
    programs: PathBuf,
    folder: PathBuf,
    /// Ends the server and removes the folder as soon as its standard input ends, which this process holds.
    _warden: Child,
    databases: AtomicU32,
}

/// The cluster of this process, which forgets what it wrote if the machine stops; without the programs there is none.
#[allow(dead_code, reason = "a test that kills its server has one of its own")]
pub fn cluster() -> Option<&'static Cluster> {
    static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
    let cluster =
        CLUSTER.get_or_init(|| programs().map(|programs| Cluster::start(&programs, false)));
    if cluster.is_none() {
        tell_skipped();
    }
    cluster.as_ref()
}

/// A cluster that is durable; without the programs there is none.
#[allow(dead_code, reason = "most tests are quicker without")]
pub fn durable_cluster() -> Option<Cluster> {
    let Some(programs) = programs() else {
        tell_skipped();
        return None;
    };
    Some(Cluster::start(&programs, true))
}

fn tell_skipped() {
    // The name of a test is that of its thread.
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("a test");
    println!("skipped: {name}, PostgreSQL 15 or newer is not installed");
}

/// Where the newest programs are.
pub fn programs() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("PROFITSCORE_POSTGRES_BIN") {
        return Some(folder.into());
    }
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let versions = versions.filter_map(|entry| {
        let entry = entry.ok()?;
        let version: u32 = entry.file_name().to_str()?.parse().ok()?;
        let folder = entry.path().join("bin");
        (version >= 15 && folder.join("initdb").exists()).then_some((version, folder))
    });
    versions.max().map(|(_, folder)| folder)
}

/// The user and the group to run as: PostgreSQL refuses to run with privileges.
fn unprivileged() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let nobody = users
        .lines()
        .find(|line| line.starts_with("nobody:"))
        .unwrap();
    let mut fields = nobody.split(':').skip(2);
    let mut next = || fields.next().unwrap().parse().unwrap();
    Some((next(), next()))
}

fn run_as(command: &mut Command, user: Option<(u32, u32)>) -> &mut Command {
    if let Some((user, group)) = user {
        command.uid(user).gid(group);
    }
    command
}

impl Cluster {
    fn start(programs: &Path, is_durable: bool) -> Self {
        let user = unprivileged();
        let folder = tempfile::Builder::new()
            .prefix("profitscore-postgres-")
            .tempdir()
            .unwrap()
            .keep();
        fs::write(folder.join("password"), PASSWORD).unwrap();
        if let Some((user, group)) = user {
            for path in [&folder, &folder.join("password")] {
                std::os::unix::fs::chown(path, Some(user), Some(group)).unwrap();
            }
        }
        let key = folder.join("server.key");
        for (path, text) in [
            (&folder.join("server.pem"), include_str!("tls/server.pem")),
            (&key, include_str!("tls/server.key")),
        ] {
            fs::write(path, text).unwrap();
        }
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        if let Some((user, group)) = user {
            std::os::unix::fs::chown(&key, Some(user), Some(group)).unwrap();
        }
        let mut initdb = Command::new(programs.join("initdb"));
        initdb.args([
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "--auth=scram-sha-256",
        ]);
        initdb
            .args(["--username", USER, "--pwfile"])
            .arg(folder.join("password"));
        let made = run_as(&mut initdb, user)
            .arg(folder.join("data"))
            .current_dir(&folder)
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        // Nobody else takes the port in the moment until the server does: the system gives out others first.
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let flags = format!(
            "-D data -p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200 \
             -c autovacuum_naptime=5s -c log_line_prefix=%d| \
             -c ssl=on -c ssl_cert_file=../server.pem -c ssl_key_file=../server.key -c fsync={}",
            if is_durable { "on" } else { "off" }
        );
        // A server that was killed comes back, as any service manager would have it.
        let script = "(while [ ! -e stop ]; do [ -e hold ] || \"$0/postgres\" $1 >>log 2>&1; sleep 0.1; done) & \
                      loop=$!; read -r _; touch stop; kill -QUIT \"$(head -n 1 data/postmaster.pid)\"; wait $loop; \
                      cd /; rm -rf \"$2\"";
        let mut warden = Command::new("sh");
        warden
            .args(["-c", script])
            .arg(programs)
            .arg(flags)
            .arg(&folder);
        warden
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let warden = run_as(&mut warden, user)
            .process_group(0)
            .current_dir(&folder)
            .spawn();
        Self {
            port,
            programs: programs.to_owned(),
            folder,
            _warden: warden.unwrap(),
            databases: AtomicU32::new(0),
        }
    }

    /// The authority that vouches for the server's name `localhost`.
    #[allow(dead_code, reason = "few tests use TLS")]
    pub fn authority() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shared/tls/authority.pem")
    }

    fn url(&self, database: &str) -> String {
        format!("postgresql://{USER}@127.0.0.1:{}/{database}", self.port)
    }

    /// How to reach a new and empty database.
    #[allow(dead_code, reason = "a test of the program only needs the URL")]
    pub async fn database(&self) -> DatabaseSettings {
        let mut settings = DatabaseSettings::parse(&self.new_database().await).unwrap();
        settings.set_password(PASSWORD);
        settings
    }

    /// The same as an operator gives it, without the password.
    pub async fn new_database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{number}");
        let client = self.connect().await;
        let create = format!("CREATE DATABASE {name}");
        client.batch_execute(&create).await.unwrap();
        self.url(&name)
    }

    /// A new database of which every statement is logged, without parameters, and its name in the log.
    #[allow(dead_code, reason = "few tests read the log")]
    pub async fn logged_database(&self) -> (DatabaseSettings, String) {
        let url = self.new_database().await;
        let name = url.rsplit('/').next().unwrap().to_owned();
        let client = self.connect().await;
        for setting in ["log_statement = 'all'", "log_parameter_max_length = 0"] {
            let set = format!("ALTER DATABASE {name} SET {setting}");
            client.batch_execute(&set).await.unwrap();
        }
        let mut settings = DatabaseSettings::parse(&url).unwrap();
        settings.set_password(PASSWORD);
        (settings, name)
    }

    /// What the server has logged.
    #[allow(dead_code, reason = "few tests read the log")]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.join("log")).unwrap()).into_owned()
    }

    /// Its server, as long as it runs.
    #[allow(dead_code, reason = "few tests kill it")]
    pub fn server(&self) -> Option<rustix::process::Pid> {
        let file = fs::read_to_string(self.folder.join("data/postmaster.pid")).ok()?;
        rustix::process::Pid::from_raw(file.lines().next()?.parse().ok()?)
    }

    /// Runs one of PostgreSQL's own programs against a database of the cluster, to its end.
    #[allow(dead_code, reason = "few tests do what a database's operator does")]
    pub fn run(&self, program: &str, database: &str, arguments: &[&str]) {
        let mut command = Command::new(self.programs.join(program));
        command.args(["--host=127.0.0.1", "--username", USER, "--dbname", database]);
        command.arg(format!("--port={}", self.port)).args(arguments);
        let done = command.env("PGPASSWORD", PASSWORD).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{program}: {said}");
    }

    /// Stops the server until [`Cluster::release`].
    #[allow(dead_code, reason = "few tests stop it")]
    pub fn hold(&self) {
        fs::write(self.folder.join("hold"), "").unwrap();
        if let Some(server) = self.server() {
            // At once, as if the machine had lost its power but for what is on its disk.
            rustix::process::kill_process(server, rustix::process::Signal::QUIT).unwrap();
        }
    }

    /// Lets the server start again.
    #[allow(dead_code, reason = "few tests stop it")]
    pub fn release(&self) {
        fs::remove_file(self.folder.join("hold")).unwrap();
    }

    /// A connection of a test's own to a database.
    #[allow(dead_code, reason = "most tests have the store's")]
    pub async fn client(&self, database: &DatabaseSettings) -> tokio_postgres::Client {
        self.connect_to(database.name()).await
    }

    async fn connect(&self) -> tokio_postgres::Client {
        self.connect_to("postgres").await
    }

    async fn connect_to(&self, database: &str) -> tokio_postgres::Client {
        let mut config: tokio_postgres::Config = self.url(database).parse().unwrap();
        config.password(PASSWORD);
        let mut tries = 0;
        loop {
            match config.connect(NoTls).await {
                Ok((client, connection)) => {
                    tokio::spawn(connection);
                    return client;
                }
                Err(error) => {
                    // It was started a moment ago.
                    tries += 1;
                    assert!(tries < 600, "PostgreSQL does not start: {error}");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }
}
