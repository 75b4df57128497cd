"""What is sent where: signed, to allowed addresses only, and nothing of it in a log."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import time
import traceback

import pytest
from pydantic import SecretStr

from orchestration.alerts import webhook
from orchestration.alerts.webhook import DeliveryFailed, Receiver, is_allowed, post
from orchestration.settings import Settings

SECRET = "the-shared-secret"


def attempt(url: str, *, private: bool = True, timeout: float = 2.0, secret: str | None = SECRET) -> str:
    """Code of the failure, or ``sent``."""
    try:
        to = Receiver(SecretStr(url), SecretStr(secret) if secret else None, private, timeout)
        post(to, b"{}", key="key-1", timestamp=1_790_000_000)
    except DeliveryFailed as error:
        shown = "".join(traceback.format_exception(error)) + repr(to)
        assert error.__cause__ is None and error.__context__ is None
        assert "not-for-logs" not in shown and SECRET not in shown
        return str(error)
    return "sent"


def test_the_signature_is_the_one_of_the_standard(receiver) -> None:
    """Catches a signature over something else than what arrives, and a key that is not the idempotency key."""
    assert attempt(receiver.url) == "sent"
    (heard,) = receiver.requests
    assert heard.headers["idempotency-key"] == heard.headers["webhook-id"] == "key-1"
    signed = f"key-1.{heard.headers['webhook-timestamp']}.".encode() + heard.body
    expected = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    assert heard.headers["webhook-signature"] == f"v1,{expected}"
    encoded = SecretStr("whsec_" + base64.b64encode(SECRET.encode()).decode())
    assert webhook.signature(encoded, heard.body, key="key-1", timestamp=1_790_000_000) == f"v1,{expected}"


def test_without_a_secret_nothing_is_signed(receiver) -> None:
    """Catches a signature with an empty key, which anybody can make."""
    assert attempt(receiver.url, secret=None) == "sent"
    assert "webhook-signature" not in receiver.requests[0].headers


@pytest.mark.parametrize(
    ("answer", "code"),
    [(500, "http_500"), (404, "http_404"), (302, "redirect"), (307, "redirect"), ("hang", "timeout"),
     ("drip", "timeout"), ("drop", "not_http")],
)  # fmt: skip
def test_only_a_clear_yes_is_a_yes(receiver, answer, code) -> None:
    """Catches a redirect that is followed, and a receiver that holds the run by answering a byte at a time."""
    receiver.answer = lambda: answer
    started = time.monotonic()
    assert attempt(receiver.url, timeout=0.3) == code
    assert time.monotonic() - started < 2
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("url", "private", "code"),
    [
        ("http://93.184.215.14/not-for-logs", False, "not_https"),
        ("http://93.184.215.14/not-for-logs", True, "not_https"),
        ("http://10.0.0.1/not-for-logs", True, "not_https"),
        ("https://127.0.0.1/not-for-logs", False, "private_address"),
        ("https://localhost/not-for-logs", False, "private_address"),
        ("https://[::1]/not-for-logs", False, "private_address"),
        ("https://[::ffff:10.0.0.1]/not-for-logs", False, "private_address"),
        ("https://169.254.169.254/not-for-logs", False, "private_address"),
        ("https://0.0.0.0/not-for-logs", True, "private_address"),
        ("https://2130706433/not-for-logs", False, "private_address"),
        ("ftp://example.com/not-for-logs", True, "not_https"),
        ("https://user:not-for-logs@example.com/", True, "bad_address"),
        ("https:///not-for-logs", True, "bad_address"),
        ("https://[not-for-logs", True, "bad_address"),
        ("https://example.com/not-for-logs\r\nX: y", True, "bad_address"),
        ("https://no-such-name.invalid/not-for-logs", True, "name_not_found"),
    ],
)
def test_targets_that_are_not_allowed_are_never_called(monkeypatch, url, private, code) -> None:
    """Catches an alert that is used to reach inside the house, and the address in an error."""
    called = []
    monkeypatch.setattr(webhook.socket, "create_connection", lambda *args, **_: called.append(args))
    code_of_ftp = {"ftp": ("bad_address", "not_https")}.get(url[:3], (code,))
    assert attempt(url, private=private) in code_of_ftp
    assert called == []


def test_the_address_that_was_checked_is_the_one_that_is_called(monkeypatch) -> None:
    """Catches a name that is looked up twice: allowed the first time, inside the house the second."""
    answers = iter(["93.184.215.14", "127.0.0.1"])
    monkeypatch.setattr(webhook.socket, "getaddrinfo", lambda *_a, **_k: [(2, 1, 6, "", (next(answers), 443))])
    called = []

    def connect(address, **_options):
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(webhook.socket, "create_connection", connect)
    assert attempt("https://rebinding.example/not-for-logs", private=False) == "unreachable"
    assert called == [("93.184.215.14", 443)]


@pytest.mark.parametrize(
    ("address", "public", "private"),
    [("93.184.215.14", True, True), ("10.1.2.3", False, True), ("169.254.169.254", False, True),
     ("100.64.0.1", False, True), ("224.0.0.1", False, False), ("0.0.0.0", False, False), ("fe80::1%eth0", False, True),
     ("fc00::1", False, True), ("2606:4700::1111", True, True), ("2002:0a00:0001::1", False, True),
     ("64:ff9b::10.0.0.1", False, True), ("240.0.0.1", False, False)],
)  # fmt: skip
def test_addresses(address, public, private) -> None:
    """Catches a private address that hides in another notation."""
    assert (is_allowed(address, allow_private=False), is_allowed(address, allow_private=True)) == (public, private)


def test_secrets_are_in_no_text(receiver, caplog, monkeypatch) -> None:
    """Catches secrets in logs, in the settings as text, and in the complaint about a wrong setting."""
    caplog.set_level(logging.DEBUG)
    receiver.answer = lambda: 500
    assert attempt(receiver.url) == "http_500"
    assert "not-for-logs" not in caplog.text and SECRET not in caplog.text
    monkeypatch.setenv("FINOPS_ALERT_WEBHOOK_URL", receiver.url)
    monkeypatch.setenv("FINOPS_ALERT_SECRET", SECRET)
    shown = f"{Settings()!r} {Settings()} {Settings().model_dump()}"
    assert "not-for-logs" not in shown and SECRET not in shown
    monkeypatch.setenv("FINOPS_ALERT_KIND", "pigeon")
    with pytest.raises(ValueError, match="alert_kind") as error:
        Settings()
    assert "not-for-logs" not in str(error.value) and SECRET not in str(error.value)
