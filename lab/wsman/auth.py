# SPDX-License-Identifier: GPL-3.0-or-later
"""NTLM for a guest, raw or wrapped in SPNEGO: tokens in, tokens out, no sockets.

pyspnego has an NTLM acceptor, but one that belongs to a process: it reads users and passwords from the file that the
environment variable NTLM_USER_FILE names, takes the domain that the client sent as part of the key, and calls itself
by the name of this machine. The lab has many guests in one process, each with its own name, users and passwords that
change while it runs, and clients disagree on the domain (pywinrm sends none, Packer sends the name it was challenged
with). An environment variable and a file that are swapped around every step would be a global that every guest
writes and that has passwords on disk; so `GuestNtlm` replaces just the two steps of the acceptor that look at them.
Messages, cryptography, sealing and SPNEGO stay pyspnego's.
"""

from __future__ import annotations

import struct
import typing as t

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from spnego import NegotiateOptions
from spnego._context import GSSMech
from spnego._negotiate import NegotiateProxy
from spnego._ntlm import NTLMProxy
from spnego._ntlm_raw.crypto import compute_response_v2, md5, ntowfv1, ntowfv2, rc4k
from spnego._ntlm_raw.messages import (
    Authenticate,
    AvFlags,
    AvId,
    Challenge,
    FileTime,
    NegotiateFlags,
    NTClientChallengeV2,
    TargetInfo,
    Version,
)
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import BadBindingsError, InvalidTokenError, SpnegoError

PasswordOf = t.Callable[[str], str | None]


class LogonError(Exception):
    """The client is not who it says it is, or its token makes no sense."""


class GuestNtlm(NTLMProxy):
    """An NTLM acceptor with the name and the users of one guest. NTLMv2 only."""

    def __init__(self, computer_name: str, password_of: PasswordOf) -> None:
        # The constructor insists on NTLM_USER_FILE for an acceptor, and on a credential for an initiator.
        super().__init__(username="unused", password="unused", usage="initiate")  # noqa: S106 - never compared
        self.usage = "accept"
        self.user = ""
        self._computer_name = computer_name
        self._password_of = password_of

    def _step_accept_negotiate(self, token: bytes) -> bytes:
        super()._step_accept_negotiate(token)
        unnamed = t.cast(Challenge, self._temp_challenge)
        names = TargetInfo()
        names[AvId.nb_domain_name] = names[AvId.nb_computer_name] = self._computer_name
        names[AvId.dns_domain_name] = names[AvId.dns_computer_name] = self._computer_name
        names[AvId.timestamp] = FileTime.now()
        version = Version.get_current() if unnamed.flags & NegotiateFlags.version else None
        self._temp_challenge = Challenge(
            unnamed.flags,
            unnamed.server_challenge,
            target_name=self._computer_name,
            target_info=names,
            version=version,
        )
        return self._temp_challenge.pack()

    def _step_accept_authenticate(self, token: bytes, channel_bindings: GssChannelBindings | None) -> None:
        auth = Authenticate.unpack(token)
        challenge = t.cast(Challenge, self._temp_challenge)
        response = auth.nt_challenge_response or b""
        # A workgroup machine looks only into its own users, whatever domain was sent; but the answer depends on it.
        password = self._password_of(auth.user_name or "")
        if not auth.user_name or password is None or len(response) <= 24:
            raise InvalidTokenError(context_msg="Unknown user, or an answer that is not NTLMv2")

        blob = NTClientChallengeV2.unpack(response[16:])
        expected, _, exchange_key = compute_response_v2(
            ntowfv2(auth.user_name, ntowfv1(password), auth.domain_name),
            challenge.server_challenge,
            blob.challenge_from_client,
            blob.time_stamp,
            blob.av_pairs,
        )
        if expected != response:
            raise InvalidTokenError(context_msg="Wrong password")
        _check_bindings(blob.av_pairs, channel_bindings)

        self._session_key = exchange_key
        if auth.flags & NegotiateFlags.key_exch and auth.flags & (NegotiateFlags.sign | NegotiateFlags.seal):
            self._session_key = rc4k(exchange_key, auth.encrypted_random_session_key or b"")
        if blob.av_pairs.get(AvId.flags, 0) & AvFlags.mic:
            self._check_mic(auth, challenge)
        self.user = auth.user_name
        self._context_attr = auth.flags
        self._complete = True

    def _check_mic(self, auth: Authenticate, challenge: Challenge) -> None:
        claimed, auth.mic = auth.mic, b"\x00" * 16
        negotiate = t.cast(t.Any, self._temp_negotiate)
        if self._calculate_mic(self.session_key, negotiate.pack(), challenge.pack(), auth.pack()) != claimed:
            raise InvalidTokenError(context_msg="The integrity code of the message is wrong")


def _check_bindings(av_pairs: t.Any, expected: GssChannelBindings | None) -> None:
    """CbtHardeningLevel=Relaxed: a client that binds to the TLS channel must have seen our certificate."""
    sent = av_pairs.get(AvId.channel_bindings, b"\x00" * 16)
    if expected is not None and sent not in (b"\x00" * 16, md5(expected.pack())):
        raise BadBindingsError(context_msg="The channel bindings are those of another certificate")


def channel_bindings(certificate_pem: str) -> GssChannelBindings:
    """The tls-server-end-point bindings (RFC 5929) of a certificate."""
    certificate = x509.load_pem_x509_certificate(certificate_pem.encode())
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        algorithm = None
    if algorithm is None or isinstance(algorithm, (hashes.MD5, hashes.SHA1)):
        algorithm = hashes.SHA256()
    digest = hashes.Hash(algorithm)
    digest.update(certificate.public_bytes(serialization.Encoding.DER))
    return GssChannelBindings(application_data=b"tls-server-end-point:" + digest.finalize())


class Logon:
    """One attempt to log on, over as many tokens as it takes."""

    def __init__(self, computer_name: str, password_of: PasswordOf, bindings: GssChannelBindings | None) -> None:
        self._ntlm = GuestNtlm(computer_name, password_of)
        self._context = NegotiateProxy(
            usage="accept",
            protocol="negotiate",
            channel_bindings=bindings,
            options=NegotiateOptions.use_negotiate,
            _negotiate_contexts={GSSMech.ntlm: self._ntlm},
        )
        self._ntlm._is_wrapped = True
        self._bindings = bindings

    def step(self, token: bytes) -> bytes | None:
        """Take the client's token and give the one to answer with, if any. Raises LogonError."""
        if not token:
            raise LogonError("The client sent no token")
        try:
            return self._context.step(token, channel_bindings=self._bindings)
        # A token is bytes from a stranger, and pyspnego's parsers raise what Python raises for bad bytes.
        except (SpnegoError, struct.error, ValueError, LookupError, ArithmeticError, TypeError, StopIteration) as exc:
            raise LogonError(str(exc)) from exc

    @property
    def complete(self) -> bool:
        return bool(self._context.complete)

    @property
    def user(self) -> str:
        """The user's name, as the client wrote it, once complete."""
        return self._ntlm.user

    def seal(self, data: bytes) -> tuple[bytes, bytes]:
        """Signature and ciphertext of a message to the client."""
        sealed = self._ntlm.wrap_winrm(data)
        return sealed.header, sealed.data

    def unseal(self, signature: bytes, data: bytes) -> bytes:
        """The message under a ciphertext. Raises LogonError when it was made in another context."""
        try:
            return self._ntlm.unwrap_winrm(signature, data)
        except SpnegoError as exc:
            raise LogonError(str(exc)) from exc
