"""Whether answers are as /api/openapi.json says that they may be."""

import re
from typing import Any

import attrs
from falcon.testing import Result as Answer
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

_NAME = "urn:safelight"


@attrs.define
class Conformance:
    """Compares answers with a document, its validators made when they are needed."""

    document: dict[str, Any]
    _validators: dict[str, Draft202012Validator] = attrs.field(factory=dict)

    def check(self, method: str, path: str, answer: Answer) -> None:
        """Fail if the document does not have such an answer; what has no route has no row."""
        operation = self._operation(method, path)
        if operation is None or answer.status_code == 405:
            return
        where = f"{method} {path} → {answer.status_code}"
        assert str(answer.status_code) in operation["responses"], f"{where} is not in the document"
        response = self._resolved(operation["responses"][str(answer.status_code)])
        for name, header in response.get("headers", {}).items():
            if self._resolved(header).get("required"):
                assert name.lower() in answer.headers, f"{where} lacks {name}"
        content = response.get("content")
        if content is None:
            assert not answer.content, f"{where} has a body"
            return
        media_type = answer.headers.get("content-type", "").partition(";")[0]
        if media_type == "text/html" and answer.status_code >= 400:
            return  # a person in a browser is looking
        assert media_type in content, f"{where} is {media_type}, not of {list(content)}"
        if media_type.endswith("json") and answer.content:
            faults = [
                f"{error.json_path}: {error.message}"
                for error in self._validator(content[media_type]["schema"]).iter_errors(answer.json)
            ]
            assert not faults, f"{where}: {faults[:3]}"

    def _operation(self, method: str, path: str) -> dict[str, Any] | None:
        for template, methods in sorted(
            self.document["paths"].items(), key=lambda item: item[0].count("{")
        ):
            if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path):
                operation: dict[str, Any] | None = methods.get(method.lower())
                return operation
        return None

    def _resolved(self, value: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in value:
            found: Any = self.document
            for part in value["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            value = found
        return value

    def _validator(self, schema: dict[str, Any]) -> Draft202012Validator:
        key = repr(schema)
        if key not in self._validators:
            registry: Registry[Any] = Registry().with_resource(
                _NAME, Resource(self.document, DRAFT202012)
            )
            self._validators[key] = Draft202012Validator(
                _absolute(schema),
                registry=registry,
                format_checker=Draft202012Validator.FORMAT_CHECKER,
            )
        return self._validators[key]


def _absolute(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_absolute(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: f"{_NAME}{value}" if name == "$ref" else _absolute(value)
        for name, value in schema.items()
    }
