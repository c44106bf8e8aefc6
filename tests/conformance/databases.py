"""Databases on the tests' own server, one for each module that wants one."""

from tests.servers import Server

_DATABASE = "stores"


def emptied(postgres: Server) -> str:
    """The URL of a database with the stores' tables, all of them empty."""
    import psycopg  # noqa: PLC0415 - where the extra is missing nobody comes here

    from licensebill.adapters.postgres import Postgres  # noqa: PLC0415 - see above

    url = postgres.url(_DATABASE)
    with psycopg.connect(postgres.url("postgres")) as connection:
        exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (_DATABASE,)).fetchone()
    if exists is None:
        postgres.new_database(_DATABASE)
        with Postgres(url) as store:
            store.create_tables()
    with psycopg.connect(url) as connection:
        connection.execute("TRUNCATE events, wakes, snapshots")
    return url
