//! The socket in front of a store.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::pin::pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use hyper::Request;
use hyper::Response;
use hyper::StatusCode;
use hyper::body::Body as _;
use hyper::body::Frame;
use hyper::body::Incoming;
use hyper::body::SizeHint;
use hyper::header::CONTENT_RANGE;
use hyper::header::EXPECT;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use s3s::Body;
use s3s::region::Region;
use s3s::service::S3Service;
use s3s::service::S3ServiceBuilder;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::credentials::Credentials;
use crate::credentials::Gate;
use crate::error::Error;
use crate::odd_range::OddRange;
use crate::store::Store;

/// Serves `store` on `listener` until `shutdown` resolves.
///
/// Only requests signed with `credentials` for `region` are answered. At the end, connections
/// get one second to finish what they are doing, then they are cut.
///
/// # Errors
///
/// [`Error::Io`] when the listener breaks for good.
pub async fn serve(
    listener: TcpListener,
    store: Store,
    credentials: Credentials,
    region: Region,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Error> {
    let gate = Gate::new(credentials, region.clone());
    let unsigned = S3ServiceBuilder::new(store.handle(region.clone())).build();
    let mut builder = S3ServiceBuilder::new(store.handle(region));
    builder.set_auth(gate.clone());
    builder.set_access(gate.clone());
    builder.set_route(OddRange::new(gate, unsigned));
    let service = builder.build();
    // So that the folder is free again when this returns.
    drop(store);

    let (stop, stopped) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, service.clone(), stopped.clone()));
                }
                Err(error) => pause(&error).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    drop(stop);
    drop(
        tokio::time::timeout(GRACE, async {
            while connections.join_next().await.is_some() {}
        })
        .await,
    );
    connections.shutdown().await;
    Ok(())
}

/// Answers the requests of one connection.
async fn converse(stream: TcpStream, service: S3Service, mut stopped: watch::Receiver<()>) {
    // Without it small answers wait for the peer's acknowledgement (Nagle).
    drop(stream.set_nodelay(true));
    let answer = service_fn(move |request| answer(service.clone(), request));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        log::debug!("store: connection ended: {error}");
    }
}

async fn answer(
    service: S3Service,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let is_head = request.method() == Method::HEAD;
    let is_waiting = request.headers().contains_key(EXPECT);
    let (parts, body) = request.into_parts();
    let body = Shared(Arc::new(Mutex::new(body)));
    let mut rest = body.clone();
    let request = Request::from_parts(parts, Body::http_body(body));
    let mut response = service.call(request).await.unwrap_or_else(|error| {
        log::error!("store: no answer: {error:?}");
        status_only(StatusCode::INTERNAL_SERVER_ERROR)
    });
    // A client that is not waiting for "100 Continue" would meet a reset while it still sends,
    // and never read why it was refused.
    if !is_waiting {
        rest.drain().await;
    }
    // `s3s` answers 206 to GET only.
    if is_head && response.headers().contains_key(CONTENT_RANGE) {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}

fn status_only(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// The usual reason is too many open files, which others must close first.
async fn pause(error: &std::io::Error) {
    log::warn!("store: cannot accept a connection: {error}");
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

/// A request body whose rest can be read after the operation has let go of it.
#[derive(Clone)]
struct Shared(Arc<Mutex<Incoming>>);

impl Shared {
    fn with<T>(&self, act: impl FnOnce(Pin<&mut Incoming>) -> T) -> T {
        act(Pin::new(
            &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner),
        ))
    }

    /// Reads and forgets, up to [`DRAIN_BYTES_MAX`].
    async fn drain(&mut self) {
        let mut size = 0;
        while size < DRAIN_BYTES_MAX && !self.is_end_stream() {
            let frame = poll_fn(|context| Pin::new(&mut *self).poll_frame(context)).await;
            let Some(Ok(frame)) = frame else {
                return;
            };
            size += frame.data_ref().map_or(0, Bytes::len);
        }
    }
}

impl hyper::body::Body for Shared {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.with(|body| body.poll_frame(context))
    }

    fn is_end_stream(&self) -> bool {
        self.with(|body| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.with(|body| body.size_hint())
    }
}

/// How long connections may finish after the shutdown signal.
const GRACE: Duration = Duration::from_secs(1);
/// How long accepting rests after it failed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How much of a refused body is read so that the client hears the refusal.
const DRAIN_BYTES_MAX: usize = 16 * 1024 * 1024;
