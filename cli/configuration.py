"""`lienthong settings`: every setting, from the settings class itself; docs/settings.md is made of the same."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from cli.output import JsonOption, emit_json, facts, heading, say
from models.base import Model
from settings import Settings, Unit, variables

_TYPES = {"boolean": "true or false", "integer": "whole number", "number": "number", "string": "text"}
_LIMITS = {"minimum": "≥ {}", "exclusiveMinimum": "> {}", "maximum": "≤ {}", "exclusiveMaximum": "< {}"}
_SECRET = "(secret)"


class Setting(Model):
    """One setting as people read it."""

    variables: tuple[str, ...]
    kind: str
    unit: str
    default: str
    meaning: str


class SettingInForce(Setting):
    """A setting with the value it has here; a secret's is not shown."""

    value: str


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("settings")(settings)


def settings(as_json: JsonOption = False) -> None:
    """Mọi cấu hình và giá trị đang dùng ở đây. Biến môi trường, kiểu, mặc định, ý nghĩa; bí mật thì không in.

    Cùng nội dung: docs/settings.md.

    Ví dụ:

      lienthong settings

      LIENTHONG_METRICS_PORT=9464 lienthong settings --json
    """
    shown = tuple(in_force(Settings()))
    if as_json:
        emit_json(shown)
        return
    for setting in shown:
        heading(setting.variables[0])
        say(setting.meaning)
        facts(
            (
                ("Cũng đọc từ", ", ".join(setting.variables[1:])),
                ("Kiểu", f"{setting.kind}, {setting.unit}" if setting.unit else setting.kind),
                ("Mặc định", setting.default),
                ("Đang dùng", setting.value),
            )
        )


def catalogue() -> tuple[Setting, ...]:
    """Every setting there is, in the order of the class."""
    schema = Settings.model_json_schema(by_alias=False)
    return tuple(
        Setting(
            variables=variables(name),
            kind=_kind(schema["properties"][name], schema.get("$defs", {})),
            unit=_unit(field),
            default=_written(field.default),
            meaning=field.description or "",
        )
        for name, field in Settings.model_fields.items()
    )


def in_force(settings: Settings) -> Iterator[SettingInForce]:
    """The catalogue with the values of these settings."""
    for setting, name in zip(catalogue(), Settings.model_fields, strict=True):
        value = getattr(settings, name)
        written = _written(value)
        hidden = "@" in written or "password" in written  # a URL with whom to log in as
        yield SettingInForce(**setting.model_dump(), value=_SECRET if hidden else written)


def page() -> str:
    """docs/settings.md."""
    rows = [
        f"| {'<br>'.join(f'`{name}`' for name in setting.variables)} | {_cell(setting.kind)} | {setting.unit} "
        f"| {f'`{setting.default}`' if setting.default else ''} | {_cell(setting.meaning)} |"
        for setting in catalogue()
    ]
    return "\n".join((_PREFACE, *rows, ""))


_PREFACE = """\
# Settings

Made from `settings.py` by `python -m docs.generate`; do not edit. `lienthong settings` shows the same with the values
in force. Every process reads them from the environment when it starts; where several variables are named, the first
that is set wins. A value that cannot be ends the process with one line that names the variable (exit code 2). Mappings
and lists are written as JSON, for example `LIENTHONG_CALLS_PER_SECOND='{"residence": 5}'`; the systems are those of
`models/systems.py`.

| variable | type | unit | default | meaning |
|---|---|---|---|---|"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _unit(field: FieldInfo) -> str:
    return next((mark.name for mark in field.metadata if isinstance(mark, Unit)), "")


def _written(value: object) -> str:
    """As one would write it in the environment."""
    if isinstance(value, SecretStr):
        return _SECRET
    plain = to_jsonable_python(value)
    if plain is None:
        return ""
    if isinstance(plain, bool):
        return str(plain).lower()
    if isinstance(plain, float):
        return f"{plain:g}"
    if isinstance(plain, dict | list):
        return json.dumps(plain) if plain else ""
    return str(plain)


def _kind(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return _kind(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions)
    if "anyOf" in schema:  # something or nothing
        return _kind(schema["anyOf"][0], definitions)
    if "enum" in schema:
        return " or ".join(schema["enum"])
    if schema.get("format") == "password":
        return "secret text"
    if schema.get("format") == "path":
        return "path"
    match schema["type"]:
        case "object":
            return f"JSON object: system → {_kind(schema['additionalProperties'], definitions)}"
        case "array":
            return f"JSON list: {_kind(schema['items'], definitions)}"
    limits = [limit.format(f"{schema[name]:g}") for name, limit in _LIMITS.items() if name in schema]
    return " ".join((_TYPES[schema["type"]], ", ".join(limits))).strip()
