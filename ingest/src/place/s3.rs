//! Files in a bucket of S3, or of anything that speaks its protocol.

use std::sync::Arc;

use object_store::ObjectStore;
use object_store::aws::AmazonS3Builder;
use object_store::path::Path;
use object_store::prefix::PrefixStore;

use super::{Place, PlaceError, store_error};

impl Place {
    /// A bucket, `s3://BUCKET[/PREFIX]`. The builder brings region, endpoint and credentials: from the usual `AWS_...`
    /// variables (`AWS_REGION`, `AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID`, ...) or from the machine's role.
    ///
    /// # Errors
    /// When the address is none of a bucket or the settings contradict each other. Nothing is sent yet.
    pub(super) fn bucket(builder: AmazonS3Builder, url: &str) -> Result<Self, PlaceError> {
        // The HTTP client is built without cryptography of its own; an error means that a provider is set already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let prefix = url.strip_prefix("s3://").and_then(|rest| rest.split_once('/')).map_or("", |(_, prefix)| prefix);
        let objects = builder.with_url(url).build().map_err(store_error("reach"))?;
        let prefix = Path::from(prefix);
        let objects: Arc<dyn ObjectStore> =
            if prefix.is_root() { Arc::new(objects) } else { Arc::new(PrefixStore::new(objects, prefix)) };
        Ok(Self { objects, folder: None })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::Mutex;

    use super::*;
    use crate::artifact::{ArtifactError, Store};

    type Objects = Mutex<BTreeMap<String, Vec<u8>>>;

    /// A bucket named `bucket` on the loopback: as much of the protocol as a store of documents speaks.
    fn serve() -> (String, Arc<Objects>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let objects = Arc::new(Objects::default());
        let served = Arc::clone(&objects);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let objects = Arc::clone(&served);
                std::thread::spawn(move || answer(&stream, &objects));
            }
        });
        (address, objects)
    }

    fn answer(mut stream: &TcpStream, objects: &Objects) {
        let mut reader = BufReader::new(stream);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let line = line.trim_end().to_owned();
            if line.is_empty() {
                break;
            }
            lines.push(line);
        }
        let header = |name: &str| {
            let found = lines.iter().filter_map(|line| line.split_once(':'));
            found.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned()).next()
        };
        let mut body = vec![0; header("content-length").map_or(0, |length| length.parse().unwrap())];
        reader.read_exact(&mut body).unwrap();
        assert!(
            header("authorization").is_some_and(|value| value.starts_with("AWS4-HMAC-SHA256 ")),
            "signed requests only"
        );
        let (method, target) = lines[0].split_once(' ').unwrap();
        let (path, query) =
            target.split(' ').next().unwrap().split_once('?').unwrap_or((target.split(' ').next().unwrap(), ""));
        let key = path.strip_prefix("/bucket").unwrap().trim_start_matches('/').to_owned();
        let mut objects = objects.lock().unwrap();
        let (status, content) = match (method, objects.get(&key)) {
            ("PUT", _) => {
                objects.insert(key, body);
                (200, vec![])
            }
            ("POST", _) if query.starts_with("delete") => (200, deleted(&mut objects, &body).into_bytes()),
            ("GET", _) if query.contains("list-type=2") => (200, listing(&objects, query).into_bytes()),
            ("GET" | "HEAD", Some(document)) => (200, document.clone()),
            _ => (404, b"<Error><Code>NoSuchKey</Code></Error>".to_vec()),
        };
        let sent = if method == "HEAD" { &[][..] } else { &content[..] };
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nETag: \"e\"\r\nLast-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\nConnection: close\r\n\r\n",
            content.len()
        );
        stream.write_all(&[head.as_bytes(), sent].concat()).unwrap();
    }

    fn listing(objects: &BTreeMap<String, Vec<u8>>, query: &str) -> String {
        let prefix = query.split('&').find_map(|pair| pair.strip_prefix("prefix=")).unwrap_or("").replace("%2F", "/");
        let folded = query.contains("delimiter=%2F");
        let found = || objects.iter().filter_map(|(key, document)| Some((key, key.strip_prefix(&prefix)?, document)));
        let entries = found().filter(|(_, rest, _)| !folded || !rest.contains('/')).map(|(key, _, document)| {
            let size = document.len();
            format!("<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>\"e\"</ETag><Size>{size}</Size></Contents>")
        });
        let entries: String = entries.collect();
        let folders = found().filter_map(|(_, rest, _)| rest.split_once('/').filter(|_| folded));
        let folders: BTreeSet<&str> = folders.map(|(folder, _)| folder).collect();
        let folder = |name: &&str| format!("<CommonPrefixes><Prefix>{prefix}{name}/</Prefix></CommonPrefixes>");
        let folders: String = folders.iter().map(folder).collect();
        format!("<ListBucketResult><IsTruncated>false</IsTruncated>{entries}{folders}</ListBucketResult>")
    }

    fn deleted(objects: &mut BTreeMap<String, Vec<u8>>, body: &[u8]) -> String {
        let asked = String::from_utf8_lossy(body);
        let keys = asked.split("<Key>").skip(1).filter_map(|rest| rest.split_once("</Key>"));
        let deleted = keys.map(|(key, _)| {
            objects.remove(key);
            format!("<Deleted><Key>{key}</Key></Deleted>")
        });
        format!("<DeleteResult>{}</DeleteResult>", deleted.collect::<String>())
    }

    fn builder(endpoint: &str) -> AmazonS3Builder {
        AmazonS3Builder::new()
            .with_region("eu-test-1")
            .with_access_key_id("id")
            .with_secret_access_key("a secret")
            .with_endpoint(endpoint)
            .with_allow_http(true)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_bucket_keeps_the_contract() {
        let (endpoint, objects) = serve();
        let place = Place::bucket(builder(&endpoint), "s3://bucket/some/prefix").unwrap();
        crate::place::tests::keeps_the_contract(&place).await;
        crate::backup::tests::keeps_backups(place.clone()).await;
        crate::artifact::tests::keeps_the_contract(Store::at(&place).unwrap()).await;
        let keys: Vec<String> = objects.lock().unwrap().keys().cloned().collect();
        assert!(keys.iter().all(|key| key.starts_with("some/prefix/artifacts/sha256/")), "{keys:?}");
    }

    #[tokio::test]
    async fn what_fails_names_no_secret() {
        let no_retry = object_store::RetryConfig { max_retries: 0, ..object_store::RetryConfig::default() };
        let nobody = format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
        let place = Place::bucket(builder(&nobody).with_retry(no_retry), "s3://bucket").unwrap();
        let store = Store::at(&place).unwrap();
        let error = store.put("x").await.unwrap_err();
        assert!(matches!(error, ArtifactError::Store { action: "read", .. }));
        for text in [format!("{error}"), format!("{error:?}"), format!("{store:?}")] {
            assert!(!text.contains("a secret"), "{text}");
        }
        assert!(Place::bucket(builder(&nobody), "ftp://bucket").is_err());
    }

    #[test]
    fn the_client_has_its_cryptography() {
        let place = Place::bucket(builder("https://127.0.0.1:1").with_allow_http(false), "s3://bucket");
        assert!(place.is_ok(), "{place:?}");
    }
}
