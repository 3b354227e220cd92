//! What a hostile server does.

/// One way to be no honest TLS 1.3 server (RFC 8446).
///
/// Those that prove their identity show the certificate of the configured identity and sign with
/// its key, so that only what the variant names is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Adversary {
    // In place of a ServerHello.
    /// Says nothing at all.
    Silence,
    /// Sends bytes that are no TLS record.
    Garbage,
    /// Answers as a web server would.
    PlainHttp,
    /// Answers as an MQTT broker without TLS would: CONNACK.
    PlainMqtt,
    /// Fatal alert in place of the ServerHello.
    AlertFirst,
    /// close_notify in place of the ServerHello.
    CloseNotifyFirst,
    /// ChangeCipherSpec before the ServerHello.
    ChangeCipherSpecFirst,
    /// An encrypted record before the ServerHello.
    EncryptedFirst,
    /// A handshake record without content.
    EmptyRecordFirst,
    /// A record that claims 2^14 + 257 bytes.
    OversizedRecordFirst,

    // In the ServerHello.
    /// TLS 1.1: version 3.2, no `supported_versions`.
    Tls11,
    /// TLS 1.2 in the ServerHello, whatever was offered, and no `supported_versions`.
    Tls12Hello,
    /// Echoes another session id.
    WrongSessionId,
    /// An extension nobody asked for.
    UnknownExtension,
    /// Key share for x25519, which was not offered.
    UnofferedGroup,
    /// TLS_AES_256_GCM_SHA384, which was not offered.
    UnofferedSuite,
    /// A key share that is no point of the curve.
    BadKeyShare,
    /// HelloRetryRequest for P-256, which was offered already.
    HelloRetry,
    /// HelloRetryRequest, and again in answer to the second ClientHello.
    HelloRetryTwice,
    /// HelloRetryRequest for a group the client does not have.
    HelloRetryUnoffered,
    /// The flight of a handshake with another client.
    ReplayedFlight,
    /// ServerHello in two records.
    SplitHello,

    // Between ServerHello and Finished.
    /// Each handshake message cut into records of 100 bytes.
    SplitMessages,
    /// EncryptedExtensions to Finished in one record.
    Coalesced,
    /// A record whose inner plaintext is one byte longer than 2^14 + 1.
    OversizedPlaintext,
    /// A record that claims 2^14 + 257 bytes in the middle of the flight.
    OversizedRecord,
    /// An encrypted record without room for a tag.
    ZeroLengthRecord,
    /// An encrypted handshake record with no content.
    EmptyHandshake,
    /// The certificate's record with a wrong tag.
    WrongTag,
    /// The compatibility ChangeCipherSpec three times in the flight, which is to be ignored.
    ChangeCipherSpecs,
    /// A ChangeCipherSpec of two bytes.
    LongChangeCipherSpec,
    /// Fatal alert in plain text in the middle of the flight.
    PlainAlert,
    /// Fatal alert, encrypted, in the middle of the flight.
    EncryptedAlert,
    /// close_notify, encrypted, in the middle of the flight.
    CloseNotifyWithin,
    /// Application data before Finished.
    EarlyApplicationData,
    /// An extension nobody asked for, in EncryptedExtensions.
    UnknownEncryptedExtension,
    /// Asks for a client certificate, as it may.
    CertificateRequest,

    // Identity.
    /// Neither Certificate nor CertificateVerify.
    NoCertificate,
    /// A Certificate message with an empty list.
    EmptyCertificate,
    /// Certificate, but no CertificateVerify: shows what anybody can copy.
    NoCertificateVerify,
    /// Certificate twice, the second time the right one.
    TwoCertificates,
    /// CertificateVerify before Certificate.
    VerifyFirst,
    /// A signature with one bit flipped.
    WrongSignature,
    /// A good signature of another handshake.
    ForeignSignature,
    /// A good signature over the client's context string.
    ClientContextSignature,
    /// A good signature that claims to be RSA-PSS.
    WrongScheme,
    /// Finished with a wrong value.
    WrongFinished,

    // After the handshake.
    /// One NewSessionTicket.
    Ticket,
    /// Thirty NewSessionTickets.
    ManyTickets,
    /// KeyUpdate.
    KeyUpdate,
    /// KeyUpdate that asks for one in return.
    KeyUpdateRequested,
    /// Encrypted records without content.
    EmptyApplicationData,
    /// close_notify at once.
    CloseNotifyAfter,
    /// Fatal alert, encrypted.
    AlertAfter,
    /// Fatal alert in plain text.
    PlainAlertAfter,
    /// A ChangeCipherSpec.
    ChangeCipherSpecAfter,
    /// A record with a wrong tag.
    WrongTagAfter,
    /// A handshake message in plain text.
    PlainHandshakeAfter,
    /// CertificateRequest, which needs the client's consent (post-handshake authentication).
    CertificateRequestAfter,
    /// The server's Certificate once more.
    CertificateAfter,
    /// A second Finished.
    FinishedAfter,
    /// A handshake message of a type nobody knows.
    UnknownHandshakeAfter,
    /// A NewSessionTicket and a CertificateRequest in one record.
    TicketAndRequest,
    /// A NewSessionTicket in two records.
    SplitTicket,
    /// A record of an inner content type that does not exist.
    UnknownContentAfter,
}

impl Adversary {
    /// Whether it does the whole handshake right: a device may trust it, and what the device says
    /// goes on to the broker.
    pub const fn is_authentic(self) -> bool {
        matches!(
            self,
            Self::Coalesced
                | Self::OversizedPlaintext
                | Self::EmptyHandshake
                | Self::ChangeCipherSpecs
                | Self::CertificateRequest
                | Self::UnknownEncryptedExtension
                | Self::Ticket
                | Self::ManyTickets
                | Self::KeyUpdate
                | Self::KeyUpdateRequested
                | Self::EmptyApplicationData
                | Self::CloseNotifyAfter
                | Self::AlertAfter
                | Self::PlainAlertAfter
                | Self::ChangeCipherSpecAfter
                | Self::WrongTagAfter
                | Self::PlainHandshakeAfter
                | Self::CertificateRequestAfter
                | Self::CertificateAfter
                | Self::FinishedAfter
                | Self::UnknownHandshakeAfter
                | Self::TicketAndRequest
                | Self::SplitTicket
                | Self::UnknownContentAfter
        )
    }
}
