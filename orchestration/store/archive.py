"""The archive: every payload's bytes as received, addressed by their sha256, with a sidecar of where they came from.

Belongs here: writing bytes and sidecars atomically, reading them back verified, listing them, setting bad ones aside.
Does not belong here: asking the network (intake/agency/http.py), what the bytes mean (transforms/parse), the store (loading.py).

    archive/objects/<aa>/<sha256>                                        the bytes, once
    archive/<source_id>/<dataset>/<retrieved>-<request>-<sha256>.json    one sidecar for each retrieval that brought something new
    quarantine/<name>.bin, <name>.json                                   what could not be used, and why
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestration.base.errors import ArchiveError
from orchestration.base.files import replacing, sha256_of, write_whole
from orchestration.base.settings import Settings

#: a half-written file of a killed run is removed after this; a live write takes seconds
_LEFTOVER_SECONDS = 3600
#: length of the time of retrieval with which the name of a sidecar begins: 20261121T224500123456
_TIME = 21
#: what may name a source or a dataset: the names are folders
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*")


@dataclass(frozen=True)
class ArchivedPayload:
    """One retrieval. Times are naive UTC. `request_url` holds no key. `archive_path` is relative to the archive.

    payload_id: `<source_id>:<dataset>:<first 16 of sha256>`, followed by `~<n>` from the second time on that a dataset
                returns to bytes it had before; an id that was removed is not given again. The dataset is part of it because one file can serve two datasets.
    extra:      headers of interest (etag, last_modified) and hints for the parser; plain JSON, hence Any.
    stored:     whether the `put` that returned this brought something new.
    """

    payload_id: str
    source_id: str
    dataset: str
    request_url: str
    retrieved_at: datetime
    http_status: int | None
    media_type: str | None
    sha256: str
    bytes: int
    archived_at: datetime
    last_seen_at: datetime
    archive_path: str
    extra: dict[str, Any] = field(default_factory=dict, compare=False)
    stored: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Quarantined:
    """Bytes set aside, the reason, and `path` where they are. `payload_id` is None for bytes that were never archived.

    removed:        whether an operator took it out of the archive.
    content_sha256: of the answer without what differs each time (intake/agency/question.py), where that was recorded.
    """

    payload_id: str | None
    reason: str
    sha256: str
    quarantined_at: datetime
    path: Path
    removed: bool = False
    content_sha256: str | None = None


class Archive:
    """The archive of one warehouse. Constructing it touches no disk.

    Raises ArchiveError when the disk refuses a write, or when bytes are missing or differ from their sha256.
    """

    def __init__(self, settings: Settings) -> None:
        self.root = settings.archive
        self.quarantine_folder = settings.archive.parent / "quarantine"

    def put(
        self,
        content: bytes | Path,
        *,
        source_id: str,
        dataset: str,
        request_url: str,
        retrieved_at: datetime,
        http_status: int | None = None,
        media_type: str | None = None,
        extra: dict[str, Any] | None = None,
        refused: str | None = None,
    ) -> ArchivedPayload:
        """Keep `content` (bytes, or a file that is copied) as the answer to a request. Where it equals the answer before
        it, only `last_seen_at` moves.

        Within a dataset `request_url` identifies a request; where requests differ in their body only, the caller adds
        the difference as a URL fragment. An answer that returns to older bytes (A, B, A) is news: it gets a sidecar of
        its own, while the bytes are stored once. refused: why the answer is not accepted. It is set aside at once then: in the archive for
        a moment, it would count as accepted for good where the process is killed. Bytes equal to the answer before it were accepted then
        and stay as they are; a copy is set aside. Raises ArchiveError for a source or dataset that cannot name a folder.
        """
        for name in (source_id, dataset):
            if not _NAME.fullmatch(name):
                raise ArchiveError(
                    f"{name!r} cannot name a source or dataset: use lower-case letters, digits, '_', '-', '.'"
                )
        self._clear_leftovers()
        sha256 = sha256_of(content) if isinstance(content, Path) else hashlib.sha256(content).hexdigest()
        path = self.root / "objects" / sha256[:2] / sha256
        if not (path.exists() and sha256_of(path) == sha256):  # absent, or damaged and now mended
            self._write(path, content)
        folder = self.root / source_id / dataset
        request = _request_id(request_url)
        seen_at = naive_utc(retrieved_at)
        name = _sidecar_name(seen_at, request, sha256)
        # The answer before this one is the last one retrieved no later than it, and not the last one of all: a caller
        # that archives a whole sequence of old answers a second time must meet each of them at its own time.
        earlier = [p for p in folder.glob(f"*-{request}-*.json") if p.name[:_TIME] <= name[:_TIME]]
        before = folder / name if (folder / name).exists() else _newest(earlier)
        if before and before.stem.endswith(sha256):
            if refused is not None:
                self._set_aside(None, content if isinstance(content, bytes) else path.read_bytes(), refused)
                return _read_sidecar(before)
            return self._seen_again(before, _read_sidecar(before), seen_at, extra)
        used = self._highest_number(source_id, dataset, sha256)
        payload = ArchivedPayload(
            payload_id=f"{source_id}:{dataset}:{sha256[:16]}" + (f"~{used + 1}" if used else ""),
            source_id=source_id,
            dataset=dataset,
            request_url=request_url,
            retrieved_at=seen_at,
            http_status=http_status,
            media_type=media_type,
            sha256=sha256,
            bytes=path.stat().st_size,
            archived_at=datetime.now(UTC).replace(tzinfo=None),
            last_seen_at=seen_at,
            archive_path=path.relative_to(self.root).as_posix(),
            extra=extra or {},
            stored=True,
        )
        if refused is not None:
            self._set_aside(payload, content if isinstance(content, bytes) else path.read_bytes(), refused)
        else:
            self._write(folder / name, _sidecar(payload))
        return payload

    def _highest_number(self, source_id: str, dataset: str, sha256: str) -> int:
        """The highest number that a payload of these bytes has or had, 0 where there was none.

        Sidecars cannot be counted: where the first of two was removed, the number of the second would be given again, and the store would
        take the new payload for the one that it has.
        """
        sidecars = (self.root / source_id / dataset).glob(f"*-{sha256}.json")
        numbers = [_number(_read_sidecar(path).payload_id) for path in sidecars]
        return max([*numbers, _removed_number(self._aside(f"{source_id}.{dataset}", sha256))])

    def _aside(self, origin: str, sha256: str) -> Path:
        """Where bytes are set aside; the note of why lies beside them."""
        return self.quarantine_folder / f"{origin}-{sha256[:16]}.bin"

    def last(self, source_id: str, dataset: str, request_url: str) -> ArchivedPayload | None:
        """The accepted answer to a request that was retrieved last, or None."""
        path = self._last_sidecar(source_id, dataset, request_url)
        return _read_sidecar(path) if path else None

    def seen_again(
        self, payload: ArchivedPayload, at: datetime, extra: dict[str, Any] | None = None
    ) -> ArchivedPayload:
        """Note that the last answer to a request still stands: moves `last_seen_at` and adds to `extra`.

        Raises ArchiveError where `payload` is no longer the last answer to its request.
        """
        path = self._last_sidecar(payload.source_id, payload.dataset, payload.request_url)
        if path is None or not path.stem.endswith(payload.sha256):
            raise ArchiveError(f"{payload.payload_id} is not the last answer to its request; fetch it again")
        return self._seen_again(path, payload, naive_utc(at), extra)

    def _seen_again(
        self, path: Path, payload: ArchivedPayload, at: datetime, extra: dict[str, Any] | None
    ) -> ArchivedPayload:
        known = replace(
            payload, last_seen_at=max(payload.last_seen_at, at), extra={**payload.extra, **(extra or {})}
        )
        self._write(path, _sidecar(known))
        return known

    def _last_sidecar(self, source_id: str, dataset: str, request_url: str) -> Path | None:
        sidecars = (self.root / source_id / dataset).glob(f"*-{_request_id(request_url)}-*.json")
        return _newest(list(sidecars))

    def read(self, payload: ArchivedPayload) -> bytes:
        """The bytes of `payload`. Raises ArchiveError where they are missing or differ from their sha256."""
        path = self.root / payload.archive_path
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise ArchiveError(
                f"{payload.payload_id}: its bytes are missing from the archive ({path}); restore the file or fetch it again"
            ) from None
        sha256 = hashlib.sha256(content).hexdigest()
        if sha256 != payload.sha256:
            raise ArchiveError(
                f"{payload.payload_id}: its bytes are damaged ({path}: {len(content)} bytes with sha256 {sha256[:16]}..., "
                f"expected {payload.bytes} bytes with {payload.sha256[:16]}...); restore the file or fetch it again"
            )
        return content

    def payloads(self, source_id: str | None = None, dataset: str | None = None) -> list[ArchivedPayload]:
        """Payloads in the order of their retrieval; those of one moment in the order they were archived."""
        sidecars = self.root.glob(f"{source_id or '*'}/{dataset or '*'}/*.json")
        return sorted(
            map(_read_sidecar, sidecars), key=lambda p: (p.retrieved_at, p.archived_at, p.payload_id)
        )

    def not_among(self, source_id: str, dataset: str, payload_ids: Collection[str]) -> list[ArchivedPayload]:
        """The payloads of a dataset that are none of `payload_ids`, in the order of their retrieval.

        A sidecar whose name tells its id already is not read: a refresh asks this of each dataset, and mostly none is left.
        """
        sidecars = list((self.root / source_id / dataset).glob("*.json"))
        times = Counter(_digest_in_name(path) for path in sidecars)
        unsure = (
            path
            for path in sidecars
            if times[_digest_in_name(path)] > 1
            or f"{source_id}:{dataset}:{_digest_in_name(path)[:16]}" not in payload_ids
        )
        found = [payload for payload in map(_read_sidecar, unsure) if payload.payload_id not in payload_ids]
        return sorted(found, key=lambda p: (p.retrieved_at, p.archived_at, p.payload_id))

    def latest(self, source_id: str, dataset: str) -> ArchivedPayload | None:
        """The payload retrieved last, or None."""
        return max(
            self.payloads(source_id, dataset), key=lambda p: (p.retrieved_at, p.archived_at), default=None
        )

    def quarantine(self, payload: ArchivedPayload | bytes, reason: str, *, removed: bool = False) -> Path:
        """Set bytes aside with the reason. An archived payload leaves the archive: it was not accepted, or is `removed`.

        Returns the path of the bytes; a JSON with the reason lies beside it. The same bytes are set aside once.
        """
        archived, content = (None, payload) if isinstance(payload, bytes) else (payload, self.read(payload))
        path = self._set_aside(archived, content, reason, removed=removed)
        if archived:
            for sidecar in (self.root / archived.source_id / archived.dataset).glob(
                f"*-{archived.sha256}.json"
            ):
                if _read_sidecar(sidecar).payload_id == archived.payload_id:
                    sidecar.unlink()
        return path

    def _set_aside(
        self, archived: ArchivedPayload | None, content: bytes, reason: str, *, removed: bool = False
    ) -> Path:
        """Write bytes and the note of why into quarantine; the path of the bytes."""
        sha256 = hashlib.sha256(content).hexdigest()
        origin = f"{archived.source_id}.{archived.dataset}" if archived else "unknown"
        path = self._aside(origin, sha256)
        note = {
            "payload_id": archived and archived.payload_id,
            "reason": reason,
            "sha256": sha256,
            "quarantined_at": _text(datetime.now(UTC)),
            "payload": archived and json.loads(_sidecar(archived)),
            "removed": removed,
            # the note replaces that of an earlier removal of the same bytes, whose number must not be forgotten
            "removed_number": max(
                _removed_number(path), _number(archived.payload_id) if archived and removed else 0
            ),
        }
        self._write(path, content)
        self._write(path.with_suffix(".json"), _json(note))
        return path

    def take_back(self, payload: ArchivedPayload) -> None:
        """Undo `quarantine` of an archived payload."""
        folder = self.root / payload.source_id / payload.dataset
        name = _sidecar_name(payload.retrieved_at, _request_id(payload.request_url), payload.sha256)
        self._write(folder / name, _sidecar(payload))
        path = self._aside(f"{payload.source_id}.{payload.dataset}", payload.sha256)
        path.with_suffix(".json").unlink(missing_ok=True)
        path.unlink(missing_ok=True)

    def quarantined(self) -> list[Quarantined]:
        """What was set aside, oldest first."""
        notes = [(p, json.loads(p.read_bytes())) for p in self.quarantine_folder.glob("*.json")]
        aside = [
            Quarantined(
                payload_id=note["payload_id"],
                reason=note["reason"],
                sha256=note["sha256"],
                quarantined_at=_time(note["quarantined_at"]),
                path=path.with_suffix(".bin"),
                removed=note.get("removed", False),
                content_sha256=((note["payload"] or {}).get("extra") or {}).get("content_sha256"),
            )
            for path, note in notes
        ]
        return sorted(aside, key=lambda q: (q.quarantined_at, q.path))

    def _write(self, path: Path, content: bytes | Path) -> None:
        """`content` at `path`, whole or not at all, and on disk when this returns."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._temporary.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Path):
                with replacing(path, scratch=self._temporary, durable=True) as temporary:
                    shutil.copyfile(content, temporary)
            else:
                write_whole(path, content, scratch=self._temporary, durable=True)
        except OSError as error:
            raise ArchiveError(
                f"cannot write {path}: {error.strerror}; nothing was changed. Free space or mend permissions, then run again"
            ) from error

    @property
    def _temporary(self) -> Path:
        # no sidecar lies at this depth, so a half-written file is never taken for a payload
        return self.root / "tmp"

    def _clear_leftovers(self) -> None:
        for path in self._temporary.glob("*"):
            if time.time() - path.stat().st_mtime > _LEFTOVER_SECONDS:
                path.unlink(missing_ok=True)


def naive_utc(moment: datetime) -> datetime:
    """`moment` as naive UTC, the form of every time in archive and store; a naive moment is taken to be UTC."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _newest(sidecars: list[Path]) -> Path | None:
    """The sidecar retrieved last; of several at one moment (a file changed within the day it is dated) the last put."""
    time = max((p.name[:_TIME] for p in sidecars), default=None)
    ties = [p for p in sidecars if p.name[:_TIME] == time]
    return max(ties, key=lambda p: _read_sidecar(p).archived_at) if len(ties) > 1 else next(iter(ties), None)


def _sidecar_name(retrieved_at: datetime, request: str, sha256: str) -> str:
    return f"{retrieved_at:%Y%m%dT%H%M%S%f}-{request}-{sha256}.json"


def _digest_in_name(sidecar: Path) -> str:
    """The sha256 of the bytes that a sidecar is about."""
    return sidecar.stem.rpartition("-")[2]


def _request_id(request_url: str) -> str:
    """The part of a sidecar's name that identifies its request."""
    return hashlib.sha256(request_url.encode()).hexdigest()[:8]


def _number(payload_id: str) -> int:
    """How often a dataset had returned to the bytes of a payload, with this time: 1 for an id without `~<n>`."""
    _, mark, number = payload_id.rpartition("~")
    return int(number) if mark else 1


def _removed_number(path: Path) -> int:
    """The highest number of the payloads of these bytes that were removed, 0 where none was. path: of the bytes in quarantine."""
    try:
        note = json.loads(path.with_suffix(".json").read_bytes())
    except FileNotFoundError:
        return 0
    # a note of an earlier version has the id only
    earlier = _number(note["payload_id"]) if note.get("removed") and note["payload_id"] else 0
    return max(earlier, note.get("removed_number", 0))


def _text(moment: datetime) -> str:
    return naive_utc(moment).isoformat(timespec="microseconds") + "Z"


def _time(text: str) -> datetime:
    return naive_utc(datetime.fromisoformat(text))


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True).encode() + b"\n"


def _sidecar(payload: ArchivedPayload) -> bytes:
    values = asdict(payload)
    del values["stored"]
    return _json({k: _text(v) if isinstance(v, datetime) else v for k, v in values.items()})


def _read_sidecar(path: Path) -> ArchivedPayload:
    try:
        values = json.loads(path.read_bytes())
        for name in ("retrieved_at", "archived_at", "last_seen_at"):
            values[name] = _time(values[name])
        return ArchivedPayload(**values)
    except (ValueError, KeyError, TypeError) as error:
        raise ArchiveError(
            f"{path} is not a sidecar of this archive ({error}); restore it or remove it"
        ) from error
