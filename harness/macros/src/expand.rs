//! From a function to a function with a registry entry beside it.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::spanned::Spanned as _;
use syn::{Attribute as Annotation, Expr, ExprLit, ItemFn, Lit, Meta, ReturnType};

use crate::attribute::Attribute;

/// The function as written, followed by its `pub const NAME: Scenario`.
pub(crate) fn expand(attribute: &Attribute, function: &ItemFn) -> syn::Result<TokenStream> {
    check_shape(function)?;
    let explanation = doc_text(&function.attrs);
    if explanation.is_empty() {
        let complaint = "a scenario needs a doc comment: what is seen, why, what the device does";
        return Err(syn::Error::new(function.sig.ident.span(), complaint));
    }
    let Attribute { id, title, origin } = attribute;
    let ident = &function.sig.ident;
    let name = ident.to_string();
    let constant = format_ident!("{}", name.to_uppercase(), span = ident.span());
    let summary = format!(" {}: {}", id.value(), title.value());
    Ok(quote! {
        #function

        #[doc = #summary]
        pub const #constant: ::harness::scenario::Scenario = {
            fn run(
                rig: &mut ::harness::rig::Rig,
            ) -> ::harness::scenario::ScenarioFuture<'_> {
                ::std::boxed::Box::pin(#ident(rig))
            }
            ::harness::scenario::Scenario {
                id: #id,
                name: #name,
                title: #title,
                origin: #origin,
                explanation: #explanation,
                run,
            }
        };
    })
}

/// The compiler checks the types; this only keeps its messages about generated code away.
fn check_shape(function: &ItemFn) -> syn::Result<()> {
    let signature = &function.sig;
    let wanted = "a scenario is `async fn name(rig: &mut Rig) -> anyhow::Result<()>`";
    if signature.asyncness.is_none() {
        return Err(syn::Error::new(
            signature.fn_token.span(),
            format!("{wanted}: not async"),
        ));
    }
    if !signature.generics.params.is_empty() {
        return Err(syn::Error::new(
            signature.generics.span(),
            format!("{wanted}: generic"),
        ));
    }
    if signature.inputs.len() != 1 {
        let complaint = format!("{wanted}: it takes {} arguments", signature.inputs.len());
        return Err(syn::Error::new(signature.ident.span(), complaint));
    }
    if matches!(signature.output, ReturnType::Default) {
        return Err(syn::Error::new(
            signature.ident.span(),
            format!("{wanted}: returns nothing"),
        ));
    }
    Ok(())
}

/// The doc comment with the space after `///` removed, lines joined by line feeds.
fn doc_text(annotations: &[Annotation]) -> String {
    let mut lines = Vec::new();
    for annotation in annotations {
        if let Meta::NameValue(pair) = &annotation.meta
            && pair.path.is_ident("doc")
            && let Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) = &pair.value
        {
            for line in text.value().split('\n') {
                lines.push(line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned());
            }
        }
    }
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    fn attribute() -> Attribute {
        parse_quote!(id = "T05", title = "wrong APN", origin = "MODEM.md T05")
    }

    fn refusal(function: &ItemFn) -> String {
        expand(&attribute(), function).unwrap_err().to_string()
    }

    #[test]
    fn keeps_the_function_and_adds_its_constant() {
        let function: ItemFn = parse_quote! {
            /// The network refuses the access point.
            ///
            /// The device says so.
            async fn wrong_apn(rig: &mut Rig) -> anyhow::Result<()> { Ok(()) }
        };
        let file: syn::File = syn::parse2(expand(&attribute(), &function).unwrap()).unwrap();
        let [syn::Item::Fn(kept), syn::Item::Const(constant)] = file.items.as_slice() else {
            panic!("expected a function and a constant");
        };
        assert_eq!(kept, &function);
        assert_eq!(constant.ident, "WRONG_APN");
        let text = quote!(#constant).to_string();
        assert!(text.contains(r#"name : "wrong_apn""#), "{text}");
        let explanation = "The network refuses the access point.\n\nThe device says so.";
        assert!(
            text.contains(&quote!(explanation: #explanation).to_string()),
            "{text}"
        );
    }

    #[test]
    fn wants_a_doc_comment() {
        let function = parse_quote!(
            async fn bare(rig: &mut Rig) -> anyhow::Result<()> {
                Ok(())
            }
        );
        assert!(refusal(&function).contains("needs a doc comment"));
    }

    #[test]
    fn wants_the_shape_of_a_scenario() {
        let synchronous = parse_quote!(
            /// Doc.
            fn a(rig: &mut Rig) -> anyhow::Result<()> {}
        );
        assert!(refusal(&synchronous).contains("not async"));
        let crowded = parse_quote!(
            /// Doc.
            async fn b(rig: &mut Rig, more: u8) -> anyhow::Result<()> {}
        );
        assert!(refusal(&crowded).contains("takes 2 arguments"));
        let silent = parse_quote!(
            /// Doc.
            async fn c(rig: &mut Rig) {}
        );
        assert!(refusal(&silent).contains("returns nothing"));
        let generic = parse_quote!(
            /// Doc.
            async fn d<T>(rig: &mut Rig) -> anyhow::Result<()> {}
        );
        assert!(refusal(&generic).contains("generic"));
    }
}
