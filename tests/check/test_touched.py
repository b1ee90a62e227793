"""Whom a changed file concerns beyond the folder in which it lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshwright.check.choose import subject_of
from meshwright.check.model import Report
from meshwright.check.run import run
from meshwright.check.stage import chosen
from meshwright.check.subject import Subject
from meshwright.errors import AuditError
from support import tiny
from support.tiny import TinyMesh

from .repository import Repo, repository

SAMPLE = "domains/shop/orders/people.csv"
PEOPLE = "customer_id,name\n" + "".join(f"{i},Person {i}\n" for i in range(1, 7))
TWICE = f"{PEOPLE}6,Person 6\n"
SHOP, INSIGHT = "shop/orders", "insight/weekly"
BOTH = [INSIGHT, SHOP]
HALF = "{% macro half(x) %}{{ x }} / 2{% endmacro %}\n"
NO_MODELS = "name: insight\nprofile: meshwright\nmodel-paths: [models]\n"
REGISTER = '''\
"""What insight lands."""

from pathlib import Path

from meshwright import ingest

{imports}


@ingest
def register() -> Path:
    """Nobody reads it."""
    return Path(__file__)
'''


def subject(repo: Repo, *selectors: str) -> Subject:
    return subject_of(repo.mesh.settings, selectors, None, lambda _: None)


def selected(repo: Repo) -> list[str]:
    return list(subject(repo).selected)


def built(repo: Repo) -> Report:
    return run(subject(repo), chosen(["build"], []))


def with_sample(mesh: TinyMesh) -> Repo:
    """Published, with the data of people in the folder of the product that lands them."""
    mesh.write(SAMPLE, PEOPLE)
    mesh.edit(
        tiny.INGEST_PY,
        ('files(DATA / "people.csv")', 'files("orders/people.csv")'),
        ('return DATA / "people.csv"', 'return Path("orders/people.csv")'),
    )
    mesh.build()
    return repository(mesh)


def test_data_that_the_change_brings_are_landed_by_the_check_and_break_there(tiny_mesh: TinyMesh) -> None:
    repo = with_sample(tiny_mesh)
    assert built(repo).products == ()
    tiny_mesh.write(SAMPLE, TWICE)
    report = built(repo)
    assert (report.products, report.exit_code) == ((SHOP,), 1)
    assert {f.rule for f in report.findings if f.severity == "error"} == {"audit"}
    assert "customer_id" in str(report.findings)
    assert len(tiny_mesh.state().landings["shop/landing/people"].files) == 1
    with pytest.raises(AuditError):
        tiny_mesh.build("shop")


def test_data_that_moved_by_themselves_wait_for_production(built_mesh: TinyMesh) -> None:
    """The change is of code; what is new at the source belongs to nobody's change."""
    repo = repository(built_mesh)
    built_mesh.put_people([*(f"Person {i}" for i in range(1, 8))])
    repo.commit("Data of another change")
    built_mesh.edit(tiny.CUSTOMERS_SQL, ("select cast", "select /* again */ cast"))
    (stage,) = built(repo).stages
    assert (stage.verdict, set(stage.facts["products"].values())) == ("passed", {"unchanged"})


@pytest.mark.parametrize(
    ("path", "products", "following"),
    [
        ("domains/shop/orders/people.csv", [SHOP], {"shop"}),
        ("domains/shop/people.parquet", [SHOP], {"shop"}),
        ("domains/shop/orders/README.md", [SHOP], set()),
        ("domains/shop/orders/.gitkeep", [SHOP], set()),
        ("domains/shop/orders/expects/x.yaml", [SHOP], set()),
        ("data/people.csv", [], set()),
    ],
)
def test_what_counts_as_data(repo: Repo, path: str, products: list[str], following: set[str]) -> None:
    repo.mesh.write(path, "x")
    found = subject(repo)
    assert (list(found.selected), found.following) == (products, following)


@pytest.mark.parametrize(
    "imports",
    [
        "from domains.shop.helper import HALF",
        "import domains.shop.helper",
        "from domains.insight.own import HALF",
        "from .own import HALF",
    ],
)
def test_modules_that_another_domain_imports_concern_it(repo: Repo, imports: str) -> None:
    repo.mesh.write("domains/shop/helper.py", "HALF = 2\n")
    repo.mesh.write("domains/insight/own.py", "from domains.shop.helper import HALF\n\n__all__ = ['HALF']\n")
    repo.mesh.write("domains/insight/ingest.py", REGISTER.format(imports=imports))
    repo.commit()
    repo.mesh.write("domains/shop/helper.py", "HALF = 3\n")
    assert selected(repo) == BOTH
    (repo.mesh.root / "domains/shop/helper.py").unlink()
    assert selected(repo) == BOTH, "what is gone is imported all the same"


def test_modules_that_nobody_imports_concern_their_domain_alone(repo: Repo) -> None:
    repo.mesh.write("domains/insight/ingest.py", REGISTER.format(imports="from domains.shop import ingest as other"))
    repo.mesh.write("domains/shop/orders/alone.py", "ALONE = 1\n")
    assert selected(repo) == BOTH
    repo.commit()
    repo.mesh.write("domains/shop/orders/alone.py", "ALONE = 2\n")
    assert selected(repo) == [SHOP]


@pytest.mark.parametrize("key", ["macro-paths: [macros, ../../common/macros]", "macro-paths: ['{root}/common/macros']"])
def test_macros_that_projects_share(repo: Repo, key: str) -> None:
    repo.mesh.write("common/macros/half.sql", HALF)
    project = "dbt_projects/insight/dbt_project.yml"
    repo.mesh.write(project, NO_MODELS + key.format(root=repo.mesh.root) + "\n")
    repo.mesh.edit(tiny.WEEKLY_SQL, ("sum(amount)", "sum({{ half('amount') }})"))
    repo.commit()
    repo.mesh.write("common/macros/half.sql", HALF.replace("/ 2", "/ 3"))
    assert selected(repo) == [INSIGHT]
    repo.mesh.write("common/README.md", "not read")
    (repo.mesh.root / "common/macros/half.sql").write_text(HALF)
    assert selected(repo) == []


def test_a_package_in_the_repository(repo: Repo) -> None:
    repo.mesh.write("dbt_projects/insight/packages.yml", "packages:\n  - local: ../../common\n")
    repo.mesh.write("common/dbt_project.yml", "name: common\nmacro-paths: [../more]\n")
    repo.mesh.write("more/half.sql", HALF)
    repo.commit()
    repo.mesh.write("more/half.sql", HALF.replace("/ 2", "/ 3"))
    assert selected(repo) == [INSIGHT]


def test_folders_of_a_repository_around_the_mesh(tiny_mesh: TinyMesh, tmp_path: Path) -> None:
    """The mesh lies in a folder of the repository, what its projects share beside it."""
    macro, model = tmp_path / "common/half.sql", tmp_path / "elsewhere/weekly_sales.sql"
    for file in (macro, model):
        file.parent.mkdir()
    macro.write_text(HALF)
    tiny_mesh.write(
        "dbt_projects/shop/dbt_project.yml", "name: shop\nprofile: meshwright\nmacro-paths: [../../../common]\n"
    )
    (tiny_mesh.root / tiny.WEEKLY_SQL).rename(model)
    (tiny_mesh.root / tiny.WEEKLY_SQL).symlink_to(model)
    repo = repository(tiny_mesh, top=tmp_path)
    assert selected(repo) == []
    macro.write_text(HALF.replace("/ 2", "/ 3"))
    assert selected(repo) == [SHOP]
    model.write_text(model.read_text() + "\n")
    assert selected(repo) == BOTH
    macro.write_text(HALF)
    assert selected(repo) == [INSIGHT]


def test_links_show_what_differs_where_they_lead(repo: Repo) -> None:
    """A model that is a link to a link, and a folder that is one."""
    root = repo.mesh.root
    repo.mesh.write("common/models/weekly_sales.sql", (root / tiny.WEEKLY_SQL).read_text())
    (root / "common/now.sql").symlink_to("models/weekly_sales.sql")
    (root / tiny.WEEKLY_SQL).unlink()
    (root / tiny.WEEKLY_SQL).symlink_to("../../../../../common/now.sql")
    repo.mesh.write("common/data/people.csv", PEOPLE)
    (root / "domains/shop/data").symlink_to("../../common/data")
    (root / "domains/shop/loop").symlink_to("loop")
    repo.commit()
    assert selected(repo) == []
    repo.mesh.edit("common/models/weekly_sales.sql", ("sum(amount)", "max(amount)"))
    assert selected(repo) == [INSIGHT]
    repo.commit()
    repo.git("switch", "-q", "-c", "work")
    (root / "common/now.sql").unlink()
    (root / "common/now.sql").symlink_to("models/../models/weekly_sales.sql")
    assert selected(repo) == [INSIGHT]
    repo.commit()
    repo.git("switch", "-q", "-C", "main")
    repo.mesh.write("common/data/new.csv", PEOPLE)
    found = subject(repo)
    assert (list(found.selected), found.following) == ([SHOP], {"shop"})
