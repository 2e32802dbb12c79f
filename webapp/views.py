"""A run as a page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from flask import url_for

from stransfer.models import MODELS
from stransfer.setting import AUTO, Setting
from stransfer.settings import SETTINGS, Settings
from webapp import renditions, timelapses
from webapp.pictures import Picture, used_picture
from webapp.records import LIVE, Run, RunState
from webapp.runs.line import Place
from webapp.runs.snapshot import current_loss
from webapp.site import current_site
from webapp.words import duration

STATE_LABELS = {
    RunState.QUEUED: "Waiting",
    RunState.RUNNING: "Painting",
    RunState.DONE: "Finished",
    RunState.FAILED: "Failed",
    RunState.CANCELLED: "Cancelled",
}


_BLEND = "style_weights"
_GUIDES = {
    "content_mask": "Mask for the photograph",
    "style_mask": "Mask for the artwork",
    "init_image": "Started from",
}


@dataclass(frozen=True)
class ShownSetting:
    """A setting of a run, as a row."""

    label: str
    value: str
    unit: str


class RunView:
    """A run as a page shows it; whatever is not here is read from the record."""

    def __init__(self, run: Run, values: dict[str, Any] | None = None) -> None:
        """Show a record; `values` are its snapshot, for a page that shows all of it."""
        self._run = run
        self._values = values

    def __getattr__(self, name: str) -> Any:
        """Show what the record says."""
        return getattr(self._run, name)

    @property
    def url(self) -> str:
        """The run's own page."""
        return url_for("runs.show", id=self._run.id)

    @property
    def api_url(self) -> str:
        """Where the snapshot can be fetched."""
        return url_for("api.run", id=self._run.id)

    @property
    def state_label(self) -> str:
        """The state, as a word for people."""
        return STATE_LABELS[RunState(self._run.state)]

    @property
    def live(self) -> bool:
        """Whether the run still goes on."""
        return self._run.state in LIVE

    @property
    def percent(self) -> int:
        """How much of the run is done, rounded down: 100 only at the end."""
        return int(100 * self._run.progress)

    @cached_property
    def snapshot(self) -> dict[str, Any]:
        """What a subscriber to the run would get, its losses as exact as a chart can show."""
        if self._values is None:
            values = snapshot(self._run.visitor_id, self._run.id)
        else:
            values = addressed(self._run, self._values)
        return {**values, "losses": [_shortened(loss) for loss in values["losses"]]}

    @cached_property
    def loss(self) -> dict[str, float] | None:
        """The losses of the last step."""
        if self._values is not None:
            losses: dict[str, float] | None = self._values["loss"]
            return losses
        return current_loss(current_site().runs.last_loss(self._run.id))

    @cached_property
    def place(self) -> Place | None:
        """Where the run stands in line, while it waits."""
        if self._values is not None:
            position = self._values["queue_position"]
            return None if position is None else Place(position, self._values["wait_seconds"])
        return current_site().runs.place(self._run)

    @property
    def eta_seconds(self) -> float | None:
        """The expected seconds to the end."""
        return self._run.seconds_left

    @property
    def made(self) -> str:
        """How it was made, in few words: the network, the steps, the size and the time."""
        run, name = self._run, str(self._run.settings.get("model", ""))
        model = MODELS[name].title if name in MODELS else name
        steps = f"{run.step} step{'' if run.step == 1 else 's'}"
        return f"{model} · {steps} · {run.width} × {run.height} px · {duration(run.seconds)}"

    @property
    def settings(self) -> list[ShownSetting]:
        """Every setting that has a value."""
        return [
            _shown_setting(row, self._run.settings[row.name])
            for row in SETTINGS
            # The blend is shown beside the artworks.
            if self._run.settings.get(row.name) not in (None, "") and row.name != _BLEND
        ]

    @cached_property
    def content(self) -> Picture:
        """The photo."""
        return used_picture(self._run.id, "content", 0, self._run.content)

    @cached_property
    def styles(self) -> list[Picture]:
        """The artworks."""
        return [
            used_picture(self._run.id, "style", index, style)
            for index, style in enumerate(self._run.styles)
        ]

    @cached_property
    def shares(self) -> list[int] | None:
        """What each artwork counts, in percent, or nothing if all count the same."""
        blend = Settings.parse({_BLEND: self._run.settings.get(_BLEND)}).style_blend
        return [round(100 * share / sum(blend)) for share in blend] or None

    @property
    def guides(self) -> list[tuple[str, Picture]]:
        """The other pictures that went into the run, each with what it was for."""
        return [
            (label, used_picture(self._run.id, role, 0, used))
            for role, label in _GUIDES.items()
            if (used := getattr(self._run, role)) is not None
        ]

    @property
    def frame_url(self) -> str | None:
        """The newest picture, at most as large as a live one."""
        return frame_url(self._run)

    @property
    def picture_url(self) -> str | None:
        """The picture to look at: the finished one, or else the newest."""
        return picture_url(self._run)

    @property
    def srcset(self) -> str:
        """The finished picture in its widths, for browsers to choose from.

        A live one is hardly larger than where it is shown, and comes in one width.
        """
        run = self._run
        if run.result is None:
            return ""
        return renditions.srcset(
            run.width,
            run.height,
            lambda side: url_for("runs.result_rendition", id=run.id, side=side),
        )

    @property
    def result_url(self) -> str | None:
        """The finished picture."""
        return result_url(self._run)

    @property
    def timelapse_url(self) -> str | None:
        """The animation of how the picture came about."""
        return url_for("runs.timelapse", id=self._run.id) if timelapses.shows(self._run) else None

    @property
    def share_url(self) -> str | None:
        """The whole address at which everybody can see the result, if it is shared."""
        if self._run.share is None:
            return None
        return url_for("shared.show", share=self._run.share, _external=True)

    @property
    def created_at(self) -> datetime:
        """When the run was accepted."""
        return datetime.fromtimestamp(self._run.created_at, UTC)


def snapshot(visitor_id: str, run_id: str, since: int = 0) -> dict[str, Any]:
    """Return a run as plain values, with the addresses of its pictures.

    Drafts can be looked at, too. Raises NotFoundError if it is not this visitor's.
    """
    return addressed(*current_site().runs.look(visitor_id, run_id, since, drafts=True))


def addressed(run: Run, values: dict[str, Any]) -> dict[str, Any]:
    """Return the plain values of a run with the addresses of its pictures."""
    return {
        **values,
        "frame_url": frame_url(run),
        "picture_url": picture_url(run),
        "result_url": result_url(run),
    }


def frame_url(run: Run) -> str | None:
    """Return where the newest picture of a run is; each picture has its own address."""
    return run.frame and url_for("runs.frame", id=run.id, v=frame_version(run))


def frame_version(run: Run) -> str:
    """Return what tells the newest picture of a run from all before it."""
    return (run.frame or "").rpartition("/")[2].partition(".")[0]


def picture_url(run: Run) -> str | None:
    """Return where the picture of a run is, to look at: the finished one, or else the newest."""
    if run.result is None:
        return frame_url(run)
    return url_for("runs.result_rendition", id=run.id, side=renditions.SIDES[-1])


def result_url(run: Run) -> str | None:
    """Return where the finished picture of a run is."""
    return url_for("runs.result", id=run.id) if run.result else None


def _shortened(loss: dict[str, Any]) -> dict[str, Any]:
    """Return losses with fewer digits, which are most of what the page of a long run weighs."""
    return {
        name: float(f"{value:.5g}") if isinstance(value, float) else value
        for name, value in loss.items()
    }


def _shown_setting(setting: Setting, value: object) -> ShownSetting:
    unit = "" if value == AUTO else setting.unit
    return ShownSetting(setting.label, setting.shown(value), unit)
