//! The arguments of `#[scenario(…)]`.

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::{Ident, LitStr, Token};

/// `id = "…", title = "…", origin = "…"`, in any order, each once and none empty.
#[derive(Debug)]
pub(crate) struct Attribute {
    /// Short stable identifier: ASCII letters, digits and `-`.
    pub(crate) id: LitStr,
    /// One line for lists and reports.
    pub(crate) title: LitStr,
    /// Where the story comes from.
    pub(crate) origin: LitStr,
}

impl Parse for Attribute {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let (mut id, mut title, mut origin) = (None, None, None);
        while !input.is_empty() {
            let key: Ident = input.parse()?;
            let slot = match key.to_string().as_str() {
                "id" => &mut id,
                "title" => &mut title,
                "origin" => &mut origin,
                other => {
                    let complaint =
                        format!("unknown argument `{other}`, expected `id`, `title` or `origin`");
                    return Err(syn::Error::new(key.span(), complaint));
                }
            };
            if slot.is_some() {
                return Err(syn::Error::new(
                    key.span(),
                    format!("`{key}` is given twice"),
                ));
            }
            input.parse::<Token![=]>()?;
            *slot = Some(one_line(&key, input.parse()?)?);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        let attribute = Self {
            id: required("id", id)?,
            title: required("title", title)?,
            origin: required("origin", origin)?,
        };
        check_id(&attribute.id)?;
        Ok(attribute)
    }
}

fn required(key: &str, value: Option<LitStr>) -> syn::Result<LitStr> {
    value.ok_or_else(|| {
        syn::Error::new(
            Span::call_site(),
            format!("missing `{key} = \"…\"` in `#[scenario]`"),
        )
    })
}

/// Lists and reports print these values on one line.
fn one_line(key: &Ident, literal: LitStr) -> syn::Result<LitStr> {
    let value = literal.value();
    if value.trim().is_empty() {
        return Err(syn::Error::new(literal.span(), format!("`{key}` is empty")));
    }
    if value.contains(['\n', '\r']) {
        return Err(syn::Error::new(
            literal.span(),
            format!("`{key}` must be a single line"),
        ));
    }
    Ok(literal)
}

/// The id is part of test names and of folder names.
fn check_id(id: &LitStr) -> syn::Result<()> {
    let plain = |character: char| character.is_ascii_alphanumeric() || character == '-';
    if id.value().chars().all(plain) {
        return Ok(());
    }
    let complaint = "`id` may hold ASCII letters, digits and `-` only: it names tests and folders";
    Err(syn::Error::new(id.span(), complaint))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        syn::parse_str::<Attribute>(text).unwrap_err().to_string()
    }

    #[test]
    fn takes_the_three_arguments_in_any_order() {
        let text = r#"origin = "MODEM.md T05", id = "T05", title = "wrong APN","#;
        let attribute: Attribute = syn::parse_str(text).unwrap();
        assert_eq!(attribute.id.value(), "T05");
        assert_eq!(attribute.title.value(), "wrong APN");
        assert_eq!(attribute.origin.value(), "MODEM.md T05");
    }

    #[test]
    fn names_what_is_missing() {
        assert!(refusal("").contains("missing `id"));
        assert!(refusal(r#"id = "T05", origin = "o""#).contains("missing `title"));
        assert!(refusal(r#"id = "T05", title = "t""#).contains("missing `origin"));
    }

    #[test]
    fn refuses_what_would_spoil_lists_and_folders() {
        assert!(refusal(r#"id = "", title = "t", origin = "o""#).contains("`id` is empty"));
        assert!(refusal(r#"id = "../x", title = "t", origin = "o""#).contains("ASCII letters"));
        assert!(refusal(r#"id = "T05", title = "a\nb", origin = "o""#).contains("single line"));
        assert!(refusal(r#"id = "T05", id = "T06""#).contains("given twice"));
        assert!(refusal(r#"ident = "T05""#).contains("unknown argument `ident`"));
    }
}
