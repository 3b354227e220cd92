//! Certificates.

use super::Meets::{Certificate, Timeless};
use super::Verdict::{Lasts, Refused};
use super::rows;
use crate::broker::CertificateKind as K;

rows! { ALL:
    "TLS6" not_yet_valid "certificate not valid yet", "RFC 5280, 4.1.2.5",
        Certificate(K::NotYetValid) => Refused("not yet valid"),
        "The certificate is valid from 2048 on. The modem knows the time, so the device refuses, \
        with both times in its log: either the certificate or the clock is wrong, and only a \
        person can say which.";
    "TLS7" not_yet_valid_without_clock "certificate from the future while the clock is unset", "RFC 5280, 4.1.2.5",
        Timeless(K::NotYetValid) => Lasts,
        "The network tells no time, so the device knows only that it is later than its firmware's \
        build. A certificate that begins after that may simply be younger than the firmware: \
        refusing it would lock the device out of a server whose certificate was renewed. It says \
        that the time is unknown, checks everything else, and connects.";
    "TLS8" expired_without_clock "expired certificate while the clock is unset", "RFC 5280, 4.1.2.5",
        Timeless(K::Expired) => Refused("certificate expired"),
        "The network tells no time, but the certificate ended before the firmware was built: it has \
        expired at any time that it can be. A device that trusts its clock of 1970 would accept \
        it.";
    "TLS9" self_signed "self-signed certificate", "RFC 5280, 6.1",
        Certificate(K::SelfSigned) => Refused("unknown issuer"),
        "The server vouches for itself, as a test server does, or anybody on the line. The device \
        believes only the CA of its settings.";
    "TLS10" leaf_as_ca "server certificate used as CA", "RFC 5280, 4.2.1.9",
        Certificate(K::LeafAsCa) => Refused("leaf certificate used as CA"),
        "Somebody owns a certificate that our CA signed for a server, and signs one for our host \
        with it. Every signature is right; only the basic constraints say that a server may not \
        issue certificates. Libraries that skip them accept this.";
    "TLS11" ca_as_server "CA certificate shown by a server", "RFC 5280, 4.2.1.9",
        Certificate(K::CaAsServer) => Refused("CA certificate used by the server"),
        "The server shows a certificate that says it is a CA. An authority's key does not belong on \
        a server.";
    "TLS12" client_certificate "certificate for clients only", "RFC 5280, 4.2.1.12",
        Certificate(K::WrongKeyUsage) => Refused("not for TLS servers"),
        "The certificate is for another device of the fleet: its extended key usage allows TLS \
        clients only. Otherwise each device could play the server for all others.";
    "TLS13" rsa_key "certificate of an RSA key", "RFC 8446, 4.2.3",
        Certificate(K::RsaKey) => Refused("unsupported key"),
        "The chain is good, but the key is RSA, which this firmware leaves out for its size. The \
        log says which algorithm it needs, so that somebody can order the right certificate.";
    "TLS14" p384_key "certificate of a P-384 key", "RFC 8446, 4.2.3",
        Certificate(K::UnsupportedKey) => Refused("unsupported key"),
        "The server's key is on the curve P-384, which this firmware leaves out. The log says which \
        algorithm it needs.";
    "TLS15" weak_hash "certificate signed over SHA-224", "RFC 8446, 4.4.2.4",
        Certificate(K::WeakHash) => Refused("unsupported key"),
        "The certificate's signature is over a hash that TLS 1.3 does not know. The device does not \
        even look whether the signature fits.";
    "TLS16" long_chain "chain with four intermediates", "RFC 5280, 6.1",
        Certificate(K::LongChain) => Lasts,
        "Four intermediate CAs stand between the server and the CA of the settings. Each costs a \
        signature check; the device follows them and connects.";
    "TLS17" huge_chain "chain of more than 16 KB", "RFC 8446, 5.1",
        Certificate(K::HugeChain) => Refused("the certificate message cannot be read"),
        "The certificates do not fit one TLS record, so the server splits the message, and the \
        device has no room to put it together. It gives up with a reason instead of a restart or a \
        hang.";
    "TLS18" wildcard "wildcard certificate of the right domain", "RFC 9525, 6.3",
        Certificate(K::Wildcard) => Lasts,
        "The certificate names all hosts of the domain with a wildcard for the first label, as \
        clouds do. The device takes it.";
    "TLS19" wildcard_too_short "wildcard that would have to cover two labels", "RFC 9525, 6.3",
        Certificate(K::WildcardTooShort) => Refused("another name"),
        "A wildcard stands for exactly one label: one directly under the top-level domain does not \
        name our host.";
    "TLS20" common_name_only "host in the common name only", "RFC 9525, 6.3",
        Certificate(K::CommonNameOnly) => Refused("another name"),
        "The certificate has no subject alternative name, and the host only where it stood long \
        ago. Nobody checks the common name any more, nor does the device.";
    "TLS21" truncated_certificate "certificate cut short", "RFC 5280, 4.1",
        Certificate(K::Truncated) => Refused("malformed certificate"),
        "The certificate ends in the middle. The parser says so, and nothing panics.";
}
