"""Lines of Python as sentences: the tokens of every logical line, and which role each name has in it.

Knows the grammar of Python through `tokenize` and `ast`; knows no model and no folder. Used by the demo of taggers.
"""

import ast
import builtins
import io
import keyword
import tokenize
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

KEYWORD, OPERATOR, NUMBER, STRING = PLAIN = ("keyword", "operator", "number", "string")
"""The labels of what is not a name."""
ROLES = (
    "class", "function", "parameter", "decorator", "module", "import", "target",
    "argument", "method", "call", "attribute", "builtin", "variable",
)  # fmt: skip
"""The labels of names: four that are defined by the line, or decorate what it defines; two of imports, the module and
what is taken from it; what is assigned to; then those that are used: `argument` is the name before `=` in a call,
`method` an attribute that is called, `call` another name that is, `builtin` one of Python's own, called or not."""

Place = tuple[int, int]
"""A line from 1, and a column from 0 in bytes of UTF-8."""
_BUILTINS = frozenset(dir(builtins))
_SOFT_KEYWORDS = ("match", "case", "type")
_NO_WORD = (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER)
_FORMATTED = tuple(getattr(ast, name) for name in ("JoinedStr", "TemplateStr") if hasattr(ast, name))


@dataclass(frozen=True)
class CodeLine:
    """A logical line: its tokens, as many labels, and the number of the line in its file that it begins in."""

    tokens: tuple[str, ...]
    labels: tuple[str, ...]
    number: int


def code_lines(source: str) -> Iterator[CodeLine]:
    """Every logical line of a file that has a name or a keyword in it; comments are left out, and of a string stands
    its prefix, its quotes and `…` between them.

    Raises:
        SyntaxError: the running Python cannot read it.
    """
    roles, lines = _roles(ast.parse(source)), source.split("\n")
    tokens: list[str] = []
    labels: list[str] = []
    begin, has_word = 0, False
    for token in _whole_strings(tokenize.generate_tokens(io.StringIO(source).readline)):
        if token.type in _NO_WORD:
            continue
        if token.type == tokenize.NEWLINE:
            if has_word:
                yield CodeLine(tuple(tokens), tuple(labels), begin)
            tokens, labels, has_word = [], [], False
            continue
        begin = begin if tokens else token.start[0]
        line, column = token.start
        role = roles.get((line, len(lines[line - 1][:column].encode())))
        labels.append(_label(token, role, before=tokens[-1] if tokens else ""))
        tokens.append(_shortened(token.string) if token.type == tokenize.STRING else token.string)
        has_word = has_word or token.type == tokenize.NAME


def _label(token: tokenize.TokenInfo, role: str | None, *, before: str) -> str:
    """The label of a token, given the role that the tree tells at its place; where it tells none, as after `def`, the
    token before does."""
    word = token.string
    if token.type != tokenize.NAME:
        return {tokenize.NUMBER: NUMBER, tokenize.STRING: STRING}.get(token.type, OPERATOR)
    if keyword.iskeyword(word):
        return KEYWORD
    if role is not None:
        return role
    if before in ("def", "class"):
        return "function" if before == "def" else "class"
    if before in ("from", "import") or before.endswith("."):
        return "module"
    return KEYWORD if word in _SOFT_KEYWORDS else "target"


def _whole_strings(tokens: Iterator[tokenize.TokenInfo]) -> Iterator[tokenize.TokenInfo]:
    """The tokens with every formatted string as one, as Python before 3.12 gives them."""
    depth = 0
    for token in tokens:
        name = tokenize.tok_name[token.type]
        if name.endswith("STRING_START"):
            depth += 1
            if depth == 1:
                first = token
        elif name.endswith("STRING_END"):
            depth -= 1
            if depth == 0:
                yield first._replace(type=tokenize.STRING, string=first.string + token.string, end=token.end)
        elif depth == 0:
            yield token


def _shortened(string: str) -> str:
    """A string without what it says."""
    quote = string[-1]
    prefix = string[: string.index(quote)]
    marks = quote * (3 if string.startswith(3 * quote, len(prefix)) else 1)
    return f"{prefix}{marks}…{marks}"


def _roles(tree: ast.Module) -> dict[Place, str]:
    """The roles of names by their place; what a node says of a name goes before what the nodes inside it say."""
    found: dict[Place, str] = {}
    nodes = list(_nodes(tree))
    bound = {name for node in nodes for name in _bound(node)}
    for node in nodes:
        for place, role, word in _named(node):
            own = role in ("call", "variable") and word in _BUILTINS and word not in bound
            found.setdefault(place, "builtin" if own else role)
    return found


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes, outer ones first, but for those inside formatted strings, which are one token."""
    waiting = deque([tree])
    while waiting:
        node = waiting.popleft()
        yield node
        waiting.extend(child for child in ast.iter_child_nodes(node) if not isinstance(child, _FORMATTED))


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that a node binds; where one is a builtin's, the whole file is taken to mean its own."""
    match node:
        case ast.Name(ctx=ast.Store()):
            yield node.id
        case ast.arg():
            yield node.arg
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.alias():
            yield node.asname or node.name


def _named(node: ast.AST) -> Iterator[tuple[Place, str, str]]:
    """Place, role and word of the names that a node has at a place that can be told."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            for decorator in node.decorator_list:
                yield from _dotted(decorator)
        case ast.arg():
            yield _start(node), "parameter", node.arg
        case ast.keyword(arg=str() as word):
            yield _start(node), "argument", word
        case ast.Call(func=ast.Name() as called):
            yield _start(called), "call", called.id
        case ast.Call(func=ast.Attribute() as called):
            yield _end(called, called.attr), "method", called.attr
        case ast.Attribute():
            yield _end(node, node.attr), "attribute", node.attr
        case ast.Name():
            yield _start(node), "variable" if isinstance(node.ctx, ast.Load) else "target", node.id
        case ast.Import():
            for alias in node.names:
                yield from _imported(alias, "module")
        case ast.ImportFrom():
            for alias in node.names:
                yield from _imported(alias, "import")


def _dotted(decorator: ast.expr) -> Iterator[tuple[Place, str, str]]:
    """The names of a decorator, but for the arguments that it is called with."""
    node = decorator.func if isinstance(decorator, ast.Call) else decorator
    while isinstance(node, ast.Attribute):
        yield _end(node, node.attr), "decorator", node.attr
        node = node.value
    if isinstance(node, ast.Name):
        yield _start(node), "decorator", node.id


def _imported(alias: ast.alias, role: str) -> Iterator[tuple[Place, str, str]]:
    """The first name of an import, and the one that it gets here."""
    yield _start(alias), role, alias.name
    if alias.asname is not None:
        yield _end(alias, alias.asname), role, alias.asname


def _start(node: ast.expr | ast.arg | ast.keyword | ast.alias) -> Place:
    return node.lineno, node.col_offset


def _end(node: ast.expr | ast.alias, word: str) -> Place:
    """The place of the word that a node ends with."""
    assert node.end_lineno is not None and node.end_col_offset is not None
    return node.end_lineno, node.end_col_offset - len(word.encode())
