// Inputs on a canvas: images as pixels, signals as curves.

const styleOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const RATIO = Math.min(3, window.devicePixelRatio || 1);
const REACH = 3.5; // of a signal's values, about; longer ones widen the scale

export const isImage = (input) => Array.isArray(input[0]);

/** Draw an image `(h, w)` with pixels in [0, 1], or a signal `(t,)`, on a canvas. */
export function drawInput(canvas, input) {
  canvas.classList.toggle("signal", !isImage(input) && canvas.classList.contains("picture"));
  if (isImage(input))
    drawPixels(canvas, input, (value) => {
      const level = 255 * Math.min(1, Math.max(0, value));
      return [level, level, level];
    });
  else drawCurves(canvas, [input]);
}

/** Draw an input less what is decoded: blue where the input has more, red where less. */
export function drawResidual(canvas, input, decoded) {
  canvas.classList.toggle("signal", !isImage(input));
  if (!isImage(input)) {
    drawCurves(canvas, [input.map((value, step) => value - decoded[step])]);
    return;
  }
  const difference = input.map((line, y) => line.map((value, x) => value - decoded[y][x]));
  drawPixels(canvas, difference, (value) => {
    const share = Math.min(1, Math.abs(value));
    return value > 0
      ? [255 * (1 - share), 255 * (1 - share * 0.6), 255]
      : [255, 255 * (1 - share * 0.7), 255 * (1 - share)];
  });
}

function drawPixels(canvas, image, paint) {
  [canvas.width, canvas.height] = [image[0].length, image.length];
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(canvas.width, canvas.height);
  image.flat().forEach((value, index) => pixels.data.set([...paint(value), 255], 4 * index));
  context.putImageData(pixels, 0, 0);
}

/** Draw curves `(t,)` over each other. */
export function drawCurves(canvas, curves) {
  const context = fit(canvas);
  const { width, height } = canvas;
  const reach = Math.max(REACH, ...curves.flat().map(Math.abs));
  const place = (value) => height / 2 - (value / reach) * (height / 2 - 3 * RATIO);
  context.strokeStyle = styleOf("--line");
  context.beginPath();
  context.moveTo(0, place(0));
  context.lineTo(width, place(0));
  context.stroke();
  context.strokeStyle = styleOf("--accent");
  context.lineWidth = 1.6 * RATIO;
  for (const curve of curves) {
    context.beginPath();
    curve.forEach((value, step) => context.lineTo((step / (curve.length - 1)) * (width - 4) + 2, place(value)));
    context.stroke();
  }
}

/** Draw a vector as a row of cells: blue above 0, orange below. */
export function drawStrip(canvas, vector) {
  canvas.width = vector.length;
  canvas.height = 1;
  const context = canvas.getContext("2d");
  vector.forEach((value, index) => {
    const share = Math.min(1, Math.abs(value) / 2.5);
    context.fillStyle = value > 0 ? `rgba(11, 92, 173, ${share})` : `rgba(200, 84, 20, ${share})`;
    context.fillRect(index, 0, 1, 1);
  });
}

/** Give a canvas as many pixels as the screen has for it, and return its context, cleared. */
export function fit(canvas) {
  const box = canvas.getBoundingClientRect();
  canvas.width = Math.max(1, Math.round((box.width || canvas.width) * RATIO));
  canvas.height = Math.max(1, Math.round((box.height || canvas.height) * RATIO));
  return canvas.getContext("2d");
}
