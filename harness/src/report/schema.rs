//! The JSON schema of `report.json`, made of the types.

use schemars::generate::SchemaSettings;

use super::model::{Report, VERSION};

/// The schema as text, in the dialect of JSON Schema 2020-12.
///
/// # Errors
/// None that depends on anything but this program.
pub fn schema() -> Result<String, serde_json::Error> {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<Report>();
    schema.insert(
        "title".to_owned(),
        format!("hil report, version {VERSION}").into(),
    );
    let mut text = serde_json::to_string_pretty(&schema)?;
    text.push('\n');
    Ok(text)
}
