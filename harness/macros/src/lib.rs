//! Attribute macros of the harness.

mod attribute;
mod expand;

use proc_macro::TokenStream;
use syn::parse_macro_input;

use crate::attribute::Attribute;

/// Turns an async function into an entry for the scenario registry.
///
/// ```text
/// /// The SIM rejects the access point the modem was sold with. (becomes the explanation)
/// #[scenario(id = "T05", title = "wrong APN", origin = "MODEM.md T05")]
/// async fn wrong_apn(rig: &mut Rig) -> anyhow::Result<()> { … }
/// ```
///
/// The function stays as it is. Beside it appears `pub const WRONG_APN: Scenario`, named like the
/// function in capitals. A missing doc comment, a missing or empty `id`, `title` or `origin`, and
/// a function of another shape are compile errors at the place that is wrong.
#[proc_macro_attribute]
pub fn scenario(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let attribute = parse_macro_input!(arguments as Attribute);
    let function = parse_macro_input!(item as syn::ItemFn);
    expand::expand(&attribute, &function)
        .unwrap_or_else(|error| {
            // The function is kept, so that the only complaint is the one about the attribute.
            let complaint = error.into_compile_error();
            quote::quote!(#complaint #function)
        })
        .into()
}
