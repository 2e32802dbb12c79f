"""Runs: how they are accepted, claimed, painted, reported and ended. Free of Flask.

Reading order: `orders` (what a run is made of), `usage` (which pictures runs use), `store` (what
the site does with runs), `losses` (which of them a reader is given), `collection` (what becomes of
finished ones), `drafts` (what a draft is), `draftstore` (what the site does with them),
`belongings` (the files of a run), `endings` (cancelled or removed), `abilities` (what a worker can
paint), `roster` (who is at work), `fairness` (who is next), `line` (how long it takes until then),
`leases` (how a worker owns a run), `deaths` (how it is told that one died), `reports` (what it
writes about a run), `moments` (what it keeps for the timelapse), `snapshot` (a run as plain
values), `painter` (one run, with the engine), `interruption` (when a run is let go of), `reporter`
(what the world hears of it), `vigil` (whether it goes on), `worker` (the process), `bell` (what
calls the thread in it that paints), `draining` (how it ends in time) and `renewal` (when it starts
afresh).
"""
