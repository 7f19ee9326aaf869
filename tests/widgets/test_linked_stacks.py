from __future__ import annotations

import gc
from dataclasses import replace
from weakref import ref

import pytest
from napari.components import ViewerModel

from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.schedulers import ImmediateScheduler
from napari_ifealid.explorer.side_by_side import SideBySide
from napari_ifealid.widgets.linked_stacks import LinkedStacks
from napari_ifealid.widgets.stack_choice import StackChoice


@pytest.fixture
def layers(viewer, add_stack, stack):
    small = replace(stack, name="Cat small")
    stacks = [
        small,
        replace(
            stack,
            name="Dog",
            values=stack.values[..., :7].copy(),
            feature_labels=None,
            overlay=255 - stack.overlay,
        ),
        replace(small, name="Cat large", values=stack.values[..., :5].copy(), feature_labels=None),
    ]
    return {one.name: add_stack(viewer, one) for one in stacks}


@pytest.fixture
def viewer(qapp) -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def links(viewer, layers, qtbot) -> LinkedStacks:
    explorer = Explorer(viewer)
    explorer.state.layer = layers["Cat small"]
    choice = StackChoice(viewer, explorer.state)
    links = LinkedStacks(explorer, choice, SideBySide(viewer, explorer, ImmediateScheduler()))
    links.explorer, links.choice = explorer, choice
    qtbot.addWidget(links)
    yield links
    links.stop()


def actions(links):
    links.fill_menu()
    return {action.text(): action for action in links.menu.actions() if action.text()}


def test_stacks_of_one_image_offer_to_be_linked_and_a_click_does_it(links, layers):
    assert not links.offer.isHidden()
    assert links.buttons.isHidden()
    assert links.offer_text.text() == "2 stacks of this image"
    links.link.click()
    assert links.explorer.links.layers == [layers["Cat small"], layers["Cat large"]]
    assert links.offer.isHidden()
    assert not links.buttons.isHidden()
    assert links.button.text() == "Linked stacks (2)…"


def test_offer_that_was_declined_does_not_come_back(links, layers):
    links.decline.click()
    assert links.offer.isHidden()
    links.explorer.state.layer = layers["Cat large"]
    assert links.offer.isHidden()


def test_stacks_that_were_declined_and_offered_leave_the_memory_with_their_layers(
    links, layers, viewer
):
    links.decline.click()
    links.fill_menu()
    gone = [ref(layers.pop(name)) for name in ("Cat small", "Cat large")]
    viewer.layers.clear()
    layers.clear()
    links.choice.show()  # as napari has it do
    gc.collect()
    assert [one() for one in gone] == [None, None]


def test_a_single_stack_of_an_image_offers_nothing(links, layers):
    links.explorer.state.layer = layers["Dog"]
    assert links.offer.isHidden()


def test_menu_has_the_stacks_of_each_image_together_and_says_what_cannot_be_linked(links):
    assert list(actions(links)) == [
        "small · Cat",
        "large · Cat",
        "Dog  (other features: 7, expected 9)",
    ]
    shown, large, dog = actions(links).values()
    assert shown.isChecked()
    assert not shown.isEnabled()
    assert large.isEnabled()
    assert not large.isChecked()
    assert not dog.isEnabled()


def test_menu_links_and_unlinks(links, layers):
    actions(links)["large · Cat"].trigger()
    assert layers["Cat large"] in links.explorer.links.layers
    assert actions(links)["large · Cat"].isChecked()
    actions(links)["large · Cat"].trigger()
    assert len(links.explorer.sessions) == 1
    assert links.offer.isHidden()  # the user has said no


def test_side_by_side_is_one_button_and_says_what_it_needs(links):
    assert not links.side_by_side.isEnabled()
    assert "Link another stack first" in links.side_by_side.toolTip()
    links.link.click()
    links.side_by_side.click()
    assert links._side_by_side.is_shown
    assert links.side_by_side.isChecked()
    links.side_by_side.click()
    assert not links._side_by_side.is_shown
    assert not links.side_by_side.isChecked()


def test_button_goes_up_when_there_is_nothing_to_be_seen_side_by_side_any_more(links, layers):
    links.link.click()
    links.side_by_side.click()
    links.explorer.unlink(layers["Cat large"])
    assert not links.side_by_side.isChecked()
    assert not links.side_by_side.isEnabled()


def test_stack_whose_axis_is_a_guess_is_offered_once_the_user_has_agreed(links, viewer, add_stack):
    name = "Cat guessed"
    guessed = replace(links.explorer.stack, name=name, is_axis_guessed=True)
    layer = add_stack(viewer, guessed)
    links.explorer.state.layer = layer
    links.explorer.state.layer = viewer.layers["Cat small features"]
    assert not any("guessed" in text for text in actions(links))
    links.explorer.state.layer = layer
    links.explorer.state.feature_axis = 0
    links.explorer.state.layer = viewer.layers["Cat small features"]
    assert any("guessed" in text for text in actions(links))
