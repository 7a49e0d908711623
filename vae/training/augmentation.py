"""Slight changes of images during the training of a VAE, so that it sees no image twice."""

import keras
from keras import KerasTensor, ops

SHARE = 0.8  # of changed images: the others stay sharp
ANGLE, SHEAR, SCALE = 0.06, 0.05, 0.03  # standard deviations: radians, and factors
SHIFT = 0.4  # pixels
PARAMETERS = 6


def augment(images: KerasTensor, strength: float, seed: keras.random.SeedGenerator) -> KerasTensor:
    """Return images `(n, h, w)`, most of them slightly rotated, sheared, resized and moved, by bilinear interpolation.

    Every amount is normal, with the standard deviations of this module times `strength`.
    """
    rows, height, width = ops.shape(images)
    angle, shear, log_height, log_width, down, right = ops.unstack(
        strength * keras.random.normal((rows, PARAMETERS), seed=seed), axis=1
    )
    angle, shear = ANGLE * angle, SHEAR * shear
    tall, wide = ops.exp(SCALE * log_height), ops.exp(SCALE * log_width)
    cosine, sine = ops.cos(angle), ops.sin(angle)
    # Output pixel (x, y) shows the input at (a x + b y + c, d x + e y + f), and only the shift moves the centre.
    a, b = cosine * wide, shear - sine * tall
    d, e = sine * wide, cosine * tall
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    c = middle_x - a * middle_x - b * middle_y + SHIFT * right
    f = middle_y - d * middle_x - e * middle_y + SHIFT * down
    nothing = ops.zeros_like(a)
    transform = ops.stack([a, b, c, d, e, f, nothing, nothing], axis=1)
    moved = ops.image.affine_transform(
        images[..., None], transform, interpolation="bilinear", fill_mode="constant", data_format="channels_last"
    )
    chosen = keras.random.uniform((rows, 1, 1), seed=seed) < SHARE
    return ops.where(chosen, moved[..., 0], images)
