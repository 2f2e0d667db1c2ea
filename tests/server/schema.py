"""A small validator for the schemas of our OpenAPI document: what openapi.c writes of JSON Schema, and nothing else."""


class Mismatch(AssertionError):
    pass


_KINDS = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "object": dict, "array": list,
          "null": type(None)}


def _is(value, kind):
    if isinstance(value, bool) and kind != "boolean":
        return False
    return isinstance(value, _KINDS[kind])


def check(value, schema, document, path="$"):
    """Raises Mismatch where `value` is not what `schema` says."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/components/schemas/")
        schema = document["components"]["schemas"][name]
    kinds = schema.get("type")
    if kinds is None:
        return
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if not any(_is(value, kind) for kind in kinds):
        raise Mismatch(f"{path}: {value!r} is no {' or '.join(kinds)}")
    if isinstance(value, list) and "items" in schema:
        for i, item in enumerate(value):
            check(item, schema["items"], document, f"{path}[{i}]")
    if isinstance(value, dict):
        known = schema.get("properties", {})
        for name in schema.get("required", []):
            if name not in value:
                raise Mismatch(f"{path}: {name} is missing")
        more = schema.get("additionalProperties", True)
        for name, item in value.items():
            if name in known:
                check(item, known[name], document, f"{path}.{name}")
            elif more is False:
                raise Mismatch(f"{path}: nobody told of {name}")
            elif isinstance(more, dict):
                check(item, more, document, f"{path}.{name}")


def names(schema):
    """All schemas that a schema or document refers to."""
    found = set()
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref":
                found.add(value.removeprefix("#/components/schemas/"))
            else:
                found |= names(value)
    elif isinstance(schema, list):
        for value in schema:
            found |= names(value)
    return found
