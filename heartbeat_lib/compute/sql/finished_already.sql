-- Whether a run of this kind with this due instant is finished.
SELECT EXISTS (SELECT FROM heartbeat.run WHERE kind = %(kind)s AND due = %(due)s AND outcome = 'ok')
