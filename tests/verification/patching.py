"""A process that patches, for tests that need several: `python -m tests.verification.patching WORKSPACE NUMBER COUNT METRICS`.

Reads a metric's version, decides its owner or thresholds anew, and does so until COUNT patches are acknowledged. Each
acknowledged one is a line `metric version target` on stdout, each stale refusal `stale`; where the server went away `gone`.
"""

from __future__ import annotations

import random
import sys

from heartbeat_lib.store import Role, StoreError
from heartbeat_lib.verification import decide
from heartbeat_lib.workbench import Workbench


def patches(workspace: str, number: str, count: str, metrics: str) -> None:
    """As many acknowledged patches as were asked for, each with a target that no other patch has."""
    chance = random.Random(int(number))
    done = 0
    with Workbench.open(workspace) as bench, bench.store.connect(Role.READER, autocommit=True) as reader:
        while done < int(count):
            metric_id = f"metric_{chance.randrange(int(metrics)):02d}"
            query = "SELECT row_version FROM heartbeat.metric_registry WHERE metric_id = %s"
            ((version,),) = reader.execute(query, [metric_id]).fetchall()
            target = int(number) * 1_000_000 + done
            patch = {"target_value": target, **_with_thresholds(chance)}
            who = f"p{number}@x.example"
            try:
                decision = decide(bench, metric_id, patch, row_version=version, actor=who, proved=False, via="cli", reason=None)
            except StoreError:
                print("gone", flush=True)
                return
            if decision.changed:
                done += 1
                print(metric_id, decision.row_version, target, flush=True)
            else:
                assert [refusal.kind for refusal in decision.refusals] == ["stale"], decision.refusals
                print("stale", flush=True)


def _with_thresholds(chance: random.Random) -> dict[str, int | str]:
    """Every third patch draws new lines too, which judges the shown period again."""
    if chance.randrange(3):
        return {}
    norm = chance.randrange(1, 1000)
    return {"norm_value": norm, "alert_value": norm + 1, "threshold_basis": "a test"}


if __name__ == "__main__":
    patches(*sys.argv[1:])
