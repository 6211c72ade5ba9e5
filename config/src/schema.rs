//! What may be written, as a JSON Schema and as a page: both made from the types that read the file.

use std::fmt::Write as _;

use schemars::JsonSchema;
use schemars::Schema;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use schemars::json_schema;
use serde_json::Map;
use serde_json::Value;

use crate::audit::RawAudit;
use crate::raw::Raw;
use crate::secret::PublicText;
use crate::secret::SecretRef;
use crate::units::Length;
use crate::units::Size;

/// The JSON Schema (draft 2020-12) of a configuration, by which editors complete and underline.
#[must_use]
pub fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Raw>().to_value();
    without_null(&mut schema);
    with_required(&mut schema);
    if let Some(root) = schema.as_object_mut() {
        root.insert("title".to_owned(), Value::from("sealgate"));
    }
    schema
}

/// The same as a page in Markdown.
#[must_use]
pub fn reference() -> String {
    let schema = schema();
    let none = Map::new();
    let sections = schema.get("$defs").and_then(Value::as_object);
    let sections = sections.unwrap_or(&none);
    let mut page = String::from(
        "# Configuration reference\n\nMade from the types by `sealgate check --reference`; \
         `sealgate check --schema` prints the same as a JSON Schema.\nUnknown keys are refused.\n",
    );
    section(&mut page, "The file", &schema, sections);
    for (name, one) in sections {
        if one.get("properties").is_some() {
            section(&mut page, name, one, sections);
        }
    }
    page
}

fn section(page: &mut String, name: &str, schema: &Value, sections: &Map<String, Value>) {
    let about = schema.get("description").and_then(Value::as_str);
    let _ = write!(page, "\n## {name}\n\n{}\n\n", about.unwrap_or_default());
    page.push_str("| key | takes | what it is |\n|---|---|---|\n");
    let properties = schema.get("properties").and_then(Value::as_object);
    for (key, property) in properties.into_iter().flatten() {
        let about = property.get("description").and_then(Value::as_str);
        let about = about.unwrap_or_default().replace('\n', " ");
        let takes = takes(property, sections);
        let _ = writeln!(page, "| `{key}` | {takes} | {about} |");
    }
}

/// The values of a key, in words: its own words where it has some, else the name of a section.
fn takes(property: &Value, sections: &Map<String, Value>) -> String {
    let text = |name: &str| property.get(name).and_then(Value::as_str);
    if let Some(reference) = text("$ref") {
        let name = reference.rsplit('/').next().unwrap_or_default();
        let words = sections.get(name).and_then(|one| one.get("oneOf"));
        let words = words.and_then(Value::as_array).into_iter().flatten();
        let words = words.filter_map(|word| word.get("const")?.as_str());
        let words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
        if words.is_empty() {
            return name.to_owned();
        }
        return words.join(", ");
    }
    if let Some(items) = property.get("items") {
        return format!("list of {}", takes(items, sections));
    }
    match text("type") {
        Some("boolean") => "`true` or `false`".to_owned(),
        Some("string") => "text".to_owned(),
        other => other.unwrap_or("value").to_owned(),
    }
}

/// What stands in a file stands there: the types are optional only so that mistakes can be told.
fn without_null(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(without_null),
        Value::Object(object) => {
            object.values_mut().for_each(without_null);
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|one| one != "null");
                if let [one] = &types[..] {
                    let one = one.clone();
                    object.insert("type".to_owned(), one);
                }
            }
            let null = |one: &Value| one.get("type").is_some_and(|kind| kind == "null");
            let Some(Value::Array(choices)) = object.get_mut("anyOf") else {
                return;
            };
            choices.retain(|one| !null(one));
            if let [Value::Object(one)] = &choices[..] {
                let one: Map<String, Value> = one.clone();
                object.remove("anyOf");
                object.extend(one);
            }
        }
        _ => {}
    }
}

/// Keys of which the types say that they have no default.
fn with_required(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(with_required),
        Value::Object(object) => {
            object.values_mut().for_each(with_required);
            let properties = object.get("properties").and_then(Value::as_object);
            let required = properties.into_iter().flatten().filter(|(_, property)| {
                let about = property.get("description").and_then(Value::as_str);
                about.is_some_and(|about| {
                    let about = about.to_ascii_lowercase();
                    let for_some = about.starts_with('`') || about.contains("no default;");
                    about.contains("no default.") && !for_some
                })
            });
            let required: Vec<Value> = required.map(|(key, _)| Value::from(key.clone())).collect();
            if !required.is_empty() {
                object.insert("required".to_owned(), Value::Array(required));
            }
        }
        _ => {}
    }
}

macro_rules! schema_of {
    ($($type:ty, $name:literal: $schema:expr;)+) => {$(
        impl JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    )+};
}

schema_of! {
    Size, "Size": json_schema!({
        "type": "string",
        "description": "A number of bytes: `1B`, `64KiB`, `5MiB`, `1GiB`.",
        "pattern": "^[0-9]+(B|KiB|MiB|GiB)$",
    });
    Length, "Length": json_schema!({
        "type": "string",
        "description": "A length of time: `250ms`, `30s`, `15m`, `1h`.",
        "pattern": "^[0-9]+(ms|s|m|h)$",
    });
    SecretRef, "Secret": secret();
    PublicText, "PublicText": json_schema!({
        "description": "A text, or where it is: `{env: NAME}` or `{file: PATH}`.",
        "anyOf": [{"type": "string"}, secret()],
    });
    RawAudit, "Audit": json_schema!({
        "description": "`stdout` or `{file: PATH}`.",
        "anyOf": [{"const": "stdout"}, {
            "type": "object",
            "properties": {"file": {"type": "string", "minLength": 1}},
            "required": ["file"],
            "additionalProperties": false,
        }],
    });
}

/// Where a secret is.
fn secret() -> Schema {
    let one = |name: &str| {
        json_schema!({
            "type": "object",
            "properties": {name: {"type": "string", "minLength": 1}},
            "required": [name],
            "additionalProperties": false,
        })
    };
    json_schema!({
        "description": "Where a secret is: `{env: NAME}` or `{file: PATH}`.",
        "anyOf": [one("env"), one("file")],
    })
}
