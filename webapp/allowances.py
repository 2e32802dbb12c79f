"""What visitors may bring and do: those of the configuration keys that are limits for them."""

from __future__ import annotations

from dataclasses import dataclass

from stransfer.limits import Limits
from stransfer.setting import MOST_STYLES
from stransfer.settings import BY_NAME
from webapp.keys import key


@dataclass(frozen=True)
class Allowances:
    """Every limit is a key of `webapp.config.Config`, which checks it."""

    max_upload_mb: int = key(10, "The largest picture file, in MiB.", minimum=1, maximum=1024)
    max_request_mb: int = key(128, "The largest whole request, in MiB.", minimum=1, maximum=4096)
    max_form_kb: int = key(
        256, "The most text in a request, in KiB: all of one that brings no pictures.", minimum=64
    )
    max_form_parts: int = key(500, "The most fields and files in a form.", minimum=100)
    max_megapixels: int = key(
        Limits.pixels // 1_000_000, "The largest picture, in megapixels.", minimum=1, maximum=178
    )
    max_side: int = key(Limits.longest_side, "The longest side of a picture, in px.", minimum=100)
    min_side: int = key(Limits.shortest_side, "The shortest side of a picture, in px.", minimum=1)
    max_aspect: float = key(
        Limits.aspect, "How many times longer than short a picture may be.", minimum=1
    )
    max_styles: int = key(
        4, "How many artworks a painting may take after.", minimum=1, maximum=MOST_STYLES
    )
    max_output_size: int = key(
        int(BY_NAME["output_size"].maximum or 0),
        "The longest side of a result, in px. Large ones keep a worker busy for long.",
        minimum=100,
    )
    decode_seconds: int = key(
        20, "The processor time in which a picture must be decoded.", minimum=1
    )
    decode_memory_mb: int = key(
        2048, "The memory in which a picture must be decoded, in MiB.", minimum=64
    )
    decoders: int = key(
        2, "How many pictures each web process decodes at once.", minimum=1, maximum=64
    )
    decode_wait_seconds: int = key(
        20, "How long an upload waits for its turn before it is told to come again.", minimum=0
    )
    quota_mb: int = key(
        500,
        "How many MiB of their own pictures a visitor may keep here. Paintings do not count: "
        "`RETENTION_DAYS` and `MIN_FREE_MB` bound those.",
        minimum=1,
    )
    min_free_mb: int = key(
        1024,
        "With less free disk space than this, in MiB, no upload and no run is accepted.",
        minimum=0,
    )
    rate_limit_url: str = key(
        "memory://",
        "Where it is counted who does what how often, as the library `limits` says.",
    )
    uploads_per_hour: int = key(
        30, "How many pictures a visitor may upload in an hour. 0 is no limit.", minimum=0
    )
    runs_per_hour: int = key(
        60, "How many runs a visitor may start in an hour. 0 is no limit.", minimum=0
    )
    max_running_per_visitor: int = key(
        1,
        "How many paintings of one visitor are painted at once. Who is alone here wants as many as "
        "there are workers.",
        minimum=1,
    )
    max_queued_per_visitor: int = key(
        5, "How many paintings of one visitor may wait for a worker.", minimum=1
    )
    max_queued: int = key(
        100, "How many paintings of all visitors together may wait for a worker.", minimum=1
    )
    sessions_per_hour: int = key(
        30, "How many tokens of the API a visitor may get in an hour. 0 is no limit.", minimum=0
    )
    estimates_per_minute: int = key(
        120, "How many estimates a visitor may ask for in a minute. 0 is no limit.", minimum=0
    )
    drafts_per_minute: int = key(
        60, "How many drafts a visitor may ask for in a minute. 0 is no limit.", minimum=0
    )
    recoveries_per_hour: int = key(
        20,
        "How often a visitor may make or open a link to a gallery in an hour. 0 is no limit.",
        minimum=0,
    )
    sockets_per_minute: int = key(
        30, "How many live connections a visitor may open in a minute. 0 is no limit.", minimum=0
    )
    sockets_per_visitor: int = key(
        10, "How many live connections a visitor may have at once. 0 is no limit.", minimum=0
    )
    visitors_per_address: int = key(
        2,
        "As how many visitors all who share a network address count together. More suits a school.",
        minimum=1,
    )
    subscriptions_per_socket: int = key(
        20, "How many runs one live connection may watch.", minimum=1
    )
    socket_messages_per_minute: int = key(
        120, "How many messages one live connection may send in a minute.", minimum=10
    )
    socket_message_kb: int = key(
        64, "The largest message over a live connection, in KiB.", minimum=1, maximum=1024
    )
    request_seconds: float = key(
        30.0, "How long a connection may take until it has said what it wants.", minimum=1
    )
    slowest_upload_kb: float = key(
        4.0, "How many KiB a second an upload must bring, once REQUEST_SECONDS are over.", minimum=0
    )
