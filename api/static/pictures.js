// Inputs on a canvas: images as pixels, signals as curves.

import { onSchemeChange, styleOf } from "./colours.js";

const REACH = 3.5; // about the greatest value of a signal; greater ones widen the scale
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
  draw(canvas, subtract(input, decoded), (value) => {
    if (Array.isArray(value)) return value.map((part) => 127.5 * (1 + Math.min(1, Math.max(-1, part))));
    const rest = 1 - Math.min(1, Math.abs(value));
    return value > 0 ? [255 * rest, 255 * (0.4 + 0.6 * rest), 255] : [255, 255 * (0.3 + 0.7 * rest), 255 * rest];
  });
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

function drawCurve(context, signal, ratio) {
  const { width, height } = context.canvas;
  const reach = Math.max(REACH, ...signal.map(Math.abs));
  const place = (value) => height / 2 - (value / reach) * (height / 2 - 3 * ratio);
  context.lineWidth = ratio;
  context.strokeStyle = styleOf("--line");
  context.beginPath();
  context.moveTo(0, place(0));
  context.lineTo(width, place(0));
  context.stroke();
  context.lineWidth = 1.6 * ratio;
  context.strokeStyle = styleOf("--accent");
  context.beginPath();
  signal.forEach((value, step) => context.lineTo((step / (signal.length - 1)) * (width - 4) + 2, place(value)));
  context.stroke();
}

/** Draw a vector as a row of cells: blue above 0, orange below. */
export function drawStrip(canvas, vector) {
  [canvas.width, canvas.height] = [vector.length, 1];
  const context = canvas.getContext("2d");
  vector.forEach((value, index) => {
    const share = Math.min(1, Math.abs(value) / 2.5);
    context.fillStyle = value > 0 ? `rgba(11, 92, 173, ${share})` : `rgba(200, 84, 20, ${share})`;
    context.fillRect(index, 0, 1, 1);
  });
}
