//! The same questions through gRPC, of the release build on the same folder.

use super::{
    Failure, PAGE, REPEATS,
    process::{Meter, resident_megabytes},
    world::World,
};
use profitscore::api::pb::{
    self, customer_service_client::CustomerServiceClient,
    prospect_service_client::ProspectServiceClient,
};
use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tonic::transport::{Channel, Endpoint};

/// A running server that is killed when the benchmark ends, however it ends.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(folder: &Path) -> Result<(Server, String), Failure> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let process = Command::new(env!("CARGO_BIN_EXE_profitscore"))
        .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data"])
        .arg(folder)
        .env("RUST_LOG", "warn")
        .stdin(Stdio::null())
        .spawn()?;
    Ok((Server(process), format!("http://127.0.0.1:{port}")))
}

/// A connection over which a question was answered: the server has read its folder.
async fn connect(endpoint: &str) -> Result<Channel, Failure> {
    let begin = Instant::now();
    loop {
        let asked = async {
            let channel = Endpoint::from_shared(endpoint.to_owned())?
                .connect()
                .await?;
            let question = pb::ListTraitDefinitionsRequest::default();
            let mut client = CustomerServiceClient::new(channel.clone());
            client.list_trait_definitions(question).await?;
            Ok::<_, Failure>(channel)
        };
        match asked.await {
            Ok(channel) => return Ok(channel),
            Err(error) if begin.elapsed() > Duration::from_secs(120) => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

/// Asks everything through the wire.
pub async fn through_grpc(world: &World, folder: &Path) -> Result<(), Failure> {
    let (server, endpoint) = start(folder)?;
    let process = Some(server.0.id());
    let meter = Meter::start(process);
    let channel = connect(&endpoint).await?;
    meter.stop("server: open", 1);
    println!(
        "memory of the server          {:>9} MB",
        resident_megabytes(process)
    );
    lookalikes(&channel, process).await?;
    println!(
        "memory of the server          {:>9} MB",
        resident_megabytes(process)
    );
    prequalify(world, &channel, process).await?;
    list(&channel, process).await
}

async fn lookalikes(channel: &Channel, process: Option<u32>) -> Result<(), Failure> {
    let mut client = ProspectServiceClient::new(channel.clone());
    let mut request = pb::ListLookalikesRequest {
        page_size: i32::try_from(PAGE)?,
        ..Default::default()
    };
    let meter = Meter::start(process);
    let mut answer = client.list_lookalikes(request.clone()).await?.into_inner();
    meter.stop("gRPC lookalikes, first page", 1);
    let meter = Meter::start(process);
    for _ in 0..REPEATS {
        request.page_token = answer.next_page_token;
        answer = client.list_lookalikes(request.clone()).await?.into_inner();
    }
    meter.stop("gRPC lookalikes, next page", REPEATS);
    Ok(())
}

async fn prequalify(world: &World, channel: &Channel, process: Option<u32>) -> Result<(), Failure> {
    let mut client = ProspectServiceClient::new(channel.clone());
    let request = |first: u64| pb::PrequalifyProspectsRequest {
        prospects: (first..first + PAGE)
            .map(|number| pb::ProspectInput {
                prospect: Some(pb::prospect_input::Prospect::PartyId(
                    world.prospect_id(number).to_string(),
                )),
            })
            .collect(),
        ..Default::default()
    };
    let meter = Meter::start(process);
    client.prequalify_prospects(request(0)).await?;
    meter.stop("gRPC prequalify 100, first", 1);
    let meter = Meter::start(process);
    for time in 1..=REPEATS {
        client.prequalify_prospects(request(time * PAGE)).await?;
    }
    meter.stop("gRPC prequalify 100, next", REPEATS);
    Ok(())
}

async fn list(channel: &Channel, process: Option<u32>) -> Result<(), Failure> {
    let mut client = CustomerServiceClient::new(channel.clone());
    let mut request = pb::ListPartiesRequest {
        page_size: 1_000,
        ..Default::default()
    };
    let meter = Meter::start(process);
    for _ in 0..REPEATS {
        let answer = client.list_parties(request.clone()).await?.into_inner();
        request.page_token = answer.next_page_token;
    }
    meter.stop("gRPC list 1,000 parties", REPEATS);
    Ok(())
}
