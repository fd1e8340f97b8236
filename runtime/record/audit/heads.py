"""The audit of signed heads: whether each event has one, and whether the log reaches those outside.

Who rewrites an event and makes the chain anew cannot sign the heads anew. Who puts an older state of
the database back has older heads with good signatures: only the file outside tells.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from models.values.base import Value
from runtime.record.heads import ORIGIN, HeadKeys, KeptHeads, head_of
from runtime.rows import AuditedEvent
from runtime.settings import WorkerSettings


class HeadsAudit(Value):
    """What is known of the signed heads of the renovations that were looked at."""

    signed: int
    """Renovations with signed heads."""
    later: Mapping[str, int]
    """Those whose first events are from before heads were signed: the first signed event of each."""
    unsigned: int
    """Renovations without any: nothing was written to them since heads are signed."""
    outside: int
    """Heads of them that are kept outside of the database; 0: a roll-back could not be found."""
    foreign: int
    """Heads of them in the file outside that none of our keys has signed."""


class HeadAudit:
    """Checks the signed heads of one case, whose events the audit hands over in their order.

    `kept` are the heads of the case outside of the database.
    """

    def __init__(self, keys: HeadKeys, kept: Mapping[int, bytes]) -> None:
        self._keys = keys
        self._kept = dict(kept)
        self._first_kept = min(kept, default=None)
        self.since: int | None = None
        """The first event that is signed; None as long as none is."""

    def fault(self, event: AuditedEvent) -> str | None:
        """What is wrong with the head that the next event makes, as `BadEvent.reason`."""
        head = head_of(event.renovation_id, event.seq, event.hash)
        if event.head_signature is None:
            kept_before = self._first_kept is not None and self._first_kept <= event.seq
            return "unsigned" if self.since is not None or kept_before else None
        if self.since is None:
            self.since = event.seq
        if not self._keys.signed(head, event.head_signature):
            return "signature"
        return None if self._kept.pop(event.seq, head.hash) == head.hash else "other_head"

    def fault_at_end(self, seq: int) -> int | None:
        """The latest head outside that the log, which ends with event `seq`, does not reach."""
        later = [size for size in self._kept if size > seq]
        return max(later, default=None)


class KnownHeads:
    """The keys of the heads, and the heads outside of the database."""

    def __init__(self, keys: HeadKeys, kept: KeptHeads, renovation_id: str | None = None) -> None:
        """Reads the file of the kept heads: of one renovation, or of all."""
        self._keys = keys
        self._kept: dict[str, dict[int, bytes]] = {}
        self._foreign = 0
        for head, signature in kept.read():
            rid = head.origin.removeprefix(ORIGIN)
            if renovation_id not in (None, rid):
                continue
            if keys.signed(head, signature):
                # The first one counts: after a roll-back the same number is signed once more.
                self._kept.setdefault(rid, {}).setdefault(head.size, head.hash)
            else:
                self._foreign += 1

    def of(self, renovation_id: str) -> HeadAudit:
        """The audit of one renovation's heads."""
        return HeadAudit(self._keys, self._kept.get(renovation_id, {}))

    def lost(self, there: Collection[str]) -> Sequence[tuple[str, int]]:
        """The renovations with heads outside that are not `there`, each with its latest event."""
        return [(rid, max(self._kept[rid])) for rid in sorted(self._kept.keys() - set(there))]

    def audited(self, since: Mapping[str, int | None]) -> HeadsAudit:
        """What to report: `since` says of each renovation which event was the first signed one."""
        signed = Counter(seq is not None for seq in since.values())
        return HeadsAudit(
            signed=signed[True],
            unsigned=signed[False],
            later={rid: seq for rid, seq in since.items() if seq is not None and seq > 1},
            outside=sum(len(self._kept.get(rid, ())) for rid in since),
            foreign=self._foreign,
        )


def known_heads(settings: WorkerSettings, renovation_id: str | None = None) -> KnownHeads | None:
    """The keys and the file of the settings, for one renovation or for all; None without a key."""
    if settings.heads_key is None:
        return None
    kept = KeptHeads(settings.heads_file)
    return KnownHeads(HeadKeys.of(settings.heads_key), kept, renovation_id)
