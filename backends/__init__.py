"""Targets that run circuits, one module or folder each, found by entry point (group `qstack.backends`).

What is common to several targets lives here too: `checks` (is a batch fit to run), `local` (worker threads,
handles and cancellation of in-process simulators) and `conformance` (the pytest suite every backend must
pass). Nodes, networks and protocols may not enter. Nothing is imported here: a simulator's library is loaded
when it first runs.
"""
