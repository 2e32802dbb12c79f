"""What goes into a painting, by the real network: masks, blends, transparency, earlier results."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
from PIL import Image

from tests.conftest import file_bytes
from tests.site import order
from tests.site.order import ALICE
from webapp.records import RunState
from webapp.runs.leases import Leases
from webapp.runs.orders import Ingredient, continued
from webapp.runs.painter import Painter
from webapp.runs.store import RunStore
from webapp.services import Services


def kept(services: Services, name: str, image: Image.Image) -> Ingredient:
    """A picture in the media store, as a run takes it: a sample's, which needs no record."""
    services.media.write(f"samples/{name}.png", file_bytes(image))
    return Ingredient(f"sample:{name}", name, f"samples/{name}.png", image.width, image.height)


def test_masks_an_earlier_result_and_transparency_go_into_the_painting(
    painter: Painter, leases: Leases, services: Services
) -> None:
    plain = order.made_of(services, steps=2)
    photo = Image.new("RGBA", (100, 80), (90, 140, 60, 255))
    photo.putalpha(Image.linear_gradient("L").resize((100, 80)))
    right_half = Image.new("L", (100, 80), 0)
    right_half.paste(255, (50, 0, 100, 80))
    earlier = Image.new("RGB", (100, 80), (250, 20, 20))
    wanted = replace(
        plain,
        content=kept(services, "photo", photo),
        content_mask=kept(services, "mask", right_half),
        init_image=kept(services, "earlier", earlier),
        settings=replace(plain.settings, init="result", learning_rate=0.001),
    )
    run_id = RunStore(services).submit(ALICE, wanted)
    painter.paint(order.claim(leases))
    run = order.look(services, run_id)
    assert run.state == RunState.DONE and run.result is not None
    result = Image.open(io.BytesIO(services.media.read(run.result)))
    assert result.mode == "RGBA"
    np.testing.assert_allclose(
        np.asarray(result.getchannel("A"), float), np.asarray(photo.getchannel("A"), float), atol=1
    )
    painted = np.asarray(result.convert("RGB"), float)
    # Black stays photo; white is painted, with small steps from the red it began with.
    np.testing.assert_allclose(painted[79, :45], [[90, 140, 60]] * 45, atol=2)
    np.testing.assert_allclose(painted[79, 55:], [[250, 20, 20]] * 45, atol=20)


def test_a_style_mask_and_the_blend_go_into_the_painting(
    painter: Painter, leases: Leases, services: Services
) -> None:
    plain = order.made_of(services, steps=3)
    [fjord] = plain.styles
    half = Image.new("L", (fjord.width // 4, fjord.height // 4), 0)
    half.paste(255, (0, 0, half.width, half.height // 4))
    swell = order.sample(services, "style", "great_swell.jpg")
    blend = replace(plain, styles=[fjord, swell])
    orders = [
        plain,
        replace(plain, style_mask=kept(services, "half", half)),
        replace(blend, settings=replace(plain.settings, style_weights="9, 1")),
        replace(blend, settings=replace(plain.settings, style_weights="1, 9")),
    ]
    style_losses = []
    for wanted in orders:
        run_id = RunStore(services).submit(ALICE, wanted)
        painter.paint(order.claim(leases))
        loss = RunStore(services).last_loss(run_id)
        assert loss is not None
        style_losses.append(round(loss.style, 5))
    assert len(set(style_losses)) == len(orders)


def test_a_run_outlives_the_earlier_run_that_it_begins_with(
    painter: Painter, leases: Leases, services: Services
) -> None:
    runs = RunStore(services)
    first = order.place(services)
    painter.paint(order.claim(leases))
    again = runs.submit(ALICE, continued(order.look(services, first), 2))
    runs.delete(ALICE, first)
    painter.paint(order.claim(leases))
    assert order.look(services, again).state == RunState.DONE
