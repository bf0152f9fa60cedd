//! What is answered, for programs: a document in the form of `OpenAPI`. It is made from the table of routes and from the
//! types of what their handlers take, so that it cannot say anything else than what is there.

use axum::Json;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Extension, Path, Request};
use axum::http::{HeaderMap, Method};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::App;
use super::auth::Signed;
use super::input::{Files, Input, WithFiles};
use super::routes::{Route, get, table};

/// The forms in which a body may come.
const FORMS: [&str; 3] = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"];

/// What a handler takes from a request.
#[derive(Default)]
pub struct Taken {
    /// The parts in braces of its address, as one value or a tuple of them.
    path: Option<Schema>,
    /// The parameters in query and body.
    fields: Option<Schema>,
    /// Those among them that are files.
    files: &'static [&'static str],
}

/// An argument of a handler, or all of them: what it takes from a request that a program has to know of.
pub trait Described {
    /// Adds that.
    fn describe(_: &mut Taken) {}
}

impl Described for () {}
impl Described for App {}
impl Described for HeaderMap {}
impl Described for Request {}
impl Described for Signed {}
impl Described for Option<Signed> {}
impl Described for WebSocketUpgrade {}
impl<T> Described for Extension<T> {}
impl<T: Described, E> Described for Result<T, E> {}

impl<T: JsonSchema> Described for Path<T> {
    fn describe(taken: &mut Taken) {
        taken.path = Some(schema::<T>());
    }
}

impl<T: JsonSchema> Described for Input<T> {
    fn describe(taken: &mut Taken) {
        taken.fields = Some(schema::<T>());
    }
}

impl<T: JsonSchema + Files> Described for WithFiles<T> {
    fn describe(taken: &mut Taken) {
        (taken.fields, taken.files) = (Some(schema::<T>()), T::FILES);
    }
}

/// Of a handler without any.
impl<Mark> Described for (Mark,) {}

/// The arguments of a handler as axum puts them together, behind a mark of its own.
macro_rules! handlers {
    ($(($($argument:ident)*))*) => {
        $(
            impl<Mark, $($argument: Described),*> Described for (Mark, $($argument,)*) {
                fn describe(taken: &mut Taken) {
                    $($argument::describe(taken);)*
                }
            }
        )*
    };
}

handlers!((A) (A B) (A B C) (A B C D) (A B C D E));

fn schema<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().subschema_for::<T>()
}

/// What is answered here.
pub fn routes() -> Vec<Route> {
    vec![get("/api/openapi.json", None, "This document", document)]
}

async fn document(app: App) -> Json<Value> {
    let mut paths: Map<String, Value> = Map::new();
    for route in table() {
        let methods = paths.entry(route.path).or_insert_with(|| json!({}));
        methods[route.method.as_str().to_ascii_lowercase()] = operation(&route);
    }
    let error = json!({
        "type": "object", "required": ["error"],
        "properties": { "error": { "type": "string" }, "error_description": { "type": "string" } },
    });
    Json(json!({
        "openapi": "3.1.0",
        "info": { "title": "Majlis", "version": env!("CARGO_PKG_VERSION") },
        "servers": [{ "url": *app.base }],
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "responses": { "Error": { "description": "Why not", "content": { "application/json": { "schema": error } } } },
        },
        "paths": paths,
    }))
}

fn operation(route: &Route) -> Value {
    let Taken { path, fields, files } = route.taken();
    let mut parameters = in_path(route.path, path.as_ref());
    let mut operation = json!({ "summary": route.summary });
    let mut refusals = vec!["429"];
    if !parameters.is_empty() {
        refusals.extend(["400", "404"]);
    }
    if let Some(fields) = fields {
        refusals.extend(["400", "413", "422"]);
        if [Method::GET, Method::DELETE].contains(&route.method) {
            parameters.extend(in_query(&fields));
        } else {
            operation["requestBody"] = body(fields.to_value(), files);
        }
    }
    if let Some(scopes) = route.scope {
        // One of them is enough.
        operation["security"] = scopes.split(' ').map(|scope| json!({ "token": [scope] })).collect();
        refusals.extend(["401", "403"]);
    }
    let mut responses = json!({ "200": { "description": "An object, a list or a file" } });
    for status in refusals {
        responses[status] = json!({ "$ref": "#/components/responses/Error" });
    }
    responses["default"] = json!({ "description": "As HTTP has it" });
    operation["parameters"] = parameters.into();
    operation["responses"] = responses;
    operation
}

/// What stands in braces in an address.
fn in_path(path: &str, schema: Option<&Schema>) -> Vec<Value> {
    let names: Vec<_> =
        path.split('/').filter_map(|part| part.split_once('{')?.1.strip_suffix('}')).collect();
    let schema = schema.map_or_else(|| json!({ "type": "string" }), |schema| schema.clone().to_value());
    let of = |index: usize| schema.pointer(&format!("/prefixItems/{index}")).unwrap_or(&schema);
    let parameter = |(index, name): (usize, &&str)| json!({ "name": name, "in": "path", "required": true, "schema": of(index) });
    names.iter().enumerate().map(parameter).collect()
}

fn in_query(fields: &Schema) -> Vec<Value> {
    let fields = fields.as_value();
    let is_needed =
        |name: &str| fields["required"].as_array().is_some_and(|all| all.iter().any(|known| known == name));
    let properties = fields["properties"].as_object().into_iter().flatten();
    let parameter = |(name, schema): (&String, &Value)| {
        let mut schema = schema.clone();
        // Nothing is said by leaving it out.
        if let Some(kinds) = schema["type"].as_array_mut() {
            kinds.retain(|kind| kind != "null");
        }
        let name_there = if schema["type"] == "array" { format!("{name}[]") } else { name.clone() };
        json!({ "name": name_there, "in": "query", "required": is_needed(name), "schema": schema })
    };
    properties.map(parameter).collect()
}

fn body(mut fields: Value, files: &[&str]) -> Value {
    for file in files {
        fields["properties"][*file] = json!({ "type": "string", "format": "binary" });
    }
    let forms = if files.is_empty() { &FORMS[..] } else { &FORMS[2..] };
    let content: Map<String, Value> =
        forms.iter().map(|form| ((*form).to_owned(), json!({ "schema": fields }))).collect();
    json!({ "content": content })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn route(method: &Method, path: &str) -> Value {
        let found = table().into_iter().find(|route| route.method == *method && route.path == path);
        operation(&found.unwrap())
    }

    fn names(parameters: &Value, place: &str) -> Vec<String> {
        let all = parameters.as_array().unwrap().iter().filter(|parameter| parameter["in"] == place);
        all.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn parameters_are_those_that_handlers_read() {
        let posts = route(&Method::GET, "/api/v1/accounts/{id}/statuses");
        assert_eq!(
            posts["parameters"][0],
            json!({ "name": "id", "in": "path", "required": true, "schema": posts["parameters"][0]["schema"] })
        );
        assert_eq!(posts["parameters"][0]["schema"]["type"], "integer");
        let asked: BTreeSet<_> = names(&posts["parameters"], "query").into_iter().collect();
        for name in ["limit", "max_id", "since_id", "min_id", "pinned", "exclude_replies", "only_media"] {
            assert!(asked.contains(name), "{name}: {asked:?}");
        }
        let several = route(&Method::GET, "/api/v1/statuses");
        assert_eq!(names(&several["parameters"], "query"), ["id[]"]);
        assert_eq!(several["parameters"][0]["schema"]["type"], "array");
        let file = route(&Method::GET, "/media/{key}/{cid}");
        assert_eq!(names(&file["parameters"], "path"), ["key", "cid"]);
        assert_eq!(file["parameters"][1]["schema"]["type"], "string");
    }

    #[test]
    fn bodies_are_those_that_handlers_read() {
        let post = route(&Method::POST, "/api/v1/statuses");
        assert!(names(&post["parameters"], "query").is_empty());
        for form in FORMS {
            let fields = &post["requestBody"]["content"][form]["schema"]["properties"];
            assert_eq!(fields["media_ids"]["type"], json!(["array", "null"]), "{form}");
            assert_eq!(fields["sensitive"]["type"], json!(["boolean", "null"]), "{form}");
            assert!(fields["poll"].to_string().contains("expires_in"), "{fields}");
        }
        let upload = &route(&Method::POST, "/api/v2/media")["requestBody"]["content"];
        assert_eq!(upload.as_object().unwrap().len(), 1);
        let fields = &upload["multipart/form-data"]["schema"]["properties"];
        assert_eq!(fields["file"]["format"], "binary");
        assert!(fields["description"].is_object());
        assert!(route(&Method::POST, "/api/v1/statuses/{id}/pin").get("requestBody").is_none());
        assert!(!post.to_string().contains("$defs") && !post.to_string().contains("#/$"), "{post}");
    }

    #[test]
    fn what_is_refused_is_said() {
        let post = route(&Method::PUT, "/api/v1/statuses/{id}");
        for status in ["200", "400", "401", "403", "404", "413", "422", "429"] {
            assert!(post["responses"].get(status).is_some(), "{status}");
        }
        let health = route(&Method::GET, "/health");
        assert!(health["responses"].get("401").is_none() && health["responses"].get("404").is_none());
    }
}
