"""The rule of revisions from r0003 on: one only adds what the release before can live with.

While processes are replaced one by one, those of the release before serve the newer schema: their
statements must go on working. So a revision may make tables, add columns that are nullable or have
a server default, add indexes, and make an integer larger where no statement reads it: PostgreSQL
refuses a statement once whose result has another type than before. What is to go is removed by a
later release: a revision whose constant `CONTRACTS` names the first release that does not use it,
which must be out by then.
"""

import ast
from pathlib import Path

import pytest

import pilvi.migrations

VERSIONS = Path(pilvi.migrations.__file__).parent / "versions"
BEFORE_THE_RULE = ("r0001", "r0002")
ADDS = frozenset(
    {"create_table", "add_column", "create_index", "batch_alter_table", "f", "get_bind", "execute"}
)
REMOVES = frozenset(
    {
        "drop_table",
        "drop_column",
        "drop_index",
        "drop_constraint",
        "alter_column",
        "create_unique_constraint",
        "create_foreign_key",
        "create_check_constraint",
        "rename_table",
    }
)
OPERATORS = ("op", "batch_op")


def find_breaks(source: str) -> list[str]:
    """What of a revision the release before could not live with. Pure."""
    tree = ast.parse(source)
    named = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    made = {
        call.args[0].value
        for call in _calls(tree)
        if _name(call) == "create_table" and isinstance(call.args[0], ast.Constant)
    }
    problems = []
    for call in _calls(tree):
        name = _name(call)
        if name == "add_column":
            problems += _judge_column(call)
        elif name == "create_index" and _is_unique(call) and not _is_of(call, tree, made):
            problems.append(f"line {call.lineno}: a unique index refuses what was accepted")
        elif name == "alter_column" and _is_larger(call):
            continue
        elif name not in ADDS and "CONTRACTS" not in named:
            problems.append(f"line {call.lineno}: {name} takes away; see {Path(__file__).name}")
        elif name not in ADDS | REMOVES:
            problems.append(f"line {call.lineno}: {name} is not judged yet")
    return problems


def _calls(tree: ast.AST) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in OPERATORS
    ]


def _name(call: ast.Call) -> str:
    assert isinstance(call.func, ast.Attribute)
    return call.func.attr


def _judge_column(call: ast.Call) -> list[str]:
    columns = [node for node in ast.walk(call) if _is_column(node)]
    problems = []
    for column in columns:
        words = {word.arg: word.value for word in column.keywords}
        nullable = words.get("nullable")
        may_lack = nullable is None or (isinstance(nullable, ast.Constant) and nullable.value)
        if not may_lack and "server_default" not in words:
            problems.append(f"line {column.lineno}: a column that old inserts do not name")
    return problems if columns else [f"line {call.lineno}: write the column where it is added"]


def _is_column(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "Column"
    )


def _is_unique(call: ast.Call) -> bool:
    return any(
        word.arg == "unique" and isinstance(word.value, ast.Constant) and word.value.value
        for word in call.keywords
    )


def _is_larger(call: ast.Call) -> bool:
    """Whether nothing is changed but an integer, and that to one of 64 bits."""
    words = {word.arg: ast.unparse(word.value) for word in call.keywords}
    return words == {"existing_type": "sa.Integer()", "type_": "sa.BigInteger()"}


def _is_of(call: ast.Call, tree: ast.AST, made: set[object]) -> bool:
    """Whether an index is of a table that the same revision makes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.With) and any(inner is call for inner in ast.walk(node)):
            table = node.items[0].context_expr
            return isinstance(table, ast.Call) and _first(table) in made
    return (
        len(call.args) > 1
        and isinstance(call.args[1], ast.Constant)
        and (call.args[1].value in made)
    )


def _first(call: ast.Call) -> object:
    return call.args[0].value if isinstance(call.args[0], ast.Constant) else None


RULED = [
    path for path in sorted(VERSIONS.glob("r*.py")) if not path.name.startswith(BEFORE_THE_RULE)
]


@pytest.mark.parametrize("path", RULED, ids=lambda path: path.stem)
def test_the_release_before_can_live_with_a_revision(path: Path) -> None:
    assert find_breaks(path.read_text()) == []


@pytest.mark.parametrize(
    ("line", "problems"),
    [
        ('op.create_table("t", sa.Column("a", sa.Text(), nullable=False))', 0),
        ('op.add_column("t", sa.Column("a", sa.Text(), nullable=True))', 0),
        ('op.add_column("t", sa.Column("a", sa.Text(), server_default="", nullable=False))', 0),
        ('op.add_column("t", sa.Column("a", sa.Text(), nullable=False))', 1),
        ('op.add_column("t", column)', 1),
        ('batch_op.drop_column("a")', 1),
        ('op.drop_table("t")', 1),
        ('batch_op.alter_column("a", nullable=False)', 1),
        (
            'op.alter_column("t", "a", existing_type=sa.Integer(), type_=sa.BigInteger())',
            0,
        ),
        ('op.alter_column("t", "a", existing_type=sa.BigInteger(), type_=sa.Integer())', 1),
        ('op.rename_table("t", "u")', 1),
        ('op.create_index("i", "t", ["a"], unique=True)', 1),
        ('op.create_index("i", "t", ["a"])', 0),
        ('op.create_table("t")\nop.create_index("i", "t", ["a"], unique=True)', 0),
        ('CONTRACTS = "0.3.0"\nbatch_op.drop_column("a")', 0),
    ],
)
def test_the_rule_itself(line: str, problems: int) -> None:
    assert len(find_breaks(line)) == problems
