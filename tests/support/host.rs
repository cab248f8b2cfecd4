//! A code host that signs tokens of its runs, on the loopback: keys of its own, made for the story.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents};
use serde_json::{Value, json};

/// For whom its tokens are.
pub(crate) const AUDIENCE: &str = "https://api.example.test";
/// Whom they name as issuer.
pub(crate) const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// The host.
pub(crate) struct CodeHost {
    /// Where its keys are.
    pub(crate) address: String,
    keys: BTreeMap<&'static str, RsaKeyPair>,
    answer: Arc<Mutex<Option<Value>>>,
    asked: Arc<AtomicUsize>,
}

/// Now, in seconds since 1970.
pub(crate) fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

impl CodeHost {
    /// One with keys of these names, all of them published.
    pub(crate) fn with(names: &[&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/.well-known/jwks", listener.local_addr().unwrap());
        let keys = names.iter().map(|name| (*name, key())).collect();
        let (answer, asked) = (Arc::new(Mutex::new(None)), Arc::new(AtomicUsize::new(0)));
        let host = Self { address, keys, answer: Arc::clone(&answer), asked: Arc::clone(&asked) };
        host.publish(&names.iter().map(|name| (*name, json!({}))).collect::<Vec<_>>());
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                asked.fetch_add(1, Ordering::SeqCst);
                let _ = BufReader::new(&stream).lines().map_while(Result::ok).find(String::is_empty);
                let (status, body) = match &*answer.lock().unwrap() {
                    Some(keys) => ("200 OK", keys.to_string()),
                    None => ("503 Down", String::new()),
                };
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        host
    }

    /// Publishes these keys and no others, each with what is said of it besides.
    pub(crate) fn publish(&self, names: &[(&str, Value)]) {
        let published = names.iter().map(|(name, more)| {
            let RsaPublicKeyComponents { n, e } = RsaPublicKeyComponents::<Vec<u8>>::from(self.keys[name].public());
            let mut key = json!({"kty": "RSA", "kid": name, "n": encoded(n), "e": encoded(e)});
            key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            key
        });
        *self.answer.lock().unwrap() = Some(json!({"keys": published.collect::<Vec<_>>()}));
    }

    /// Answers nothing any more.
    pub(crate) fn go_down(&self) {
        *self.answer.lock().unwrap() = None;
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// A token with this header and these claims, signed by this key; by none of them, bytes that are no signature.
    pub(crate) fn sign(&self, header: &Value, claims: &Value, key: &str) -> String {
        let signed = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
        let mut signature = b"no signature".to_vec();
        if let Some(pair) = self.keys.get(key) {
            signature = vec![0; pair.public().modulus_len()];
            pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
        }
        format!("{signed}.{}", encoded(signature))
    }

    /// A good token of a repository, with an id of its own, by the first key.
    pub(crate) fn token(&self, repository: &str, id: &str) -> String {
        let (key, _) = self.keys.first_key_value().unwrap();
        self.sign(&json!({"alg": "RS256", "kid": key}), &claims(repository, id), key)
    }
}

/// What a good token claims.
pub(crate) fn claims(repository: &str, id: &str) -> Value {
    json!({"iss": ISSUER, "aud": AUDIENCE, "sub": format!("repo:{repository}"), "repository": repository,
        "actor": "ann", "exp": now() + 300, "nbf": now() - 10, "iat": now() - 10, "jti": id,
        "repository_id": "1001", "repository_owner_id": "2002", "repository_visibility": "public",
        "ref": "refs/heads/main", "sha": "2".repeat(40), "workflow": "sbom", "run_id": "42", "run_attempt": "1"})
}

/// A new key. The library that signs makes none.
fn key() -> RsaKeyPair {
    let made = Command::new("openssl")
        .args(["genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-outform", "DER"])
        .output()
        .expect("openssl makes the keys of these stories");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    // Some versions write the key alone, others what kind it is as well.
    RsaKeyPair::from_der(&made.stdout).or_else(|_| RsaKeyPair::from_pkcs8(&made.stdout)).unwrap()
}
