"""The interface of the package: every public name with its signature, one line each, as docs/reference/api.txt has it.

    python -m tests.architecture.interface

writes that page anew. The source is read, not run, so that every version of Python writes the same. Left out are names
that begin with an underscore, and what a module only imports: a name is passed on by `__all__` or as `X as X`.
"""

import ast
from collections.abc import Iterator
from typing import Any

import griffe

from tests.architecture.source import PACKAGE, ROOT

PAGE = ROOT / "docs" / "reference" / "api.txt"
RENEW = "python -m tests.architecture.interface"

_HEAD = f"# Every public name with its signature, in the order of the source. Written by `{RENEW}`."
#: What a constant without an annotation is may be longer than this; then it is not shown.
_LONGEST = 120


class _PassedOn(griffe.Extension):
    """Counts names that are imported `X as X` among the public ones."""

    def on_module_members(self, *, node: ast.AST | griffe.ObjectNode, mod: griffe.Module, **_: Any) -> None:
        imports = (line for line in ast.walk(node) if isinstance(line, ast.ImportFrom))  # type: ignore[arg-type]
        for name in (name.name for line in imports for name in line.names if name.name == name.asname):
            mod.members[name].public = True


def package() -> griffe.Object | griffe.Alias:
    """The package as it stands."""
    return griffe.load("licensebill", search_paths=[PACKAGE.parent], extensions=griffe.load_extensions(_PassedOn))


def package_at(tag: str) -> griffe.Object | griffe.Alias:
    """The package as it was released."""
    extensions = griffe.load_extensions(_PassedOn)
    return griffe.load_git("licensebill", ref=tag, repo=ROOT, search_paths=["src"], extensions=extensions)


def written() -> list[str]:
    """The lines of the page."""
    return PAGE.read_text(encoding="utf-8").splitlines()


def found() -> list[str]:
    """The lines that the page should have."""
    modules = sorted(_modules(package()), key=lambda module: module.path)
    return [_HEAD, *(line for module in modules for line in _members(module))]


def _modules(owner: Any) -> Iterator[griffe.Module]:
    if owner.is_public:
        yield owner
        for module in owner.modules.values():
            yield from _modules(module)


def _members(owner: griffe.Module | griffe.Class) -> Iterator[str]:
    """The lines of what a module or a class has, those of a class after its own."""
    for name, member in owner.members.items():
        if member.is_public and name not in {"__all__", "__attrs_post_init__"}:
            if isinstance(member, griffe.Alias):
                yield f"{member.path} = {member.target_path}"
            elif isinstance(member, griffe.Class):
                yield f"{_decorators(member)}class {member.path}{_bases(member)}"
                yield from _members(member)
            elif isinstance(member, griffe.Function):
                yield from (
                    f"{_decorators(one)}{one.signature(name=member.path)}" for one in member.overloads or [member]
                )
            elif isinstance(member, griffe.Attribute):
                yield f"{'@property ' * ('property' in member.labels)}{member.path}{_type(member)}{_value(member)}"


def _decorators(decorated: griffe.Class | griffe.Function) -> str:
    return "".join(f"@{decorator.value} " for decorator in decorated.decorators)


def _bases(kind: griffe.Class) -> str:
    return f"({', '.join(map(str, kind.bases))})" if kind.bases else ""


def _type(attribute: griffe.Attribute) -> str:
    if not attribute.annotation:
        return ""
    return (
        f": ClassVar[{attribute.annotation}]"
        if attribute.labels == {"class-attribute"}
        else f": {attribute.annotation}"
    )


def _value(attribute: griffe.Attribute) -> str:
    """What a constant is, and whether a field may be left out."""
    value = attribute.value
    if value is None or attribute.labels == {"instance-attribute"}:
        return ""
    if isinstance(value, griffe.ExprCall) and str(value.function) == "attrs.field":
        given = {argument.name for argument in value.arguments if isinstance(argument, griffe.ExprKeyword)}
        return " = ..." if given & {"default", "factory"} else ""
    is_told = not attribute.annotation or isinstance(value, str | griffe.ExprName | griffe.ExprAttribute)
    return f" = {value}" if is_told and len(str(value)) <= _LONGEST else " = ..."


if __name__ == "__main__":
    PAGE.write_text("\n".join(found()) + "\n", encoding="utf-8")
