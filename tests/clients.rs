//! Clients in other languages against a real service: Python with stubs from grpcio-tools, and `buf curl` by
//! reflection.
//!
//! Each runs if its tools are there, and says by name that it was skipped if not. `PROFITSCORE_PYTHON` and
//! `PROFITSCORE_BUF` name tools elsewhere than on the path; with `PROFITSCORE_REQUIRE_CLIENTS` a missing one is a
//! failure.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

use std::{
    env, fs,
    io::{self, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

/// How often a connection is tried before the service counts as not started; 10 ms apart.
const CONNECTION_TRIES: u32 = 3_000;

/// A service in a process of its own, with a store in memory; ended when dropped.
struct Service {
    process: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Service {
    fn start(name: &str) -> Self {
        // The port is free for the moment between this and the start of the service.
        let address = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("clients-{name}.log"));
        let process = Command::new(env!("CARGO_BIN_EXE_profitscore"))
            .args([
                "serve",
                "--store",
                "memory",
                "--currency",
                "USD",
                "--listen",
            ])
            .arg(address.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut service = Self {
            process,
            address,
            log,
        };
        service.wait();
        service
    }

    fn wait(&mut self) {
        for _ in 0..CONNECTION_TRIES {
            if TcpStream::connect(self.address).is_ok() {
                return;
            }
            if let Some(status) = self.process.try_wait().unwrap() {
                panic!("the service ended with {status}:\n{}", self.log());
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("the service did not listen:\n{}", self.log());
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A program that answers `arguments` with success, named by a variable or found on the path.
fn tool(variable: &str, program: &str, arguments: &[&str]) -> Option<String> {
    let program = env::var(variable).unwrap_or_else(|_| program.to_owned());
    let mut command = Command::new(&program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
        .status()
        .is_ok_and(|status| status.success())
        .then_some(program)
}

fn skip(what: &str, needs: &str) {
    assert!(
        env::var_os("PROFITSCORE_REQUIRE_CLIENTS").is_none(),
        "{what} must run here, but needs {needs}"
    );
    // Not by a print macro, whose output would be kept back.
    let mut stderr = io::stderr().lock();
    writeln!(stderr, "skipped: {what} needs {needs}").unwrap();
}

/// Runs a client on a service of its own; its whole output is told if it fails.
fn run(
    name: &str,
    program: &str,
    script: &str,
    endpoint: impl Fn(SocketAddr) -> String,
    variables: &[(&str, &str)],
) {
    let service = Service::start(name);
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/clients")
        .join(script);
    let output = Command::new(program)
        .arg(script)
        .arg(endpoint(service.address))
        .envs(variables.iter().copied())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{name} ended with {}:\n{}\n{}\nlog of the service:\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
        service.log()
    );
}

#[test]
fn a_python_client_does_the_main_jobs() {
    let needed = "import grpc, grpc_tools, grpc_status";
    match tool("PROFITSCORE_PYTHON", "python3", &["-c", needed]) {
        Some(python) => run(
            "python",
            &python,
            "client.py",
            |address| address.to_string(),
            &[],
        ),
        None => skip(
            "the Python client",
            "python3 with tests/clients/requirements.txt",
        ),
    }
}

#[test]
fn buf_curl_calls_every_method_by_reflection() {
    match tool("PROFITSCORE_BUF", "buf", &["--version"]) {
        Some(buf) => {
            let endpoint = |address| format!("http://{address}");
            run("curl", "bash", "curl.sh", endpoint, &[("BUF", &buf)]);
        }
        None => skip("buf curl", "buf, such as from npm's @bufbuild/buf"),
    }
}
