"""nginx with the configuration that the documentation gives, before web processes of the tests."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
import requests

from tests.conftest import ROOT
from tests.site.server import free_port, wait_for

CONFIGURATION = ROOT / "docs" / "deploy" / "nginx.conf"

# In which a test says from where it comes: all of it is one machine.
FROM = "X-Test-From"

_PROGRAM = shutil.which("nginx", path=os.pathsep.join([os.environ["PATH"], "/usr/sbin"]))

NEEDED = pytest.mark.skipif(
    _PROGRAM is None, reason="nginx is not installed; apt-get install nginx"
)

_AROUND = """\
{user}
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
worker_processes 2;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    set_real_ip_from 127.0.0.1;
    real_ip_header {header};
    include {folder}/site.conf;
}}
"""


class Nginx:
    """A proxy on a port of its own."""

    def __init__(self, folder: Path, ports: Sequence[int]) -> None:
        """Start it before the web processes that listen on these ports."""
        assert _PROGRAM is not None
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        (folder / "site.conf").write_text(_placed(CONFIGURATION.read_text(), port, ports))
        # It would take the rights of somebody else, who may not look into the tests' folders.
        user = "user root;" if os.geteuid() == 0 else ""
        around = _AROUND.format(user=user, folder=folder, header=FROM)
        (folder / "nginx.conf").write_text(around)
        self.log = folder / "error.log"
        told = ["-p", str(folder), "-e", str(self.log), "-c", str(folder / "nginx.conf")]
        self._process = subprocess.Popen([_PROGRAM, *told], stderr=subprocess.DEVNULL)
        wait_for(self._answers, "nginx", 20)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(20)

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=20).ok
        except requests.ConnectionError:
            assert self._process.poll() is None, self.log.read_text()
            return False


def _placed(configuration: str, port: int, ports: Sequence[int]) -> str:
    """Put the tests' addresses where the documentation has others."""
    configuration = configuration.replace("listen 80;", f"listen 127.0.0.1:{port};")
    for known, web in zip((5000, 5001), ports, strict=True):
        line = rf"(?:# )?server 127\.0\.0\.1:{known} "
        configuration, count = re.subn(line, f"server 127.0.0.1:{web} ", configuration)
        assert count == 2
    return configuration
