"""Two results side by side, with what was different about making them."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, request

from webapp.access import RUN, owned
from webapp.enumeration import enumerated
from webapp.site import current_site, visitor_id
from webapp.views import RunView
from webapp.words import duration, number

blueprint = Blueprint("compare", __name__)

# A list of more results than this is no longer looked through.
_MOST_RESULTS = 100


@dataclass(frozen=True)
class Difference:
    """A row in which two runs are not the same."""

    label: str
    left: str
    right: str


@blueprint.get("/compare")
@owned(left=RUN, right=RUN)
def show() -> str:
    """Show the runs `?left=` and `?right=` of the visitor, or let them be chosen."""
    site, visitor = current_site(), visitor_id()
    left, right = _chosen("left"), _chosen("right")
    results = [RunView(run) for run in site.collection.finished(visitor, _MOST_RESULTS)]
    known = {run.id for run in results}
    older = [run for run in (left, right) if run is not None and run.id not in known]
    rows: dict[str, list[Difference]] = {}
    if left is not None and right is not None:
        rows["made_with"] = _differences(_makings(left), _makings(right))
        rows["outcome"] = _differences(_outcome(left), _outcome(right))
    return render_template("compare.html", left=left, right=right, results=results + older, **rows)


def _chosen(side: str) -> RunView | None:
    run_id = request.args.get(side)
    return RunView(current_site().runs.find(visitor_id(), run_id)) if run_id else None


def _differences(left: dict[str, str], right: dict[str, str]) -> list[Difference]:
    """Return the rows whose values are not the same; what only one run has is a dash."""
    rows = [
        Difference(label, left.get(label, "–"), right.get(label, "–"))
        for label in dict.fromkeys([*left, *right])
    ]
    return [row for row in rows if row.left != row.right]


def _makings(run: RunView) -> dict[str, str]:
    """Return what a run was made of and with, by label."""
    artworks = [style.title for style in run.styles]
    if run.shares:
        artworks = [f"{title} {share} %" for title, share in zip(artworks, run.shares, strict=True)]
    return {
        "Photograph": run.content.title,
        "Artwork": enumerated(artworks),
        **{label: guide.title for label, guide in run.guides},
        **{row.label: f"{row.value} {row.unit}".strip() for row in run.settings},
    }


def _outcome(run: RunView) -> dict[str, str]:
    """Return what came of it, by label."""
    loss = run.loss or {}
    return {
        "Painted in": duration(run.seconds),
        "Distance from the photograph": number(loss.get("content")),
        "Distance from the artwork": number(loss.get("style")),
    }
