import pytest

from stepsmith.core.several_answers import hints_at_several_answers, says_several_answers


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("Print any of them.", "Print any"),
        ("Any shortest route is accepted.", "Any shortest route is accepted"),
        ("You may return the pairs in any order.", "return the pairs in any order"),
        ("If there are several optimal answers, output one.", "several optimal answers"),
        ("Help her: find a shortest sequence of presses.", "find a shortest sequence"),
        ("Print one valid schedule.", "Print one valid schedule"),
        ("Print the shortest sequence. If there are several, print the lexicographically smallest.", ""),
        ("Find a shortest path; of several, the one whose first step is smallest counts.", ""),
        ("Print a maximum number of coins.", ""),
        ("Do not print any spaces.", ""),
        ("It returns any remaining items at the end.", ""),
        ("If you cannot find any pair, print -1.", ""),
        ("The edges are given in any order. Print the sum.", ""),
        ("At no moment may the row be any of them.", ""),
        ("The values come in no particular order.", ""),
    ],
)
def test_words_that_allow_several_answers(statement, words):
    assert says_several_answers(statement) == words


def test_words_about_inputs_only_hint_at_it():
    assert hints_at_several_answers("The edges are given in any order.") == "in any order"
    assert hints_at_several_answers("Order does not matter.") == "Order does not matter"
    assert hints_at_several_answers("Is there any?") == ""


@pytest.mark.parametrize(
    "words",
    [
        "如果有多个解,输出任意一个即可。",
        "Если ответов несколько, выведите любой из них.",
        "Si hay varias soluciones, imprime cualquiera.",
        "Gibt es mehrere Lösungen, gib eine beliebige aus.",
        "S'il y a plusieurs réponses, affiche n'importe laquelle.",
        "答えが複数ある場合は、どれを出力してもよい。",
        "Om det finns flera svar, skriv ut vilket som helst.",
    ],
)
def test_other_languages_hint_at_several_answers(words):
    assert hints_at_several_answers(words)


@pytest.mark.parametrize(
    "words", ["输出两个整数的和。", "Выведите сумму чисел.", "Imprime la suma.", "Gib die Summe aus."]
)
def test_plain_tasks_in_other_languages_do_not(words):
    assert not hints_at_several_answers(words)
