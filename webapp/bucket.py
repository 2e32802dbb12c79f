"""A bucket of an S3-compatible store, with those methods of fsspec's file systems that we use.

fsspec's own, s3fs, keeps an event loop of asyncio's in a thread. Where eventlet has made threads
green, that loop holds everybody who asks for a file for a part of itself, and refuses. What it is
built on, botocore, waits in sockets, and eventlet lets others go on meanwhile.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    SSLError,
)

_ADDRESS = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:/[A-Za-z0-9_.-]+)*)/?")

# Those of one process at once; each is kept for the next request.
_CONNECTIONS = 64
# A connection that was kept may be dead without anybody's fault.
_ATTEMPTS = 3
# As many as the protocol takes in one request.
_MOST_DELETED = 1000

# What the store calls a file that is not there; without a body, only the status is left of it.
_MISSING = ("NoSuchKey", "404", "NotFound")
_UNKNOWN_KEYS = (
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "InvalidToken",
    "ExpiredToken",
    "InvalidClientTokenId",
)
_REFUSED = ("AccessDenied", "403", "Forbidden", "AllAccessDisabled")
_ELSEWHERE = ("PermanentRedirect", "301", "AuthorizationHeaderMalformed")

_NO_KEYS = "there are no keys for the store; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"

# The store tells to a second when a file was written, which is too roughly for what is deleted.
_WRITTEN = "written"


class Bucket:
    """Does what it is asked to with files called `BUCKET/KEY`, for any number of threads.

    Raises FileNotFoundError for a file that is not there, and OSError, with what its operator can
    mend, for whatever the store does not do.
    """

    def __init__(self, seconds: float) -> None:
        """Take keys, region and address from where AWS's own programs do.

        Whoever is silent for so many seconds is not waited for. Raises ValueError for what can be
        told without asking.
        """
        config = Config(
            connect_timeout=seconds,
            read_timeout=seconds,
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            max_pool_connections=_CONNECTIONS,
            tcp_keepalive=True,
            # What is newer than these only some stores understand.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        try:
            self._client: Any = botocore.session.get_session().create_client("s3", config=config)
        except PartialCredentialsError as error:
            raise ValueError(_NO_KEYS) from error
        except BotoCoreError as error:
            raise ValueError(str(error)) from error
        except ValueError as error:
            raise ValueError(
                "expected an address such as https://HOST in AWS_ENDPOINT_URL"
            ) from error

    def check(self, path: str) -> None:
        """Ask for anything at all, to see whether the bucket is there and may be used."""
        name, prefix = _split(path)
        with self._asking(name):
            self._client.list_objects_v2(Bucket=name, Prefix=prefix, MaxKeys=1)

    def pipe_file(self, path: str, content: bytes) -> None:
        """Write a file; who reads meanwhile gets the old one or the new one."""
        name, key = _split(path)
        told = {_WRITTEN: f"{time.time():.6f}"}
        with self._asking(name):
            self._client.put_object(Bucket=name, Key=key, Body=content, Metadata=told)

    def cat_file(self, path: str) -> bytes:
        """Return what is in a file."""
        name, key = _split(path)
        with self._asking(name):
            content: bytes = self._client.get_object(Bucket=name, Key=key)["Body"].read()
        return content

    def exists(self, path: str) -> bool:
        """Return whether there is such a file."""
        try:
            self.info(path)
        except FileNotFoundError:
            return False
        return True

    def info(self, path: str) -> dict[str, Any]:
        """Return the size of a file in bytes, and when it was written."""
        name, key = _split(path)
        with self._asking(name):
            told = self._client.head_object(Bucket=name, Key=key)
        written = told.get("Metadata", {}).get(_WRITTEN)
        return {
            "size": told["ContentLength"],
            "mtime": float(written) if written else told["LastModified"],
        }

    def find(self, path: str, detail: bool = True) -> dict[str, dict[str, Any]]:
        """Return every file whose path starts with this one and a slash, as `info` does."""
        name, prefix = _split(path)
        pages = self._client.get_paginator("list_objects_v2")
        found = {}
        with self._asking(name):
            for page in pages.paginate(Bucket=name, Prefix=f"{prefix}/" if prefix else ""):
                for file in page.get("Contents", ()):
                    # Some programs make files that stand for folders.
                    if not file["Key"].endswith("/"):
                        told = {"size": file["Size"], "mtime": file["LastModified"]}
                        found[f"{name}/{file['Key']}"] = told
        return found

    def rm_file(self, path: str) -> None:
        """Remove a file, if there is one."""
        name, key = _split(path)
        with self._asking(name):
            self._client.delete_object(Bucket=name, Key=key)

    def rm(self, path: str, recursive: bool = True) -> None:
        """Remove every file whose path starts with this one and a slash."""
        name, _ = _split(path)
        keys = [_split(file)[1] for file in self.find(path)]
        for first in range(0, len(keys), _MOST_DELETED):
            named = [{"Key": key} for key in keys[first : first + _MOST_DELETED]]
            with self._asking(name):
                told = self._client.delete_objects(
                    Bucket=name, Delete={"Objects": named, "Quiet": True}
                )
            for error in told.get("Errors", ()):
                raise OSError(self._trouble(str(error.get("Code")), name, "DeleteObjects"))

    @contextlib.contextmanager
    def _asking(self, name: str) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code"))
            if code in _MISSING:
                raise FileNotFoundError(code) from error
            raise OSError(self._trouble(code, name, error.operation_name)) from error
        except NoCredentialsError as error:
            raise OSError(_NO_KEYS) from error
        except SSLError as error:
            raise OSError(
                f"the certificate of the store at {self._place} is not accepted; correct "
                "AWS_ENDPOINT_URL, or name what vouches for it in AWS_CA_BUNDLE"
            ) from error
        except (ConnectionError, HTTPClientError) as error:
            raise OSError(
                f"the store at {self._place} does not answer ({type(error).__name__}); start it, "
                "or correct AWS_ENDPOINT_URL"
            ) from error
        except BotoCoreError as error:
            raise OSError(f"the store cannot be asked ({type(error).__name__}: {error})") from error

    def _trouble(self, code: str, name: str, operation: str) -> str:
        """Return in words why the store does not do something."""
        if code == "NoSuchBucket":
            return f"at {self._place} there is no bucket {name}; make it, or name another one"
        if code in _UNKNOWN_KEYS:
            return (
                f"the store at {self._place} does not accept the keys ({code}); correct "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            )
        if code in _REFUSED:
            return (
                f"the keys do not allow {operation} in the bucket {name}; allow it, or take others"
            )
        if code in _ELSEWHERE:
            return f"the bucket {name} is in another region; name it in AWS_DEFAULT_REGION"
        return f"the store at {self._place} refuses {operation} in the bucket {name} ({code})"

    @property
    def _place(self) -> str:
        # Without a name and a password, which an address may hold as well.
        return urlsplit(str(self._client.meta.endpoint_url)).netloc.rpartition("@")[2]


def root(address: str) -> str:
    """Return the `BUCKET` or `BUCKET/FOLDER` that an address names, such as `s3://BUCKET/FOLDER`.

    Raises ValueError, without the address, which may hold a key by mistake.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise ValueError(
            "expected s3://BUCKET or s3://BUCKET/FOLDER, in small letters, with the keys in "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    return "".join(found.groups())


def _split(path: str) -> tuple[str, str]:
    name, _, key = path.partition("/")
    return name, key
