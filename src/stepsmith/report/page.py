"""The report page: reads the files of a run and writes one HTML file that needs no network.

Its content security policy allows only our two scripts, by their digests, and no request at all. So a hostile
statement cannot run a script even if escaping has a mistake.
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
from stepsmith.core.records import BANDS, UNDECIDED
from stepsmith.evaluate.evaluation import holds_evaluation
from stepsmith.report.chains import PackedChain, choose, pack_chains
from stepsmith.report.curves import Curve, curves_of, window_of
from stepsmith.report.evaluation_page import evaluation_page
from stepsmith.report.figures import figures_json, grain_of
from stepsmith.report.study_page import holds_study, study_page
from stepsmith.report.survey import CHAIN_LIMIT, survey
from stepsmith.report.tables import evidence_row, feature_rows
from stepsmith.report.text import in_script
from stepsmith.report.toml import to_toml
from stepsmith.report.training import TrainingRun, holds_training, read_run, runs_within
from stepsmith.store.folder_lock import write_whole
from stepsmith.store.manifest import read_manifest
from stepsmith.store.runfolder import REPORT, SETTINGS, TIMINGS
from stepsmith.store.study_results import read_summary


class Timings(msgspec.Struct, frozen=True):
    """The part of ``timings.json`` that the page shows."""

    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ShownRun:
    """A training run with its curves; ``window`` is the number of points that their lines average over."""

    number: int
    run: TrainingRun
    curves: list[Curve]
    window: int
    toml: str


def write_page(folder: Path) -> Path:
    """Write ``report.html``; see ``stepsmith.report.writing.write_report``."""
    path = folder / REPORT
    write_whole(path, _page(folder).encode())
    return path


def _page(folder: Path) -> str:
    if holds_evaluation(folder):
        return evaluation_page(folder, page_templates("plots.js"))
    if holds_study(folder):
        return study_page(read_summary(folder), page_templates("plots.js"))
    alone = holds_training(folder)
    trainings = _shown([read_run(folder)] if alone else runs_within(folder))
    templates = page_templates("plots.js") if alone else page_templates("plots.js", "chains.js")
    templates.globals.update(alone=alone, trainings=trainings)
    figures = {f"training-{shown.number}-{curve.key}": curve.figure for shown in trainings for curve in shown.curves}
    if alone:
        return templates.get_template("training.html.j2").render(figures=figures)
    return _synthesis_page(folder, templates, figures)


def page_templates(*scripts: str, plots: bool = True) -> jinja2.Environment:
    """Return the templates with style and scripts set; ``scripts`` are names of our assets, in order.

    Without ``plots`` the page does not carry Plotly.
    """
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("stepsmith.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["in_script"] = in_script
    plotly, script = _inline(get_plotlyjs()) if plots else "", _inline("".join(map(_asset, scripts)))
    templates.globals.update(
        style=_asset("report.css"),
        plotly=plotly,
        script=script,
        digests=[_digest(plotly), _digest(script)],
        version=__version__,
    )
    return templates


def _shown(runs: list[TrainingRun]) -> list[ShownRun]:
    return [
        ShownRun(number, run, curves_of(run), window_of(run), to_toml(run.config)) for number, run in enumerate(runs, 1)
    ]


def _synthesis_page(folder: Path, templates: jinja2.Environment, figures: dict[str, str]) -> str:
    """Return the page of a synthesis run; ``figures`` are the figures of its training runs."""
    manifest = read_manifest(folder)
    timings = _timings(folder)
    found = survey(folder)
    student = student_label(manifest.student)
    chosen = choose(found.chains.values())
    packed = pack_chains(folder, chosen, found.chains, templates, student)
    config = msgspec.json.decode(manifest.config)
    return templates.get_template("synthesis.html.j2").render(
        manifest=manifest,
        counts=manifest.counts,
        made=_shown_settings(config),
        toml=_settings(folder, config),
        seconds=timings.seconds,
        student=student,
        simulated=student != manifest.student,
        survey=found,
        bands=BANDS,
        rated=[*BANDS, *(band for band in (UNDECIDED, None) if any(band == other for other, _ in found.by_band))],
        grain=grain_of(found),
        features=feature_rows(found),
        evidence=[evidence_row(key, found.evidence[key]) for key in sorted(found.evidence)],
        figures={**figures_json(found, student), **figures},
        chains=packed,
        carried={item.facts.id for item in packed},
        chain_limit=CHAIN_LIMIT,
        index=_chain_index(packed),
    )


def student_label(name: str) -> str:
    """Return the name of the student on the page; a simulated student is always called simulated."""
    return "simulated student" if name.startswith("simulated") else name


def _settings(folder: Path, config: object) -> str:
    """Return the configuration as TOML for ``stepsmith synth``; for an older run, only what the data set depends on."""
    try:
        return (folder / SETTINGS).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return to_toml(config)


def _timings(folder: Path) -> Timings:
    try:
        return msgspec.json.decode((folder / TIMINGS).read_bytes(), type=Timings)
    except FileNotFoundError:
        return Timings()
    except (OSError, msgspec.DecodeError) as error:
        raise RunFolderError(
            f"{folder / TIMINGS} cannot be read: {error}. Delete the file; the report can be written without it."
        ) from None


def _shown_settings(config: object) -> dict[str, str]:
    """Return the settings that the head of the page shows, from the ``[synth]`` table where there is one."""
    synth = config.get("synth", config) if isinstance(config, dict) else {}
    return {key: str(synth[key]) for key in ("profile", "mode", "turns", "attempts") if key in synth}


def _chain_index(packed: list[PackedChain]) -> str:
    """Return the data that the list of chains is filtered by, as JSON, in the order of the packed chains."""
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


def _asset(name: str) -> str:
    return files("stepsmith.report").joinpath("assets", name).read_text(encoding="utf-8")


def _inline(script: str) -> str:
    """Return a script as the HTML parser will read it, so that its digest is right."""
    if "</script" in script.lower() or "<!--" in script:
        raise AssertionError("the script holds text that would end its own script element")
    return script.replace("\r\n", "\n")


def _digest(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
