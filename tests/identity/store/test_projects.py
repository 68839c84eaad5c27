"""Projects, their lineage and their tags, on both databases."""

import pytest

from pilvi.core.db import Database
from pilvi.errors import Conflict, NotFound
from pilvi.identity.model.identity import Domain, Project, ProjectId
from pilvi.identity.store import projects, users
from pilvi.identity.store.rows import Wanted

DOMAIN = Domain("d", "D", "", True)


def _project(name: str, **fields: object) -> Project:
    return Project(ProjectId(name), "d", name, "", True, 0, **fields)  # type: ignore[arg-type]


async def test_lineage(db: Database) -> None:
    async with db.write() as tx:
        await projects.insert_domain(tx, DOMAIN)
        await projects.insert_project(tx, _project("top"))
        await projects.insert_project(tx, _project("child", parent_id="top"))
        await projects.insert_project(tx, _project("leaf", parent_id="child"))
        assert set(await projects.list_ancestor_ids(tx, "leaf")) == {"child", "top", "d"}
        below = await projects.list_descendants(tx, "top")
        assert [project.name for project in below] == ["child", "leaf"]
        assert len(await projects.list_descendants(tx, "d")) == 3
        await projects.delete_project(tx, ProjectId("leaf"))
        assert len(await projects.list_descendants(tx, "d")) == 2


async def test_tags(db: Database) -> None:
    odd = ["a", 'quo"te', "per%cent", "back\\slash", "ä"]
    async with db.write() as tx:
        await projects.insert_domain(tx, DOMAIN)
        await projects.insert_project(tx, _project("odd", tags=odd))
        await projects.insert_project(tx, _project("plain", tags=["ab", "perXcent"]))
        for tag in odd:
            found, _ = await projects.list_project_page(tx, Wanted(), [("tags", [tag])])
            assert [project.name for project in found] == ["odd"], tag
        for kind, tags, names in (
            ("tags", ["a", "ab"], []),
            ("tags-any", ["a", "ab"], ["odd", "plain"]),
            ("not-tags", ["a"], ["plain"]),
            ("not-tags-any", ["a", "ab"], []),
        ):
            found, _ = await projects.list_project_page(tx, Wanted(), [(kind, tags)])
            assert [project.name for project in found] == names, kind


async def test_comparisons_take_no_wildcards(db: Database) -> None:
    async with db.write() as tx:
        await projects.insert_domain(tx, DOMAIN)
        for name in ("ab", "a%", "A_"):
            await projects.insert_project(tx, _project(name))
        for comparison, text, names in (
            ("icontains", "%", {"a%"}),
            ("istartswith", "a_", {"A_"}),
            ("iendswith", "B", {"ab"}),
        ):
            wanted = Wanted(like=[("name", comparison, text)])
            found, _ = await projects.list_project_page(tx, wanted)
            assert {project.name for project in found} == names, comparison


async def test_names_are_unique_in_a_domain(db: Database) -> None:
    async with db.write() as tx:
        await projects.insert_domain(tx, DOMAIN)
        await projects.insert_project(tx, _project("p"))
        with pytest.raises(NotFound):
            await projects.get_project(tx, "nowhere")
        with pytest.raises(NotFound):
            await users.get_group(tx, "nowhere")
    with pytest.raises(Conflict):
        async with db.write() as tx:
            await projects.insert_domain(tx, Domain("e", "D", "", True))
