"""What charging meets the world with: one module for each outside system, and each with what it needs of its own.

* `memory`: a store in a dict, for tests and for trying things out.
* `sqlite`: a store in a file, for one machine; needs the `json` extra.
* `postgres`: a store for several machines; needs the `postgres` extra.
* `files`: meters that are files, as a nightly export writes them; needs the `json` extra.
* `stripe`: a gateway to Stripe; needs the `stripe` extra.

How events stand in the rows of a table, in whatever database, is `rows`' business. Nothing here decides anything.
"""
