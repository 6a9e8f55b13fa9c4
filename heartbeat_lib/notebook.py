"""`%load_ext heartbeat_lib.notebook`: the cells `%%story` and `%%metric` of a discovery. A door: no rule lives here."""
