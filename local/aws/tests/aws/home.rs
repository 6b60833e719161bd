//! A home in a folder of its own.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws::{Clock, Home, Options};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_types::SdkConfig;
use aws_types::region::Region;

pub(crate) struct TestHome {
    pub(crate) home: Home,
    folder: PathBuf,
    clock: Arc<AtomicI64>,
}

impl TestHome {
    pub(crate) fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("aws-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&folder).unwrap();
        let clock = Arc::new(AtomicI64::new(1_767_225_600_000));
        let home = open(&folder, &clock);
        Self { home, folder, clock }
    }

    /// Whose clock goes by itself, beside others of this process.
    pub(crate) fn in_time() -> Self {
        let home = Self::new();
        let (clock, from) = (Arc::clone(&home.clock), std::time::Instant::now());
        let begun = clock.load(Ordering::Relaxed);
        std::thread::spawn(move || {
            while Arc::strong_count(&clock) > 1 {
                let passed = i64::try_from(from.elapsed().as_millis()).unwrap();
                clock.store(begun + passed, Ordering::Relaxed);
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
        });
        home
    }

    /// As after a restart.
    pub(crate) fn reopen(self) -> Self {
        let Self { home, folder, clock } = self;
        drop(home);
        let home = open(&folder, &clock);
        Self { home, folder, clock }
    }

    /// Sets the clock forward.
    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1000, Ordering::Relaxed);
    }

    pub(crate) fn config(&self) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
                "test", "test", None, None, "test",
            )))
            .endpoint_url("http://127.0.0.1:4566")
            .http_client(self.home.http_client())
            .build()
    }

    pub(crate) fn done(self) {
        let folder = self.folder;
        drop(self.home);
        std::fs::remove_dir_all(folder).unwrap();
    }
}

fn open(folder: &std::path::Path, clock: &Arc<AtomicI64>) -> Home {
    let clock = Arc::clone(clock);
    Home::open(Options {
        folder: folder.to_owned(),
        region: "us-east-1".to_owned(),
        account: "000000000000".to_owned(),
        credentials: ("test".to_owned(), "test".to_owned()),
        must_be_signed: false,
        base_url: "http://127.0.0.1:4566".to_owned(),
        clock: Clock::new(move || clock.load(Ordering::Relaxed)),
    })
    .unwrap()
}
