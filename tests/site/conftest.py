"""What the site's tests share: an installation in a temporary folder, and somebody who visits."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from stransfer import folders
from tests.site import chromium
from tests.site.chromium import Chromium
from tests.site.impatient import started, stopped
from tests.site.object_store import ObjectStore
from tests.site.person import Person
from tests.site.postgres import NEEDED, Postgres
from tests.site.server import UNLIMITED, Server
from webapp import create_app
from webapp.config import Config
from webapp.database import Database
from webapp.runs.leases import Leases
from webapp.samples import Samples
from webapp.services import Services

if TYPE_CHECKING:
    from webapp.runs.painter import Painter

SQLITE, POSTGRESQL = "sqlite", "postgresql"


@pytest.fixture(scope="session")
def examined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an installation makes of the samples, which is the same for all of them."""
    instance = tmp_path_factory.mktemp("examined")
    services = Services.of(Config(instance_path=str(instance)))
    Samples(folders.DATA, services).all("content")
    services.database.close()
    return instance / "media" / "samples"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server with the database `empty`, which has the tables and nothing in them."""
    server = Postgres()
    empty = Database(server.database(name="empty"))
    empty.migrate()
    empty.close()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    """An S3-compatible store."""
    store = ObjectStore(tmp_path_factory.mktemp("store"))
    yield store
    store.stop()


@pytest.fixture
def bucket_url(object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new bucket, which this process is told how to use."""
    for name, value in object_store.environment.items():
        monkeypatch.setenv(name, value)
    return object_store.bucket()


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """The database of a new installation: SQLite's file, unless a test is run with both kinds."""
    if getattr(request, "param", SQLITE) == SQLITE:
        return ""
    server: Postgres = request.getfixturevalue("postgres")
    return server.database(template="empty")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of a file that says `BOTH_DATABASES` with each of them."""
    both = getattr(metafunc.module, "BOTH_DATABASES", False)
    about_one = metafunc.definition.get_closest_marker("sqlite") is not None
    if both and not about_one and "config" in metafunc.fixturenames:
        kinds = [SQLITE, pytest.param(POSTGRESQL, marks=NEEDED)]
        metafunc.parametrize("database_url", kinds, indirect=True)


@pytest.fixture
def config(tmp_path: Path, examined: Path, database_url: str) -> Config:
    """The configuration of a new installation that has examined its samples."""
    shutil.copytree(examined, tmp_path / "instance/media/samples", copy_function=os.link)
    limits: dict[str, Any] = dict(UNLIMITED)
    instance = str(tmp_path / "instance")
    return Config(
        async_mode="threading", instance_path=instance, database_url=database_url, **limits
    )


@pytest.fixture
def services(config: Config) -> Iterator[Services]:
    """The services of a new installation, with its tables."""
    services = Services.of(config)
    services.database.migrate()
    yield services
    services.database.close()


@pytest.fixture
def leases(services: Services) -> Leases:
    """The leases under which the painter works."""
    return Leases(services.database, services.config)


@pytest.fixture
def painter(services: Services, leases: Leases) -> Painter:
    """A painter who is not asked to stop."""
    # This imports TensorFlow, which most tests do without.
    from webapp.runs.painter import Painter

    return Painter(services, leases)


@pytest.fixture
def app(config: Config) -> Flask:
    """The application of a new installation."""
    return create_app(config)


@pytest.fixture(scope="module")
def busy_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application of one installation that the visitors of all tests in a file share."""
    instance = tmp_path_factory.mktemp("busy") / "instance"
    limits: dict[str, Any] = dict(UNLIMITED)
    return create_app(Config(async_mode="threading", instance_path=str(instance), **limits))


@pytest.fixture
def person(app: Flask) -> Person:
    """A visitor who has just opened the first page."""
    person = Person(app)
    person.open()
    return person


@pytest.fixture
def stranger(app: Flask) -> Person:
    """Another visitor of the same site."""
    stranger = Person(app)
    stranger.open()
    return stranger


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A whole installation with one worker, for all tests that need one.

    It notices a dead worker soon, and can resume a run from any step.
    """
    folder = tmp_path_factory.mktemp("server")
    server = Server(
        folder,
        # What somebody has downloaded for another program is not to be had here.
        KERAS_HOME=str(folder / "keras"),
        LEASE_SECONDS="4",
        HEARTBEAT_SECONDS="1",
        CHECKPOINT_STEPS="1",
        FRAMES_PER_SECOND="5",
    )
    server.start()
    yield server
    assert server.stop() == 0
    assert "Traceback" not in server.log.read_text(), server.log.read_text()


@pytest.fixture(scope="session")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server without workers that waits for nobody, and is whole when all is over."""
    server = started(tmp_path_factory.mktemp("impatient"))
    yield server
    stopped(server)


@pytest.fixture(scope="session")
def browsers(
    server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[bool], Chromium]]:
    """What gives a browser that lets scripts run, or does not; there is one of either kind."""
    started: dict[bool, Chromium] = {}

    def get(javascript: bool) -> Chromium:
        if javascript in started:
            started[javascript].begin_anew()
        else:
            profile = tmp_path_factory.mktemp("browser")
            started[javascript] = Chromium(server.url, profile, javascript)
        return started[javascript]

    yield get
    for browser in started.values():
        browser.quit()


@pytest.fixture
def newcomers(browsers: Callable[[bool], Chromium]) -> Iterator[Callable[[bool], Chromium]]:
    """What gives the browser of a new visitor; afterwards it watches nothing any more."""
    given: list[Chromium] = []

    def get(javascript: bool) -> Chromium:
        given.append(browsers(javascript))
        return given[-1]

    yield get
    for browser in given:
        browser.driver.get("about:blank")


@pytest.fixture
def browser(newcomers: Callable[[bool], Chromium], request: pytest.FixtureRequest) -> Chromium:
    """The browser of a new visitor who saves data, as wide as the test says.

    So no previews are painted, which would cost the tests more than all that they are about.
    """
    browser = newcomers(True)
    browser.look(getattr(request, "param", chromium.DESKTOP))
    browser.before_each_page(chromium.SAVES_DATA)
    return browser


@pytest.fixture
def plain_browser(newcomers: Callable[[bool], Chromium]) -> Chromium:
    """The browser of a new visitor who lets no scripts run."""
    return newcomers(False)
