//! A server of S3 for the folders of a folder, each a bucket.

use std::path::Path;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// The accepted key, and the secret.
pub(crate) const KEY: (&str, &str) = ("tape", "not a secret");

/// A server, which stops when it is dropped.
pub(crate) struct S3 {
    pub(crate) endpoint: String,
    _runtime: Runtime,
}

impl S3 {
    /// Serves to those who have the key, or to everybody.
    pub(crate) fn serve(root: &Path, to_everybody: bool) -> Self {
        let runtime = Runtime::new().expect("threads");
        let mut builder = S3ServiceBuilder::new(FileSystem::new(root).expect("a folder"));
        if !to_everybody {
            builder.set_auth(SimpleAuth::from_single(KEY.0, KEY.1));
        }
        let service = builder.build().into_shared();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    let http = Builder::new(TokioExecutor::new());
                    drop(http.serve_connection(TokioIo::new(stream), service).await);
                });
            }
        });
        Self { endpoint, _runtime: runtime }
    }
}
