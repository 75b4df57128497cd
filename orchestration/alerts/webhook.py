"""One signed HTTPS request to a receiver that is not trusted: no redirects, no proxies, no address inside the house.

Nothing here puts the address of the receiver into an error: with most chat programs it is the password.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr

TIMEOUT_SECONDS = 10.0
_DEFAULT_PORTS = {"https": 443, "http": 80}
_SHARED_SECRET_PREFIX = "whsec_"


class DeliveryFailed(Exception):
    """A message did not arrive for certain; the text is a code such as ``timeout`` or ``http_503``, nothing else."""


@dataclass(frozen=True)
class Receiver:
    """Where messages go. ``secret`` signs them; with ``allow_private`` the receiver may be inside the house."""

    url: SecretStr = field(repr=False)
    secret: SecretStr | None = field(default=None, repr=False)
    allow_private: bool = False
    timeout: float = TIMEOUT_SECONDS


def post(receiver: Receiver, body: bytes, *, key: str, timestamp: int) -> None:
    """Send a JSON body once; returns when the receiver answered with 2xx.

    Args:
        receiver: where to.
        body: JSON, UTF-8.
        key: the same for every repetition of the message; sent as ``Idempotency-Key`` and ``webhook-id``.
        timestamp: seconds since 1970, signed with the message so that an old one cannot be replayed as new.

    Raises:
        DeliveryFailed: anything else happened. The message may have arrived all the same.
    """
    failure = "failed"
    try:
        _post(receiver, body, key, timestamp)
        return
    except DeliveryFailed as error:
        failure = str(error)
    except TimeoutError:
        failure = "timeout"
    except ssl.SSLError:
        failure = "tls"
    except socket.gaierror:
        failure = "name_not_found"
    except (http.client.HTTPException, UnicodeError):
        failure = "not_http"
    except OSError:
        failure = "unreachable"
    # Raised outside the handlers: an error chained to this one would carry the address along.
    raise DeliveryFailed(failure)


def signature(secret: SecretStr, body: bytes, *, key: str, timestamp: int) -> str:
    """``v1,`` and the base64 HMAC-SHA256 of ``key.timestamp.body``, as the Standard Webhooks specification has it."""
    signed = f"{key}.{timestamp}.".encode() + body
    digest = hmac.new(_secret_bytes(secret), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def is_allowed(address: str, *, allow_private: bool) -> bool:
    """Whether a receiver may have this IP address. Multicast and unspecified ones never; private ones when allowed."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        # An address inside an address is as private as the inner one.
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None) or _nat64(ip)
        if inner is not None:
            return is_allowed(str(inner), allow_private=allow_private)
    if ip.is_multicast or ip.is_unspecified or (ip.is_reserved and not ip.is_loopback):
        return False
    return ip.is_global or allow_private


def _post(receiver: Receiver, body: bytes, key: str, timestamp: int) -> None:
    parts, port = _checked(receiver)
    host = parts.hostname or ""
    address = _resolve(receiver, parts.scheme, host, port)
    headers = {
        "Host": parts.netloc,
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "inference-finops",
        "Idempotency-Key": key,
        "webhook-id": key,
        "webhook-timestamp": str(timestamp),
        "Connection": "close",
    }
    if receiver.secret is not None:
        headers["webhook-signature"] = signature(receiver.secret, body, key=key, timestamp=timestamp)
    connection = http.client.HTTPConnection(host, port, timeout=receiver.timeout)
    with _deadline(receiver.timeout) as guard:
        # The very address that was checked: a name that is looked up twice can answer differently.
        plain = socket.create_connection((address, port), timeout=receiver.timeout)
        guard.append(plain)
        try:
            connection.sock = plain
            if parts.scheme == "https":
                secure = ssl.create_default_context().wrap_socket(
                    plain, server_hostname=host, do_handshake_on_connect=False
                )
                guard.append(secure)
                connection.sock = secure
                secure.do_handshake()
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", target, body, headers)
            status = connection.getresponse().status
        finally:
            connection.close()
            plain.close()
    if 300 <= status < 400:
        raise DeliveryFailed("redirect")
    if not 200 <= status < 300:
        raise DeliveryFailed(f"http_{status}")


def _checked(receiver: Receiver) -> tuple[SplitResult, int]:
    try:
        parts = urlsplit(receiver.url.get_secret_value().strip())
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError:
        raise DeliveryFailed("bad_address") from None
    if not parts.hostname or parts.username is not None or parts.fragment or not port:
        raise DeliveryFailed("bad_address")
    if not parts.geturl().isascii() or any(character <= " " for character in parts.geturl()):
        raise DeliveryFailed("bad_address")
    if parts.scheme != "https" and not (parts.scheme == "http" and receiver.allow_private):
        raise DeliveryFailed("not_https")
    return parts, port


def _resolve(receiver: Receiver, scheme: str, host: str, port: int) -> str:
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    # One bad address among good ones is refused too: which of them is used would be the resolver's choice.
    if not found or not all(is_allowed(address, allow_private=receiver.allow_private) for address in found):
        raise DeliveryFailed("private_address")
    if scheme == "http" and not all(ipaddress.ip_address(address.partition("%")[0]).is_loopback for address in found):
        raise DeliveryFailed("not_https")
    return found[0]


def _nat64(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    inside = ip in ipaddress.ip_network("64:ff9b::/96")
    return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if inside else None


def _secret_bytes(secret: SecretStr) -> bytes:
    text = secret.get_secret_value()
    if text.startswith(_SHARED_SECRET_PREFIX):
        try:
            return base64.b64decode(text.removeprefix(_SHARED_SECRET_PREFIX), validate=True)
        except binascii.Error:
            raise DeliveryFailed("bad_secret") from None
    return text.encode()


@contextmanager
def _deadline(seconds: float) -> Iterator[list[socket.socket]]:
    """End the sockets in the list after so many seconds: a timeout of a socket begins anew with every byte."""
    sockets: list[socket.socket] = []
    expired = threading.Event()

    def end() -> None:
        expired.set()
        for each in sockets:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield sockets
    except Exception:
        if expired.is_set():
            raise TimeoutError from None
        raise
    finally:
        timer.cancel()
