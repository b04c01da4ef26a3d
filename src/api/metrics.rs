//! `/metrics` in Prometheus' text form, over HTTP/1.1 on an address of its own. One request for each connection: a
//! reader comes every few seconds.

use crate::{
    service::{Service, watching::gauges::GaugeQuestion},
    telemetry::metrics::{METRICS, Text},
};
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};

/// How many bytes the head of a request may have.
const HEAD: usize = 8 * 1024;
/// How long a request may take to come, and its answer to go.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many readers are answered at once.
const READERS: usize = 16;
/// How long it is waited after a connection could not be taken.
const RETRY: Duration = Duration::from_millis(100);

/// Answers until it is dropped.
pub async fn serve_metrics(
    listener: TcpListener,
    service: Arc<Service>,
    questions: Arc<[GaugeQuestion]>,
) {
    let room = Arc::new(Semaphore::new(READERS));
    loop {
        // Never closed.
        let Ok(place) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        let Ok((socket, _)) = listener.accept().await else {
            tokio::time::sleep(RETRY).await;
            continue;
        };
        let (service, questions) = (Arc::clone(&service), Arc::clone(&questions));
        tokio::spawn(async move {
            let _place = place;
            // Who went away needs no answer.
            let _ = answer(socket, &service, &questions).await;
        });
    }
}

async fn answer(
    mut socket: TcpStream,
    service: &Service,
    questions: &[GaugeQuestion],
) -> std::io::Result<()> {
    let head = tokio::time::timeout(PATIENCE, read_head(&mut socket)).await??;
    let mut words = head.split([' ', '\r', '\n']);
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let path = target.split('?').next().unwrap_or("");
    let (status, body) = match (method, path) {
        ("GET" | "HEAD", "/metrics") => ("200 OK", text(service, questions).await),
        ("GET" | "HEAD", _) => ("404 Not Found", "only /metrics is here\n".to_owned()),
        _ => (
            "405 Method Not Allowed",
            "only GET is answered\n".to_owned(),
        ),
    };
    let length = body.len();
    let mut answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; version=0.0.4; charset=utf-8\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n"
    );
    if method != "HEAD" {
        answer.push_str(&body);
    }
    let write = async {
        socket.write_all(answer.as_bytes()).await?;
        socket.shutdown().await
    };
    tokio::time::timeout(PATIENCE, write).await?
}

/// Everything up to the empty line.
async fn read_head(socket: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < HEAD {
        if socket.read_buf(&mut head).await? == 0 {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

async fn text(service: &Service, questions: &[GaugeQuestion]) -> String {
    let mut text = Text::default();
    METRICS.write(&mut text);
    service.write_gauges(questions, &mut text).await;
    text.finish()
}
