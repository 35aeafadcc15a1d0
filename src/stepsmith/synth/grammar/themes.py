"""Stories and titles. A setting only gives the input a meaning in a story; it never hints at a solution."""

import random
from dataclasses import dataclass

from stepsmith.synth.grammar.domain import Domain, Type


@dataclass(frozen=True, slots=True)
class Setting:
    """A story for a source of one type.

    ``intro`` uses ``{who}``, the sizes ``{n}`` and ``{m}``, and the source ``{x}``, ``{x[i]}``. ``noun`` is the plural
    noun of the title. ``signed`` settings also make sense for negative values; ``alphabet`` limits one to sources
    with these characters.
    """

    type: Type
    noun: str
    intro: str
    signed: bool = False
    alphabet: str = ""


CAST = (
    "Ada", "Milo", "Noor", "Kenji", "Lucia", "Tomas", "Amara", "Felix", "Ingrid", "Rafael", "Mei", "Oskar", "Priya",
    "Samuel", "Yara", "Viktor", "Leila", "Hugo", "Nadia", "Bruno", "Elif", "Jonas", "Chiara", "Pavel", "Zofia", "Idris",
    "Maren", "Kofi", "Rosa", "Anton",
)  # fmt: skip

ADJECTIVES = (
    "Quiet", "Old", "Northern", "Hidden", "Little", "Distant", "Golden", "Morning", "Forgotten", "Silver", "Winter",
    "Painted", "Wandering", "Patient", "Curious", "Copper", "Evening", "Lonely", "Bright", "Crooked", "Secret",
    "Autumn", "Velvet", "Stubborn", "Gentle", "Foggy", "Busy", "Sleepy", "Modest", "Peculiar", "Royal", "Rusty",
    "Sunday", "Famous", "Summer", "Dusty", "Cheerful", "Careful", "Midnight", "Ancient",
)  # fmt: skip

PLACES = (
    "the Harbour", "the Valley", "Lowbridge", "the Old Mill", "the Archive", "Saltmarsh", "the Observatory",
    "the Market", "Windmere", "the Workshop", "the Island", "Kestrel Hill", "the Museum", "the North Gate",
    "the Academy", "Amberfield", "the Lighthouse", "the Station", "the Garden", "Stonehaven",
)  # fmt: skip

SETTINGS = (
    # sequences of integers
    Setting(Type.INTS, "Lanterns", "{who} looks after {n} lanterns that hang in a row along the harbour wall. The i-th "
            "lantern from the left has brightness {x[i]}; together these values form the sequence {x}."),
    Setting(Type.INTS, "Shelves", "A library has {n} shelves in a row, and {who} has written down how many books "
            "stand on each of them: {x[i]} on the i-th shelf. This list is the sequence {x}."),
    Setting(Type.INTS, "Poplars", "There are {n} poplars along the road to the mill. {who} has measured all of them, "
            "and the i-th tree from the gate is {x[i]} units tall; {x} is the sequence of these heights."),
    Setting(Type.INTS, "Loaves", "Over {n} days in a row, {who} has kept the books of a small bakery: on day i, it "
            "sold {x[i]} loaves. Let {x} be the sequence of these figures."),
    Setting(Type.INTS, "Stamps", "{who} keeps a collection of {n} stamps in an album, one after another. The i-th "
            "stamp is worth {x[i]} coins, and {x} is the sequence of these values."),
    Setting(Type.INTS, "Barrels", "There are {n} barrels side by side in the cellar of an inn. The i-th barrel holds "
            "{x[i]} litres, and {who}, the cellarer, calls this sequence {x}."),
    Setting(Type.INTS, "Wagons", "A freight train with {n} wagons has stopped at the station. {who} notes the load of "
            "every wagon, from the first to the last: the i-th one carries {x[i]} crates. The notes form the "
            "sequence {x}."),
    Setting(Type.INTS, "Tickets", "At the fair, {who} has sold {n} tickets one after another. The i-th ticket bears "
            "the number {x[i]}; the numbers in order of sale form the sequence {x}."),
    Setting(Type.INTS, "Temperatures", "A weather station has recorded one temperature per hour for {n} hours. {who} "
            "reads the log: in hour i the instrument showed {x[i]} degrees. The readings form the sequence {x}.",
            signed=True),
    Setting(Type.INTS, "Scores", "{who} played {n} rounds of a board game and wrote down how the score changed in "
            "each of them: by {x[i]} points in round i. Let {x} be the sequence of these changes.", signed=True),
    Setting(Type.INTS, "Soundings", "A survey ship has measured the height of the sea floor relative to a reference "
            "level at {n} points along a straight line. At the i-th point {who} noted the value {x[i]}; the values "
            "form the sequence {x}.", signed=True),
    Setting(Type.INTS, "Ledgers", "{who} keeps the ledger of a small shop. It has {n} entries, and the i-th one "
            "changes the balance by {x[i]} coins. Let {x} be the sequence of these changes.", signed=True),
    Setting(Type.INTS, "Signals", "A radio telescope has received {n} samples in a row. The i-th sample has strength "
            "{x[i]}, and {who} stores the samples as a sequence {x}.", signed=True),
    # strings
    Setting(Type.STR, "Inscriptions",
    "{who} has copied an old inscription from the wall of a temple. It is a string {x}.",
            alphabet="abcdefghijklmnopqrstuvwxyz"),
    Setting(Type.STR, "Ribbons", "A long ribbon is printed with characters. {who} unrolls it and reads them from the "
            "left to the right as a string {x}."),
    Setting(Type.STR, "Telegrams",
    "A telegram has arrived without any blanks in it. {who} writes it down as a string {x}.",
            alphabet="abcdefghijklmnopqrstuvwxyz"),
    Setting(Type.STR, "Passwords", "{who} has found a note with an old password, a string {x}."),
    Setting(Type.STR, "Necklaces", "{who} has laid a string of beads on the table, from the left to the right. Every "
            "bead bears one character, and together they read {x}."),
    Setting(Type.STR, "Punch Cards", "A machine from another century is controlled by punched tape. {who} holds a "
            "piece of tape on which a string {x} is punched."),
    Setting(Type.STR, "Switches", "A panel has a long row of switches, each of which is off or on. {who} has written "
            "the panel's state as a string {x}, with `0` for off and `1` for on.", alphabet="01"),
    Setting(Type.STR, "Meters", "The display of an old meter shows a long row of digits. {who} has copied it as a "
            "string {x}.", alphabet="0123456789"),
    Setting(Type.STR, "Genomes", "In a laboratory, {who} has read a fragment of a genome: a string {x}.",
    alphabet="ACGT"),
    Setting(Type.STR, "Footsteps", "A toy robot has kept a record of its moves, one letter per move. {who} reads the "
            "record as a string {x}.", alphabet="LRUD"),
    # words
    Setting(Type.WORDS, "Labels", "{who} has {n} jars in the pantry, and each of them bears a label. The label on the "
            "i-th jar reads {x[i]}; {x} is the list of all labels."),
    Setting(Type.WORDS, "Postcards", "This week, {n} postcards have arrived, each with a single word on it. In the "
            "order of arrival the words are {x[1]}, {x[2]} and so on; {who} calls this list {x}."),
    Setting(Type.WORDS, "Signposts", "Along a hiking trail stand {n} signposts, and {who} has noted what is written "
            "on them: the i-th signpost says {x[i]}. The notes form the list {x}."),
    Setting(Type.WORDS, "Parrots", "{who} owns a parrot that has said {n} words this morning. The i-th word was "
            "{x[i]}; let {x} be the list of these words in order."),
    # pairs
    Setting(Type.PAIRS, "Meetings", "The meeting room of a small company has been requested {n} times. {who} has the "
            "list {x} of requests: the i-th one asks for all moments from {l} to {r}, both included."),
    Setting(Type.PAIRS, "Fences", "Along a straight road, {n} stretches of fence have to be painted. {who} has the "
            "list {x} of stretches: the i-th one reaches from position {l} to position {r}."),
    Setting(Type.PAIRS, "Concerts", "A festival offers {n} concerts, and {who} has the programme {x}: the i-th concert "
            "lasts from minute {l} to minute {r}."),
    Setting(Type.PAIRS, "Searchlights", "There are {n} searchlights that point at a long wall. {who} keeps the list "
            "{x} of what they light: the i-th one covers the wall from point {l} to point {r}."),
    # grids and matrices
    Setting(Type.GRID, "Fields", "{who} has drawn the plan of a field as a grid {x} with {h} rows and {w} columns, one "
            "character per square."),
    Setting(Type.GRID, "Mosaics", "A mosaic floor consists of square tiles in {h} rows and {w} columns. {who} has "
            "copied it as a grid {x} of characters, one per tile."),
    Setting(Type.GRID, "Caves", "An old map shows a cave as a grid {x} of characters with {h} rows and {w} columns. "
            "{who} is studying it."),
    Setting(Type.GRID, "Screens", "The screen of a pocket console has {h} rows and {w} columns of pixels. {who} has "
            "written down what it shows as a grid {x} of characters."),
    Setting(Type.MATRIX, "Orchards", "An orchard is planted in {h} rows and {w} columns. {who} has noted the yield of "
            "every tree in a table {x}; an entry below zero marks a tree that cost more than it brought in.",
            signed=True),
    Setting(Type.MATRIX, "Chessboards", "{who} plays on a board with {h} rows and {w} columns. In every square there "
            "is an integer, and {x} is the table of these integers.", signed=True),
    Setting(Type.MATRIX, "Terraces", "The terraces on a hillside form {h} rows and {w} columns of plots. {who} has "
            "surveyed them and keeps the altitudes, relative to the village square, in a table {x}.", signed=True),
    Setting(Type.MATRIX, "Quilts", "{who} has sewn a quilt from square patches in {h} rows and {w} columns. Every "
            "patch bears a number; {x} is the table of these numbers.", signed=True),
    # numbers
    Setting(Type.INT, "Tokens", "{who} has drawn a token from a bag. The number {x} is stamped on it."),
    Setting(Type.INT, "Keys", "The key of a hotel room bears the number {x}, and {who} cannot stop thinking about it."),
    Setting(Type.INT, "Clocks",
    "An old clock in the tower has struck {x} times since it was built, as {who} has worked out."),
    # trees and graphs
    Setting(Type.TREE, "Rivers", "A river and its tributaries form a tree {x} with {n} vertices, numbered from 1 to "
            "{n}: vertex 1 is the mouth, and every edge is a stretch of water between two confluences. {who} has "
            "drawn the map."),
    Setting(Type.TREE, "Guilds", "A guild has {n} members, numbered from 1 to {n}, and member 1 is its head. "
            "Everybody else answers to exactly one other member. {who} has drawn the guild as a tree {x} with root 1 "
            "whose edges join those who answer to each other directly."),
    Setting(Type.TREE, "Corridors", "An underground laboratory has {n} rooms, numbered from 1 to {n}, and the "
            "entrance is room 1. There is exactly one way from each room to every other one without turning back, so "
            "the rooms and corridors form a tree {x} with root 1. {who} has a plan of it."),
    Setting(Type.GRAPH, "Railways", "A country has {n} towns, numbered from 1 to {n}, and {m} railway lines, each of "
            "which joins two different towns and can be used in both directions. {who} has drawn the network as a "
            "graph {x}."),
    Setting(Type.GRAPH, "Friendships", "There are {n} children, numbered from 1 to {n}, at a summer camp. {who} knows "
            "the {m} pairs of children who are friends, and has drawn them as a graph {x} with one edge per "
            "friendship."),
    Setting(Type.GRAPH, "Bridges", "An archipelago has {n} islands, numbered from 1 to {n}, and {m} bridges, each of "
            "which joins two different islands. {who} sees it as a graph {x}."),
    Setting(Type.DIGRAPH, "Streets", "All streets in the old town are one-way. There are {n} squares, numbered from 1 "
            "to {n}, and {m} streets, each leading from one square to another. {who} has drawn them as a directed "
            "graph {x}."),
    Setting(Type.DIGRAPH, "Letters", "In a village, {n} people, numbered from 1 to {n}, pass on news by letter: there "
            "are {m} ordered pairs of people of whom the first one writes to the second one. {who} has drawn these "
            "pairs as the arcs of a directed graph {x}."),
    Setting(Type.DIGRAPH, "Recipes", "A cookbook has {n} recipes, numbered from 1 to {n}, and {m} references, each of "
            "which points from one recipe to another. {who} has drawn the references as the arcs of a directed graph "
            "{x}."),
    Setting(Type.WGRAPH, "Cables", "There are {n} houses, numbered from 1 to {n}, that may be joined by {m} cables, "
            "each between two different houses and with its own price. {who} has drawn the offer as a weighted graph "
            "{x}."),
    Setting(Type.WGRAPH, "Roads", "A region has {n} villages, numbered from 1 to {n}, and {m} two-way roads, each "
            "with its own length. {who} has drawn the map as a weighted graph {x}."),
    Setting(Type.WGRAPH, "Canals", "There are {n} ports, numbered from 1 to {n}, joined by {m} canals, each of which "
            "can be travelled in both directions and takes its own time. {who} has drawn them as a weighted graph "
            "{x}."),
)  # fmt: skip


def setting_for(rng: random.Random, source: Domain) -> Setting:
    """Draw a setting that fits a source: its type, its signs and its characters."""
    fitting = [
        setting
        for setting in SETTINGS
        if setting.type is source.type
        and (setting.signed or source.values[0] >= 0 or source.type not in (Type.INTS, Type.MATRIX))
        and (not setting.alphabet or set(source.alphabet) <= set(setting.alphabet))
        and not (setting.alphabet and len(setting.alphabet) > 20 and len(source.alphabet) < 5)
    ]
    special = [setting for setting in fitting if setting.alphabet and set(setting.alphabet) == set(source.alphabet)]
    return rng.choice(special if special and rng.random() < 0.5 else fitting)


def title(rng: random.Random, setting: Setting, who: str) -> str:
    """Draw a title for a story."""
    return rng.choice(
        (
            f"{rng.choice(ADJECTIVES)} {setting.noun}",
            f"{who} and the {rng.choice(ADJECTIVES)} {setting.noun}",
            f"{setting.noun} of {rng.choice(PLACES)}",
            f"{who}'s {rng.choice(ADJECTIVES)} {setting.noun}",
            f"{rng.choice(ADJECTIVES)} {setting.noun} of {rng.choice(PLACES)}",
        )
    )
