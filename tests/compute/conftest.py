"""Metric files made of a query."""

from __future__ import annotations

import re

import pytest

_FILE = """\
-- {metric_id}: a test.
INSERT INTO heartbeat.metric_registry (metric_id, code, name, period, value_sql, description, sources)
VALUES ('{metric_id}', '{code}', '{metric_id}', '{period}', $value${value_sql}$value$, 'A test.', '{sources}');
"""
_THRESHOLDS = """\
UPDATE heartbeat.metric_registry SET norm_value = {norm}, alert_value = {alert}, threshold_basis = 'a test';
"""


@pytest.fixture
def file_of():
    """Text of a metric file: id, value_sql, and what else it should say."""

    def text(metric_id, value_sql, *, period="day", norm=None, alert=None, sources=None):
        tables = sources or ", ".join(dict.fromkeys(re.findall(r"\b[a-z]+\.[a-z_]+\b", value_sql)))
        code = re.sub("[^A-Z0-9]", "", metric_id.upper()).ljust(4, "X")[:4]
        file = _FILE.format(metric_id=metric_id, code=code, period=period, value_sql=value_sql, sources=tables)
        return file if norm is None else file + _THRESHOLDS.format(norm=norm, alert=alert)

    return text
