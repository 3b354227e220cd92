//! What is written is read back, at every size, and secrets stay hidden.

#![expect(clippy::unwrap_used, reason = "a failing test may panic")]

mod common;

use common::{full, partition};
use firmware_settings::{
    Draft, EncodeError, FieldError, MAX_ENCODED_SIZE, PARTITION_SIZE, decode, encode, limits,
};
use proptest::prelude::*;

#[test]
fn all_fields_come_back() {
    let settings = full(&[0x30; 700]).build().unwrap();
    assert_eq!(decode(&partition(&settings)), Ok(settings));
}

#[test]
fn a_minimal_draft_needs_host_name_authority_and_client() {
    let draft = Draft {
        broker_host: "h",
        server_name: "h",
        ca: &[1],
        client_id: "c",
        ..Draft::default()
    };
    let settings = draft.build().unwrap();
    assert!(settings.identity.is_none() && settings.sms.is_none());
    assert_eq!(decode(&partition(&settings)), Ok(settings));

    let without = |draft: Draft<'_>| draft.build().unwrap_err();
    let empty = |field| FieldError::Empty { field };
    assert_eq!(
        without(Draft {
            broker_host: "",
            ..draft
        }),
        empty("broker.host")
    );
    assert_eq!(
        without(Draft {
            server_name: "",
            ..draft
        }),
        empty("broker.server_name")
    );
    assert_eq!(without(Draft { ca: &[], ..draft }), empty("broker.ca"));
    assert_eq!(
        without(Draft {
            client_id: "",
            ..draft
        }),
        empty("login.client_id")
    );
}

#[test]
fn the_largest_settings_fit_the_partition() {
    let long = "x".repeat(300);
    let certificate = [0x5A; limits::CERTIFICATE];
    let key = [0xA5; limits::KEY];
    let number = "9".repeat(limits::SMS_NUMBER);
    let draft = Draft {
        broker_host: &long[..limits::HOST],
        broker_port: u16::MAX,
        server_name: &long[..limits::SERVER_NAME],
        ca: &certificate,
        client_id: &long[..limits::CLIENT_ID],
        user: &long[..limits::USER],
        password: &long[..limits::PASSWORD],
        client_certificate: Some(&certificate),
        client_key: Some(&key),
        apn: &long[..limits::APN],
        apn_user: &long[..limits::APN],
        apn_password: &long[..limits::APN],
        topic_telemetry: &long[..limits::TOPIC],
        topic_status: &long[..limits::TOPIC],
        topic_command: &long[..limits::TOPIC],
        telemetry_period_s: *limits::PERIOD_S.end(),
        telemetry_queue: 1024,
        keep_alive_s: u16::MAX,
        sms_number: Some(&number),
        sms_after_s: *limits::SMS_AFTER_S.end(),
        ..full(&certificate)
    };
    let settings = draft.build().unwrap();
    let mut bytes = vec![0; PARTITION_SIZE];
    let size = encode(&settings, &mut bytes).unwrap();
    assert!(size <= MAX_ENCODED_SIZE, "{size} bytes");
    assert_eq!(decode(&bytes[..size]), Ok(settings.clone()));

    // Exactly enough is enough, one byte less is not.
    assert_eq!(encode(&settings, &mut bytes[..size]), Ok(size));
    for available in [0, 15, 16, 17, size - 1] {
        let error = encode(&settings, &mut bytes[..available]).unwrap_err();
        assert_eq!(error, EncodeError::BufferTooSmall { available });
    }
}

#[test]
fn one_byte_over_a_limit_names_the_field_and_both_sizes() {
    let long = "x".repeat(300);
    let bytes = [0x30; 3000];
    let ca = [0x30; 8];
    let base = full(&ca);
    let cases: [(Draft<'_>, &str, usize); 15] = [
        (
            Draft {
                broker_host: &long[..101],
                ..base
            },
            "broker.host",
            100,
        ),
        (
            Draft {
                server_name: &long[..254],
                ..base
            },
            "broker.server_name",
            253,
        ),
        (
            Draft {
                ca: &bytes[..2049],
                ..base
            },
            "broker.ca",
            2048,
        ),
        (
            Draft {
                client_id: &long[..65],
                ..base
            },
            "login.client_id",
            64,
        ),
        (
            Draft {
                user: &long[..65],
                ..base
            },
            "login.user",
            64,
        ),
        (
            Draft {
                password: &long[..129],
                ..base
            },
            "login.password",
            128,
        ),
        (
            Draft {
                client_certificate: Some(&bytes[..2049]),
                ..base
            },
            "identity.certificate",
            2048,
        ),
        (
            Draft {
                client_key: Some(&bytes[..257]),
                ..base
            },
            "identity.key",
            256,
        ),
        (
            Draft {
                apn: &long[..51],
                ..base
            },
            "apn.name",
            50,
        ),
        (
            Draft {
                apn_user: &long[..51],
                ..base
            },
            "apn.user",
            50,
        ),
        (
            Draft {
                apn_password: &long[..51],
                ..base
            },
            "apn.password",
            50,
        ),
        (
            Draft {
                topic_telemetry: &long[..97],
                ..base
            },
            "topics.telemetry",
            96,
        ),
        (
            Draft {
                topic_status: &long[..97],
                ..base
            },
            "topics.status",
            96,
        ),
        (
            Draft {
                topic_command: &long[..97],
                ..base
            },
            "topics.command",
            96,
        ),
        (
            Draft {
                sms_number: Some("123456789012345678901"),
                ..base
            },
            "sms.number",
            20,
        ),
    ];
    for (draft, field, limit) in cases {
        let error = draft.build().unwrap_err();
        assert_eq!(
            error,
            FieldError::TooLong {
                field,
                size: limit + 1,
                limit
            }
        );
        assert_eq!(
            error.to_string(),
            format!(
                "settings field {field} takes {} bytes, the limit is {limit}: shorten it",
                limit + 1
            )
        );
    }
}

#[test]
fn numbers_outside_their_range_are_refused() {
    let ca = [0x30; 8];
    let base = full(&ca);
    let cases = [
        (
            Draft {
                broker_port: 0,
                ..base
            },
            "broker.port",
        ),
        (
            Draft {
                telemetry_period_s: 0,
                ..base
            },
            "telemetry.period_s",
        ),
        (
            Draft {
                telemetry_period_s: 86_401,
                ..base
            },
            "telemetry.period_s",
        ),
        (
            Draft {
                telemetry_queue: 0,
                ..base
            },
            "telemetry.queue",
        ),
        (
            Draft {
                keep_alive_s: 4,
                ..base
            },
            "keep_alive_s",
        ),
        (
            Draft {
                sms_after_s: 59,
                ..base
            },
            "sms.after_s",
        ),
    ];
    for (draft, expected) in cases {
        match draft.build() {
            Err(FieldError::OutOfRange { field, .. }) => assert_eq!(field, expected),
            other => panic!("{expected}: {other:?}"),
        }
    }
}

#[test]
fn nothing_can_be_smuggled_into_an_at_command() {
    let ca = [0x30; 8];
    let base = full(&ca);
    let cases = [
        (
            Draft {
                broker_host: "a\r\nAT+CLEAR",
                ..base
            },
            "broker.host",
            1,
        ),
        (
            Draft {
                broker_host: "a,80",
                ..base
            },
            "broker.host",
            1,
        ),
        (
            Draft {
                apn: "in ternet",
                ..base
            },
            "apn.name",
            2,
        ),
        (
            Draft {
                apn_user: "u,p",
                ..base
            },
            "apn.user",
            1,
        ),
        (
            Draft {
                apn_password: "pass\"",
                ..base
            },
            "apn.password",
            4,
        ),
        (
            Draft {
                sms_number: Some("+33600000000"),
                ..base
            },
            "sms.number",
            0,
        ),
        (
            Draft {
                topic_telemetry: "a/#",
                ..base
            },
            "topics.telemetry",
            2,
        ),
    ];
    for (draft, expected, at) in cases {
        match draft.build() {
            Err(FieldError::Character {
                field, position, ..
            }) => {
                assert_eq!((field, position), (expected, at));
            }
            other => panic!("{expected}: {other:?}"),
        }
    }
}

#[test]
fn half_an_identity_is_refused() {
    let ca = [0x30; 8];
    let key_only = Draft {
        client_certificate: None,
        ..full(&ca)
    };
    assert_eq!(
        key_only.build().unwrap_err(),
        FieldError::Incomplete {
            field: "identity.certificate",
            other: "identity.key"
        }
    );
}

#[test]
fn debug_shows_no_secret() {
    let ca = [0x30; 8];
    let shown = format!("{:?}", full(&ca).build().unwrap());
    for secret in ["open sesame", "apn-secret", "33600000000"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert!(
        shown.contains("password: <hidden>") && shown.contains("key: <hidden>"),
        "{shown}"
    );
    assert!(shown.contains("ca: <DER, 8 bytes>"), "{shown}");
}

proptest! {
    #[test]
    fn any_valid_draft_comes_back(
        host in "[a-z0-9.-]{1,100}",
        port in 1_u16..,
        name in "[a-z0-9.-]{1,253}",
        ca in prop::collection::vec(any::<u8>(), 1..=2048),
        texts in prop::array::uniform4("[ -~äöü€]{0,16}"),
        topic in "[a-z/]{1,96}",
        key in prop::option::of(prop::collection::vec(any::<u8>(), 1..=256)),
        period in 1_u32..=86_400,
        queue in 1_u16..=1024,
        keep_alive in 5_u16..,
        number in prop::option::of("[0-9]{1,20}"),
    ) {
        let [client, user, password, _] = &texts;
        let settings = Draft {
            broker_host: &host,
            broker_port: port,
            server_name: &name,
            ca: &ca,
            client_id: if client.is_empty() { "c" } else { client },
            user,
            password,
            client_certificate: key.as_ref().map(|_| ca.as_slice()),
            client_key: key.as_deref(),
            topic_telemetry: &topic,
            telemetry_period_s: period,
            telemetry_queue: queue,
            keep_alive_s: keep_alive,
            sms_number: number.as_deref(),
            ..Draft::default()
        }
        .build()
        .unwrap();
        prop_assert_eq!(decode(&partition(&settings)), Ok(settings));
    }
}
