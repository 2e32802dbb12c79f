"""Runs: how they are accepted, claimed, painted, reported and ended. Free of Flask.

Reading order: `orders` (what a run is made of), `usage` (which pictures runs use), `store` (what
the site does with runs), `losses` (which of them a reader is given), `collection` (what becomes of
finished runs), `drafts` (what a draft is), `draftstore` (what the site does with them), `fairness`
(who is next), `line` (how long it takes until then), `leases` (how a worker owns a run), `reports`
(what it writes about it), `moments` (what it keeps for the timelapse), `snapshot` (a run as plain
values), `interruption` (when a run is let go of), `painter` (one run, with the engine), `worker`
(the process) and `renewal` (when it starts afresh).
"""
