//! Who calls: the token of every call, and what its role may do with the method. Health and reflection are open.
//!
//! Callers of the finance role go straight through. Of the others, questions are looked through and answers are cut
//! before they leave (`cut`), whatever handler made them.

use super::cut::{CutBody, looked_through};
use crate::{
    api::access::{
        Caller, Role, on_behalf,
        tokens::Tokens,
        view::{MethodView, View},
    },
    domain::problem::{Problem, Reason},
};
use std::{
    future::{Future, ready},
    pin::Pin,
    sync::{Arc, PoisonError, RwLock},
    task::{Context, Poll},
};
use tonic::{Status, body::Body};
use tower::{Layer, Service};

/// What everybody may call.
const OPEN: [&str; 2] = [
    "/grpc.health.v1.Health/",
    "/grpc.reflection.v1.ServerReflection/",
];

/// Who may call.
#[derive(Debug, Clone)]
pub struct Guard(Entrance);

#[derive(Debug, Clone)]
enum Entrance {
    /// Everybody, with the role FINANCE.
    Open(Arc<Caller>),
    /// Who shows a token.
    Tokens(Arc<RwLock<Tokens>>),
}

impl Guard {
    /// Lets everybody in, with the role FINANCE.
    pub fn open() -> Self {
        Self(Entrance::Open(Arc::new(Caller::anybody())))
    }

    /// Lets in who shows a token.
    pub fn of(tokens: Tokens) -> Self {
        Self(Entrance::Tokens(Arc::new(RwLock::new(tokens))))
    }

    /// From here on other tokens hold; calls that have begun go on. Without effect if everybody is let in.
    pub fn renew(&self, tokens: Tokens) {
        if let Entrance::Tokens(own) = &self.0 {
            // Whoever panicked with the lock left the tokens as they were.
            *own.write().unwrap_or_else(PoisonError::into_inner) = tokens;
        }
    }

    fn caller(&self, headers: &http::HeaderMap) -> Result<Arc<Caller>, Problem> {
        match &self.0 {
            Entrance::Open(anybody) => Ok(Arc::clone(anybody)),
            Entrance::Tokens(tokens) => {
                let shown = headers.get(http::header::AUTHORIZATION);
                let shown = shown.and_then(|value| value.to_str().ok());
                let tokens = tokens.read().unwrap_or_else(PoisonError::into_inner);
                tokens.caller(shown)
            }
        }
    }
}

/// Adds the guard to a service.
#[derive(Debug, Clone)]
pub struct AuthLayer {
    /// Who may call.
    pub guard: Guard,
}

impl<S> Layer<S> for AuthLayer {
    type Service = Auth<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Auth {
            inner,
            guard: self.guard.clone(),
        }
    }
}

/// A service with a guard.
#[derive(Debug, Clone)]
pub struct Auth<S> {
    inner: S,
    guard: Guard,
}

type Answer<E> = Pin<Box<dyn Future<Output = Result<http::Response<Body>, E>> + Send>>;

impl<S> Service<http::Request<Body>> for Auth<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Answer<S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let path = request.uri().path();
        if OPEN.iter().any(|open| path.starts_with(open)) {
            return Box::pin(self.inner.call(request));
        }
        let caller = match self.guard.caller(request.headers()) {
            Ok(caller) => caller,
            Err(problem) => return Box::pin(ready(Ok(Status::from(problem).into_http()))),
        };
        if caller.role == Role::Finance {
            return Box::pin(on_behalf(caller, self.inner.call(request)));
        }
        tracing::debug!(caller = caller.name, role = caller.role.as_str(), path);
        match allowed(caller.role, path) {
            Ok(method) => {
                // The one that is ready is this one.
                let other = self.inner.clone();
                let inner = std::mem::replace(&mut self.inner, other);
                Box::pin(guarded(inner, caller, method, request))
            }
            Err(problem) => Box::pin(ready(Ok(Status::from(problem).into_http()))),
        }
    }
}

/// The method, if a role may call it.
fn allowed(role: Role, path: &str) -> Result<&'static MethodView, Problem> {
    let method = View::of_contract().method(path);
    method
        .filter(|method| method.roles.contains(&role))
        .ok_or_else(|| {
            let name = path.rsplit('/').next().unwrap_or_default();
            let role = role.as_str();
            let message = format!("a caller of the role {role} may not call {name}");
            let variables = [("role", role.to_owned()), ("method", name.to_owned())];
            Problem::new(Reason::RoleNotAllowed, "", message, variables)
        })
}

/// A call of somebody who sees a part.
async fn guarded<S>(
    mut inner: S,
    caller: Arc<Caller>,
    method: &'static MethodView,
    mut request: http::Request<Body>,
) -> Result<http::Response<Body>, S::Error>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>>,
{
    // What is to be cut must not come compressed.
    request.headers_mut().remove("grpc-accept-encoding");
    if caller.role == Role::Sales {
        request = match looked_through(request, caller.role, method.input).await {
            Ok(request) => request,
            Err(status) => return Ok(status.into_http()),
        };
    }
    let answer = on_behalf(caller, inner.call(request)).await?;
    Ok(CutBody::of(answer, method.output))
}
