"""Measures how fast the engine is on this machine, next to what else one could use.

Reading order: `plan` (what is measured), `suite` (all of it, in order), `child` (each measurement
is a fresh process, so that its peak memory means something), `machine`, `peak`, `operations` and
`steps` (the machine and how much of it a step uses), `runs` (what a person waits for),
`yardstick`, `textbook` and `duel` (the same loss by the textbook's method), `judge` and `race`
(another program on the same pictures), then `table`, `chart`, `canvas` and `comparison` (what is
made of the figures), and `command`, the door for people.

Seconds are of wall time. Where a ratio is reported, what it compares was measured in turns, so
that another program on the same machine slows both alike; figures are medians, with the middle
half of the samples as their spread.
"""
