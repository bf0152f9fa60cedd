//! A bucket: the server of another project over a folder, at a port of this machine, that can be stopped in the middle.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::support::node::TestNode;

pub const KEY: &str = "a-key-for-tests";
pub const SECRET: &str = "a-secret-for-tests-that-is-never-shown";
const NAME: &str = "files";

/// The bucket `files`, empty at first.
pub struct TestBucket {
    folder: TempDir,
    address: SocketAddr,
    /// Milliseconds that pass before each answer.
    delay: Arc<AtomicU64>,
    /// It serves as long as this lives.
    serving: Option<Runtime>,
}

impl TestBucket {
    pub fn started() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(NAME)).unwrap();
        let address = (Ipv4Addr::LOCALHOST, 0).into();
        let mut bucket = Self { folder, address, delay: Arc::default(), serving: None };
        bucket.start();
        bucket
    }

    /// At the same port as before.
    pub fn start(&mut self) {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mut service = S3ServiceBuilder::new(FileSystem::new(self.folder.path()).unwrap());
        service.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let service = service.build();
        let listener = runtime.block_on(TcpListener::bind(self.address)).unwrap();
        self.address = listener.local_addr().unwrap();
        let delay = Arc::clone(&self.delay);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (service, delay) = (service.clone(), Arc::clone(&delay));
                let service = service_fn(move |request: Request<Incoming>| {
                    let (service, delay) = (service.clone(), delay.load(Ordering::Relaxed));
                    async move {
                        tokio::time::sleep(Duration::from_millis(delay)).await;
                        Service::call(&service, request).await
                    }
                });
                tokio::spawn(async move {
                    // A client that goes away is none of the test's business.
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        self.serving = Some(runtime);
    }

    /// Nobody answers any more.
    pub fn stop(&mut self) {
        if let Some(runtime) = self.serving.take() {
            runtime.shutdown_background();
        }
    }

    /// Has each answer wait so long.
    pub fn slow_down(&self, milliseconds: u64) {
        self.delay.store(milliseconds, Ordering::Relaxed);
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sets it for a node, with a folder of the node's own, and no more than `cache` bytes on its disk.
    pub fn set_for(&self, node: &mut TestNode, prefix: &str, cache: u64) {
        node.set("MAJLIS_BLOBS_BUCKET", NAME);
        node.set("MAJLIS_BLOBS_ENDPOINT", &self.endpoint());
        node.set("MAJLIS_BLOBS_PREFIX", prefix);
        node.set("MAJLIS_BLOBS_CACHE", &cache.to_string());
        node.set("AWS_ACCESS_KEY_ID", KEY);
        node.set("AWS_SECRET_ACCESS_KEY", SECRET);
    }

    /// Where a file of a node's lies in it.
    pub fn file(&self, prefix: &str, cid: &str) -> PathBuf {
        self.folder.path().join(NAME).join(prefix).join(cid)
    }

    /// Ids of the files in a folder.
    pub fn files(&self, prefix: &str) -> Vec<String> {
        let names = fs::read_dir(self.folder.path().join(NAME).join(prefix)).into_iter().flatten().flatten();
        let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| name.starts_with("bafk")).collect()
    }
}

impl Drop for TestBucket {
    fn drop(&mut self) {
        self.stop();
    }
}
