//! Records at a store on this machine.
#![allow(clippy::unwrap_used)]

use std::io;
use std::path::Path;
use std::time::Duration;

use config::Config;
use config::Document;
use config::Keyring;
use config::Machine;
use config::Source;
use s3::xml::list::Listed;
use tempfile::TempDir;
use time::OffsetDateTime;

use super::record::Record;
use super::*;
use crate::assemble;
use crate::assemble::Snapshot;
use crate::seal::Ring;

const SECRET: &str = "a-secret-that-is-an-access-key-too";
const DAY: time::Duration = time::Duration::DAY;

struct World {
    snapshot: Snapshot,
    _folder: TempDir,
}

/// The environment has one secret; files are the machine's.
struct Told;

impl Source for Told {
    fn file(&self, path: &Path) -> io::Result<Document> {
        Machine.file(path)
    }

    fn variable(&self, _: &str) -> Option<Zeroizing<String>> {
        Some(Zeroizing::new(SECRET.to_owned()))
    }
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let store = store::Store::open(&folder.path().join("objects")).unwrap();
        let credentials = store::Credentials::new(SECRET, SECRET);
        let region = store::Region::new("us-east-1".into()).unwrap();
        let ended = std::future::pending();
        tokio::spawn(store::serve(listener, store, credentials, region, ended));
        let keyring = folder.path().join("keyring.yaml");
        Keyring::create(&keyring, "1", [7; 32], "2026-01-01T00:00:00Z").unwrap();
        let file = folder.path().join("sealgate.yaml");
        let text = format!(
            "listen: [{{address: 127.0.0.1:1}}]\n\
             backend:\n\
             \x20 endpoints: [http://{address}]\n\
             \x20 credentials: {{access_key: {{env: X}}, secret_key: {{env: X}}}}\n\
             clients: [{{name: me, access_key: {{env: X}}, secret_key: {{env: X}}}}]\n\
             keys: [{{name: k, provider: local, file: keyring.yaml}}]\n\
             state: {{bucket: records}}\n\
             rules: [{{name: all, match: {{bucket: \"*\"}}}}]\n"
        );
        std::fs::write(&file, text).unwrap();
        let config = Config::load(&file, &Told).unwrap();
        Self {
            snapshot: assemble::snapshot(config, None).unwrap(),
            _folder: folder,
        }
    }

    fn desk(&self) -> Desk<'_> {
        Desk {
            state: self.snapshot.state.as_ref().unwrap(),
            backend: &self.snapshot.backend,
            keys: &self.snapshot.keys,
        }
    }

    /// The record of an upload that the backend never knew.
    async fn begin(&self) {
        let place = place();
        let cipher = Cipher {
            encryption: Encryption {
                sse: Sse::Aes256,
                key: Some(KeyName::parse("k").unwrap()),
                algorithm: Algorithm::Aes256,
                key_id: None,
                project: None,
                bucket_key: false,
            },
            context: None,
        };
        let ring = Ring::of(&self.snapshot.keys);
        let (dek, envelope) = seal::begin(&place, &cipher, ring).unwrap();
        let unfinished = Unfinished {
            place,
            envelope,
            closing: dek.closing_key(cipher.suite()),
            min: 1,
            checksum: None,
            time: OffsetDateTime::now_utc(),
        };
        let at = BucketName::parse("bucket").unwrap();
        let uploads = &self.snapshot.uploads;
        let begun = uploads.begin(self.desk(), (&at, "id"), unfinished, "me");
        begun.await.unwrap();
    }

    async fn swept(&self, now: OffsetDateTime, older_than: Duration) -> usize {
        let uploads = &self.snapshot.uploads;
        let swept = uploads.sweep(self.desk(), now, older_than).await;
        assert_eq!((swept.unreadable, swept.failed), (0, 0));
        swept.records
    }

    async fn record(&self) -> (String, Record) {
        let [Listed { key: name, .. }] = &self.desk().records("").await.unwrap()[..] else {
            panic!("there is one record");
        };
        let json = self.desk().read(name).await.unwrap().unwrap();
        (name.clone(), Record::parse(&json).unwrap())
    }
}

fn place() -> Place {
    Place {
        bucket: "bucket".to_owned(),
        object: "object".to_owned(),
    }
}

#[tokio::test]
async fn what_is_young_by_any_clock_stays() {
    let world = World::new().await;
    let now = OffsetDateTime::now_utc();
    assert_eq!(world.swept(now, Duration::ZERO).await, 0, "no bucket yet");
    world.begin().await;
    for ours in [now - DAY, now, now + DAY, now + 2 * DAY] {
        assert_eq!(world.swept(ours, SWEPT_AFTER).await, 0, "{ours}");
    }
    assert_eq!(world.swept(now - DAY, Duration::ZERO).await, 0);
    assert_eq!(world.swept(now + DAY, Duration::ZERO).await, 1);
    assert_eq!(world.swept(now + DAY, Duration::ZERO).await, 0);
}

#[tokio::test]
async fn an_old_record_begins_its_day_anew_when_its_upload_ends() {
    let world = World::new().await;
    world.begin().await;
    let (uploads, place) = (&world.snapshot.uploads, place());
    let (name, mut record) = world.record().await;
    let young = record.time.clone();
    let renewed = uploads.renew(world.desk(), &place, "id");
    assert!(renewed.await.unwrap().is_some());
    assert_eq!(world.record().await.1.time, young);

    record.time = "2026-01-01T00:00:00Z".to_owned();
    let old = record.render().unwrap();
    world.desk().write(&name, &old, false).await.unwrap();
    let renewed = uploads.renew(world.desk(), &place, "id");
    assert!(renewed.await.unwrap().is_some());
    let (_, now) = world.record().await;
    assert!(now.time() >= Record::time(&record).map(|old| old + DAY));
    record.time.clone_from(&now.time);
    assert_eq!(now.render().unwrap(), record.render().unwrap());

    let renewed = uploads.renew(world.desk(), &place, "other");
    assert!(renewed.await.unwrap().is_none());
}

#[tokio::test]
async fn a_record_is_read_only_for_its_own_upload() {
    let world = World::new().await;
    world.begin().await;
    let other = Place {
        object: "other".to_owned(),
        ..place()
    };
    let uploads = &world.snapshot.uploads;
    let read = uploads.read(world.desk(), &other, "id").await.unwrap();
    assert!(read.is_none());
}
