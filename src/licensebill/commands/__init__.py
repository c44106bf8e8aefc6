"""The commands that charge, and what all commands print with. `cli` gives them their places; needs the `cli` extra.

* `runs`: `run`; `summary` and `previews` are what it prints.
* `records`: `open`, `status`, `resolve` and `ledger`.
* `demo`: three months of an example, told.
* `connections`: the store, the provider, the meters and the clock that options name.
* `printing`: tables, JSON, exit codes.
"""
