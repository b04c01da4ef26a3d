//! The way to the service: where it is, as which tenant, and how long an answer may take.

use super::errors::Failure;
use crate::api::pb::{
    activity_service_client::ActivityServiceClient, advice_service_client::AdviceServiceClient,
    closing_service_client::ClosingServiceClient,
    cost_model_service_client::CostModelServiceClient,
    customer_service_client::CustomerServiceClient,
    customer_value_service_client::CustomerValueServiceClient,
    exchange_rate_service_client::ExchangeRateServiceClient,
    price_terms_service_client::PriceTermsServiceClient,
    prospect_service_client::ProspectServiceClient, ranking_service_client::RankingServiceClient,
    receivables_service_client::ReceivablesServiceClient,
    report_service_client::ReportServiceClient, watch_service_client::WatchServiceClient,
};
use std::{error::Error, time::Duration};
use tonic::{
    Request,
    metadata::{Ascii, MetadataValue},
    transport::{Channel, Endpoint},
};

/// How long to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The greatest answer that is taken: a full page is well below it.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// Where the service is and how it is called.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionArguments {
    /// Where the service is
    #[arg(
        long,
        global = true,
        env = "PROFITSCORE_ENDPOINT",
        value_name = "URL",
        default_value = "http://127.0.0.1:50051"
    )]
    pub endpoint: String,
    /// The tenant; the default tenant if not given
    #[arg(
        long,
        global = true,
        env = "PROFITSCORE_TENANT",
        value_name = "ID",
        default_value = "",
        hide_default_value = true
    )]
    pub tenant: String,
    /// How long one answer may take, such as 500ms, 30s or 2m
    #[arg(long, global = true, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub timeout: Duration,
    /// The token to show, if the service asks for one; better given by the variable, since others see flags
    #[arg(
        long,
        global = true,
        env = "PROFITSCORE_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true,
        value_parser = authorization
    )]
    pub token: Option<Authorization>,
}

/// What is shown with every call.
pub type Authorization = MetadataValue<Ascii>;

fn authorization(token: &str) -> Result<Authorization, String> {
    let value = MetadataValue::try_from(format!("Bearer {token}"));
    let mut value = value.map_err(|_| "is no token".to_owned())?;
    // So that nobody prints it.
    value.set_sensitive(true);
    Ok(value)
}

fn duration(text: &str) -> Result<Duration, String> {
    let duration = text
        .parse::<jiff::SignedDuration>()
        .map_err(|_| "is not a time such as 500ms, 30s or 2m".to_owned())?;
    match Duration::try_from(duration) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("is not above zero".to_owned()),
    }
}

/// An open connection.
#[derive(Debug, Clone)]
pub struct Connection {
    channel: Channel,
    tenant: String,
    timeout: Duration,
    token: Option<Authorization>,
}

impl Connection {
    /// Connects.
    pub async fn open(arguments: &ConnectionArguments) -> Result<Self, Failure> {
        let wrong = |problem: &dyn Error| {
            Failure::usage(format!("--endpoint {}: {problem}", arguments.endpoint))
        };
        if arguments.endpoint.starts_with("https:") {
            return Err(wrong(&std::io::Error::other(
                "TLS is not built in; use http:// on a trusted network or through a local proxy",
            )));
        }
        if !arguments.endpoint.starts_with("http:") {
            return Err(wrong(&std::io::Error::other(
                "is not a URL such as http://127.0.0.1:50051",
            )));
        }
        let endpoint = Endpoint::from_shared(arguments.endpoint.clone())
            .map_err(|problem| wrong(&problem))?
            .user_agent(concat!("profitscore-cli/", env!("CARGO_PKG_VERSION")))
            .map_err(|problem| wrong(&problem))?
            .connect_timeout(CONNECT_TIMEOUT)
            .http2_keep_alive_interval(Duration::from_secs(20));
        let channel = endpoint.connect().await.map_err(|problem| {
            Failure::Unreachable(format!(
                "could not connect to {}: {}; is `profitscore serve` running there?",
                arguments.endpoint,
                innermost(&problem),
            ))
        })?;
        Ok(Self {
            channel,
            tenant: arguments.tenant.clone(),
            timeout: arguments.timeout,
            token: arguments.token.clone(),
        })
    }

    /// The tenant to name in requests.
    pub fn tenant(&self) -> String {
        self.tenant.clone()
    }

    /// A request that is given up after the timeout.
    pub fn request<M>(&self, message: M) -> Request<M> {
        let mut request = self.patient_request(message);
        request.set_timeout(self.timeout);
        request
    }

    /// A request that is not given up.
    pub fn patient_request<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        if let Some(token) = &self.token {
            request
                .metadata_mut()
                .insert("authorization", token.clone());
        }
        request
    }

    /// The ledger.
    pub fn activities(&self) -> ActivityServiceClient<Channel> {
        ActivityServiceClient::new(self.channel.clone()).max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// What to do about relationships.
    pub fn advice(&self) -> AdviceServiceClient<Channel> {
        AdviceServiceClient::new(self.channel.clone()).max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// Customers, prospects and traits.
    pub fn customers(&self) -> CustomerServiceClient<Channel> {
        CustomerServiceClient::new(self.channel.clone()).max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// Closed months.
    pub fn closings(&self) -> ClosingServiceClient<Channel> {
        ClosingServiceClient::new(self.channel.clone()).max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// Cost models.
    pub fn cost_models(&self) -> CostModelServiceClient<Channel> {
        CostModelServiceClient::new(self.channel.clone())
            .max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// Exchange rates.
    pub fn exchange_rates(&self) -> ExchangeRateServiceClient<Channel> {
        ExchangeRateServiceClient::new(self.channel.clone())
            .max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// Price terms.
    pub fn price_terms(&self) -> PriceTermsServiceClient<Channel> {
        PriceTermsServiceClient::new(self.channel.clone())
            .max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// Rankings and statements.
    pub fn rankings(&self) -> RankingServiceClient<Channel> {
        RankingServiceClient::new(self.channel.clone()).max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// What customers are worth.
    pub fn values(&self) -> CustomerValueServiceClient<Channel> {
        CustomerValueServiceClient::new(self.channel.clone())
            .max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// What customers owe.
    pub fn receivables(&self) -> ReceivablesServiceClient<Channel> {
        ReceivablesServiceClient::new(self.channel.clone())
            .max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// Reports by branch, product and account manager.
    pub fn reports(&self) -> ReportServiceClient<Channel> {
        ReportServiceClient::new(self.channel.clone()).max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// What changes.
    pub fn watches(&self) -> WatchServiceClient<Channel> {
        WatchServiceClient::new(self.channel.clone()).max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// Profiles, lookalikes and prequalification.
    pub fn prospects(&self) -> ProspectServiceClient<Channel> {
        ProspectServiceClient::new(self.channel.clone()).max_decoding_message_size(ANSWER_BYTES_MAX)
    }
}

/// The cause at the bottom, which says the most.
fn innermost(problem: &dyn Error) -> String {
    let mut problem = problem;
    while let Some(source) = problem.source() {
        problem = source;
    }
    problem.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_above_zero() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert!(duration("0s").is_err());
        assert!(duration("-3s").is_err());
        assert!(duration("soon").is_err());
    }
}
