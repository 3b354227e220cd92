//! As much of JSON Schema 2020-12 as our schema uses. A keyword that is not known here is an error,
//! so that nothing passes for checked that was not; `ci/report_check.py` asks somebody else's
//! validator the same.

use serde_json::{Map, Value};

/// What `schema` has against `value`: a JSON pointer and what is wrong there.
pub(crate) fn complaint(schema: &Value, value: &Value) -> Option<String> {
    let check = Check { root: schema };
    check.value(schema, value, "").err()
}

struct Check<'a> {
    root: &'a Value,
}

type Checked = Result<(), String>;

impl Check<'_> {
    fn value(&self, schema: &Value, value: &Value, at: &str) -> Checked {
        for (keyword, wanted) in object(schema) {
            match keyword.as_str() {
                "$schema" | "$defs" | "title" | "default" | "description" | "format" => {}
                "$ref" => {
                    let pointer = wanted.as_str().unwrap().trim_start_matches('#');
                    self.value(self.root.pointer(pointer).unwrap(), value, at)?;
                }
                "type" => {
                    let types = match wanted {
                        Value::Array(types) => types.clone(),
                        one => vec![one.clone()],
                    };
                    let fits = |wanted: &Value| is_type(value, wanted.as_str().unwrap());
                    demand(types.iter().any(fits), at, value, wanted)?;
                }
                "const" => demand(value == wanted, at, value, wanted)?,
                "enum" => demand(array(wanted).contains(value), at, value, wanted)?,
                "minimum" => {
                    let enough = value.as_f64() >= wanted.as_f64();
                    demand(!value.is_number() || enough, at, value, wanted)?;
                }
                "anyOf" | "oneOf" => {
                    let fits = |schema: &&Value| self.value(schema, value, at).is_ok();
                    let count = array(wanted).iter().filter(fits).count();
                    let fits = count == 1 || (keyword == "anyOf" && count > 0);
                    demand(fits, at, value, wanted)?;
                }
                "properties" => self.properties(object(wanted), value, at)?,
                "required" => {
                    for name in array(wanted).iter().filter(|_| value.is_object()) {
                        let there = value.get(name.as_str().unwrap()).is_some();
                        demand(there, at, value, &format!("field {name}"))?;
                    }
                }
                "additionalProperties" => {
                    let known = schema.get("properties");
                    for (name, field) in value.as_object().into_iter().flatten() {
                        if known.and_then(|known| known.get(name)).is_none() {
                            self.value(wanted, field, &format!("{at}/{name}"))?;
                        }
                    }
                }
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.value(wanted, item, &format!("{at}/{index}"))?;
                    }
                }
                unknown => panic!("the check does not know the keyword `{unknown}`"),
            }
        }
        Ok(())
    }

    fn properties(&self, properties: &Map<String, Value>, value: &Value, at: &str) -> Checked {
        for (name, schema) in properties {
            if let Some(field) = value.get(name) {
                self.value(schema, field, &format!("{at}/{name}"))?;
            }
        }
        Ok(())
    }
}

fn demand(holds: bool, at: &str, value: &Value, wanted: &impl ToString) -> Checked {
    holds
        .then_some(())
        .ok_or_else(|| format!("{at}: {value} is not {}", wanted.to_string()))
}

fn is_type(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        other => panic!("the check does not know the type `{other}`"),
    }
}

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap()
}

fn array(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}
