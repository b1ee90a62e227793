"""Templates of a mesh's own: used in place of ours, and held to their target."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshwright.errors import InputError
from meshwright.scaffold import templates
from meshwright.scaffold.render import render
from meshwright.scaffold.templates import Template

COPIER = "_subdirectory: files\n_templates_suffix: .jinja\nname: {type: str}\n"


def template(folder: Path, files: dict[str, str], config: str = COPIER) -> Template:
    home = folder / "templates" / "own" / "1"
    (home / "files").mkdir(parents=True)
    (home / "copier.yml").write_text(config)
    for name, text in files.items():
        file = home / "files" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return Template("own", 1, home)


@pytest.mark.parametrize(
    "name",
    ["../x", "../../x", "/tmp/x", "..", "a/../../x", "a/../../../x", "./../x", "../mesh/x", "~/../../x", "..//..//x",
     "\0", "a\0b", "../" * 20 + "tmp/meshwright-escaped"],
)  # fmt: skip
def test_answers_do_not_lead_out_of_the_target(tmp_path: Path, name: str) -> None:
    own = template(tmp_path, {"{{ name }}.jinja": "x"})
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError):
        render(own, {"name": name})
    assert sorted(tmp_path.rglob("*")) == before
    assert not Path("/tmp/meshwright-escaped").exists()


@pytest.mark.parametrize(
    "part", ["{{ '..' }}", "{{ name }}", "{{ name }}{{ name }}", "{{ name + '.' }}", "a{{ name }}"]
)
def test_folders_do_not_lead_out_of_the_target(tmp_path: Path, part: str) -> None:
    own = template(tmp_path, {f"{part}/x.jinja": "x"})
    before = sorted(tmp_path.rglob("*"))
    try:
        found = list(render(own, {"name": ".."}))
    except InputError:
        found = []
    assert not [path for path in found if path.is_absolute() or ".." in path.parts]
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "line",
    ["_tasks: ['touch ran']", "_migrations: [{version: v1, after: [touch ran]}]",
     "_jinja_extensions: [jinja2.ext.do]", "_external_data: {secret: /etc/passwd}"],
)  # fmt: skip
def test_what_runs_code_is_refused_unless_trusted(tmp_path: Path, line: str) -> None:
    own = template(tmp_path, {"x": "x"}, COPIER + line + "\n")
    with pytest.raises(InputError, match="trusted_templates"):
        render(own, {"name": "a"})
    with pytest.raises(InputError, match="trusted_templates"):
        render(own, {"name": "a"}, trusted=frozenset({"other"}))


def test_task_of_a_trusted_template_runs(tmp_path: Path) -> None:
    own = template(tmp_path, {"x": "x"}, COPIER + "_tasks: ['touch ran']\n")
    assert "ran" in map(str, render(own, {"name": "a"}, trusted=frozenset({"own"})))


@pytest.mark.parametrize("text", ["{{ ", "{% for %}", "{{ nowhere.x.y }}", "{{ 1 / 0 }}", "{{ ''.__class__.__mro__ }}",
                                  "{% include '/etc/passwd' %}", "{% include '../copier.yml' %}"])  # fmt: skip
def test_text_that_does_not_render_or_reaches_out(tmp_path: Path, text: str) -> None:
    own = template(tmp_path, {"x.jinja": text})
    with pytest.raises(InputError, match="cannot be rendered"):
        render(own, {"name": "a"})


@pytest.mark.parametrize("config", ["", "- a", "name: [", "name: {type: nothing}", "\xff"])
def test_config_that_is_none(tmp_path: Path, config: str) -> None:
    own = template(tmp_path, {"x": "x"}, config)
    with pytest.raises(InputError):
        render(own, {"name": "a"})


@pytest.mark.parametrize("answers", [{}, {"name": "a", "more": 1}, {"nmae": "a"}])
def test_answers_that_do_not_fit(tmp_path: Path, answers: dict[str, str]) -> None:
    with pytest.raises(InputError, match="differ about"):
        render(template(tmp_path, {"x": "x"}), answers)


@pytest.mark.parametrize("folder", [".git", ".mesh", ".venv"])
def test_no_business_in(tmp_path: Path, folder: str) -> None:
    with pytest.raises(InputError, match="no business"):
        render(template(tmp_path, {f"{folder}/hooks/x.jinja": "x"}, COPIER + "_exclude: []\n"), {"name": "a"})


def test_links_are_refused(tmp_path: Path) -> None:
    own = template(tmp_path, {"x": "x"}, COPIER + "_preserve_symlinks: true\n")
    (own.folder / "files" / "link").symlink_to("/etc/passwd")
    with pytest.raises(InputError, match="makes no links"):
        render(own, {"name": "a"})


def test_link_that_is_followed_reads_no_file_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    own = template(tmp_path, {"x": "x"})
    (own.folder / "files" / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(InputError):
        render(own, {"name": "a"})


def test_settings_of_the_user_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tmp_path / "settings.yml"
    settings.write_text("defaults: {name: theirs}\ntrust: [/]\n")
    monkeypatch.setenv("COPIER_SETTINGS_PATH", str(settings))
    own = template(tmp_path, {"x.jinja": "{{ name }}"})
    assert list(render(own, {"name": "ours"}).values()) == [b"ours"]


def test_template_of_the_mesh_comes_before_ours(tmp_path: Path) -> None:
    home = tmp_path / "templates" / "domain" / "7"
    home.mkdir(parents=True)
    (home / "copier.yml").write_text("name: {type: str}\n")
    assert templates.newest("domain", tmp_path).version == 7
    assert templates.newest("domain").folder.is_relative_to(templates.OURS)
    assert [t.version for t in templates.versions("product")] == sorted(
        t.version for t in templates.versions("product")
    )


@pytest.mark.parametrize("name", ["", ".", "..", "../templates", "nothing", "domian"])
def test_template_that_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="there is no template"):
        templates.versions(name, tmp_path)
