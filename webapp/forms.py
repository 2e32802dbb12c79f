"""The form on the first page: what a visitor chose and typed, and what is wrong with it."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from werkzeug.datastructures import FileStorage, MultiDict

from stransfer import presets
from stransfer.errors import SettingsError
from stransfer.settings import BY_NAME, SETTINGS, UNTRAINED, Settings
from webapp.errors import NotFoundError, SiteError, TooManyError, UnavailableError
from webapp.fields import Field, typed
from webapp.pictures import (
    IMAGE,
    MASK_FIELDS,
    RUN,
    MaskField,
    ingredient,
    init_ingredient,
    mask_ingredient,
)
from webapp.records import Run
from webapp.runs.drafts import CHANGED
from webapp.runs.orders import Ingredient, Order
from webapp.site import Site
from webapp.uploads import MASK, UploadRole

# What an artwork counts in a blend while nobody has changed it.
SHARE = "50"

# Before the name of a setting: what its field held when the form was shown.
BEFORE = "before:"

# The blend is not typed: each artwork has a share of its own.
_BLEND = "style_weights"
_FILE_SHARE = "share:file"


@dataclass
class RunForm:
    """What a visitor sent, or the untouched form. `status` is the HTTP status of its errors.

    `retry_after` says in how many seconds to send it again, where that alone may help. Pictures
    are references; `shares` has what each artwork counts, as typed, and `taken` the reference of
    each file that was sent along, by field.
    """

    values: dict[str, str] = field(default_factory=dict)
    content: str = ""
    styles: list[str] = field(default_factory=list)
    shares: dict[str, str] = field(default_factory=dict)
    masks: dict[MaskField, str] = field(default_factory=dict)
    init_image: str = ""
    taken: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    submission: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    status: int = 422
    retry_after: int | None = None

    @classmethod
    def sent(
        cls,
        site: Site,
        visitor_id: str,
        form: MultiDict[str, str],
        files: Mapping[str, FileStorage],
    ) -> RunForm:
        """Read a sent form. Uploads are taken at once, so that none is lost to another error."""
        styles = list(dict.fromkeys(filter(None, form.getlist("style"))))
        found = cls(
            values={name: form[name] for name in BY_NAME if name in form and name != _BLEND},
            content=form.get("content", ""),
            styles=styles,
            shares={style: form.get(f"share:{style}", "") or SHARE for style in styles},
            masks={name: form[name] for name in MASK_FIELDS if form.get(name)},
            init_image=form.get("init_image", ""),
        )
        if form.get("submission"):
            found.submission = form["submission"][:64]

        def upload(name: str, role: UploadRole) -> str | None:
            # A phone also has a button for its camera, whose picture comes in a field of its own.
            sent = (files.get(f"{name}_{source}") for source in ("file", "camera"))
            file = next((one for one in sent if one is not None and one.filename), None)
            return found._upload(site, visitor_id, name, role, file)

        found._prefer(form)
        found.content = upload("content", "content") or found.content
        if style := upload("style", "style"):
            found._add_style(style, form.get(_FILE_SHARE, "") or SHARE)
        elif not styles and form.get("style_before"):
            # The file that was to replace it is none.
            found._add_style(form["style_before"], SHARE)
        for name in MASK_FIELDS:
            if mask := upload(name, MASK):
                found.masks[name] = mask
        return found

    @classmethod
    def like(cls, site: Site, run: Run) -> RunForm:
        """Return the form as it was sent for a run of the visitor, for running it again."""
        styles = [str(style["reference"]) for style in run.styles]
        blend = Settings.parse({_BLEND: run.settings.get(_BLEND)}).style_blend
        percents = (typed(round(100 * share / sum(blend), 3)) for share in blend)
        shares = dict.fromkeys(styles, SHARE) | dict(zip(styles, percents, strict=False))
        used = {name: getattr(run, name) for name in MASK_FIELDS}
        return cls(
            values={
                name: typed(value)
                for name, value in run.settings.items()
                if name in BY_NAME and name != _BLEND
            },
            content=str(run.content["reference"]),
            styles=styles,
            shares=shares,
            masks={name: str(mask["reference"]) for name, mask in used.items() if mask},
            init_image=_beginning(site, run),
        )

    def start(self, site: Site, visitor_id: str) -> str | None:
        """Accept the run and return its id, or None after filling `errors`."""
        return self._accepted(
            self._order(site, visitor_id),
            lambda order: site.runs.submit(visitor_id, order, self.submission),
        )

    def draft(self, site: Site, visitor_id: str, asked_at: float) -> str | None:
        """Accept a draft of the run and return its id, or None after filling `errors`.

        What a draft sets itself may be wrong in the form. It is refused if the visitor has asked
        for something else since `asked_at` (Unix time).
        """
        for name in CHANGED:
            self.values.pop(name, None)
            self.errors.pop(name, None)
        return self._accepted(
            self._order(site, visitor_id),
            lambda order: site.drafts.order(visitor_id, order, asked_at),
        )

    def blame(self, name: str, error: SiteError) -> None:
        """Answer with an error of the site, said of a field."""
        self.errors[name] = str(error)
        self.status, self.retry_after = error.status, error.retry_after

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says to programs."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}

    def fields(self, with_results: bool) -> list[Field]:
        """Return every setting with what the visitor typed, or its default.

        Starting from an earlier result is offered `with_results` only.
        """
        unoffered = () if with_results else ("result",)
        return [
            Field(
                setting,
                self.values.get(setting.name, typed(setting.default)),
                self.errors.get(setting.name),
                unoffered,
                untrained=self.values.get("weights") == UNTRAINED,
            )
            for setting in SETTINGS
            if setting.name != _BLEND
        ]

    def _upload(
        self,
        site: Site,
        visitor_id: str,
        name: str,
        role: UploadRole,
        file: FileStorage | None,
    ) -> str | None:
        """Take a file and return its reference, or None if there is none or it is refused."""
        if file is None:
            return None
        try:
            image = site.uploads.add(visitor_id, role, file.filename or "", file.stream)
        except SiteError as error:
            self.blame(name, error)
            return None
        self.taken[f"{name}_file"] = f"{IMAGE}:{image.id}"
        return f"{IMAGE}:{image.id}"

    def _prefer(self, form: MultiDict[str, str]) -> None:
        """Fill in the preset that was chosen, except where the visitor typed something else.

        Without scripts the fields still show what they showed before it was chosen.
        """
        if not form.get("preset"):
            return
        try:
            preset = presets.find(form["preset"])
        except SettingsError as error:
            self._refuse(error)
            return
        for name, value in preset.settings.items():
            shown = form.get(f"{BEFORE}{name}", typed(BY_NAME[name].default))
            if form.get(name, "").strip() in ("", shown):
                self.values[name] = typed(value)

    def _add_style(self, reference: str, share: str) -> None:
        if reference not in self.styles:
            self.styles.append(reference)
        self.shares[reference] = share

    def _accepted(self, order: Order | None, accept: Callable[[Order], str]) -> str | None:
        if order is not None:
            try:
                return accept(order)
            except SettingsError as error:
                self._refuse(error)
            except (TooManyError, UnavailableError) as error:
                self.blame("form", error)
            except SiteError as error:
                self.errors["init_image"] = str(error)
        return None

    def _order(self, site: Site, visitor_id: str) -> Order | None:
        """Return what the visitor wants, or None after saying all that is wrong with it."""
        content = None
        if "content" not in self.errors:
            content = self._found("content", ingredient, site, visitor_id, "content", self.content)
        styles = [] if "style" in self.errors else self._found_styles(site, visitor_id)
        masks = {name: self._found_mask(site, visitor_id, name) for name in MASK_FIELDS}
        init = None
        if self.values.get("init") == "result":
            init = self._found("init_image", init_ingredient, site, visitor_id, self.init_image)
        settings = self._settings()
        if self.errors or content is None or settings is None:
            return None
        return Order(content, styles, settings, masks["content_mask"], masks["style_mask"], init)

    def _found_styles(self, site: Site, visitor_id: str) -> list[Ingredient]:
        found = {
            style: self._found("style", ingredient, site, visitor_id, "style", style)
            for style in self.styles or [""]
        }
        self.styles = [style for style in self.styles if found[style] is not None]
        return [style for style in found.values() if style is not None]

    def _found_mask(self, site: Site, visitor_id: str, name: MaskField) -> Ingredient | None:
        reference = self.masks.get(name)
        if reference is None or name in self.errors:
            return None
        mask = self._found(name, mask_ingredient, site, visitor_id, name, reference)
        if mask is None:
            del self.masks[name]
        return mask

    def _found(
        self, name: str, find: Callable[..., Ingredient], *wanted: object
    ) -> Ingredient | None:
        """Return a picture, or None after saying why it cannot be used."""
        try:
            return find(*wanted)
        except UnavailableError as error:
            self.blame(name, error)
        except SiteError as error:
            self.errors[name] = str(error)
        except SettingsError as error:
            self.errors |= error.fields
        return None

    def _settings(self) -> Settings | None:
        try:
            return Settings.parse({**self.values, _BLEND: self._blend()})
        except SettingsError as error:
            self._refuse(error)
            return None

    def _blend(self) -> str:
        """Return the weights of several artworks, or nothing where all count the same."""
        shares = [self.shares[style] for style in self.styles]
        return "" if len(set(shares)) < 2 else ", ".join(shares)

    def _refuse(self, error: SettingsError) -> None:
        told = dict(error.fields)
        if _BLEND in told:
            told["style"] = told.pop(_BLEND)
        self.errors |= told


def _beginning(site: Site, run: Run) -> str:
    """Return the result that a run began with, if it is still there, else its own."""
    reference = str((run.init_image or {}).get("reference", ""))
    kind, _, name = reference.partition(":")
    if kind == RUN:
        with contextlib.suppress(NotFoundError):
            site.runs.find(run.visitor_id, name)
            return reference
    return f"{RUN}:{run.id}"
