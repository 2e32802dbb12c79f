"""The files of a run in the media store: where they are, and which of them it needs once it ended.

While a run goes on its worker keeps a few checkpoints and pictures more than it may need, and an
attempt that was cut short leaves what it had not yet recorded. When the run has ended, whoever
ends it clears all of that away.
"""

from __future__ import annotations

from collections.abc import Iterable

from webapp import renditions
from webapp.media import MediaStore, Stored
from webapp.records import LIVE, Run, RunState
from webapp.runs import moments

RUNS = "runs/"


def folder(run_id: str) -> str:
    """Return the folder in the media store that holds everything a run makes."""
    return f"{RUNS}{run_id}"


def checkpoints(run_id: str) -> str:
    """Return the folder for what a run can be resumed from, which is of no use once it ended."""
    return f"{folder(run_id)}/checkpoints"


def timelapse(run_id: str) -> str:
    """Return the key of the animation of how the picture came about."""
    return f"{folder(run_id)}/timelapse.webp"


def lasting(run: Run) -> set[str]:
    """Return the keys of the files in its folder that could not be made again of an ended run.

    Its last picture is one of them however it ended; those of the timelapse only if it is done.
    """
    keys = {run.frame, run.result}
    if run.init_image is not None:
        keys.add(run.init_image["key"])
    if run.state == RunState.DONE:
        keys.update(moments.key(folder(run.id), moment) for moment in run.moments)
    return {key for key in keys if key}


def scraps(run: Run, files: Iterable[Stored]) -> list[Stored]:
    """Return those files of a run that are of no use any more, none while it goes on."""
    if run.state in LIVE:
        return []
    kept = lasting(run)
    # What is made of these when somebody asks for it, perhaps just now.
    made = {name for key in kept for name in renditions.keys(key)}
    kept |= {timelapse(run.id), *made}
    return [file for file in files if file.final_key not in kept]


def clear(media: MediaStore, run: Run) -> None:
    """Remove what a run does not need any more; raise UnavailableError if that cannot be now."""
    if run.state in LIVE:
        return
    media.delete_folder(checkpoints(run.id))
    for file in scraps(run, media.files(folder(run.id))):
        media.discard(file)
