"""Every layout shows the same two samples: 3 numbers with sum 6, and 1 number with sum 5."""

import pytest

from stepsmith.verify.formats.samples import stdio_samples

EXPECTED = [("3\n1 2 3\n", "6\n"), ("1\n5\n", "5\n")]
DESCRIBED = (
    "Input\n\nThe first line contains an integer n, the number of items.\n\nOutput\n\nPrint the sum of the items.\n\n"
)
LAYOUTS = {
    "Codeforces, as CodeContests has it": DESCRIBED
    + "Examples\n\nInput\n\n3\n1 2 3\n\n\nOutput\n\n6\n\n\nInput\n\n1\n5\n\n\nOutput\n\n5\n\nNote\n\n"
    "Nothing to say here.\n",
    "Codeforces, copied from the page": DESCRIBED
    + "Examples\ninputCopy\n3\n1 2 3\noutputCopy\n6\ninputCopy\n1\n5\noutputCopy\n5\nNote\n"
    "In the first example, 1 + 2 + 3.\n",
    "Codeforces in Markdown": "## Input\n\nThe first line contains n.\n\n## Output\n\nPrint the sum.\n\n"
    "## Examples\n\n"
    "### Input\n\n```\n3\n1 2 3\n```\n\n### Output\n\n```\n6\n```\n\n### Input\n\n```\n1\n5\n```\n\n### Output\n"
    "\n```\n5\n```\n",
    "APPS": "-----Input-----\n\nThe first line contains the number n.\n\n-----Output-----\n\nPrint the sum.\n\n"
    "-----Examples-----\nInput\n3\n1 2 3\n\nOutput\n6\n\nInput\n1\n5\n\nOutput\n5\n\n\n\n-----Note-----\n\n"
    "In the first test 1 + 2 + 3 = 6.",
    "APPS, one sample each": "-----Sample Input-----\n3\n1 2 3\n\n-----Sample Output-----\n6\n\n"
    "-----Explanation-----\nSum.\n"
    "Sample Input:\n1\n5\nSample Output:\n5\n",
    "Kattis, as APPS has it": "-----Sample Input 1-----\n3\n1 2 3\n-----Sample Output 1-----\n6\n\n"
    "-----Sample Input 2-----\n1\n5\n-----Sample Output 2-----\n5\n",
    "TACO": "------ Input ------\n\nThe first line contains n.\n\n------ Output ------\n\nPrint the sum.\n\n"
    "----- Sample Input 1 ------ \n3\n1 2 3\n----- Sample Output 1 ------ \n6\n----- explanation 1 ------ \n"
    "1 + 2 + 3\n"
    "----- Sample Input 2 ------ \n1\n5\n----- Sample Output 2 ------ \n5\n",
    "TACO, from HackerEarth": "SAMPLE INPUT\n3\n1 2 3\n\nSAMPLE OUTPUT\n6\n\nSAMPLE INPUT\n1\n5\n\n"
    "SAMPLE OUTPUT\n5\n\n"
    "Explanation\n\nAdd them.",
    "Aizu": DESCRIBED + "Examples\n\nInput\n\n3\n1 2 3\n\n\nOutput\n\n6\n\n\nInput\n\n1\n5\n\n\nOutput\n\n5\n",
    "AtCoder": "Constraints\n\n* 1 \\leq N\n\nInput\n\n"
    "Input is given from Standard Input in the following format:\n\n\nN\nA_1 A_N\n\n\n"
    "Output\n\nPrint the sum.\n\nSample Input 1\n\n3\n1 2 3\n\nSample Output 1\n\n6\n\n"
    "The sum of all of them is 6.\n\n"
    "Sample Input 2\n\n1\n5\n\nSample Output 2\n\n5",
    "AtCoder, copied from the page": "Input\nInput is given from Standard Input in the following format:\nN\n"
    "Output\nPrint it.\n"
    "Sample Input 1 Copy\nCopy\n3\n1 2 3\nSample Output 1 Copy\nCopy\n6\nSample Input 2\nCopy\n1\n5\n"
    "Sample Output 2\nCopy\n5\n",
    "our own, AtCoder's style": "## Problem Statement\n\nAdd.\n\n## Input\n\n"
    "The input is given from Standard Input in the "
    "following format:\n\n```\nN\nA_1 ... A_N\n```\n\n## Output\n\nPrint the sum.\n\n## Sample Input 1\n\n```\n"
    "3\n1 2 3\n```\n\n"
    "## Sample Output 1\n\n```\n6\n```\n\n## Sample Input 2\n\n```\n1\n5\n```\n\n## Sample Output 2\n\n```\n5\n```\n",
    "our prompt's answer, AtCoder's style": "### Input\n\nThe input is given in the following format:\n\n```\n"
    "N\nA_1 ... A_N\n```\n\n"
    "### Output\n\nPrint the sum of them on a line.\n\n## Examples\n\n### Input\n\n```\n3\n1 2 3\n```\n\n"
    "### Output\n\n```\n6\n```\n\n"
    "### Input\n\n```\n1\n5\n```\n\n### Output\n\n```\n5\n```\n",
    "Kattis in Markdown": "### Sample Input 1\n```\n3\n1 2 3\n```\n### Sample Output 1\n```\n6\n```\n"
    "### Sample Input 2\n"
    "```\n1\n5\n```\n### Sample Output 2\n```\n5\n```\n",
    "HackerRank": "**Sample Input 0**\n\n    3\n    1 2 3\n\n**Sample Output 0**\n\n    6\n\n**Explanation 0**\n"
    "\nAdd them.\n\n"
    "**Sample Input 1**\n\n    1\n    5\n\n**Sample Output 1**\n\n    5\n",
    "CodeChef": "Example\n\nInput:\n\n3\n1 2 3\n\n\nOutput:\n\n6\n\nInput:\n1\n5\n\nOutput:\n5\n",
    "HTML": "<h3>Sample Input</h3>\n<pre>3\n1 2 3\n</pre>\n<h3>Sample Output</h3>\n<pre>6\n</pre>\n"
    "<h3>Sample Input</h3>\n<pre>1\n5\n</pre>\n<h3>Sample Output</h3>\n<pre>5\n</pre>\n",
    "bare": "Add.\n\nInput:\n3\n1 2 3\n\nOutput:\n6\n\nInput:\n1\n5\n\nOutput:\n5\n",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_samples_are_found_in_real_layouts(layout):
    text = LAYOUTS[layout]
    assert list(stdio_samples(text)) == EXPECTED
    assert list(stdio_samples(text.replace("\n", "\r\n"))) == EXPECTED


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No headings at all.",
        DESCRIBED,
        "### Input\n\nThe input is given in the following format:\n\n```\nN\n```\n\n### Output\n\nPrint it.\n",
        "## Input\n\n```\nN\n```\n\n## Output\n\nPrint the answer on one line.\n",
        "Input: n, an integer of at most ten digits\nOutput: the sum of the digits\n",
        "Sample Input\n3\n",
        "Sample Output\n3\n\nSample Input\n4\n",
    ],
)
def test_descriptions_are_no_samples(text):
    assert list(stdio_samples(text)) == []


def test_blank_lines_belong_to_an_input_but_end_an_output():
    text = "Sample Input\n2\n\n1 2\n\n3 4\n\nSample Output\n3\n\nThe first sum is three and the second is seven.\n"
    assert list(stdio_samples(text)) == [("2\n\n1 2\n\n3 4\n", "3\n")]


def test_an_output_whose_end_cannot_be_told_is_left_out():
    assert list(stdio_samples("Sample Input\n2\n\nSample Output\n3\n\n7\n")) == []
    assert list(stdio_samples("Sample Input\n2\n\nSample Output\n```\n3\n\n7\n```\n")) == [("2\n", "3\n\n7\n")]
