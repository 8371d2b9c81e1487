//! Google's discovery document of `BigQuery` v2: its methods, parameters and responses. Downloaded by
//! `scripts/discovery`.

use std::sync::OnceLock;

use serde_json::{Value as Json, json};

/// The base paths of calls and of uploads.
const BASE: &str = "/bigquery/v2/";
const UPLOAD: &str = "/upload/bigquery/v2/";

/// Maximum nesting depth of generated resources.
const DEPTH: usize = 9;

pub struct Discovery {
    document: Json,
    methods: Vec<Json>,
}

impl Discovery {
    /// The document at `BACKCOURT_DISCOVERY`; `None` if it is unset, which `scripts/test` reports in its last lines.
    pub fn find() -> Option<&'static Self> {
        static FOUND: OnceLock<Option<Discovery>> = OnceLock::new();
        let read = || {
            let path = std::env::var("BACKCOURT_DISCOVERY")
                .ok()
                .filter(|path| path != "none")?;
            let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
            let document: Json = serde_json::from_str(&text).unwrap();
            let mut methods = Vec::new();
            collect(&document, &mut methods);
            Some(Self { document, methods })
        };
        FOUND.get_or_init(read).as_ref()
    }

    /// The parts of a request that the API doesn't define.
    pub fn faults(&self, verb: &str, path: &str, query: &str, body: &Json) -> Vec<String> {
        // Later parts of an upload use the URL returned for the first one.
        if path.starts_with(UPLOAD) && query.contains("upload_id=") {
            return Vec::new();
        }
        let is_upload = path.starts_with(UPLOAD);
        let below = path.strip_prefix(UPLOAD).or_else(|| path.strip_prefix(BASE));
        let fits = |method: &&Json| {
            method["httpMethod"] == verb
                && below.is_some_and(|below| is_at(method["path"].as_str().unwrap(), below))
                && (!is_upload || method["supportsMediaUpload"] == true)
        };
        let Some(method) = self.methods.iter().find(fits) else {
            return vec![format!("no method {verb} {path}")];
        };
        let mut faults = Vec::new();
        let id = method["id"].as_str().unwrap();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let known = [&method["parameters"][name], &self.document["parameters"][name]];
            match known.into_iter().find(|known| known.is_object()) {
                None => faults.push(format!("{id} has no query parameter {name}")),
                Some(known) => faults.extend(
                    (!is_value(known, value))
                        .then(|| format!("{id}: {name}={value} is not {}", known["type"])),
                ),
            }
        }
        match (&method["request"], body) {
            // The metadata of an upload may be missing, and its content isn't JSON.
            (_, Json::Null | Json::String(_)) if is_upload => {}
            (Json::Null, Json::Null) => {}
            (Json::Null, _) => faults.push(format!("{id} takes no body")),
            (schema, body) => self.hold(schema, body, schema["$ref"].as_str().unwrap(), &mut faults),
        }
        faults
    }

    /// Validates a body against its schema.
    fn hold(&self, schema: &Json, body: &Json, at: &str, faults: &mut Vec<String>) {
        let schema = self.resolved(schema);
        let mut fault = |what: &str| faults.push(format!("{at} {what}"));
        match (schema["type"].as_str().unwrap_or_default(), body) {
            ("any", _) | ("number", Json::Number(_)) | ("boolean", Json::Bool(_)) => {}
            ("object", Json::Object(fields)) => {
                for (name, value) in fields {
                    let at = format!("{at}.{name}");
                    let property = &schema["properties"][name];
                    let other = &schema["additionalProperties"];
                    if property["readOnly"] == true {
                        faults.push(format!("{at} is for answers only"));
                    }
                    match (property.is_object(), other.is_object()) {
                        (true, _) => self.hold(property, value, &at, faults),
                        (false, true) => self.hold(other, value, &at, faults),
                        (false, false) => faults.push(format!("{at} is not known")),
                    }
                }
            }
            ("array", Json::Array(items)) => {
                for item in items {
                    self.hold(&schema["items"], item, &format!("{at}[]"), faults);
                }
            }
            ("string", Json::String(text)) => {
                let is_number = schema["format"]
                    .as_str()
                    .is_some_and(|format| format.ends_with("int64"));
                if is_number && text.parse::<i128>().is_err() {
                    fault("is not a number in a text");
                }
                let one_of = schema["enum"].as_array();
                if one_of.is_some_and(|words| !words.iter().any(|word| word == text)) {
                    fault(&format!("may not be '{text}'"));
                }
            }
            ("integer", Json::Number(number)) if number.is_i64() => {}
            (kind, _) => fault(&format!("is not of type {kind}")),
        }
    }

    /// A resource with every field filled in.
    pub fn maximal(&self, name: &str) -> Json {
        self.sample(&json!({"$ref": name}), &mut Vec::new()).unwrap()
    }

    fn sample(&self, schema: &Json, within: &mut Vec<String>) -> Option<Json> {
        let name = schema["$ref"].as_str();
        if let Some(name) = name {
            if within.iter().any(|other| other == name) || within.len() > DEPTH {
                return None;
            }
            within.push(name.to_owned());
        }
        let found = self.filled(self.resolved(schema), within);
        if name.is_some() {
            within.pop();
        }
        found
    }

    fn filled(&self, schema: &Json, within: &mut Vec<String>) -> Option<Json> {
        Some(match schema["type"].as_str().unwrap_or_default() {
            "object" => {
                let known = schema["properties"].as_object().into_iter().flatten();
                let mut fields: serde_json::Map<String, Json> = known
                    .filter_map(|(name, property)| Some((name.clone(), self.sample(property, within)?)))
                    .collect();
                let other = &schema["additionalProperties"];
                if let Some(value) = other.is_object().then(|| self.sample(other, within)).flatten() {
                    fields.insert("key".to_owned(), value);
                }
                Json::Object(fields)
            }
            "array" => Json::Array(self.sample(&schema["items"], within).into_iter().collect()),
            "integer" => json!(7),
            "number" => json!(0.5),
            "boolean" => json!(true),
            "string" => match (schema["enum"].as_array(), schema["format"].as_str()) {
                (Some(words), _) => words.last()?.clone(),
                (None, Some("int64" | "uint64")) => json!("1234567890123"),
                (None, Some("google-datetime")) => json!("2024-01-01T00:00:00.000Z"),
                (None, _) => json!("x"),
            },
            _ => json!("any"),
        })
    }

    fn resolved<'s>(&'s self, schema: &'s Json) -> &'s Json {
        schema["$ref"]
            .as_str()
            .map_or(schema, |name| &self.document["schemas"][name])
    }
}

/// All methods of a resource and its nested resources.
fn collect(resource: &Json, methods: &mut Vec<Json>) {
    methods.extend(
        resource["methods"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(_, method)| method.clone()),
    );
    for (_, within) in resource["resources"].as_object().into_iter().flatten() {
        collect(within, methods);
    }
}

/// Whether a path matches a method's path, in which `{+name}` is any one segment.
fn is_at(known: &str, path: &str) -> bool {
    let (known, path): (Vec<&str>, Vec<&str>) = (known.split('/').collect(), path.split('/').collect());
    known.len() == path.len()
        && known.iter().zip(&path).all(|(known, part)| {
            let (name, action) = known.rsplit_once('}').unwrap_or((known, ""));
            if name.starts_with('{') {
                part.ends_with(action) && (action.is_empty() != part.contains(':'))
            } else {
                known == part
            }
        })
}

/// Whether a query parameter has a valid value.
fn is_value(parameter: &Json, value: &str) -> bool {
    let one_of = parameter["enum"].as_array();
    let is_one = one_of.is_none_or(|words| words.iter().any(|word| word == value));
    is_one
        && match parameter["type"].as_str().unwrap_or_default() {
            "integer" => value.parse::<i64>().is_ok(),
            "boolean" => ["true", "false"].contains(&value),
            "string" => {
                let format = parameter["format"].as_str().unwrap_or_default();
                !format.ends_with("int64") || value.parse::<i64>().is_ok()
            }
            _ => true,
        }
}

#[test]
fn requests_unknown_to_the_api_are_detected() {
    let Some(discovery) = Discovery::find() else {
        return;
    };
    let jobs = "/bigquery/v2/projects/p/jobs";
    let good = json!({"configuration": {"labels": {"a": "b"}, "query": {"query": "SELECT 1", "useLegacySql": false}}});
    assert_eq!(discovery.faults("POST", jobs, "", &good), [] as [String; 0]);
    let bad = json!({"kind": "x", "configuration": {"query": {"querry": "", "maximumBytesBilled": 7}}});
    assert_eq!(
        discovery.faults("POST", jobs, "colour=red", &bad),
        [
            "bigquery.jobs.insert has no query parameter colour",
            "Job.configuration.query.maximumBytesBilled is not of type string",
            "Job.configuration.query.querry is not known",
            "Job.kind is for answers only",
        ]
    );
    assert_eq!(
        discovery.faults("GET", jobs, "allUsers=yes&stateFilter=running", &Json::Null),
        ["bigquery.jobs.list: allUsers=yes is not \"boolean\""]
    );
    assert_eq!(
        discovery.faults("PUT", jobs, "", &Json::Null),
        ["no method PUT /bigquery/v2/projects/p/jobs"]
    );
}
