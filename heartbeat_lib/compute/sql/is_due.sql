-- Whether a run of this kind still wants doing: none that was due then or later is finished, and none with this very due
-- instant is alive. A run later than now was made by a clock that goes wrong and says nothing.
SELECT NOT EXISTS (
    SELECT FROM heartbeat.run WHERE kind = %(kind)s AND outcome = 'ok' AND due BETWEEN %(due)s AND %(now)s
) AND NOT EXISTS (
    SELECT FROM heartbeat.run WHERE kind = %(kind)s AND outcome = 'running' AND due = %(due)s
)
