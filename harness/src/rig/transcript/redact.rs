//! Secrets leave before anything is written.

use std::fmt::Write as _;

/// What stands in the place of a secret.
const MARK: &str = "<redacted>";

/// Shortest secret, in bytes, that is also looked for in its encodings: what is shorter would be
/// found everywhere.
const ENCODED_FROM: usize = 4;

/// Values that must not appear in any output, nor what says the same in hexadecimal digits,
/// base64, UCS-2 as text messages have it, escapes, or a list of bytes.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Redactions {
    /// Every form of every secret, the longest first.
    forms: Vec<String>,
    /// The secrets as they are.
    secrets: Vec<Vec<u8>>,
}

impl std::fmt::Debug for Redactions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactions({} values)", self.secrets.len())
    }
}

impl Redactions {
    /// Hides each of `secrets`; empty ones are left out.
    pub fn new(secrets: impl IntoIterator<Item = impl Into<Vec<u8>>>) -> Self {
        let mut secrets: Vec<Vec<u8>> = secrets.into_iter().map(Into::into).collect();
        secrets.retain(|secret| !secret.is_empty());
        secrets.sort();
        secrets.dedup();
        let mut forms: Vec<String> = secrets.iter().flat_map(|secret| forms(secret)).collect();
        // A secret that contains another goes first, or its rest would stay readable.
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
        forms.dedup();
        Self { forms, secrets }
    }

    /// `text` without the secrets.
    pub fn apply(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for form in &self.forms {
            if text.contains(form.as_str()) {
                text = text.replace(form.as_str(), MARK);
            }
        }
        text
    }

    /// `bytes` without the secrets.
    pub fn apply_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let forms = self.forms.iter().map(String::as_bytes);
        let raw = self.secrets.iter().map(Vec::as_slice);
        let mut bytes = bytes.to_vec();
        for hidden in forms.chain(raw) {
            if bytes.windows(hidden.len()).any(|part| part == hidden) {
                bytes = replace(&bytes, hidden, MARK.as_bytes());
            }
        }
        bytes
    }

    /// Whether four bytes of a secret lie in `word` as a little-endian processor loads them.
    pub fn is_part(&self, word: u32) -> bool {
        let bytes = word.to_le_bytes();
        // 0 and -1 are everywhere, and in many a key.
        let plain = bytes.iter().all(|byte| *byte == bytes[0]);
        let within = |secret: &Vec<u8>| secret.windows(bytes.len()).any(|part| part == bytes);
        !plain && self.secrets.iter().any(within)
    }
}

/// `bytes` with every `old`, which is not empty, replaced.
fn replace(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, others)) = rest.split_first() {
        if let Some(behind) = rest.strip_prefix(old) {
            replaced.extend_from_slice(new);
            rest = behind;
        } else {
            replaced.push(*first);
            rest = others;
        }
    }
    replaced
}

/// `secret` as an output may show it.
fn forms(secret: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(secret).ok();
    let mut forms: Vec<String> = text.map(str::to_owned).into_iter().collect();
    if secret.len() < ENCODED_FROM {
        return forms;
    }
    let spelled = secret.iter().map(u8::to_string).collect::<Vec<_>>();
    forms.extend([
        hexadecimal(secret, ""),
        hexadecimal(secret, " "),
        hexadecimal(secret, ":"),
        secret.escape_ascii().to_string(),
        spelled.join(", "),
        spelled.join(","),
    ]);
    forms.extend((0..3).map(|before| base64(secret, before)));
    if let Some(text) = text {
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let narrow: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        forms.extend([hexadecimal(&wide, ""), hexadecimal(&narrow, "")]);
        forms.push(text.escape_debug().to_string());
        forms.push(text.escape_unicode().to_string());
        // A JSON string, also one that some writers make of anything outside of ASCII.
        let quoted = serde_json::to_string(text).unwrap_or_default();
        forms.push(quoted.trim_matches('"').to_owned());
        forms.push(text.encode_utf16().fold(String::new(), |mut all, unit| {
            // Writing to a string cannot fail.
            let _ = write!(all, "\\u{unit:04x}");
            all
        }));
    }
    let upper: Vec<_> = forms.iter().filter(|form| is_digits(form)).collect();
    let upper: Vec<_> = upper.into_iter().map(|form| form.to_uppercase()).collect();
    let urls: Vec<_> = forms.iter().map(|form| form.replace('+', "-")).collect();
    let urls = urls.into_iter().map(|form| form.replace('/', "_"));
    let urls: Vec<_> = urls.filter(|form| !forms.contains(form)).collect();
    forms.extend(upper);
    forms.extend(urls);
    forms.retain(|form| form.len() >= ENCODED_FROM);
    forms
}

/// Whether it is written in hexadecimal digits, with or without something between.
fn is_digits(form: &str) -> bool {
    form.bytes()
        .all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b' ' | b':'))
}

fn hexadecimal(bytes: &[u8], between: &str) -> String {
    let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.join(between)
}

/// The characters of base64 (RFC 4648, 4) that depend on `secret` alone when `before` bytes, or
/// that many more than a multiple of three, are encoded ahead of it.
fn base64(secret: &[u8], before: usize) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (first, end) = ((before * 8).div_ceil(6), (before + secret.len()) * 8 / 6);
    let bit = |at: usize| {
        let byte = at.checked_sub(before * 8).and_then(|at| secret.get(at / 8));
        byte.is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1)
    };
    let value =
        |index: usize| (0..6).fold(0, |sum, at| sum << 1 | usize::from(bit(index * 6 + at)));
    let characters = (first..end).filter_map(|index| ALPHABET.get(value(index)));
    characters.map(|byte| char::from(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactions(secrets: &[&str]) -> Redactions {
        Redactions::new(secrets.iter().map(|secret| secret.as_bytes().to_vec()))
    }

    #[test]
    fn bytes_lose_their_secrets_too() {
        let redactions = redactions(&["tiger"]);
        assert_eq!(
            redactions.apply_bytes(b"\0\x05tiger\xfftigertige"),
            b"\0\x05<redacted>\xff<redacted>tige"
        );
        assert_eq!(redactions.apply_bytes(b""), b"");
    }

    #[test]
    fn the_longer_secret_wins() {
        let redactions = redactions(&["tiger", "tiger2", ""]);
        assert_eq!(
            redactions.apply("AT+APN=x,u,tiger2,1"),
            "AT+APN=x,u,<redacted>,1"
        );
    }

    #[test]
    fn encodings_say_nothing_either() {
        let redactions = redactions(&["ti\"ger\u{e4}?>"]);
        for (text, kept) in [
            ("x74692267 6572", "x74692267 6572"),
            ("x746922676572c3a43f3ey", "x<redacted>y"),
            ("74 69 22 67 65 72 C3 A4 3F 3E", "<redacted>"),
            // The whole, and behind one and two bytes; the ends belong to the neighbours.
            ("dGkiZ2Vyw6Q/Pg==", "<redacted>g=="),
            ("dGkiZ2Vyw6Q_Pg==", "<redacted>g=="),
            ("eHRpImdlcsOkPz4=", "eH<redacted>4="),
            ("eHh0aSJnZXLDpD8+", "eHh<redacted>"),
            // As a text message has it.
            (
                "007400690022006700650072 00E4003F003E",
                "007400690022006700650072 00E4003F003E",
            ),
            ("00740069002200670065007200E4003F003E", "<redacted>"),
            ("{\"a\":\"ti\\\"ger\u{e4}?>\"}", "{\"a\":\"<redacted>\"}"),
            (
                "\\u0074\\u0069\\u0022\\u0067\\u0065\\u0072\\u00e4\\u003f\\u003e",
                "<redacted>",
            ),
            ("ti\\\"ger\\xc3\\xa4?>", "<redacted>"),
            (
                "[116, 105, 34, 103, 101, 114, 195, 164, 63, 62]",
                "[<redacted>]",
            ),
        ] {
            assert_eq!(redactions.apply(text), kept);
        }
    }

    #[test]
    fn short_secrets_are_hidden_as_they_are() {
        assert_eq!(
            redactions(&["abc"]).apply("abc 616263"),
            "<redacted> 616263"
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_hidden_in_every_form() {
        let redactions = Redactions::new([vec![0x30, 0x81, 0x00, 0xFF, 0x3E]]);
        assert_eq!(redactions.apply("308100ff3e"), "<redacted>");
        assert_eq!(redactions.apply("0\\x81\\x00\\xff>"), "<redacted>");
        assert_eq!(redactions.apply("MIEA/z4="), "<redacted>4=");
    }

    #[test]
    fn a_word_of_a_secret_is_one() {
        let redactions = redactions(&["tiger2"]);
        assert!(redactions.is_part(u32::from_le_bytes(*b"iger")));
        assert!(!redactions.is_part(u32::from_le_bytes(*b"regi")));
        assert!(!redactions.is_part(0));
    }
}
