//! The JSON schema of every event's payload, generated from the types: what other programs may rely on.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use crate::decimal::Decimal;
use crate::digest::Digest;
use crate::event::Event;
use crate::stream::StreamId;
use crate::time::{Day, Timestamp};

/// The schema of the payloads: one definition for each type of event, under its stored name.
#[must_use]
pub fn events() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let payloads = Event::schemas(&mut generator);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Payloads of the events of PG Atlas, by type",
        "type": "object",
        "properties": payloads.into_iter().collect::<serde_json::Map<_, _>>(),
        "additionalProperties": false,
        "$defs": generator.take_definitions(true),
    })
}

/// Types whose form is a text.
macro_rules! text {
    ($($type:ident: $pattern:literal, $description:literal;)+) => {
        $(impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "description": $description })
            }
        })+
    };
}

text! {
    Digest: "^[0-9a-f]{64}$", "A SHA-256 digest.";
    StreamId: "^(atlas|[a-z]+:.+)$", "A stream: its kind and its id.";
    Decimal: "^-?[0-9]+([.][0-9]+)?$", "An exact decimal number.";
    Day: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "A UTC day.";
    Timestamp: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}Z$", "A moment, UTC.";
}
