"""What never gets in: message bodies, free text, personal data. Dropped while reading, before anything is stored."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from functools import lru_cache
from typing import Any

import orjson

from orchestration.ingest.values import CONTROL
from orchestration.settings import Settings

MAX_RESCUED_TEXT = 200
# A name or label has few words; more is something that somebody wrote.
MAX_RESCUED_WORDS = 5
MAX_NAME = 100
MAX_MEMBERS = 200
MAX_RESCUED_DEPTH = 8

# A word of a field name that announces a body, free text or a person.
_BODY_WORDS = (
    "answer answers argument arguments article attachment attachments body bodies caption chat choice choices "
    "chunk chunks code comment comments completion completions content contents context conversation "
    "description descriptions detail details dialog dialogue diff document documents draft draft email "
    "embedding embeddings error errors example examples excerpt exception explanation feedback file files "
    "generation generations headline html image images input inputs instruction instructions letter log logs "
    "mail markdown memo memory message messages note notes observation output outputs page pages paragraph "
    "payload payloads prompt prompts quality_comment query queries question questions quote raw reason reasons "
    "reasoning remark remarks reply replies request requests resolution response responses result results "
    "review reviews schema script sentence sentences snippet stack stacktrace statement subject suggestion "
    "summary system text texts thinking thought thoughts ticket_text title tool tools trace traceback "
    "transcript transcription translation turn turns utterance value values"
)
BODY_WORDS = frozenset(_BODY_WORDS.split())
_PERSON_WORDS = (
    "account address agent apikey author authorization auth bearer birthday caller contact cookie cookies "
    "credential credentials customer customers employee end_user firstname forename fullname header headers ip "
    "lastname login member password passwd patient person phone requester secret secrets ssn subscriber "
    "surname telephone user username users visitor"
)
PERSON_WORDS = frozenset(_PERSON_WORDS.split())
# A body word followed by one of these names a fact about the body, not the body.
_FACTS = frozenset({"bytes", "count", "format", "hash", "id", "ids", "kind", "language", "length", "mode", "model",
                    "status", "tier", "type", "version"})  # fmt: skip
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_DROPPED = object()


@lru_cache(maxsize=10_000)
def is_private(name: str) -> bool:
    """Whether a field of this name may hold a body, free text or personal data."""
    words = [word.lower() for word in _WORD.findall(name)]
    if not PERSON_WORDS.isdisjoint(words) or {"api", "key"} <= set(words):
        return True
    return not BODY_WORDS.isdisjoint(words) and words[-1] not in _FACTS


def is_plain_name(name: str) -> bool:
    """Whether a field name is short enough and printable, so that it is a name and not a text."""
    return len(name) <= MAX_NAME and name.isprintable()


def scrub(extras: dict[str, Any]) -> dict[str, Any] | None:
    """What may be kept of unknown fields: numbers, booleans, short texts, and objects and lists of these.

    Texts and objects under private names, and texts of more than 200 characters or five words, vanish; ``_dropped``
    counts them. JSON as text, as tables hold objects, is judged member by member. None when nothing is left.
    """
    dropped = [0]
    kept = _scrub(extras, 0, dropped)
    if dropped[0]:
        kept["_dropped"] = dropped[0]
    return kept or None


def _scrub(value: Any, depth: int, dropped: list[int]) -> Any:
    kind = type(value)
    if kind is str:
        if value[:1] in ("{", "["):
            return _scrub_json_text(value, depth, dropped)
        if is_label(value):
            return value
    elif kind in (int, float, bool):
        return value
    elif kind is dict and depth < MAX_RESCUED_DEPTH:
        kept = {}
        for name, member in value.items():
            if member is None or member == "":
                continue
            allowed = type(name) is str and is_plain_name(name) and len(kept) < MAX_MEMBERS
            if allowed and type(member) not in (int, float, bool):
                allowed = not is_private(name)
            clean = _scrub(member, depth + 1, dropped) if allowed else _DROPPED
            if clean is not _DROPPED:
                kept[name] = clean
            elif not allowed:
                dropped[0] += 1
        return kept
    elif kind is list and depth < MAX_RESCUED_DEPTH and len(value) <= MAX_MEMBERS:
        items = (_scrub(item, depth + 1, dropped) for item in value)
        return [item for item in items if item is not _DROPPED]
    dropped[0] += 1
    return _DROPPED


def is_kept_as_is(text: str) -> bool:
    """Whether the scrub keeps this text, under a name that is not private, just as it stands."""
    return text != "" and text[0] not in "{[" and is_label(text)


def is_label(text: str) -> bool:
    """Whether a text is short and of few words, so that it names something and is not what somebody wrote."""
    return len(text) <= MAX_RESCUED_TEXT and text.count(" ") < MAX_RESCUED_WORDS and not CONTROL.search(text)


def _scrub_json_text(text: str, depth: int, dropped: list[int]) -> Any:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        dropped[0] += 1
        return _DROPPED
    clean = _scrub(value, depth + 1, dropped)
    return clean if clean is _DROPPED else to_json(clean)


def to_json(value: Any) -> str:
    """JSON text with sorted keys; NaN and infinities become null."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:
        # Whole numbers beyond 64 bits.
        return json.dumps(value, sort_keys=True, default=str)


class Hasher:
    """Keyed hashes: equal for equal texts, useless to somebody who guesses texts without the key."""

    def __init__(self, key: bytes) -> None:
        if not key:
            raise ValueError("the hash key is empty")
        self._key = key

    def of_bytes(self, value: bytes) -> str:
        """HMAC-SHA-256 in hex."""
        return hmac.digest(self._key, value, "sha256").hex()

    def streaming(self) -> hmac.HMAC:
        """For values that are too long to hold."""
        return hmac.new(self._key, digestmod=hashlib.sha256)

    def of_value(self, value: Any) -> tuple[int | None, str | None]:
        """Length in bytes and keyed hash of any value's text; nothing for None."""
        if value is None:
            return None, None
        raw = value if type(value) is bytes else as_text(value).encode("utf-8", "surrogatepass")
        return len(raw), self.of_bytes(raw)

    def of_prompt(self, body: Any) -> str | None:
        """Hash of a message body after collapsing blanks and lower-casing; None for an empty one."""
        if body is None or body == "" or body == [] or body == {}:
            return None
        normalised = " ".join(as_text(body).lower().split())
        return self.of_bytes(normalised.encode("utf-8", "surrogatepass")) if normalised else None


def as_text(value: Any) -> str:
    """Text of any value; objects as JSON without null members, so that all formats give one text."""
    if type(value) is str:
        return value
    return to_json(_without_nulls(value)) if isinstance(value, dict | list) else str(value)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(member) for name, member in value.items() if member is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def load_hasher(settings: Settings) -> Hasher:
    """The hasher of this installation: from ``FINOPS_HASH_KEY``, else from a key file that is made once (mode 0600)."""
    if settings.hash_key is not None:
        return Hasher(settings.hash_key.get_secret_value().encode())
    path = settings.warehouse_dir / "hash.key"
    settings.warehouse_dir.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Written aside and linked into place: another process never sees half a key, and the first one wins.
        draft = path.with_name(f"hash.key.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, os.urandom(32).hex().encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return Hasher(path.read_bytes().strip())
