"""The form on the first page: its fields, made from the settings table, and what is sent."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import FileStorage

from stransfer.errors import ImageError, SettingsError
from stransfer.models import MODELS
from stransfer.setting import Setting
from stransfer.settings import BY_NAME, SETTINGS, Settings
from stransfer.weights import describe, find
from webapp.errors import NotFoundError, SiteError
from webapp.pictures import ingredient
from webapp.runs.store import Ingredient
from webapp.samples import ROLES, Role
from webapp.site import Site

# The form takes one artwork and no earlier result, so there is nothing to blend or begin with.
_UNOFFERED = ("style_weights", "result")


@dataclass(frozen=True)
class Choice:
    """One entry of a list to choose from."""

    value: str
    label: str
    note: str = ""
    disabled: bool = False


@dataclass(frozen=True)
class Field:
    """One setting as the form shows it, with what the visitor typed and what is wrong with it."""

    setting: Setting
    value: str
    error: str | None

    def __getattr__(self, name: str) -> Any:
        """Show whatever the table says of the setting: its label, help, bounds and unit."""
        return getattr(self.setting, name)

    @property
    def default(self) -> str:
        """The default as it would be typed."""
        return _typed(self.setting.default)

    @property
    def choices(self) -> list[Choice]:
        """The entries to choose from, of a model with the state of its weights."""
        if self.setting.name != "model":
            offered = (value for value in self.setting.choices if value not in _UNOFFERED)
            return [Choice(value, value.capitalize()) for value in offered]
        return [
            Choice(
                model.name,
                model.title,
                "" if find(model) else describe(model),
            )
            for model in MODELS.values()
        ]


@dataclass
class RunForm:
    """What a visitor sent, or the untouched form. `status` is the HTTP status of its errors."""

    values: dict[str, str] = field(default_factory=dict)
    references: dict[Role, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    submission: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    status: int = 422

    @classmethod
    def sent(
        cls,
        site: Site,
        visitor_id: str,
        form: Mapping[str, str],
        files: Mapping[str, FileStorage],
    ) -> RunForm:
        """Read a sent form. Uploads are taken at once, so that none is lost to another error."""
        found = cls(
            values={name: form[name] for name in BY_NAME if name in form},
            references={role: form.get(role, "") for role in ROLES},
        )
        if form.get("submission"):
            found.submission = form["submission"][:64]
        for role in ROLES:
            found._take_upload(site, visitor_id, role, files.get(f"{role}_file"))
        return found

    def start(self, site: Site, visitor_id: str) -> str | None:
        """Accept the run and return its id, or None after filling `errors`."""
        ingredients = {role: self._ingredient(site, visitor_id, role) for role in ROLES}
        settings = self._settings()
        content, style = ingredients["content"], ingredients["style"]
        if self.errors or settings is None or content is None or style is None:
            return None
        try:
            return site.runs.submit(visitor_id, content, [style], settings, self.submission)
        except ImageError as error:
            self.errors["content"] = str(error)
        except SettingsError as error:
            self.errors |= error.fields
        return None

    def fields(self) -> list[Field]:
        """Return every setting with what the visitor typed, or its default."""
        return [
            Field(
                setting,
                self.values.get(setting.name, _typed(setting.default)),
                self.errors.get(setting.name),
            )
            for setting in SETTINGS
            if setting.name not in _UNOFFERED
        ]

    def _take_upload(
        self, site: Site, visitor_id: str, role: Role, file: FileStorage | None
    ) -> None:
        if file is None or not file.filename:
            return
        try:
            image = site.uploads.add(visitor_id, role, file.filename, file.stream)
        except SiteError as error:
            self.errors[role] = str(error)
            self.status = error.status
        else:
            self.references[role] = f"image:{image.id}"

    def _ingredient(self, site: Site, visitor_id: str, role: Role) -> Ingredient | None:
        if role in self.errors:
            return None
        try:
            return ingredient(site, visitor_id, role, self.references[role])
        except NotFoundError as error:
            self.errors[role] = str(error)
            self.references[role] = ""
        except SettingsError as error:
            self.errors |= error.fields
        return None

    def _settings(self) -> Settings | None:
        try:
            return Settings.parse(self.values)
        except SettingsError as error:
            self.errors |= error.fields
            return None


def _typed(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
