// Inputs on a canvas: images as pixels, signals as curves.

import { isDark, onSchemeChange, styleOf } from "./colours.js";

const REACH = 3.5; // about the greatest value of a signal; greater ones widen the scale
const ON_LIGHT = { back: [255, 255, 255], more: [0, 90, 200], less: [205, 40, 10] }; // of differences
const ON_DARK = { back: [20, 24, 29], more: [110, 190, 255], less: [255, 120, 95] };
const drawings = new WeakMap(); // the drawing of each canvas, for a redraw at another size or in other colours

const redraw = (canvas) => drawings.get(canvas)?.();
const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => redraw(target)));
onSchemeChange(() => document.querySelectorAll("canvas").forEach(redraw));

const isImage = (input) => Array.isArray(input[0]);

/** Draw an image `(h, w)` or `(h, w, 3)` with pixels in [0, 1], or a signal `(t,)`. */
export function drawInput(canvas, input) {
  const show = (value) => 255 * Math.min(1, Math.max(0, value));
  draw(canvas, input, (pixel) => (Array.isArray(pixel) ? pixel : Array(3).fill(pixel)).map(show));
}

/** Draw an input minus the decoded input: blue where a grey image has more, red where less; colours around grey. */
export function drawResidual(canvas, input, decoded) {
  const subtract = (a, b) => (Array.isArray(a) ? a.map((value, index) => subtract(value, b[index])) : a - b);
  canvas.classList.toggle("in-colour", Array.isArray(input[0][0]));
  const rest = subtract(input, decoded);
  draw(canvas, rest, paintDifference);
  if (isImage(input)) drawings.set(canvas, () => drawPixels(canvas, rest, paintDifference));
}

/** Return the colour of a difference in [-1, 1]: from the back of the page to blue or red, for a light or dark page. */
function paintDifference(value) {
  if (Array.isArray(value)) return value.map((part) => 127.5 * (1 + Math.min(1, Math.max(-1, part))));
  const { back, more, less } = isDark() ? ON_DARK : ON_LIGHT;
  const share = Math.min(1, Math.sqrt(Math.abs(value))); // the root lifts small differences
  return back.map((level, channel) => level + share * ((value > 0 ? more : less)[channel] - level));
}

function draw(canvas, input, paint) {
  canvas.classList.toggle("signal", !isImage(input));
  if (isImage(input)) {
    drawings.delete(canvas);
    drawPixels(canvas, input, paint);
  } else keepDrawn(canvas, (context, ratio) => drawCurve(context, input, ratio));
}

/** Draw on a canvas now, and whenever its size or the colours change; not while it is hidden. */
export function keepDrawn(canvas, paint) {
  sizes.observe(canvas);
  drawings.set(canvas, () => {
    const { width, height } = canvas.getBoundingClientRect();
    if (!width) return;
    const ratio = window.devicePixelRatio || 1;
    [canvas.width, canvas.height] = [width, height].map((length) => Math.round(length * ratio));
    paint(canvas.getContext("2d"), ratio);
  });
  redraw(canvas);
}

function drawPixels(canvas, image, paint) {
  [canvas.width, canvas.height] = [image[0].length, image.length];
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(canvas.width, canvas.height);
  image.flat().forEach((value, index) => pixels.data.set([...paint(value), 255], 4 * index));
  context.putImageData(pixels, 0, 0);
}

/** Draw a signal as a curve, over the whole canvas or in one of `places` cells of it. */
function drawCurve(context, signal, ratio, place = 0, places = 1) {
  const [width, height] = [context.canvas.width / places, context.canvas.height];
  const reach = Math.max(REACH, ...signal.map(Math.abs));
  const rise = (value) => height / 2 - (value / reach) * (height / 2 - 3 * ratio);
  const left = place * width;
  context.lineWidth = ratio;
  context.strokeStyle = styleOf("--line");
  context.beginPath();
  context.moveTo(left + 2, rise(0));
  context.lineTo(left + width - 2, rise(0));
  context.stroke();
  context.lineWidth = 1.6 * ratio;
  context.strokeStyle = styleOf("--accent");
  context.beginPath();
  signal.forEach((value, step) => context.lineTo(left + (step / (signal.length - 1)) * (width - 4) + 2, rise(value)));
  context.stroke();
}

/** Draw a vector as a row of cells: blue above 0, orange below, full at `reach`. */
export function drawStrip(canvas, vector, reach = 2.5) {
  keepDrawn(canvas, (context) => {
    const width = canvas.width / vector.length;
    vector.forEach((value, index) => {
      context.globalAlpha = Math.min(1, Math.abs(value) / reach);
      context.fillStyle = styleOf(value > 0 ? "--accent" : "--warm");
      context.fillRect(index * width, 0, width, canvas.height);
    });
  });
}

/** Draw inputs of this shape, flat arrays, side by side on one canvas: pixels of images, or curves of signals. */
export function drawSheet(canvas, inputs, shape) {
  if (shape.length === 1) {
    const { length } = inputs;
    keepDrawn(canvas, (context, ratio) =>
      inputs.forEach((input, place) => drawCurve(context, input, ratio, place, length)),
    );
    return;
  }
  const [height, width, channels = 1] = shape;
  [canvas.width, canvas.height] = [width * inputs.length, height];
  const context = canvas.getContext("2d");
  inputs.forEach((input, place) => {
    const pixels = context.createImageData(width, height);
    for (let pixel = 0; pixel < width * height; pixel += 1) {
      const values = [0, 1, 2].map((channel) => input[pixel * channels + (channels === 1 ? 0 : channel)]);
      pixels.data.set([...values, 255], 4 * pixel);
    }
    context.putImageData(pixels, place * width, 0);
  });
}
