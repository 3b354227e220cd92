//! Passwords stay out of what is printed.

/// Commands whose whole value is a secret.
const SECRET: [&str; 4] = ["CMDPW", "SIGNINAT", "MQTTPSW", "SSLCRT"];

/// What stands in the place of a secret.
const MARK: &str = "<hidden>";

/// An AT line, command or answer, with passwords and telephone numbers replaced.
pub(crate) fn mask(line: &str) -> String {
    let Some((head, value)) = line.split_once(['=', ':']) else {
        return line.to_owned();
    };
    let separator = &line[head.len()..=head.len()];
    let name = head.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    let name = name.to_ascii_uppercase();
    let name = name.strip_prefix("AT+").unwrap_or(&name);
    let value = if SECRET.contains(&name) && value != "?" {
        MARK.to_owned()
    } else if name == "APN" {
        mask_field(value, 2)
    } else if name.starts_with("SMSEND") || name == "DSTNUM" {
        mask_field(value, 0)
    } else {
        return line.to_owned();
    };
    format!("{head}{separator}{value}")
}

/// Replaces one of the fields between commas unless it is empty or a `?`.
fn mask_field(value: &str, index: usize) -> String {
    let hide = |(place, field): (usize, &str)| {
        let keep = place != index || matches!(field, "" | "?");
        if keep {
            field.to_owned()
        } else {
            MARK.to_owned()
        }
    };
    value
        .split(',')
        .enumerate()
        .map(hide)
        .collect::<Vec<_>>()
        .join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_passwords_and_numbers() {
        assert_eq!(
            mask("AT+APN=free,user,tiger,1"),
            "AT+APN=free,user,<hidden>,1"
        );
        assert_eq!(mask("+APN:free,,,0"), "+APN:free,,,0");
        assert_eq!(mask("at+cmdpw=tiger"), "at+cmdpw=<hidden>");
        assert_eq!(mask("+CMDPW:tiger"), "+CMDPW:<hidden>");
        assert_eq!(mask("AT+SIGNINAT=tiger"), "AT+SIGNINAT=<hidden>");
        assert_eq!(mask("AT+MQTTPSW=tiger"), "AT+MQTTPSW=<hidden>");
        assert_eq!(mask("+MQTTPSW:tiger"), "+MQTTPSW:<hidden>");
        assert_eq!(mask("AT+SSLCRT=2,tiger"), "AT+SSLCRT=<hidden>");
        assert_eq!(mask("AT+SMSEND=0123,3,hello"), "AT+SMSEND=<hidden>,3,hello");
        assert_eq!(mask("+DSTNUM:0123"), "+DSTNUM:<hidden>");
    }

    #[test]
    fn leaves_the_rest_alone() {
        for line in [
            "AT+VER?",
            "AT+CMDPW=?",
            "OK",
            "+CME ERROR:58",
            "AT+SOCKA=TCP,a.b,1",
            "é:",
        ] {
            assert_eq!(mask(line), line);
        }
    }
}
