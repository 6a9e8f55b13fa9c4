"""Layer 1 on real metrics: the right ones come out clean, and every planted fault is named."""

from __future__ import annotations

import pytest

from heartbeat_lib.audit.evidence import Verdict
from heartbeat_lib.audit.methodology import examine
from tests.audit.conftest import BERKA_METRICS, DEMO_METRICS

DEMO_IDS = sorted(file.stem for file in DEMO_METRICS.glob("*.sql"))
BERKA_IDS = sorted(file.stem for file in BERKA_METRICS.glob("*.sql"))


def bad(layer):
    """Everything that is not clean, as sentences."""
    return [point.found for point in layer.points if point.verdict in (Verdict.DOUBTFUL, Verdict.FAILS)]


@pytest.mark.parametrize("metric_id", DEMO_IDS)
def test_a_right_metric_of_the_demo_comes_out_clean(demo_case, metric_id):
    """A finding on a metric that is right would teach people not to read findings."""
    layer = examine(demo_case(metric_id))
    assert bad(layer) == []
    assert layer.verdict is Verdict.HOLDS


@pytest.mark.parametrize("metric_id", BERKA_IDS)
def test_a_right_metric_of_the_czech_bank_comes_out_clean(berka_case, metric_id):
    """Texts that somebody else wrote, shorter ones."""
    layer = examine(berka_case(metric_id))
    assert bad(layer) == []
    assert layer.verdict is Verdict.HOLDS
