//! `/metrics`, as Prometheus reads it.

use crate::harness::{World, sale};
use profitscore::{api::metrics::serve_metrics, service::watching::gauges::parse_all};
use std::{net::SocketAddr, sync::Arc};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// What is answered to the head of a request.
async fn answer(address: SocketAddr, head: &str) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn standing_questions_and_requests_are_told_to_prometheus() {
    let world = World::start().await;
    let amounts = [("a", "100", "20"), ("b", "30", "0"), ("c", "10", "25.5")];
    let sales = amounts.map(|(customer, revenue, cost)| sale(customer, customer, 1, revenue, cost));
    world.post(sales.to_vec()).await;
    let questions = parse_all(
        "[[standing_question]]\nname = \"everything\"\n[[standing_question]]\nname = \"lately\"\n\
         basis = \"REVENUE\"\nperiod = \"LAST_30_DAYS\"\n[[standing_question]]\nname = \"nobody\"\ntenant = \"other\"",
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = serve_metrics(
        listener,
        Arc::clone(&world.service),
        questions.unwrap().into(),
    );
    let serving = tokio::spawn(serving);
    let text = answer(address, "GET /metrics HTTP/1.1\r\nhost: here\r\n\r\n").await;
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    for line in [
        "profitscore_standing_up{name=\"everything\",tenant=\"default\"} 1",
        "profitscore_standing_customers{name=\"everything\",tenant=\"default\"} 3",
        "profitscore_standing_negative_customers{name=\"everything\",tenant=\"default\"} 1",
        "profitscore_standing_total{name=\"everything\",tenant=\"default\"} 94.5",
        "profitscore_standing_peak{name=\"everything\",tenant=\"default\"} 110",
        "profitscore_standing_peak_customers{name=\"everything\",tenant=\"default\"} 2",
        "profitscore_standing_customers{name=\"lately\",tenant=\"default\"} 0",
        "profitscore_standing_customers{name=\"nobody\",tenant=\"other\"} 0",
        "profitscore_ledger_position{tenant=\"default\"} 3",
        "# TYPE profitscore_request_seconds histogram",
        "# TYPE profitscore_watchers gauge",
    ] {
        assert!(
            text.lines().any(|own| own == line),
            "{line} is not in\n{text}"
        );
    }
    let method = "method=\"/profitscore.v1.ActivityService/SubmitActivities\",code=\"OK\"";
    assert!(
        text.contains(&format!("profitscore_request_seconds_count{{{method}}} ")),
        "{text}"
    );
    // Every line is a comment, or a name and a number.
    let body = text.split_once("\r\n\r\n").unwrap().1;
    for line in body.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(
            name.starts_with("profitscore_") && value.parse::<f64>().is_ok(),
            "{line}"
        );
    }
    let other = answer(address, "GET / HTTP/1.1\r\n\r\n").await;
    assert!(other.starts_with("HTTP/1.1 404 "), "{other}");
    let post = answer(address, "POST /metrics HTTP/1.1\r\n\r\n").await;
    assert!(post.starts_with("HTTP/1.1 405 "), "{post}");
    serving.abort();
}
