//! A node opened in this process, asked as every door asks it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use majlis::blobs::BlobsConfig;
use majlis::node::{Node, NodeConfig, Reply, Request, execute};
use majlis::store::StoreConfig;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use crate::Result;

/// A question is asked again and again for so long, and so often at least: what is slow need not be waited for often.
const ENOUGH: Duration = Duration::from_secs(20);
const AT_LEAST: usize = 20;

/// The node. No peer is connected, and its search index follows only when something is looked for.
pub struct Door {
    node: Arc<Node>,
    runtime: Runtime,
}

impl Door {
    pub fn open(home: &Path) -> Result<Self> {
        let opened =
            Node::open(home, &StoreConfig::default(), &NodeConfig::default(), &BlobsConfig::default());
        let (node, _) = opened.map_err(|failure| format!("cannot open {}: {failure}", home.display()))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Ok(Self { node, runtime: runtime.map_err(|error| error.to_string())? })
    }

    /// All that is answered.
    pub fn ask(&self, request: Request) -> Result<Vec<Reply>> {
        let asked = format!("{request:?}");
        let (out, mut replies) = mpsc::channel(64);
        let collect = async {
            let mut all = Vec::new();
            while let Some(reply) = replies.recv().await {
                all.push(reply);
            }
            all
        };
        let work = execute(&self.node, request, out);
        let (done, all) = self.runtime.block_on(async { tokio::join!(work, collect) });
        done.map(|()| all).map_err(|failure| format!("{asked} failed: {failure}"))
    }

    /// Milliseconds that each of many questions took. Each is made from the answer to the last one, and checks it.
    pub fn times(&self, most: usize, mut next: impl FnMut(&[Reply]) -> Result<Request>) -> Result<Vec<f64>> {
        let (mut times, mut replies, begun) = (Vec::new(), Vec::new(), Instant::now());
        while times.len() < most && (times.len() < AT_LEAST || begun.elapsed() < ENOUGH) {
            let request = next(&replies)?;
            let started = Instant::now();
            replies = self.ask(request)?;
            times.push(started.elapsed().as_secs_f64() * 1e3);
        }
        // The first few find nothing in the database's cache.
        Ok(times.split_off(times.len() / 20))
    }

    pub fn close(self) -> Result<()> {
        self.node.close().map_err(|failure| failure.to_string())
    }
}
