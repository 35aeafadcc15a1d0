from stepsmith.prompts.library import PromptLibrary
from tests.synth.two_stage.examples import examples, rendered, shown_on_page
from tests.synth.two_stage.scripted import MARKS


def test_the_page_shows_the_prompts_as_they_are():
    """After a change of a template: `python -m tests.synth.two_stage.examples`, and look at the difference."""
    assert shown_on_page() == rendered(PromptLibrary())


def test_every_template_has_an_example():
    library = PromptLibrary()
    shown = {template for template, _ in examples(library).values()}
    names = {name for name in library.names() if name.startswith(("two_stage/", "features/"))}
    assert shown | {"two_stage/last"} == names


def test_prompts_are_told_apart_and_whole():
    for template, text in examples(PromptLibrary()).values():
        kind = template.split("/")[1]
        assert [name for name, mark in MARKS.items() if mark in text] == ([kind] if kind in MARKS else [])
        assert "{{" not in text
        assert "{%" not in text
