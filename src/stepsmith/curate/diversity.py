"""How diverse a set is: coverage of features and pairs, the Vendi score, program shapes, and histograms."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from stepsmith.core.records import Record
from stepsmith.curate.embeddings import Vectors
from stepsmith.curate.problem_table import ProblemTable
from stepsmith.curate.selection import elements_of
from stepsmith.curate.words import program_words, shape


class KindCounts(Record, frozen=True, kw_only=True):
    """Distinct kinds of something, and their effective number: exp of the entropy of their shares (Hill number 1)."""

    distinct: int
    effective: float
    possible: int | None = None  # where it is known
    most_common: tuple[tuple[str, int], ...] = ()


class Diversity(Record, frozen=True, kw_only=True):
    """The diversity of a set of problems.

    ``vendi_features`` and ``vendi_statements`` are Vendi scores of the features and of the embedded statements: from 1
    (all alike) up to the number of problems (all orthogonal). The latter is None if nothing was embedded.
    """

    problems: int
    chains: int
    features: KindCounts
    feature_pairs: KindCounts
    shapes: KindCounts
    vendi_features: float
    vendi_statements: float | None
    bands: dict[str, int]
    environments: dict[str, int]


def shapes_of(table: ProblemTable) -> list[str]:
    """Return the shape of every golden program."""
    languages = enumerate(table.languages)
    return [shape(program_words(table.code(row), language), language) for row, language in languages]


def diversity(
    table: ProblemTable, rows: Sequence[int], shapes: Sequence[str], vectors: Vectors | None = None
) -> Diversity:
    """Measure the problems ``rows``.

    ``shapes`` are those of all programs (``shapes_of``), ``vectors`` unit vectors of all statements, shape (problems,
    width).
    """
    used = [table.features[row] for row in rows]
    elements = Counter(element for names in used for element in elements_of(names))
    singles = {" ".join(one): n for one, n in elements.items() if len(one) == 1}
    pairs = {" + ".join(one): n for one, n in elements.items() if len(one) == 2}
    return Diversity(
        problems=len(rows),
        chains=len({table.chains[row] for row in rows}),
        features=_coverage(singles),
        feature_pairs=_coverage(pairs, len(singles) * (len(singles) - 1) // 2),
        shapes=_coverage(Counter(shapes[row] for row in rows)),
        vendi_features=round(vendi_score(feature_vectors(used)), 3),
        vendi_statements=None if vectors is None else round(vendi_score(vectors[np.asarray(rows, dtype=np.int64)]), 3),
        bands=dict(sorted(Counter(table.bands[row] for row in rows).items())),
        environments=dict(sorted(Counter(table.environments[row] for row in rows).items())),
    )


def vendi_score(vectors: Vectors) -> float:
    """Return the Vendi score under the cosine kernel (Friedman and Dieng 2023) of unit vectors, shape (n, width).

    It is exp(-Σ λ ln λ) over the eigenvalues of XXᵀ/n, which are those of XᵀX/n: the cost grows with n, not with n³.
    """
    if not len(vectors):
        return 0.0
    wide = vectors.astype(np.float64)
    values = np.linalg.eigvalsh(wide.T @ wide / len(vectors))
    values = values[values > 1e-12]
    return float(np.exp(-np.sum(values * np.log(values))))


def feature_vectors(used: Sequence[Iterable[str]]) -> Vectors:
    """Return one unit vector per problem over its features; problems without features share one of their own."""
    names = sorted({name for features in used for name in features})
    place = {name: number for number, name in enumerate(names, 1)}
    vectors = np.zeros((len(used), len(names) + 1), dtype=np.float32)
    for row, features in enumerate(used):
        columns = [place[name] for name in set(features)] or [0]
        vectors[row, columns] = 1 / math.sqrt(len(columns))
    return vectors


def _coverage(counts: dict[str, int], possible: int | None = None) -> KindCounts:
    total = sum(counts.values())
    entropy = -sum(n / total * math.log(n / total) for n in counts.values())
    common = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:10]
    return KindCounts(
        distinct=len(counts),
        effective=round(math.exp(entropy), 3) if counts else 0.0,
        possible=possible,
        most_common=tuple(common),
    )
