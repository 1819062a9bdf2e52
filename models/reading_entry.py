"""A form as it comes in, made ready for reading: what says nothing is left out, names and codes complete each other.

Works on a copy. Only at entry: a stored declaration is never completed again, so a later list changes none.
"""

from collections.abc import Mapping

from models.codes import ethnic_group, read_ethnic_name, says_nothing

_HAVE_ETHNICITY = ("child", "mother", "father", "deceased")
_DEEPEST = 20


def at_entry(data: Mapping[str, object]) -> dict[str, object]:
    """The form without fields that only say “Không có thông tin”, and with the ethnic codes its names decide."""
    form = _without_fillers(data, 0)
    for section in _HAVE_ETHNICITY:
        person = form.get(section)
        if isinstance(person, dict) and isinstance(ethnicity := person.get("ethnicity"), dict):
            person["ethnicity"] = _completed(ethnicity)
    return form


def _cleaned(value: object, depth: int) -> object:
    if depth > _DEEPEST:
        return value
    if isinstance(value, Mapping):
        return _without_fillers(value, depth)
    return [_cleaned(item, depth + 1) for item in value] if isinstance(value, list) else value


def _without_fillers(form: Mapping[str, object], depth: int) -> dict[str, object]:
    said = {key: value for key, value in form.items() if not (isinstance(value, str) and says_nothing(value))}
    cleaned = {key: (value, _cleaned(value, depth + 1)) for key, value in said.items()}
    return {key: kept for key, (value, kept) in cleaned.items() if kept != {} or value == {}}


def _completed(ethnicity: Mapping[str, object]) -> dict[str, object]:
    """The name's code where it decides one; the code's name where only the code was given."""
    code, text = ethnicity.get("code"), ethnicity.get("text")
    if code is None and isinstance(text, str):
        return {**ethnicity, "code": read_ethnic_name(text).code}
    if text is None and isinstance(code, str) and (group := ethnic_group(code)):
        return {**ethnicity, "text": group.name}
    return dict(ethnicity)
