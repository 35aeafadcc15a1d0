"""The page: everything a run's files tell, gathered once and written as one HTML file that needs no network.

A content security policy with the digests of our two scripts rules out every other script and every request, so
that even a mistake in escaping could not make a hostile statement act.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import jinja2
import msgspec
from plotly.offline import get_plotlyjs

from stepsmith import __version__
from stepsmith.core.errors import RunFolderError
from stepsmith.report.chains import CHAIN_LIMIT, PackedChain, choose, pack_chains
from stepsmith.report.figures import figures_json, grain_of
from stepsmith.report.survey import BANDS, FigureFacts, Survey, survey
from stepsmith.store.claim import write_whole
from stepsmith.store.manifest import read_manifest
from stepsmith.store.runfolder import REPORT, TIMINGS

BARS = 12  # of the small picture beside a figure


class Timings(msgspec.Struct, frozen=True):
    """What the page shows of ``timings.json``, the side file for all that depends on the clock."""

    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """A line of the table of features: problems by band, and in all."""

    category: str
    name: str
    counts: tuple[int, ...]  # by BANDS
    total: int  # those that were not rated included


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A provenance key: range and small histogram of its numbers, or its most frequent texts."""

    key: str
    count: int
    numbers: tuple[float, float, float] | None  # least, median, greatest
    bars: tuple[float, ...]  # heights in [0, 1]
    texts: tuple[tuple[str, int], ...]


def write_page(folder: Path) -> Path:
    """Write ``report.html``; see ``stepsmith.report.writing.write_report``."""
    manifest = read_manifest(folder)
    timings = _timings(folder)
    found = survey(folder)
    student = student_label(manifest.student)
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("stepsmith.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    chosen = choose(found.chains.values())
    packed = pack_chains(folder, chosen, found.chains, templates, student)
    config = msgspec.json.decode(manifest.config)
    plotly, script = _inline(get_plotlyjs()), _inline(_asset("report.js"))
    page = templates.get_template("page.html.j2").render(
        manifest=manifest,
        counts=manifest.counts,
        made=_shown_settings(config),
        toml=to_toml(config),
        seconds=timings.seconds,
        student=student,
        simulated=student != manifest.student,
        survey=found,
        bands=BANDS,
        rated=[*BANDS, None] if any(band is None for band, _ in found.by_band) else BANDS,
        grain=grain_of(found),
        features=feature_rows(found),
        figure_rows=[_figure_row(key, found.figures[key]) for key in sorted(found.figures)],
        figures={name: _json_block(text) for name, text in figures_json(found, student).items()},
        chains=packed,
        carried={item.facts.id for item in packed},
        chain_limit=CHAIN_LIMIT,
        index=_json_block(_chain_index(packed)),
        style=_asset("report.css"),
        plotly=plotly,
        script=script,
        digests=[_digest(plotly), _digest(script)],
        version=__version__,
    )
    path = folder / REPORT
    write_whole(path, page.encode())
    return path


def student_label(name: str) -> str:
    """How the page names the student; a simulated one is called so wherever its pass rates show."""
    return "simulated student" if name.startswith("simulated") else name


def to_toml(config: object) -> str:
    """Write a configuration as TOML that ``stepsmith synth`` reads; absent values (null) are left out."""
    lines: list[str] = []
    if isinstance(config, dict):
        _toml_table(config, "", lines)
    return "\n".join(lines).strip() + "\n"


def feature_rows(found: Survey) -> list[FeatureRow]:
    """The table of features, in the order of the feature tree."""
    kinds = sorted({(category, name) for category, name, _ in found.features})
    return [
        FeatureRow(
            category,
            name,
            tuple(found.features[category, name, band] for band in BANDS),
            sum(found.features[category, name, band] for band in (*BANDS, None)),
        )
        for category, name in kinds
    ]


def _timings(folder: Path) -> Timings:
    try:
        return msgspec.json.decode((folder / TIMINGS).read_bytes(), type=Timings)
    except FileNotFoundError:
        return Timings()
    except (OSError, msgspec.DecodeError) as error:
        raise RunFolderError(f"{folder / TIMINGS} cannot be read: {error}. The report does without it.") from None


def _shown_settings(config: object) -> dict[str, str]:
    """The settings that say what kind of run it was, from the ``[synth]`` table where there is one."""
    synth = config.get("synth", config) if isinstance(config, dict) else {}
    return {key: str(synth[key]) for key in ("profile", "mode", "turns", "attempts") if key in synth}


def _toml_table(table: dict[str, object], path: str, lines: list[str]) -> None:
    """JSON's strings, numbers, booleans and arrays of them are TOML nearly as they stand; only tables differ."""
    tables = {key: value for key, value in table.items() if isinstance(value, dict)}
    plain = {key: value for key, value in table.items() if key not in tables and value is not None}
    if path and plain:
        lines += ["", f"[{path}]"]
    lines += [f"{_toml_key(key)} = {_toml_value(value)}" for key, value in plain.items()]
    for key, value in tables.items():
        _toml_table(value, f"{path}.{_toml_key(key)}" if path else _toml_key(key), lines)


def _toml_value(value: object) -> str:
    # Not ASCII only: TOML has no surrogate pairs. Of the characters that it bans, JSON leaves one alone, DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _toml_key(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() and key.isascii() else _toml_value(key)


def _figure_row(key: str, facts: FigureFacts) -> FigureRow:
    if not facts.numeric:
        texts = tuple(sorted(facts.texts.items(), key=lambda item: (-item[1], item[0]))[:5])
        return FigureRow(key, facts.count, None, (), texts)
    numbers = sorted(facts.numbers)
    low, high = numbers[0], numbers[-1]
    counts = [0] * BARS
    for number in numbers:
        counts[min(BARS - 1, int(BARS * (number - low) / (high - low))) if high > low else BARS // 2] += 1
    bars = tuple(count / max(counts) for count in counts)
    return FigureRow(key, facts.count, (low, numbers[len(numbers) // 2], high), bars, ())


def _chain_index(packed: list[PackedChain]) -> str:
    """What the list of chains filters by, in the order of the packed blocks."""
    return json.dumps(
        [
            {
                "id": item.facts.id,
                "number": item.facts.number,
                "title": item.facts.title,
                "kept": item.facts.kept,
                "environments": sorted(item.facts.environments),
                "bands": [band for band in BANDS if band in item.facts.bands],
                "rates": [f"{rate:.2f}" for rate in item.facts.rates],
            }
            for item in packed
        ]
    )


def _json_block(text: str) -> str:
    """JSON as it may stand inside a script element."""
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _asset(name: str) -> str:
    return files("stepsmith.report").joinpath("assets", name).read_text(encoding="utf-8")


def _inline(script: str) -> str:
    """A script as the HTML parser will read it, so that its digest fits."""
    if "</script" in script.lower() or "<!--" in script:
        raise AssertionError("this script would end its own element")
    return script.replace("\r\n", "\n")


def _digest(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
