"""The files of the dashboard, without a browser: what is in them, how large they are, how they are switched."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from orchestration.dashboard import site as site_module
from orchestration.dashboard.extracts import EXTRACTS, PAGES, Extract, marts_read
from orchestration.dashboard.page import to_embedded_json
from orchestration.dashboard.site import Site, SiteTooLarge, build_site, dashboard_link, single_page
from orchestration.settings import PROJECT_DIR, Settings

from .conftest import data_of
from .published import HOSTILE, LAST_DAY, contracts, make_published


class _Page(HTMLParser):
    """Elements with their attributes, and the text of style and script."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.blocks: dict[str, list[str]] = {"script": [], "style": []}
        self._inside: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in self.blocks and dict(attrs).get("type") != "application/json":
            self._inside = tag
            self.blocks[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.blocks[self._inside][-1] += data


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    made = Settings(home=tmp_path_factory.mktemp("home"))
    make_published(made.home)
    return made


@pytest.fixture(scope="module")
def site(settings: Settings) -> Site:
    return build_site(settings, lineage=False)


@pytest.fixture(scope="module")
def parsed(site: Site) -> _Page:
    page = _Page()
    page.feed(site.index.read_text(encoding="utf-8"))
    page.close()
    return page


def test_policy_names_each_block_by_its_hash_and_nothing_else(parsed: _Page) -> None:
    """Mistake caught: a policy that allows whatever is inline, or a hash of another text than the browser sees."""
    policy = next(attrs["content"] for _, attrs in parsed.elements if attrs.get("http-equiv"))
    assert policy is not None
    for name, blocks in parsed.blocks.items():
        hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in blocks]
        named = " ".join(f"'sha256-{text}'" for text in hashes)
        assert f"{name}-src {named};" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy and "http" not in policy


def test_page_loads_nothing_and_has_no_inline_handlers(parsed: _Page) -> None:
    """Mistake caught: a script or style from elsewhere; an attribute `onclick` or `style`, which is blocked."""
    tags = [tag for tag, _ in parsed.elements]
    assert (tags.count("script"), tags.count("style")) == (3, 1)
    assert not {"link", "img", "iframe", "object"} & set(tags)
    for _, attrs in parsed.elements:
        assert not [name for name in attrs if name.startswith("on") or name in ("src", "style")]
        assert (attrs.get("href") or "#").startswith("#")


def test_hostile_names_stay_data(site: Site) -> None:
    """Mistake caught: a use case that ends the element it stands in, or that does not come through as written."""
    days = data_of(site.index)["extracts"]["days"]
    position = days["columns"].index("use_case")
    assert set(HOSTILE) <= {row[position] for row in days["rows"]}
    text = site.index.read_text(encoding="utf-8")
    assert "<script>alert" not in text and "onerror=alert(2)>" not in text and "\u2028" not in text


@pytest.mark.parametrize("value", ["</script>", "<!--", "\u2028\u2029", "&lt;", "\\", '"', "\x00", "😀"])
def test_embedded_json_comes_back_as_it_was(value: str) -> None:
    """Mistake caught: escaping that changes the text, or leaves something that HTML would read."""
    text = to_embedded_json({value: [value, None, True, 1.5, Decimal("0.100000000001")]})
    assert json.loads(text) == {value: [value, None, True, 1.5, 0.100000000001]}
    assert not set(text) & {"<", ">", "&", "\u2028", "\u2029"}


def test_numbers_that_are_none_are_null() -> None:
    """Mistake caught: NaN in JSON, which no browser reads, or an unknown amount written as 0."""
    assert to_embedded_json([float("nan"), float("inf"), Decimal("NaN"), None]) == "[null,null,null,null]"
    assert to_embedded_json([Decimal("1E+3"), Decimal("0.500000000000")]) == "[1000,0.5]"


@pytest.mark.parametrize("name", sorted(name for name, extract in EXTRACTS.items() if isinstance(extract, Extract)))
def test_rows_in_the_page_equal_the_mart(settings: Settings, site: Site, name: str) -> None:
    """Mistake caught: a column that was swapped, rounded, made up, or filled where the mart says null."""
    extract = EXTRACTS[name]
    assert isinstance(extract, Extract)
    data = data_of(site.index)
    found = data["extracts"][name]
    if extract.mart not in contracts():
        assert found is None
        return
    promised = {column for column, _ in contracts()[extract.mart]}
    known = [column for column in found["columns"] if column in promised]
    where = extract.where.replace("$first_day", f"DATE '{data['meta']['first_day']}'")
    where = where.replace("$last_day", f"DATE '{LAST_DAY}'")
    chosen = ", ".join(f'"{column}"' for column in known)
    limit = f"LIMIT {extract.limit}" if extract.limit else ""
    with duckdb.connect(str(settings.published_database.resolve()), read_only=True) as con:
        con.execute("SET TimeZone = 'UTC'")
        # Where there is a limit both sides sort alike; otherwise order is no part of the promise.
        order = f"ORDER BY {extract.order_by}" if limit and extract.order_by != "all" else ""
        rows = con.execute(f"SELECT {chosen} FROM marts.{extract.mart} WHERE {where} {order} {limit}").fetchall()
    positions = [found["columns"].index(column) for column in known]
    shown = [[row[position] for position in positions] for row in found["rows"]]
    assert rows or extract.where == "status <> 'loaded'"
    assert sorted(_comparable(row) for row in rows) == sorted(_comparable(row) for row in shown)


def _comparable(row: Any) -> list[str]:
    """Values as the page has them: numbers as doubles, times as text."""
    return [
        repr(float(value)) if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
        else value.isoformat() if hasattr(value, "isoformat") else str(value)
        for value in row
    ]  # fmt: skip


def test_missing_mart_is_said_and_fails_nothing(tmp_path: Path) -> None:
    """Mistake caught: one mart that is not there yet, and no dashboard at all."""
    make_published(
        tmp_path, days=7, use_cases=2, without=("gate_verdicts", "invoice_reconciliation", "owner_budget_burn")
    )
    data = data_of(build_site(Settings(home=tmp_path), lineage=False).index)
    assert [data["extracts"][name] for name in ("gates", "reconciliation", "burn")] == [None, None, None]
    assert data["marts"]["gates"] == ["gate_verdicts"]
    assert data["extracts"]["days"]["rows"]


def test_column_that_is_not_published_is_null(tmp_path: Path) -> None:
    """Mistake caught: a dashboard that needs a newer build than the one that is published."""
    with duckdb.connect(str(make_published(tmp_path, days=7, use_cases=2))) as con:
        con.execute("ALTER TABLE marts.cost_slo_status DROP COLUMN alert")
    slo = data_of(build_site(Settings(home=tmp_path), lineage=False).index)["extracts"]["slo"]
    position = slo["columns"].index("alert")
    assert slo["rows"] and all(row[position] is None for row in slo["rows"])


def test_ninety_days_of_fifty_use_cases_fit(tmp_path: Path) -> None:
    """Mistake caught: a page that leaves no room for the lineage below 8 MB, or shows less than it holds."""
    make_published(tmp_path, days=90, use_cases=50)
    site = build_site(Settings(home=tmp_path), lineage=False)
    assert len(data_of(site.index)["extracts"]["days"]["rows"]) == 90 * 50
    assert site.bytes < 4_500_000


def test_very_many_use_cases_shorten_the_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mistake caught: a page that nobody can mail because a company has many use cases."""
    make_published(tmp_path, days=91, use_cases=2)
    monkeypatch.setattr(site_module, "MOST_DAILY_ROWS", 120)
    meta = data_of(build_site(Settings(home=tmp_path), lineage=False).index)["meta"]
    assert meta["last_day"] == LAST_DAY and "2026-06-29" < meta["first_day"] <= "2026-08-02"


def test_too_large_a_site_is_refused_and_the_former_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mistake caught: half a site, or none, after a build that could not be made."""
    settings = Settings(home=tmp_path)
    make_published(tmp_path, days=7, use_cases=2)
    former = build_site(settings, lineage=False).index.read_bytes()
    monkeypatch.setattr(site_module, "LARGEST_SITE_BYTES", 1000)
    with pytest.raises(SiteTooLarge, match=r"index\.html"):
        build_site(settings, lineage=False)
    assert (dashboard_link(settings) / "index.html").read_bytes() == former


def test_switch_is_one_link_and_old_sites_go(tmp_path: Path) -> None:
    """Mistake caught: files replaced one by one under a reader; a folder for every night for ever."""
    settings = Settings(home=tmp_path)
    database = make_published(tmp_path, days=7, use_cases=2)
    targets = []
    for number in range(4):
        with duckdb.connect(str(database)) as con:
            con.execute("UPDATE marts.publishes SET publish_id = ?", [f"build-{number}"])
        build_site(settings, lineage=False)
        targets.append(str(dashboard_link(settings).readlink()))
    assert len(set(targets)) == 4 and targets[-1].startswith("dashboards/build-3.")
    left = sorted(path.name for path in (tmp_path / "published" / "dashboards").iterdir())
    assert len(left) == 2 and Path(targets[-1]).name in left


def test_same_build_twice_is_the_same_site(settings: Settings, site: Site) -> None:
    """Mistake caught: the hour of the run, or any chance, in the page."""
    before = str(dashboard_link(settings).readlink())
    assert build_site(settings, lineage=False).bytes == site.bytes
    assert str(dashboard_link(settings).readlink()) == before


def test_single_file_is_the_page_without_neighbours(settings: Settings, site: Site, tmp_path: Path) -> None:
    """Mistake caught: a mailed page with links to files that were not mailed."""
    mailed = tmp_path / "mail.html"
    mailed.write_text(single_page(settings), encoding="utf-8")
    assert data_of(mailed)["lineage"] is None
    assert data_of(mailed)["extracts"] == data_of(site.index)["extracts"]


def test_failed_dashboard_does_not_fail_the_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Mistake caught: a night that is reported as failed although its build was published."""
    import dagster as dg

    from orchestration.graph.dashboard import dashboard

    monkeypatch.setenv("FINOPS_HOME", str(tmp_path))
    lock = {"writer_lock": dg.ResourceDefinition.none_resource()}
    result = dg.materialize([dg.AssetSpec("published"), dashboard], resources=lock)
    assert result.success
    (event,) = result.asset_materializations_for_node("dashboard")
    assert event.metadata["error"].value == "NothingPublished"


def test_exposures_name_the_marts_that_each_page_reads() -> None:
    """Mistake caught: lineage that ends before the dashboard, or a page that reads a mart which it does not name.

    A mart that comes into the project later, and that a page reads already, has to be added to the exposure then.
    """
    path = PROJECT_DIR / "models" / "marts" / "_marts__exposures.yml"
    exposures = yaml.safe_load(path.read_text(encoding="utf-8"))["exposures"]
    said = {
        exposure["name"].removeprefix("dashboard_"): set(
            re.findall(r"ref\('(\w+)'\)", " ".join(exposure["depends_on"]))
        )
        for exposure in exposures
    }
    read = marts_read()
    published = set(contracts())
    expected = {page: {mart for name in names for mart in read[name]} & published for page, names in PAGES.items()}
    assert said == expected
    assert {name for names in PAGES.values() for name in names} == set(EXTRACTS)
