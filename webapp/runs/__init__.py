"""Runs: how they are accepted, claimed, painted, reported and ended. Free of Flask.

Reading order: `orders` (what a run is made of), `usage` (which pictures runs use), `store` (what
the site does with runs), `collection` (what becomes of finished ones), `fairness` (who is next),
`line` (how long it takes until then), `leases` (how a worker owns a run), `reports` (what it writes
about it), `moments` (what it keeps for the timelapse), `snapshot` (a run as plain values),
`painter` (one run, with the engine), `worker` (the process) and `renewal` (when it starts afresh).
"""
