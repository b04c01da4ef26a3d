//! `WatchService`: one task for each reader, that takes what is new when its reader has room for it.

use super::{
    access::tenant_from_pb,
    convert::{
        common::position_from_pb,
        watch::{
            alert_news_to_pb, ranking_news_to_pb, standing_alerts_from_pb, standing_ranking_from_pb,
        },
    },
    outbox::{Inbox, Outbox, outbox},
    pb,
};
use crate::{
    domain::{
        id::TenantId,
        ledger::Position,
        problem::{Problem, Reason},
    },
    service::{
        Service,
        watching::{
            Standing, Watching,
            watcher::{News, Watcher},
        },
    },
    telemetry::metrics::METRICS,
};
use std::{pin::Pin, sync::Arc, time::Duration};
use tokio::sync::watch;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

/// The handlers.
#[derive(Clone)]
pub struct WatchHandlers {
    /// The use cases.
    pub service: Arc<Service>,
    /// All standing questions.
    pub watching: Arc<Watching>,
    /// Turns true when the service stops.
    pub stopping: watch::Receiver<bool>,
}

type Messages<M> = Pin<Box<dyn Stream<Item = Result<M, Status>> + Send>>;

#[tonic::async_trait]
impl pb::watch_service_server::WatchService for WatchHandlers {
    type WatchRankingStream = Messages<pb::WatchRankingResponse>;
    type WatchAlertsStream = Messages<pb::WatchAlertsResponse>;

    async fn watch_ranking(
        &self,
        request: Request<pb::WatchRankingRequest>,
    ) -> Result<Response<Self::WatchRankingStream>, Status> {
        let request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let resume_after = position_from_pb(request.resume_after.as_ref(), "resume_after")?;
        let settings = self.service.settings();
        let question = standing_ranking_from_pb(tenant, request, settings)?;
        let newest = self.check(&question.tenant, resume_after, "resume_after");
        let newest = newest.await?;
        let rankings = &self.watching.rankings;
        let watcher = rankings.watch(question, newest, resume_after)?;
        let service = Arc::clone(&self.service);
        let inbox = self.serve(watcher, move |news, _| {
            ranking_news_to_pb(news, service.settings())
        });
        Ok(Response::new(Box::pin(inbox)))
    }

    async fn watch_alerts(
        &self,
        request: Request<pb::WatchAlertsRequest>,
    ) -> Result<Response<Self::WatchAlertsStream>, Status> {
        let request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let resume_after = position_from_pb(request.resume_after.as_ref(), "resume_after")?;
        let as_of = position_from_pb(request.key_band_as_of.as_ref(), "key_band_as_of")?;
        let newest = self.check(&tenant, resume_after, "resume_after").await?;
        self.check(&tenant, as_of, "key_band_as_of").await?;
        let as_of = as_of.or(resume_after).unwrap_or(newest);
        let settings = self.service.settings();
        let question = standing_alerts_from_pb(tenant, request, as_of, settings)?;
        let alerts = &self.watching.alerts;
        let watcher = alerts.watch(question, newest, resume_after)?;
        let service = Arc::clone(&self.service);
        let inbox = self.serve(watcher, move |news, question| {
            alert_news_to_pb(news, question, service.settings())
        });
        Ok(Response::new(Box::pin(inbox)))
    }
}

impl WatchHandlers {
    /// Refuses a position that is not written yet; gives the newest.
    async fn check(
        &self,
        tenant: &TenantId,
        position: Option<Position>,
        field: &str,
    ) -> Result<Position, Problem> {
        let newest = self.service.store()?.watermark(tenant).await?;
        match position.filter(|position| *position > newest) {
            Some(position) => Err(Problem::position_not_reached(field, position, newest)),
            None => Ok(newest),
        }
    }

    /// Begins to serve a reader.
    fn serve<Q: Standing, M: Send + 'static>(
        &self,
        watcher: Watcher<Q>,
        to_pb: impl Fn(&News<Q>, &Q) -> M + Send + 'static,
    ) -> Inbox<M> {
        let (outbox, inbox) = outbox();
        let patience = self.watching.limits.patience;
        let stopping = self.stopping.clone();
        tokio::spawn(tell(watcher, to_pb, outbox, patience, stopping));
        inbox
    }
}

/// Why a stream ends.
enum End {
    /// Nobody reads any more.
    Gone,
    /// Its reader read nothing for too long.
    TooSlow,
    /// There is a reason for it.
    Because(Problem),
}

/// Tells one reader what is new until either side ends.
async fn tell<Q: Standing, M>(
    mut watcher: Watcher<Q>,
    to_pb: impl Fn(&News<Q>, &Q) -> M,
    outbox: Outbox<M>,
    patience: Duration,
    mut stopping: watch::Receiver<bool>,
) {
    let end = tokio::select! {
        end = tell_all(&mut watcher, to_pb, &outbox, patience) => end,
        _ = stopping.wait_for(|stopping| *stopping) => {
            let message = "the service is stopping".to_owned();
            End::Because(Problem::new(Reason::Stopping, "", message, []))
        }
    };
    // What it holds is given back before its reader, who may be away, is told.
    drop(watcher);
    match end {
        End::Gone => {}
        End::TooSlow => {
            METRICS.watchers_dropped.add(1);
            outbox.drop_reader(too_slow(patience).into());
        }
        End::Because(problem) => outbox.end(problem.into()),
    }
}

async fn tell_all<Q: Standing, M>(
    watcher: &mut Watcher<Q>,
    to_pb: impl Fn(&News<Q>, &Q) -> M,
    outbox: &Outbox<M>,
    patience: Duration,
) -> End {
    loop {
        // First the room and then what is new: it is as new as it can be, and nothing is made for who does not read.
        let room = match tokio::time::timeout(patience, outbox.room()).await {
            Ok(Some(room)) => room,
            Ok(None) => return End::Gone,
            Err(_) => return End::TooSlow,
        };
        let news = tokio::select! {
            news = watcher.next() => news,
            () = outbox.gone() => return End::Gone,
        };
        match news {
            Ok(news) => room.send(to_pb(&news, watcher.question())),
            Err(problem) => return End::Because(problem),
        }
    }
}

fn too_slow(patience: Duration) -> Problem {
    let seconds = patience.as_secs().to_string();
    let message = format!("nothing was read for {seconds} seconds of what was sent");
    Problem::new(Reason::WatcherTooSlow, "", message, [("seconds", seconds)])
}
