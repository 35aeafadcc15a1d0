"""Problems of HumanEval told by hand as other stories, without a phrase of the original."""

STORIES = {
    0: "Stations are spread along a straight railway; you know the kilometre mark of each. The operator "
    "worries about any two stops that lie nearer than a permitted gap. Report whether such a couple "
    "exists.",
    1: "A carpenter nests boxes: '(' opens a box, ')' shuts it, and blanks mean nothing. Several outermost "
    "boxes stand side by side on one line. Cut the line so that every outermost box, with all inside it, "
    "becomes a piece of its own.",
    2: "A shop charges whole coins and keeps the change of each bill in a jar. For one bill, what goes into "
    "the jar, that is, how much it exceeds the whole coins in it?",
    3: "A diver starts at the surface of the sea and notes each climb as a plus and each descent as a minus, "
    "except that this odd diver may fly. Did the diver get wet at any moment, that is, was the height "
    "ever under the surface?",
    4: "A brewer measures the strength of several bottles. First take their average; then tell by how much, "
    "typically, a bottle is away from it, taking every distance as positive and averaging again.",
    5: "Guests stand in a row for a photograph. Put a copy of the same flower pot into each gap of the row, "
    "but none at the ends, and give the row from left to right.",
    6: "Russian dolls are drawn with brackets, several sets on a line with blanks between them. How many "
    "dolls are inside one another in each set, at the most?",
    7: "A librarian searches titles for a snippet of letters. Hand over those titles in which the snippet "
    "stands somewhere, in shelf order.",
    8: "At the till you want two figures from the slip: what all entries come to when added, and what they "
    "come to when multiplied. An empty slip gives nothing and one.",
    9: "A climber writes down the altitude of every resting place. Next to each write the record height so far.",
    10: "A jeweller wants a necklace that reads alike from both ends and starts with the beads already on the "
    "string. Append as few beads as you can.",
    11: "Two rows of lamps of equal number hang over each other; a one means lit. Draw a third row, lit "
    "exactly where one of the two lamps, but not both, is lit.",
    12: "Among the ropes in a shed pick the one with the most characters on its label; the earliest wins if "
    "several tie, and an empty shed yields nothing.",
    13: "A floor has two given side lengths. What is the side of the biggest square tile that covers it with "
    "no cutting?",
    14: "A typist presses the keys of a word one by one. What stood on the screen after each key?",
    15: "A rocket clerk counts aloud, beginning at nought and ending at the agreed figure, with a blank "
    "between what is called. Write the call down.",
    16: "A sign painter needs one stencil per letter, and uses the same for capitals and small ones. How many "
    "stencils does this sign need?",
    18: "A birdwatcher holds a short song against a long recording. At how many moments does the song begin "
    "there, even if one begins before another has ended?",
    20: "Two of the runners finished with the tightest gap. From all times, give the pair, quicker one first.",
    21: "A painter mixes greys: the darkest tin becomes nought, the lightest one, the rest keep their "
    "proportion between them.",
    24: "A class of n pupils is to march in equal rows of fewer than n. What is the widest row that leaves "
    "nobody over?",
    25: "Split a heap of stones into piles by repeated fair sharing that cannot be shared any further; name "
    "the sharing factors from small to big, as often as each is used.",
    26: "At a party everyone wears a number. People whose number is also on somebody else's back leave. Who "
    "stays, in the order of their arrival?",
    27: "A prankster swaps capitals and small letters on a poster. What does it say now?",
    29: "The postmaster sorts towns by how their names begin. Which of the towns begin with the given letters?",
    30: "The accountant strikes out debts and zero entries. What remains of the ledger?",
    31: "Can the bakers arrange n rolls as a full rectangle that is more than one roll wide on both sides? "
    "Say yes if they cannot, and n is at least two.",
    34: "A collector owns stamps by value, many more than once. Put one of each kind into the album, cheapest first.",
    35: "Which mountain of the range is the tallest?",
    36: "A hotel owner numbers rooms from nought up to, without it, n and keeps just the rooms that can be "
    "split by eleven or thirteen. How many brass sevens must be bought for the doors?",
    40: "Weights, some of them pulling up like balloons and so negative, lie in a box. Can three of them at "
    "different places in the box be tied together so that the bundle hovers?",
    41: "Two armies of n knights each ride at each other on a narrow bridge, at one speed, and pass through "
    "as ghosts do. How often do two knights of different armies meet?",
    42: "It is New Year: everybody gets a year older. Give the ages in the same order.",
    43: "Is there in the ledger a credit and a debt, two separate lines, that cancel each other?",
    44: "Visitors from a planet with fewer than ten fingers write our number their way. What do they write?",
    47: "Line the children up by height: how tall is the middle one, or halfway between the two middle ones?",
    48: "Does the ribbon show the same letters when it is held by its other end?",
    49: "Bacteria double n times, starting from one; they are packed into boxes of p. How many are left over "
    "in the last, unfilled box? Take care: there are very many.",
    51: "A telegram leaves out a, e, i, o and u in either case to save money. What is sent?",
    52: "A bus may be used if every passenger is shorter than the door. May it be used?",
    55: "Rabbits: each month there are as many pairs as in the two months before together; there is one in "
    "the first and one in the second. How many in month n?",
    57: "A path in the mountains is called honest if it never changes its mind: it goes up all along, or down "
    "all along, level parts allowed. Is this one honest?",
    58: "Two friends compare their stamp albums. Which values do both of them own? Name each once, cheapest first.",
    60: "A pyramid of cans has one can on top, two below it, then three, and n at the bottom. How many cans?",
    61: "Folders are opened with ( and closed with ). Does the log make sense: nothing is closed that is not "
    "open, and nothing is left open?",
    62: "The height of a kite is a sum of powers of time, and you have the coefficients from the power nought "
    "upwards. Give the coefficients of its speed in the same manner.",
    66: "A spy hides a figure in a letter: take each capital, its number in the ASCII table, and add these up.",
}
