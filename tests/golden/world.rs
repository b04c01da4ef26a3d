//! One world: what is given, and what is asked with its whole answers.

use crate::{
    client, comparing, contract,
    printing::yaml,
    readable::{message_of, written_of},
    stores,
};
use profitscore::{
    api::server::{Limits, serve},
    domain::time::Instant,
    service::{Service, Settings, clock::Clock},
    store::Store,
};
use prost_reflect::MethodDescriptor;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{fs, path::PathBuf, sync::Arc};
use tokio::{net::TcpListener, sync::oneshot};
use tonic::transport::Channel;
use tonic_types::StatusExt as _;

/// A file of `worlds`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// The name of its file.
    #[serde(skip)]
    pub name: String,
    /// What it shows.
    pub about: String,
    /// Activities, submitted in one batch before anything else; all must be posted.
    #[serde(default)]
    pub activities: Vec<Value>,
    /// Further calls that must succeed without a rejected item, in their order.
    #[serde(default)]
    pub given: Vec<Given>,
    /// Parts that answers have in common, under YAML's own names for parts.
    #[serde(default, rename = "named")]
    pub _named: Value,
    /// Questions with their whole answers.
    pub asked: Vec<Asked>,
}

/// A call whose answer is not looked at.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// Service and method: `CostModelService.PutCostModel`.
    pub call: String,
    /// The request, or a list of them for a stream.
    #[serde(default)]
    pub request: Value,
}

/// A question.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Service and method.
    pub call: String,
    /// The request; nothing is an empty one.
    #[serde(default)]
    pub request: Value,
    /// The whole answer; of a method that answers a stream, a list of all its messages.
    pub answer: Option<Value>,
    /// Only so many messages of a stream that does not end by itself.
    pub first: Option<usize>,
    /// Instead of an answer: the reason of the refusal, and its variables.
    pub refused: Option<Value>,
}

/// The time of record in all worlds.
struct NewYear;

impl Clock for NewYear {
    fn now(&self) -> Instant {
        Instant {
            // 2026-01-01.
            seconds: 1_767_225_600,
            nanos: 0,
        }
    }
}

impl World {
    /// All worlds, in the order of their names.
    pub fn all() -> Vec<Self> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/worlds");
        let mut paths: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        assert!(!paths.is_empty());
        paths.iter().map(Self::read).collect()
    }

    fn read(path: &PathBuf) -> Self {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(path).unwrap();
        let read: Result<Self, _> = serde_saphyr::from_str(&text);
        let mut world = read.unwrap_or_else(|problem| panic!("{name}: {problem}"));
        world.name = name;
        world
    }

    /// Serves a store over a socket, gives it the world, asks, and tells all that differs.
    pub async fn live(&self, store: Arc<dyn Store>) -> Vec<String> {
        let settings = Settings {
            currency: stores::currency(),
            calendar: stores::calendar(),
        };
        let service = Arc::new(Service::starting(settings, Arc::new(NewYear)));
        service.open(store);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async move {
            let _ = stopped.await;
        };
        let serving = serve(service, listener, Limits::default(), async {}, shutdown);
        let ended = tokio::spawn(async move { serving.await.unwrap() });
        let channel = Channel::from_shared(format!("http://{address}")).unwrap();
        let channel = channel.connect().await.unwrap();
        let mut found = Vec::new();
        self.give(&channel).await;
        for (index, asked) in self.asked.iter().enumerate() {
            let place = format!("{} question {}, {}", self.name, index + 1, asked.call);
            found.extend(asked.difference(&channel, &place).await);
        }
        drop((channel, stop));
        ended.await.unwrap();
        found
    }

    async fn give(&self, channel: &Channel) {
        let activities = Given {
            call: "ActivityService.SubmitActivities".to_owned(),
            request: json!({ "activities": self.activities }),
        };
        let activities = Some(&activities).filter(|_| !self.activities.is_empty());
        for given in activities.into_iter().chain(&self.given) {
            let place = format!("{}, {}", self.name, given.call);
            let method = contract::method(&given.call);
            let answers = call(channel, &method, &given.request, usize::MAX, &place).await;
            let answers = answers.unwrap_or_else(|status| panic!("{place}: {status:?}"));
            for answer in answers {
                assert!(!has_rejection(&answer), "{place}: {}", yaml(&answer, 0));
            }
        }
    }
}

impl Asked {
    /// All that differs in its answer, and that answer as it could be written here.
    async fn difference(&self, channel: &Channel, place: &str) -> Option<String> {
        let method = contract::method(&self.call);
        let at_most = self.first.unwrap_or(usize::MAX);
        let answers = call(channel, &method, &self.request, at_most, place).await;
        let (what, found, actual) = match answers {
            Err(status) => {
                let details = status.get_error_details();
                let info = details.error_info();
                let info = info.unwrap_or_else(|| panic!("{place}: {status:?} has no reason"));
                let actual = json!({"reason": info.reason, "metadata": info.metadata});
                let is_expected = self.refused.as_ref() == Some(&actual);
                let found = (!is_expected).then(|| status.message().to_owned());
                ("refused", found.into_iter().collect(), actual)
            }
            Ok(answers) => {
                let none = Value::Null;
                let expected = self.answer.as_ref().unwrap_or(&none);
                let (expected, actual) = match method.is_server_streaming() {
                    true => (
                        expected.as_array().cloned().unwrap_or_default(),
                        Value::Array(answers.clone()),
                    ),
                    false => (vec![expected.clone()], answers[0].clone()),
                };
                let mut found: Vec<String> = Vec::new();
                if expected.len() != answers.len() {
                    found.push(format!(
                        "{} messages and not {}",
                        answers.len(),
                        expected.len()
                    ));
                }
                for (expected, answer) in expected.iter().zip(&answers) {
                    found.extend(comparing::differences(&method.output(), expected, answer));
                }
                ("answer", found, actual)
            }
        };
        (!found.is_empty()).then(|| {
            let found = found.join("\n  ");
            format!(
                "{place}:\n  {found}\n    {what}:\n      {}",
                yaml(&actual, 6).trim_start()
            )
        })
    }
}

/// Calls a method, and gives its answers as they are written.
async fn call(
    channel: &Channel,
    method: &MethodDescriptor,
    request: &Value,
    at_most: usize,
    place: &str,
) -> Result<Vec<Value>, tonic::Status> {
    let requests = match request {
        Value::Array(requests) => requests.clone(),
        Value::Null => vec![json!({})],
        one => vec![one.clone()],
    };
    let messages = requests.iter().map(|request| {
        let message = message_of(&method.input(), request);
        message.unwrap_or_else(|problem| panic!("{place}: {problem}"))
    });
    let answers = client::call(channel, method, messages.collect(), at_most).await?;
    Ok(answers.iter().map(written_of).collect())
}

/// Whether an item was refused.
fn has_rejection(answer: &Value) -> bool {
    match answer {
        Value::Object(fields) => {
            fields.contains_key("rejection") || fields.values().any(has_rejection)
        }
        Value::Array(items) => items.iter().any(has_rejection),
        _ => false,
    }
}
