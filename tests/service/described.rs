//! The service as it describes itself: to programs, to whoever watches it, to clients that read gzip.

use flate2::read::GzDecoder;

use super::*;

/// The schema that a reference leads to.
fn followed<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(name) => &document["components"]["schemas"][name.rsplit('/').next().unwrap()],
        None => schema,
    }
}

/// What of a value is not as a schema has it.
fn wrong(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let schema = followed(document, schema);
    for word in ["anyOf", "oneOf"] {
        if let Some(all) = schema[word].as_array() {
            let fits = all.iter().any(|one| wrong(document, one, value, at).is_empty());
            return if fits { Vec::new() } else { vec![format!("{at}: {value} is none of {schema}")] };
        }
    }
    let mut found = Vec::new();
    for part in schema["allOf"].as_array().into_iter().flatten() {
        found.extend(wrong(document, part, value, at));
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let named = |known: &Value| known == kind || (kind == "integer" && known == "number");
    let fits = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().any(named),
        Value::String(_) => named(&schema["type"]),
        _ => true,
    };
    if !fits {
        found.push(format!("{at}: {value} is no {}", schema["type"]));
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        match value.get(name) {
            Some(value) => found.extend(wrong(document, inner, value, &format!("{at}.{name}"))),
            None if schema["required"].as_array().is_some_and(|all| all.contains(&json!(name))) => {
                found.push(format!("{at}.{name} is not there"));
            }
            None => {}
        }
    }
    if let (Some(items), Value::Array(values)) = (schema.get("items"), value) {
        for value in values {
            found.extend(wrong(document, items, value, &format!("{at}[]")));
        }
    }
    found
}

#[test]
fn answers_are_as_they_are_described() {
    let program = api::program();
    let service = Service::of(&mut program.command(), &[]);
    let document = service.ok("/openapi.json");
    assert_eq!(document["openapi"], "3.1.0");
    let people = service.ok("/contributors");
    let person = people["items"][0]["id"].to_string();
    let value = |name: &str, path: &str| match name {
        "canonical_id" if path.starts_with("/projects") => "p:one".to_owned(),
        "canonical_id" | "id" => "pkg%3Agithub%2Facme%2Flib".to_owned(),
        "purl" => "pkg%3Anpm%2Fleft".to_owned(),
        "contributor_id" => person.clone(),
        "artifact_id" => "4".to_owned(),
        "submission_id" | "position" => "1".to_owned(),
        "metric" => "pony_factor".to_owned(),
        "name" => "seed".to_owned(),
        "label" => "one".to_owned(),
        "what" => "graph".to_owned(),
        other => panic!("{other} of {path}"),
    };
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let Some(operation) = methods.get("get") else { continue };
        let Some(schema) = operation["responses"]["200"]["content"]["application/json"].get("schema") else { continue };
        let mut target = path.clone();
        while let Some((before, rest)) = target.clone().split_once('{') {
            let (name, behind) = rest.split_once('}').unwrap();
            target = format!("{before}{}{behind}", value(name, path));
        }
        target += match path.as_str() {
            "/edges/why" => "?from=pkg:github/acme/app&to=pkg:github/acme/lib",
            "/formulas/diff" => "?a=seed&b=atlas-1",
            "/log/proof" => "?position=1",
            _ => "",
        };
        if path.starts_with("/export") {
            continue;
        }
        let answer = service.ok(&target);
        let found = wrong(&document, schema, &answer, &target);
        assert!(found.is_empty(), "{found:#?}\n{answer}");
        asked += 1;
    }
    assert!(asked > 35, "{asked}");
    let growth = &document["paths"]["/log/proof"]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
    let found = wrong(&document, growth, &service.ok("/log/proof?from=1&to=2"), "/log/proof");
    assert!(found.is_empty(), "{found:#?}");
    // What is too long to be read is refused, not passed over.
    let long = "x".repeat(300);
    for target in ["/metadata", "/contributors/1", "/repos/x", "/projects", "/scores"] {
        let (status, body) = service.get(&format!("{target}?formula={long}"));
        assert_eq!(status, 422, "{target}: {body}");
    }
    for page in ["/docs", "/redoc"] {
        let (status, _, body) = service.asked(page, &[]);
        assert!(status == 200 && body.contains("/blast-radius") && body.contains("list_projects"), "{body}");
    }
    assert_eq!(service.end(), Some(0));
}

#[test]
fn what_lags_is_named_and_what_is_counted_is_told_elsewhere() {
    let program = Program::fresh();
    program.sbom("acme/tool", &document(), &[]);
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let metrics = free.local_addr().unwrap().to_string();
    drop(free);
    let service = Service::of(&mut program.command(), &["--metrics-listen", &metrics]);
    let ready = service.until("/ready", |status, body| status == 200 && body["projections"][0]["lag"] == 0);
    assert_eq!(
        (&ready["status"], &ready["position"], &ready["lacking"]),
        (&json!("ready"), &json!(1), &json!([])),
        "{ready}"
    );
    assert_eq!(service.get("/nothing").0, 404);
    assert_eq!(service.get("/repos?limit=0").0, 422);
    assert_eq!(service.get("/metrics").0, 404, "not where everybody gets to");
    let told = counted(&metrics);
    for line in [
        "pg_atlas_log_head{tenant=\"public\"} 1",
        "pg_atlas_lag_events{tenant=\"public\"} 0",
        "pg_atlas_refused_total{tenant=\"public\",status=\"422\"} 1",
        "pg_atlas_free_folds{tenant=\"public\"} 2",
        "pg_atlas_disk_bytes{state=\"free\"} ",
        "pg_atlas_database_bytes ",
        "pg_atlas_connections{tenant=\"public\",pool=\"reads\",state=\"most\"} ",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    let number = |name: &str| -> f64 {
        let line = told.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().parse().unwrap()
    };
    assert_eq!(
        number("pg_atlas_answer_seconds_bucket{tenant=\"public\",le=\"+Inf\"}"),
        number("pg_atlas_answer_seconds_count{tenant=\"public\"}")
    );
    assert_eq!(service.end(), Some(0));
}

#[test]
fn large_answers_are_packed_for_who_reads_that() {
    let program = Program::fresh();
    let mut many = document();
    let package = |number: usize| {
        let mut package = document()["packages"][0].clone();
        package["SPDXID"] = json!(format!("SPDXRef-{number}"));
        package["name"] = json!(format!("package-{number}"));
        package["externalRefs"][0]["referenceLocator"] = json!(format!("pkg:npm/package-{number}@1.0"));
        package
    };
    many["packages"] = (0..30).map(package).collect();
    program.sbom("acme/tool", &many, &[]);
    let service = Service::of(&mut program.command(), &[]);
    let ask = |headers: &str| {
        let mut stream = TcpStream::connect(&service.host).unwrap();
        write!(stream, "GET /packages HTTP/1.0\r\nHost: a\r\n{headers}\r\n").unwrap();
        let mut whole = Vec::new();
        stream.read_to_end(&mut whole).unwrap();
        let end = whole.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        (String::from_utf8(whole[..end].to_vec()).unwrap(), whole[end..].to_vec())
    };
    let (plain_head, plain) = ask("");
    assert!(!plain_head.contains("content-encoding"), "{plain_head}");
    let (head, packed) = ask("Accept-Encoding: br, gzip\r\n");
    assert!(head.contains("content-encoding: gzip") && head.contains("Accept-Encoding"), "{head}");
    let mut text = Vec::new();
    GzDecoder::new(&packed[..]).read_to_end(&mut text).unwrap();
    assert!(text == plain && packed.len() * 3 < plain.len(), "{} of {}", packed.len(), plain.len());
    let small = service.asked("/repos/pkg:github/acme/tool/depends-on", &["Accept-Encoding: gzip"]).1;
    assert!(!small.contains("content-encoding"), "clients of the contract know none: {small}");
    assert_eq!(service.end(), Some(0));
}
