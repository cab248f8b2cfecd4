//! Tokens of a code host: believed, or refused each in its own words.

use std::fs;

use serde_json::{Map, Value, json};

use super::handed::{believing, hand, named, post};
use super::{PAIRS, Service};
use crate::support::host::{AUDIENCE, CodeHost, claims, now};
use crate::support::program::Program;
use crate::support::skipped::skipped;

const NO_KEY: &str = "Unable to retrieve or select JWKS signing key.";
const EXPIRED: &str = "OIDC token has expired.";

/// A change to the header or the claims of a good token: a null takes out.
fn changed(mut object: Value, change: &Value) -> Value {
    let fields: &mut Map<String, Value> = object.as_object_mut().unwrap();
    for (name, value) in change.as_object().unwrap() {
        fields.insert(name.clone(), value.clone());
    }
    fields.retain(|_, value| !value.is_null());
    object
}

#[test]
fn tokens_are_refused_each_in_its_own_words() {
    let (program, host) = (Program::fresh(), CodeHost::with(&["enc", "k1", "k2", "stranger"]));
    host.publish(&[("k1", json!({"use": "sig", "alg": "RS256"})), ("k2", json!({})), ("enc", json!({"use": "enc"}))]);
    let service = believing(&mut program.command(), &host);
    let invalid = |reason: &str| format!("OIDC token validation failed: {reason}");
    let none = json!({});
    let audience = |said: &str| invalid(&format!("Audience {said} doesn't match '{AUDIENCE}'"));
    for (header, change, key, detail) in [
        (json!({}), json!({"exp": null}), "k1", invalid("Token is missing the \"exp\" claim")),
        (json!({}), json!({"actor": null}), "k1", invalid("Token is missing the \"actor\" claim")),
        (json!({}), json!({"exp": now() - 1}), "k1", EXPIRED.to_owned()),
        (json!({}), json!({"nbf": now() + 3_600}), "k1", invalid("The token is not yet valid (nbf)")),
        (json!({}), json!({"iat": now() + 3_600}), "k1", invalid("The token is not yet valid (iat)")),
        (json!({}), json!({"exp": "soon"}), "k1", invalid("Expiration Time claim (exp) must be an integer.")),
        (json!({}), json!({"aud": "https://x"}), "k1", audience("'https://x'")),
        (json!({}), json!({"aud": ["x", 5]}), "k1", audience("['x', 5]")),
        (json!({}), json!({"aud": []}), "k1", invalid("Token is missing the \"aud\" claim")),
        (json!({}), json!({"iss": "https://x"}), "k1", invalid("Invalid issuer")),
        (json!({}), json!({"iss": [1]}), "k1", invalid("Payload Issuer (iss) must be a string")),
        (json!({}), json!({"sub": 5}), "k1", invalid("Subject must be a string")),
        (json!({}), json!({"jti": 5}), "k1", invalid("JWT ID must be a string")),
        (json!({}), json!({"repository": "a/b/c"}), "k1", invalid("The \"repository\" claim is not owner/name")),
        (json!({}), json!({"repository": "../b"}), "k1", invalid("The \"repository\" claim is not owner/name")),
        (json!({}), json!({"actor": 5}), "k1", invalid("The \"actor\" claim cannot be used")),
        (json!({"kid": "k9"}), none.clone(), "k1", NO_KEY.to_owned()),
        (json!({"kid": null}), none.clone(), "k1", NO_KEY.to_owned()),
        (json!({"kid": "enc"}), none.clone(), "enc", NO_KEY.to_owned()),
        (json!({}), none.clone(), "stranger", invalid("Signature verification failed")),
        (json!({}), none.clone(), "k2", invalid("Signature verification failed")),
        (json!({}), none.clone(), "", invalid("Signature verification failed")),
        (json!({"alg": "none"}), none.clone(), "", invalid("The specified alg value is not allowed")),
        (json!({"alg": "HS256"}), none.clone(), "", invalid("The specified alg value is not allowed")),
        (json!({"alg": "RS384"}), none.clone(), "k1", invalid("The specified alg value is not allowed")),
        (json!({"alg": null}), none.clone(), "k1", invalid("Algorithm not specified")),
        (json!({"crit": ["x"]}), none.clone(), "k1", invalid("Unsupported critical extension")),
    ] {
        let header = changed(json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}), &header);
        let token = host.sign(&header, &changed(claims("acme/tool", "1"), &change), key);
        let refused = hand(&service, &token, &named("x", &["left"]));
        assert_eq!(refused, (403, json!({ "detail": detail })), "{header} {change}");
    }
    let missing = "Missing or malformed Authorization header. Expected: Bearer <oidc-token>";
    for headers in [&[][..], &[("Authorization", "Bearer")], &[("Authorization", "Basic YTpi")]] {
        let (status, head, answer) = post(&service, "/ingest/sbom", headers, b"{}");
        assert_eq!((status, &answer["detail"]), (401, &json!(missing)));
        assert!(head.contains("www-authenticate: Bearer"), "{head}");
    }
    for token in ["abc", "a.b", "a.b.c", "a.b.c.d", "W10.e30.AAAA", "!!.!!.!!"] {
        assert_eq!(hand(&service, token, b"{}").0, 403, "{token}");
    }
    let good = host.sign(&json!({"alg": "RS256", "kid": "k2"}), &claims("acme/tool", "2"), "k2");
    assert_eq!(hand(&service, &good, &named("x", &["left"])).0, 202);
    assert_eq!(service.end(), Some(0));
    assert_eq!(program.events().len(), 1);
}

#[test]
fn a_new_key_is_found_and_nobody_makes_the_host_be_asked_often() {
    let (program, host) = (Program::fresh(), CodeHost::with(&["k1", "k2"]));
    host.publish(&[("k1", json!({}))]);
    let service = believing(&mut program.command(), &host);
    let by = |key: &str, id: &str| host.sign(&json!({"alg": "RS256", "kid": key}), &claims("acme/tool", id), key);
    let status = |token: &str, name: &str| hand(&service, token, &named(name, &[name])).0;
    assert_eq!(status(&by("k1", "1"), "a"), 202);
    assert_eq!(host.asked(), 1);
    host.publish(&[("k2", json!({}))]);
    assert_eq!(status(&by("k2", "2"), "b"), 202);
    assert_eq!(host.asked(), 2);
    assert_eq!(status(&by("k1", "3"), "c"), 403, "it is gone");
    for n in 0..50 {
        let token =
            host.sign(&json!({"alg": "RS256", "kid": format!("invented {n}")}), &claims("acme/tool", "4"), "k1");
        assert_eq!(status(&token, "d"), 403);
    }
    assert!(host.asked() <= 6, "asked {} times", host.asked());
    // While nobody answers, what is known is believed.
    host.go_down();
    assert_eq!(status(&by("k2", "5"), "e"), 202);
    assert_eq!(service.end(), Some(0));
}

#[test]
fn without_keys_nobody_is_believed_and_questions_are_answered() {
    let (program, host) = (Program::fresh(), CodeHost::with(&["k1"]));
    host.go_down();
    let service = believing(&mut program.command(), &host);
    let refused = hand(&service, &host.token("acme/tool", "1"), &named("x", &["left"]));
    assert_eq!(refused, (403, json!({ "detail": NO_KEY })));
    assert_eq!(service.get("/projects").0, 200);
    host.publish(&[("k1", json!({}))]);
    assert_eq!(hand(&service, &host.token("acme/tool", "1"), &named("x", &["left"])).0, 202);
    assert_eq!(service.end(), Some(0));
    let closed = Service::of(&mut program.command(), &[]);
    let refused = hand(&closed, &host.token("acme/tool", "2"), &named("x", &["left"]));
    assert_eq!(refused.0, 403, "nobody said for whom tokens are");
    assert_eq!(closed.end(), Some(0));
}

/// What a written time means: `now+N`, seconds from now; behind `text:` as a text, behind `float:` with half a second.
fn meant(value: &Value) -> Value {
    let Some(text) = value.as_str() else { return value.clone() };
    let seconds = |text: &str| Some(now() + text.strip_prefix("now")?.parse::<i64>().ok()?);
    let half = |seconds: i64| json!(seconds as f64 + 0.5);
    match text.split_once(':') {
        Some(("text", rest)) => seconds(rest).map_or(json!(text), |seconds| json!(seconds.to_string())),
        Some(("float", rest)) => seconds(rest).map_or(json!(text), half),
        _ => seconds(text).map_or_else(|| json!(text.replace("{audience}", AUDIENCE)), |seconds| json!(seconds)),
    }
}

#[test]
fn the_golden_tokens_hold() {
    let Ok(told) = fs::read_to_string(format!("{PAIRS}/oidc.json")) else {
        return skipped("the golden tokens are not here");
    };
    let told: Value = serde_json::from_str(&told).unwrap();
    let (program, host) = (Program::fresh(), CodeHost::with(&["enc", "k1", "k2", "stranger"]));
    host.publish(&[("k1", json!({"use": "sig", "alg": "RS256"})), ("k2", json!({})), ("enc", json!({"use": "enc"}))]);
    let service = believing(&mut program.command(), &host);
    let vectors = told["vectors"].as_array().unwrap();
    for (n, vector) in vectors.iter().enumerate() {
        let name = vector["name"].as_str().unwrap();
        let claims = vector["claims"].as_object().unwrap().iter();
        let claims: Value = claims.map(|(name, value)| (name.clone(), meant(value))).collect::<Map<_, _>>().into();
        let key = vector["sign"].as_str().unwrap();
        let header = changed(vector["header"].clone(), &json!({}));
        let token = key.strip_prefix("raw:").map_or_else(|| host.sign(&header, &claims, key), str::to_owned);
        let prefix = vector["authorization_prefix"].as_str().map(|prefix| format!("{prefix}{token}"));
        let headers: Vec<_> = prefix.iter().map(|value| ("Authorization", value.as_str())).collect();
        // A document of each, but for the token that comes again.
        let which = if name == "the same token again" { 0 } else { n };
        let (status, _, answer) =
            post(&service, "/ingest/sbom", &headers, &named(&which.to_string(), &["a", "b", "c"]));
        let repository = claims["repository"].as_str().unwrap_or_default();
        let plain = repository.split('/').count() == 2 && !repository.contains(' ');
        // Where it fails by itself, and where it believes in what is no repository, ours refuses.
        if vector["status"] == 500 || (vector["status"] == 202 && !plain) {
            assert!([401, 403].contains(&status), "{name}: {status} {answer}");
            continue;
        }
        let expected = vector["response"].to_string().replace("{audience}", AUDIENCE);
        let expected = expected.replace("{AUDIENCE}", &AUDIENCE.to_uppercase());
        let expected: Value = serde_json::from_str(&expected).unwrap();
        assert_eq!((json!(status), answer), (vector["status"].clone(), expected), "{name}");
    }
    assert_eq!(vectors.len(), 103);
    assert_eq!(service.end(), Some(0));
}
