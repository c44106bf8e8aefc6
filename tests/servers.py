"""A real PostgreSQL for the tests: made, started and stopped by them, reached by a socket in a temporary folder alone.

The server's programs are looked for in PATH and where Debian puts them (package postgresql-15). It refuses to run as
root: as root it is run as the user postgres, who comes with the package.
"""

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import attrs
import pytest

#: Not every environment has the extra.
HAS_DRIVER = importlib.util.find_spec("psycopg") is not None
_IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
_AS_POSTGRES = ["runuser", "-u", "postgres", "--"] if _IS_ROOT else []
_USER = "billing"
#: What the stores promise rests on is left as it comes: fsync, full_page_writes and synchronous_commit are on.
_SETTINGS = {
    "listen_addresses": "",  # no port at all
    "max_connections": "30",
    "shared_buffers": "32MB",
    "log_min_messages": "fatal",
}


def programs() -> Path | None:
    """The folder of PostgreSQL's programs, the newest version first; None where there is none."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    return next((folder for folder in folders if (folder / "pg_ctl").exists()), None)


def availability() -> str:
    """In a few words, for the header of a test run: which server the tests use, or why they leave it out."""
    folder = programs()
    if not HAS_DRIVER:
        return "PostgreSQL: its tests are left out, psycopg is missing"
    if folder is None:
        return "PostgreSQL: its tests are left out, no server is installed (Debian: postgresql-15)"
    done = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True)
    return f"{done.stdout.strip()}, psycopg {importlib.metadata.version('psycopg')}"


@attrs.frozen
class Server:
    """A PostgreSQL server of our own.

    Args:
        folder: of its data, its socket and its log.
        programs: where its programs are.
    """

    folder: Path
    programs: Path

    def url(self, database: str) -> str:
        """Of a database on it, for psycopg."""
        return f"postgresql://{_USER}@/{database}?host={quote(str(self.folder), safe='')}"

    def make(self) -> None:
        """The data folder, in which nobody needs a password who may enter the folder."""
        # most servers compare texts by a language, unless told otherwise; ids must not be compared so
        language = ("--encoding", "UTF8", "--locale", "C", "--locale-provider", "icu", "--icu-locale", "en-US")
        self._run("initdb", "--pgdata", "data", "--username", _USER, "--auth", "trust", "--no-sync", *language)

    def start(self) -> None:
        """Start it, and wait until it can be used."""
        options = " ".join(f"-c {name}='{value}'" for name, value in _SETTINGS.items())
        options = f"{options} -c unix_socket_directories='{self.folder}'"
        self._run("pg_ctl", "start", "--wait", "--pgdata", "data", "--log", "log", "--options", options)

    def stop(self, mode: str = "fast") -> None:
        """Stop it; at once and without a checkpoint if the mode is "immediate", as a crash would."""
        self._run("pg_ctl", "stop", "--wait", "--pgdata", "data", "--mode", mode)

    def new_database(self, name: str, **settings: str) -> str:
        """The URL of a new empty database, with settings of its own."""
        import psycopg  # noqa: PLC0415 - see HAS_DRIVER

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
            for setting, value in settings.items():
                connection.execute(f'ALTER DATABASE "{name}" SET {setting} = {value}')
        return self.url(name)

    def _run(self, program: str, *arguments: str) -> None:
        # a server keeps what it inherits: with a pipe the call would end with the server and not before
        with tempfile.TemporaryFile() as output:
            command = [*_AS_POSTGRES, str(self.programs / program), *arguments]
            done = subprocess.run(command, cwd=self.folder, stdout=output, stderr=output, check=False)
            output.seek(0)
            assert done.returncode == 0, f"{program}: {output.read().decode(errors='replace')}"


def started(folder: Path) -> Server:
    """A server in a new folder, which is given to the user it runs as."""
    found = programs()
    assert found is not None
    if _IS_ROOT:
        shutil.chown(folder, "postgres")
    server = Server(folder, found)
    server.make()
    server.start()
    return server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A running PostgreSQL, the same for all tests of the session."""
    if not HAS_DRIVER or programs() is None:
        pytest.skip(availability())
    # not pytest's own folder, which another user may not enter; and short, as the name of a socket must be
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        server = started(Path(folder))
        try:
            yield server
        finally:
            server.stop("immediate")
