//! Topic filters (MQTT 5, section 4.7).

/// Whether `topic` is one that a subscription to `filter` receives.
pub fn topic_matches(filter: &str, topic: &str) -> bool {
    // Wildcards at the first level do not reach the server's own topics (4.7.2).
    if topic.starts_with('$') && !filter.starts_with('$') {
        return false;
    }
    let mut levels = topic.split('/');
    for part in filter.split('/') {
        match (part, levels.next()) {
            // `a/#` also means `a` itself (4.7.1.2).
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (name, Some(level)) if name == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_match_as_the_standard_says() {
        for (filter, topic, expected) in [
            ("a/b", "a/b", true),
            ("a/b", "a/c", false),
            ("a/b", "a", false),
            ("a", "a/b", false),
            ("+/telemetry", "dev/telemetry", true),
            ("+/telemetry", "dev/x/telemetry", false),
            ("+", "", true),
            ("+/+", "/x", true),
            ("a/#", "a", true),
            ("a/#", "a/b/c", true),
            ("a/#", "ab", false),
            ("#", "a/b", true),
            ("#", "$SYS/x", false),
            ("+/x", "$SYS/x", false),
            ("$SYS/#", "$SYS/x", true),
            ("\u{fc}/+", "\u{fc}/b", true),
        ] {
            assert_eq!(
                topic_matches(filter, topic),
                expected,
                "{filter} against {topic}"
            );
        }
    }
}
