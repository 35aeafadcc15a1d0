"""``stepsmith features``: the tree of features that two-stage problems are made from."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from stepsmith.core.errors import ConfigError, MachineError, UserError
from stepsmith.core.ids import content_id, derive_rng
from stepsmith.core.records import StageSpend
from stepsmith.llm.parsing import ParseFailure
from stepsmith.llm.protocol import LLM
from stepsmith.pipeline.config import load_config
from stepsmith.store.folder_lock import write_whole
from stepsmith.synth.seed_files import ROW_FIELD
from stepsmith.synth.seeds import SeedSource
from stepsmith.synth.tree.evolve import Evolution, EvolveSettings, evolve
from stepsmith.synth.tree.extract import BATCH, extract, extract_offline
from stepsmith.synth.tree.merge import merge
from stepsmith.synth.tree.text import format_tree, read_tree, starter_tree
from stepsmith.synth.tree.tree import FeatureTree, Node, TreeCounts, count, path_of

if TYPE_CHECKING:
    from stepsmith.pipeline.models import Meter
    from stepsmith.prompts.library import PromptLibrary

STARTER, OFFLINE = "starter", "offline"
X_CODER_NODES = 176_914  # nodes of its category algorithm, after evolution (arXiv 2601.06953)

features_app = typer.Typer(
    help="Make or show a feature tree, from which the two-stage method makes problems.", no_args_is_help=True
)

_Teacher = Annotated[
    str,
    typer.Option(help=r"Model to ask: the NAME of a \[models.NAME] of --config, or an address (URL, URL#MODEL)."),
]
_Config = Annotated[Path | None, typer.Option(help=r"TOML configuration with \[models.NAME] tables, as for synth.")]
_Budget = Annotated[str | None, typer.Option(help='The most that the model may cost: "5 USD" or "2M tokens".')]
_Out = Annotated[Path, typer.Option(help="File to which the tree is written.")]
_Tree = Annotated[str, typer.Argument(help="Tree file, or `starter` for the tree that ships with Stepsmith.")]


@features_app.command("extract")
def extract_command(
    out: _Out,
    teacher: Annotated[
        str,
        typer.Option(help=r"Who reads the code: offline, the NAME of a \[models.NAME], or an address."),
    ] = OFFLINE,
    seeds: Annotated[
        list[str] | None,
        typer.Option(
            help="Code to read: a Python file, a notebook, a JSONL file or a folder. Can be given several times. "
            "Default: the standard library of Python."
        ),
    ] = None,
    field: Annotated[str, typer.Option(help="Field of a JSONL row that holds the code.")] = ROW_FIELD,
    snippets: Annotated[int, typer.Option(help="Number of code windows (25 to 50 lines) to read.", min=1)] = 200,
    batch: Annotated[int, typer.Option(help="Number of code windows per request.", min=1)] = BATCH,
    into: Annotated[
        str | None, typer.Option(help="Tree to which the features are added: a tree file, or `starter`.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Number that decides the random choice of windows.")] = 0,
    config: _Config = None,
    budget: _Budget = None,
) -> None:
    """Extract the features of code snippets into a tree."""
    base = _read(into) if into else FeatureTree()
    source = SeedSource([Path(path) for path in seeds or ()], field)
    console = Console()
    if seeds:
        console.print(source.counts().text(), soft_wrap=True, highlight=False, markup=False)
    windows = [source.window(derive_rng(seed, "features", index)) for index in range(snippets)]
    if teacher == OFFLINE:
        found = extract_offline(windows)
    else:
        with _model(teacher, config, budget) as (llm, prompts, _):
            found = extract(llm, prompts, windows, batch, into=base)
    tree = merge(base, found.tree)
    _write(out, tree, f"Extracted by {teacher} from {snippets} snippets.")
    _failures(console, found.failures)
    console.print(
        f"{found.with_features} of {found.snippets} snippets have features; {found.mentions} features were named, "
        f"{found.outside} of them outside the seven categories.",
        highlight=False,
    )
    _changes(console, count(base), count(tree))
    console.print(f"{out}", highlight=False, soft_wrap=True)


@features_app.command("evolve")
def evolve_command(
    tree: _Tree,
    out: _Out,
    teacher: _Teacher,
    requests: Annotated[int, typer.Option(help="Number of requests to the model.", min=1)] = EvolveSettings().requests,
    nodes: Annotated[
        int, typer.Option(help="Number of nodes that one request asks about.", min=1)
    ] = EvolveSettings().nodes_per_request,
    siblings: Annotated[
        int, typer.Option(help="Number of new siblings that the model is asked for per node.", min=1)
    ] = EvolveSettings().siblings,
    children: Annotated[
        int, typer.Option(help="Number of new children that the model is asked for per node.", min=1)
    ] = EvolveSettings().children,
    seed: Annotated[int, typer.Option(help="Number that decides the random choice of nodes.")] = 0,
    config: _Config = None,
    budget: _Budget = None,
) -> None:
    """Ask a model for more features and sub-features of a tree, and write the larger tree."""
    if teacher == OFFLINE:
        raise UserError("evolve needs a model; give a [models.NAME] of --config, or an address")
    settings = EvolveSettings(
        requests=requests, nodes_per_request=nodes, siblings=siblings, children=children, seed=seed
    )
    before = _read(tree)
    with _model(teacher, config, budget) as (llm, prompts, meter):
        evolution = evolve(llm, prompts, before, settings)
    _write(out, evolution.tree, f"Evolved by {teacher} from {tree}, {requests} requests.")
    console = Console()
    _failures(console, evolution.failures)
    console.print(
        f"The model was asked about {evolution.asked} nodes: {evolution.widened} got {siblings} new siblings or more, "
        f"{evolution.deepened} got {children} children or more. Of its proposals {evolution.repeated} were in the tree "
        f"already, {evolution.elsewhere} are elsewhere in their category, {evolution.unusable} could not be used.",
        highlight=False,
    )
    console.print(_cost(evolution, meter.spent()), highlight=False)
    _changes(console, evolution.before, evolution.after)
    console.print(f"{out}", highlight=False, soft_wrap=True)


@features_app.command("show")
def show_command(
    tree: _Tree = STARTER,
    under: Annotated[str, typer.Option(help="Print only the part below this node, such as `algorithm/sorting`.")] = "",
    depth: Annotated[int, typer.Option(help="Number of levels to print; 0 prints only the counts.", min=0)] = 3,
) -> None:
    """Print a tree and the number of its nodes."""
    whole = _read(tree)
    shown = whole
    if path := path_of(under):
        node = whole.find(path)
        if node is None:
            raise UserError(f"{tree} has no node {'/'.join(path)!r}; `stepsmith features show --depth 2` lists some")
        shown = FeatureTree(roots=(node,))
    console = Console()
    if depth:
        text = format_tree(FeatureTree(roots=tuple(_cut(root, depth) for root in shown.roots)))
        console.print(text, end="", highlight=False, soft_wrap=True, markup=False)
    _changes(console, None, count(shown))


def _read(tree: str) -> FeatureTree:
    return starter_tree() if tree == STARTER else read_tree(Path(tree))


def _write(out: Path, tree: FeatureTree, comment: str) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, format_tree(tree, comment).encode())


def _cut(node: Node, depth: int) -> Node:
    """Return a node cut to ``depth`` levels, including itself; its name says how many nodes are left out."""
    if depth == 1 and node.children:
        return Node(name=f"{node.name} ({sum(1 for _ in node.walk()) - 1} below)", seen=node.seen)
    return Node(name=node.name, seen=node.seen, children=tuple(_cut(child, depth - 1) for child in node.children))


def _changes(console: Console, before: TreeCounts | None, after: TreeCounts) -> None:
    """Print the number of nodes by category and by depth; with ``before``, also the earlier numbers."""
    rows = [("category", name, before.nodes.get(name, 0) if before else 0, n) for name, n in after.nodes.items()]
    rows += [("depth", str(d), before.by_depth.get(d, 0) if before else 0, n) for d, n in after.by_depth.items()]
    table = Table("", "", *(["before", "after"] if before else ["nodes"]), box=None, pad_edge=False)
    for what, name, old, new in rows:
        table.add_row(what, name, *([f"{old:,}", f"{new:,}"] if before else [f"{new:,}"]))
    console.print(table)
    console.print(f"{sum(after.leaves.values()):,} leaves, {sum(after.by_depth.values()):,} nodes.", highlight=False)


def _failures(console: Console, failures: tuple[ParseFailure, ...]) -> None:
    for failure in failures:
        console.print(
            f"A completion was left out ({failure.reason}: {failure.detail}).",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )


def _cost(evolution: Evolution, spent: Sequence[StageSpend]) -> str:
    """Return a text on the cost of the new nodes, and of a tree of X-Coder's size at this rate."""
    tokens, usd = sum(spend.tokens for spend in spent), sum(spend.usd for spend in spent)
    new = sum(evolution.after.by_depth.values()) - sum(evolution.before.by_depth.values())
    words = f"{new:,} new nodes in {evolution.requests:,} requests took {tokens:,} tokens ({usd:.4f} USD)"
    if not new:
        return f"{words}."
    times = X_CODER_NODES / new
    return (
        f"{words}. At this rate X-Coder's {X_CODER_NODES:,} nodes of the category algorithm would take about "
        f"{evolution.requests * times:,.0f} requests, {tokens * times:,.0f} tokens ({usd * times:,.2f} USD)."
    )


@contextmanager
def _model(teacher: str, config: Path | None, budget: str | None) -> Iterator[tuple[LLM, "PromptLibrary", "Meter"]]:
    """Open the model, the prompts and a meter. Completions are cached, so that repeating a command costs nothing."""
    try:
        from stepsmith.pipeline.models import Meter, Models, check_models, with_addresses_named
        from stepsmith.prompts.library import PromptLibrary
    except ModuleNotFoundError as missing:
        raise MachineError(f"models need the package {missing.name}; run pip install 'stepsmith[llm]'") from None
    settings = load_config(config)
    if budget is not None:
        runtime = msgspec.structs.replace(settings.runtime, budget=budget)
        settings = msgspec.structs.replace(settings, runtime=runtime)
    settings, names = with_addresses_named(settings, [teacher])
    name = names.get(teacher, teacher)
    if name not in settings.models:
        raise ConfigError(
            f"unknown model {teacher!r}; give the name of a [models.NAME] table of --config, or an address"
        )
    check_models(settings, [name])
    folder = Path(settings.runtime.prompts).expanduser() if settings.runtime.prompts else None
    with Models(settings, [name], run=content_id("features", name)) as models:
        meter = Meter()
        yield models.model(name, meter), PromptLibrary(folder), meter
