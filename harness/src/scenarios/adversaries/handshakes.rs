//! Handshakes, and what comes after them.

use super::Meets::{Hostile, Speaks, Through};
use super::Verdict::{GivenUp, Lasts, Refused};
use super::rows;
use crate::broker::{Adversary as A, TlsMode};
use crate::fault::NetFault as N;

rows! { ALL:
    "TLS22" tls12_only "server with TLS 1.2 only", "RFC 8446, 4.1.3",
        Speaks(TlsMode::Tls12) => Refused("alert ProtocolVersion"),
        "A broker whose TLS was never updated answers with the alert protocol_version. The device \
        names it; it has no older version to fall back to, and wants none.";
    "TLS23" no_common_group "no common key-exchange group", "RFC 8446, 4.1.1",
        Speaks(TlsMode::OnlyX25519) => Refused("alert HandshakeFailure"),
        "The server exchanges keys by x25519 only. An honest server says handshake_failure.";
    "TLS24" no_common_suite "no common cipher suite", "RFC 8446, 4.1.1",
        Speaks(TlsMode::OnlyChaCha) => Refused("alert HandshakeFailure"),
        "The server has ChaCha20-Poly1305 only. An honest server says handshake_failure.";
    "TLS25" silence "server that never answers", "RFC 8446, 4.1.1",
        Hostile(A::Silence) => Refused("no handshake within 30 s"),
        "The TCP connection stands, the ClientHello is taken, and nothing comes: a port that \
        somebody else listens on, or a proxy with a dead server behind it. After 30 s the device \
        gives up, closes, and tries again.";
    "TLS26" garbage "garbage in place of a ServerHello", "RFC 8446, 5.1",
        Hostile(A::Garbage) => Refused("not TLS"),
        "Bytes without a meaning arrive, as with a wrong baud rate behind a converter. The first \
        one is no TLS record type, and the device asks for the port.";
    "TLS27" plain_http "web server on the port", "RFC 8446, 5.1",
        Hostile(A::PlainHttp) => Refused("not TLS"),
        "A web server without TLS answers. The device says that this is not TLS.";
    "TLS28" plain_mqtt "MQTT broker without TLS on the port", "RFC 8446, 5.1",
        Hostile(A::PlainMqtt) => Refused("not TLS"),
        "The settings name port 1883: the broker does not understand the ClientHello, and what it \
        says is no TLS.";
    "TLS29" alert_first "fatal alert in place of a ServerHello", "RFC 8446, 6.2",
        Hostile(A::AlertFirst) => Refused("alert HandshakeFailure"),
        "The server refuses with a reason. The device logs that reason, not one of its own.";
    "TLS30" close_notify_first "close_notify in place of a ServerHello", "RFC 8446, 6.1",
        Hostile(A::CloseNotifyFirst) => Refused("alert CloseNotify"),
        "The server says good-bye before it said hello, as load balancers do that have nobody \
        behind them.";
    "TLS31" change_cipher_spec_first "ChangeCipherSpec before the ServerHello", "RFC 8446, 5",
        Hostile(A::ChangeCipherSpecFirst) => Refused("record of type 20"),
        "The compatibility ChangeCipherSpec may come after the ServerHello only. CVE-2014-0224 was \
        made of an early one.";
    "TLS32" encrypted_first "encrypted record before the ServerHello", "RFC 8446, 5",
        Hostile(A::EncryptedFirst) => Refused("record of type 23"),
        "A record that nobody can have the keys of: the middle of another connection, for example \
        one that the modem has opened anew without a word.";
    "TLS33" empty_record_first "empty handshake record", "RFC 8446, 5.1",
        Hostile(A::EmptyRecordFirst) => Refused("record of 0 bytes"),
        "A handshake record must not be empty; a parser that reads its first byte unchecked fails \
        here.";
    "TLS34" oversized_record_first "record longer than TLS allows", "RFC 8446, 5.2",
        Hostile(A::OversizedRecordFirst) => Refused("record of 16641 bytes"),
        "The header claims one byte more than TLS allows. The device refuses at the header and does \
        not wait for the bytes.";
    "TLS35" tls11_hello "ServerHello of TLS 1.1", "RFC 8446, 4.1.3",
        Hostile(A::Tls11) => Refused("TLS 1.1 only"),
        "A server that ignores what was offered answers as in 2006. The library would take it for a \
        ServerHello without a key share; the device looks at the version first and names it.";
    "TLS36" downgrade "downgrade to TLS 1.2 against the offer", "RFC 8446, 4.1.3",
        Hostile(A::Tls12Hello) => Refused("TLS 1.2 only"),
        "Somebody on the line changed the hello so that both ends seem to want TLS 1.2; the \
        server's random carries the mark of the downgrade. The device offered TLS 1.3 only and \
        takes nothing else.";
    "TLS37" wrong_session_id "session id echoed wrongly", "RFC 8446, 4.1.3",
        Hostile(A::WrongSessionId) => Refused("session id that was not sent"),
        "The server echoes a session id that was never sent: its answer belongs to another hello.";
    "TLS38" unknown_extension "unknown extension in the ServerHello", "RFC 8446, 4.2",
        Hostile(A::UnknownExtension) => Refused("which was not offered"),
        "A server may only answer extensions that the client offered.";
    "TLS39" unoffered_group "key share of a group that was not offered", "RFC 8446, 4.2.8",
        Hostile(A::UnofferedGroup) => Refused("key-exchange group 0x001d"),
        "The server insists on x25519 without asking. The device names the group.";
    "TLS40" unoffered_suite "cipher suite that was not offered", "RFC 8446, 4.1.3",
        Hostile(A::UnofferedSuite) => Refused("cipher suite 0x1302"),
        "The server picks AES-256. The library would go on and fail to decrypt; the device names \
        the suite.";
    "TLS41" bad_key_share "key share that is no point of the curve", "RFC 8446, 4.2.8.2",
        Hostile(A::BadKeyShare) => Refused("no point of P-256"),
        "A point off the curve can leak a private key bit by bit if it is used. It is not.";
    "TLS42" hello_retry "HelloRetryRequest", "RFC 8446, 4.1.4",
        Hostile(A::HelloRetry) => Refused("HelloRetryRequest"),
        "The server asks for the key share that it already has. RFC 8446 lets the client refuse; a \
        server with this habit cannot be used, and the log says what it wanted.";
    "TLS43" hello_retry_twice "HelloRetryRequest for ever", "RFC 8446, 4.1.4",
        Hostile(A::HelloRetryTwice) => Refused("HelloRetryRequest"),
        "The server would ask again and again. The device stops at the first time, so there is no \
        loop.";
    "TLS44" hello_retry_unoffered "HelloRetryRequest for a group the device lacks", "RFC 8446, 4.1.4",
        Hostile(A::HelloRetryUnoffered) => Refused("HelloRetryRequest"),
        "The server wants x25519. The device has P-256 only and says so.";
    "TLS45" replayed_flight "replayed flight of another handshake", "RFC 8446, 4.4.1",
        Hostile(A::ReplayedFlight) => Refused("does not decrypt"),
        "Somebody recorded a server's whole answer and plays it back. The keys follow from both \
        ends' secrets, so the first encrypted record does not open.";
    "TLS46" split_hello "ServerHello in two records", "RFC 8446, 5.1",
        Hostile(A::SplitHello) => Refused("split across records"),
        "Legal, and rare: the device's library cannot put handshake messages together. It says so.";
    "TLS47" split_messages "handshake messages split across records", "RFC 8446, 5.1",
        Hostile(A::SplitMessages) => Refused("the certificate message cannot be read"),
        "Legal as well, and what a server does whose chain exceeds a record, or who sends small \
        records on purpose. A limit of the device, refused without a hang.";
    "TLS48" coalesced "all handshake messages in one record", "RFC 8446, 5.1",
        Hostile(A::Coalesced) => Lasts,
        "Legal, and usual with some servers. The device takes the messages one after the other.";
    "TLS49" oversized_plaintext "record with one byte of plaintext too much", "RFC 8446, 5.4",
        Hostile(A::OversizedPlaintext) => Lasts,
        "The padding makes the plaintext one byte longer than 2^14 + 1. The device's buffer is \
        large enough for it; it is lenient here, which harms nobody.";
    "TLS50" oversized_record "oversized record in the flight", "RFC 8446, 5.2",
        Hostile(A::OversizedRecord) => Refused("record of 16641 bytes"),
        "A header in the middle of the flight claims more than TLS allows. Refused at the header.";
    "TLS51" zero_length_record "encrypted record without a tag", "RFC 8446, 5.2",
        Hostile(A::ZeroLengthRecord) => Refused("record of 0 bytes"),
        "A record too short to hold its own tag: a length that is subtracted from unchecked wraps \
        around here.";
    "TLS52" empty_handshake "encrypted handshake record without content", "RFC 8446, 5.1",
        Hostile(A::EmptyHandshake) => Lasts,
        "A well encrypted record with nothing in it but its type. RFC 8446 forbids it; the device \
        reads past it, which harms nobody.";
    "TLS53" wrong_tag "record with a wrong tag", "RFC 8446, 5.2",
        Hostile(A::WrongTag) => Refused("does not decrypt"),
        "One bit of the certificate's record was changed on the way. Decryption fails, and with it \
        the handshake.";
    "TLS54" change_cipher_specs "ChangeCipherSpec three times", "RFC 8446, D.4",
        Hostile(A::ChangeCipherSpecs) => Lasts,
        "The compatibility record means nothing within the handshake. The device ignores it.";
    "TLS55" long_change_cipher_spec "ChangeCipherSpec of two bytes", "RFC 8446, 5",
        Hostile(A::LongChangeCipherSpec) => Refused("record of 2 bytes"),
        "It has exactly one byte, or is refused.";
    "TLS56" plain_alert "alert in plain text in the flight", "RFC 8446, 6",
        Hostile(A::PlainAlert) => Refused("alert 40 in plain text"),
        "Alerts are encrypted by now. One in plain text is from somebody who does not know this \
        session.";
    "TLS57" encrypted_alert "fatal alert in the flight", "RFC 8446, 6.2",
        Hostile(A::EncryptedAlert) => Refused("an alert or data in place of a handshake message"),
        "The server gives up in the middle of its own flight.";
    "TLS58" close_notify_within "close_notify in the flight", "RFC 8446, 6.1",
        Hostile(A::CloseNotifyWithin) => Refused("an alert or data in place of a handshake message"),
        "The server says good-bye in the middle of its own flight.";
    "TLS59" early_application_data "application data before Finished", "RFC 8446, 4.4.4",
        Hostile(A::EarlyApplicationData) => Refused("an alert or data in place of a handshake message"),
        "Data from a server that has proved nothing yet. It is not read.";
    "TLS60" unknown_encrypted_extension "unknown encrypted extension", "RFC 8446, 4.3.1",
        Hostile(A::UnknownEncryptedExtension) => Lasts,
        "An extension nobody asked for, in EncryptedExtensions. RFC 8446 wants an alert; the device \
        reads past it, and the server still has to prove who it is.";
    "TLS61" certificate_request "server asks for a client certificate", "RFC 8446, 4.3.2",
        Hostile(A::CertificateRequest) => Lasts,
        "The device has none configured and answers with an empty list, which says so. A server \
        that can do without goes on, like this one.";
    "TLS62" empty_certificate "empty certificate list", "RFC 8446, 4.4.2",
        Hostile(A::EmptyCertificate) => Refused("no certificate"),
        "The message is there, the certificate is not.";
    "TLS63" no_certificate_verify "certificate without proof of the key", "RFC 8446, 4.4.3",
        Hostile(A::NoCertificateVerify) => Refused("no certificate (the server proved no identity)"),
        "Certificates are public: anybody can show a copy of the right one. Only CertificateVerify \
        proves the key, and it is missing. The TLS library takes the handshake for complete; the \
        device's guard does not.";
    "TLS64" two_certificates "certificate message twice", "RFC 8446, 4.4.2",
        Hostile(A::TwoCertificates) => Refused("out of order"),
        "A second certificate might replace the one that was verified. It is refused whatever it \
        holds.";
    "TLS65" verify_first "CertificateVerify before the certificate", "RFC 8446, 4.4.3",
        Hostile(A::VerifyFirst) => Refused("out of order"),
        "There is no key yet to check the signature with. Verifiers that assume one panic here.";
    "TLS66" wrong_signature "CertificateVerify with a wrong signature", "RFC 8446, 4.4.3",
        Hostile(A::WrongSignature) => Refused("bad signature of the handshake"),
        "A copied certificate, and a signature by whoever copied it.";
    "TLS67" foreign_signature "CertificateVerify of another handshake", "RFC 8446, 4.4.3",
        Hostile(A::ForeignSignature) => Refused("bad signature of the handshake"),
        "The signature is by the right key, but over another handshake: recorded from a client that \
        talked to the real server.";
    "TLS68" client_signature "CertificateVerify made as a client", "RFC 8446, 4.4.3",
        Hostile(A::ClientContextSignature) => Refused("bad signature of the handshake"),
        "The signature is by the right key over this handshake, but with the context string of \
        clients. The string keeps one role's signatures from serving the other.";
    "TLS69" wrong_scheme "CertificateVerify that claims RSA", "RFC 8446, 4.2.3",
        Hostile(A::WrongScheme) => Refused("unsupported key"),
        "An algorithm that was not offered, and that does not fit the certificate's key.";
    "TLS70" wrong_finished "wrong Finished", "RFC 8446, 4.4.4",
        Hostile(A::WrongFinished) => Refused("Finished is wrong"),
        "Finished binds all that was said. A wrong one means that the two ends heard different \
        things.";
    "TLS71" ticket "session ticket", "RFC 8446, 4.6.1",
        Hostile(A::Ticket) => Lasts,
        "The server offers a ticket for a faster handshake next time. The device has no use for it, \
        reads past it, and stays connected.";
    "TLS72" many_tickets "thirty session tickets", "RFC 8446, 4.6.1",
        Hostile(A::ManyTickets) => Lasts,
        "Harmless as well, however many come.";
    "TLS73" key_update "KeyUpdate", "RFC 8446, 4.6.3",
        Hostile(A::KeyUpdate) => GivenUp("such as KeyUpdate"),
        "The server changes its keys, as RFC 8446 lets it. The device's library cannot; the session \
        ends with that reason, and the next one begins.";
    "TLS74" key_update_requested "KeyUpdate that asks for one in return", "RFC 8446, 4.6.3",
        Hostile(A::KeyUpdateRequested) => GivenUp("such as KeyUpdate"),
        "The same, with a request to follow.";
    "TLS75" empty_application_data "empty records", "RFC 8446, 5.1",
        Hostile(A::EmptyApplicationData) => Lasts,
        "Records without content are legal, as cover traffic. They must not read as the end of the \
        stream.";
    "TLS76" close_notify_after "close_notify right after the handshake", "RFC 8446, 6.1",
        Hostile(A::CloseNotifyAfter) => GivenUp("mqtt:"),
        "The server is verified and says good-bye at once. The device comes back later.";
    "TLS77" alert_after "fatal alert after the handshake", "RFC 8446, 6.2",
        Hostile(A::AlertAfter) => GivenUp("the server ended the session by an alert"),
        "Servers that want a client certificate refuse its absence only now, by an alert after the \
        handshake.";
    "TLS78" plain_alert_after "alert in plain text after the handshake", "RFC 8446, 6",
        Hostile(A::PlainAlertAfter) => GivenUp("alert 40 in plain text"),
        "What a server sends that lost its memory and meets a connection in the middle. It is not \
        authenticated, and it is not from this session.";
    "TLS79" change_cipher_spec_after "ChangeCipherSpec after the handshake", "RFC 8446, 5",
        Hostile(A::ChangeCipherSpecAfter) => GivenUp("record of type 20"),
        "After the handshake it is a violation.";
    "TLS80" wrong_tag_after "record with a wrong tag after the handshake", "RFC 8446, 5.2",
        Hostile(A::WrongTagAfter) => GivenUp("does not decrypt"),
        "Data that was changed on the way. The session ends; nothing of the record is used.";
    "TLS81" plain_handshake_after "handshake message in plain text after the handshake", "RFC 8446, 5",
        Hostile(A::PlainHandshakeAfter) => GivenUp("record of type 22"),
        "Everything is encrypted by now. The wire refuses it before the library sees it.";
    "TLS84" certificate_request_after "CertificateRequest after the handshake", "RFC 8446, 4.6.2",
        Hostile(A::CertificateRequestAfter) => GivenUp("no place after the handshake"),
        "The server asks for a client certificate in the middle of a session, as web servers do for \
        protected pages. The device did not offer that. Its TLS library would panic on the message, \
        which is encrypted, so that nothing below TLS sees it; the device looks at it between \
        decryption and the library, ends the session with that reason, and connects again.";
    "TLS85" certificate_after "Certificate after the handshake", "RFC 8446, 4.4.2",
        Hostile(A::CertificateAfter) => GivenUp("no place after the handshake"),
        "Who the server is has been settled. A certificate that comes later is not even read.";
    "TLS86" finished_after "Finished after the handshake", "RFC 8446, 4.4.4",
        Hostile(A::FinishedAfter) => GivenUp("no place after the handshake"),
        "A handshake is finished once.";
    "TLS87" unknown_handshake_after "handshake message of an unknown type", "RFC 8446, 4",
        Hostile(A::UnknownHandshakeAfter) => GivenUp("no place after the handshake"),
        "A message that no version of TLS knows ends the session, with a reason.";
    "TLS88" ticket_and_request "session ticket with a CertificateRequest behind it", "RFC 8446, 5.1",
        Hostile(A::TicketAndRequest) => GivenUp("no place after the handshake"),
        "Two messages in one record: whoever looks at the first only lets the second through to the \
        library, which would panic.";
    "TLS89" split_ticket "session ticket in two records", "RFC 8446, 5.1",
        Hostile(A::SplitTicket) => GivenUp("no place after the handshake"),
        "Legal, and rare: the device cannot put handshake messages together and ends the session.";
    "TLS90" unknown_content_after "record of an unknown content type", "RFC 8446, 5",
        Hostile(A::UnknownContentAfter) => GivenUp("no place after the handshake"),
        "The record decrypts, and is none of the four kinds there are.";
    "TLS82" slow_drip "handshake that drips", "RFC 8446, 4.1.1",
        Through(N::Bandwidth(20)) => Refused("no handshake within 30 s"),
        "Twenty bytes come in a second: something always happens, and nothing is ever complete. The \
        bound is for the whole handshake, not for the next byte, so the device gives up after 30 s.";
    "TLS83" flight_stops "flight that stops in the middle", "RFC 8446, 4.1.1",
        Through(N::Truncate(400)) => Refused("no handshake within 30 s"),
        "The first 400 bytes of the server arrive, the rest never does: a path that loses large \
        packets, or a server that died. The device gives up after 30 s.";
}
