//! The page's own style and script, and the policy that allows nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// A file below `templates/report`.
macro_rules! asset {
    ($path:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/templates/report/",
            $path
        ))
    };
}

/// All of the page's style.
pub(super) const STYLE: &str = concat!(
    asset!("style/base.css"),
    asset!("style/overview.css"),
    asset!("style/detail.css"),
    asset!("style/timeline.css"),
);

/// All of the page's script, in a scope of its own.
pub(super) const SCRIPT: &str = concat!(
    "(() => {\n\"use strict\";\n",
    asset!("script/theme.js"),
    asset!("script/filter.js"),
    asset!("script/copy.js"),
    asset!("script/data.js"),
    asset!("script/scale.js"),
    asset!("script/layout.js"),
    asset!("script/timeline.js"),
    asset!("script/list.js"),
    asset!("script/input.js"),
    asset!("script/route.js"),
    asset!("script/main.js"),
    "})();\n",
);

/// The content security policy (W3C CSP level 3): style and script by their hashes.
pub(super) fn content_security_policy() -> String {
    format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_style_or_script_ends_its_element() {
        for text in [STYLE, SCRIPT] {
            assert!(!text.contains("</"), "an end tag in the page's own text");
            assert!(!text.contains("<!--"), "a comment in the page's own text");
            // A browser hashes what it has parsed, and that has no carriage returns.
            assert!(!text.contains('\r'), "carriage returns change the hash");
        }
    }

    #[test]
    fn hashes_are_those_of_the_standard() {
        // The example of the specification.
        assert_eq!(
            hash("alert('Hello, world.');"),
            "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng="
        );
    }
}
