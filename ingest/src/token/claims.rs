//! What a token claims about itself: by whom, for whom, from when until when. In the order in which clients know the
//! complaints.

use serde_json::{Map, Value};

use super::TokenRefusal;
use super::quoted::quoted;

/// What every token must say.
const REQUIRED: [&str; 5] = ["exp", "iss", "aud", "repository", "actor"];

/// Checks claims at a moment, in seconds since 1970. Clocks are not given leeway.
pub(super) fn check(claims: &Map<String, Value>, issuer: &str, audience: &str, now: f64) -> Result<(), TokenRefusal> {
    let missing = |name: &str| TokenRefusal::invalid(format!("Token is missing the \"{name}\" claim"));
    let said = |name: &str| claims.get(name).filter(|value| !value.is_null());
    if let Some(name) = REQUIRED.iter().find(|name| said(name).is_none()) {
        return Err(missing(name));
    }
    for (name, called) in [("iat", "Issued At"), ("nbf", "Not Before")] {
        if let Some(value) = claims.get(name)
            && moment(name, called, value)? > now
        {
            return Err(TokenRefusal::invalid(format!("The token is not yet valid ({name})")));
        }
    }
    if moment("exp", "Expiration Time", &claims["exp"])? <= now {
        return Err(TokenRefusal::Expired);
    }
    match claims["iss"].as_str() {
        None => return Err(TokenRefusal::invalid("Payload Issuer (iss) must be a string")),
        Some(said) if said != issuer => return Err(TokenRefusal::invalid("Invalid issuer")),
        Some(_) => {}
    }
    let aud = &claims["aud"];
    let holds = match aud {
        Value::String(said) if said.is_empty() => return Err(missing("aud")),
        Value::Array(said) if said.is_empty() => return Err(missing("aud")),
        Value::Array(said) => said.iter().all(Value::is_string) && said.iter().any(|said| said == audience),
        said => said == audience,
    };
    if !holds {
        return Err(TokenRefusal::invalid(format!("Audience {} doesn't match '{audience}'", quoted(aud))));
    }
    for (name, called) in [("sub", "Subject"), ("jti", "JWT ID")] {
        if claims.get(name).is_some_and(|value| !value.is_string()) {
            return Err(TokenRefusal::invalid(format!("{called} must be a string")));
        }
    }
    Ok(())
}

/// A moment in whole seconds, as a number or a text of digits.
fn moment(name: &str, called: &str, value: &Value) -> Result<f64, TokenRefusal> {
    let seconds = match value {
        Value::Number(number) => number.as_f64().map(f64::trunc),
        Value::String(text) => text.trim().parse::<i32>().ok().map(f64::from).or_else(|| {
            // Beyond 2038 as well, and no further than whole numbers are told apart.
            let digits = text.trim();
            let plain = digits.len() <= 15 && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse().ok().filter(|_| plain)
        }),
        _ => None,
    };
    seconds.ok_or_else(|| TokenRefusal::invalid(format!("{called} claim ({name}) must be an integer.")))
}
