// Digits drawn by hand, in the form of MNIST's digits: 20 pixels high or wide, centred by mass in 28 x 28.

const SIDE = 28;
const DIGIT = 20;
const PEN = 20;

/** Let the reader draw on a canvas; `take` receives the image `(28, 28)`, pixels in [0, 1], after each stroke. */
export function listen(pad, clear, take) {
  const context = pad.getContext("2d", { willReadFrequently: true });
  const wipe = () => {
    context.fillStyle = "#000";
    context.fillRect(0, 0, pad.width, pad.height);
  };
  const place = (event) => {
    const box = pad.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * pad.width,
      ((event.clientY - box.top) / box.height) * pad.height,
    ];
  };
  Object.assign(context, { strokeStyle: "#fff", lineCap: "round", lineJoin: "round", lineWidth: PEN });
  wipe();
  let last = null;
  const draw = (event) => {
    const next = place(event);
    context.beginPath();
    context.moveTo(...last);
    context.lineTo(next[0], next[1] + 0.01); // a line without length draws nothing
    context.stroke();
    last = next;
  };
  pad.addEventListener("pointerdown", (event) => {
    if (event.button || last) return;
    pad.setPointerCapture(event.pointerId);
    last = place(event);
    draw(event);
  });
  pad.addEventListener("pointermove", (event) => {
    if (last) draw(event);
  });
  pad.addEventListener("pointerup", () => {
    if (!last) return;
    last = null;
    const image = shrink(pad, context);
    if (image) take(image);
  });
  pad.addEventListener("pointercancel", () => {
    last = null;
  });
  clear.addEventListener("click", wipe);
}

/** Return the drawing as an image `(28, 28)`; null without one. */
function shrink(pad, context) {
  const { data } = context.getImageData(0, 0, pad.width, pad.height);
  let [left, right, top, bottom] = [pad.width, -1, pad.height, -1];
  for (let y = 0; y < pad.height; y += 1) {
    for (let x = 0; x < pad.width; x += 1) {
      if (data[4 * (y * pad.width + x)] > 32)
        [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
    }
  }
  if (right < 0) return null;
  const [width, height] = [right - left + 1, bottom - top + 1];
  const scale = Math.min(1, DIGIT / Math.max(width, height)); // a dot keeps its size
  const place = (dx, dy) => {
    const small = new OffscreenCanvas(SIDE, SIDE).getContext("2d");
    small.imageSmoothingQuality = "high";
    small.drawImage(pad, left, top, width, height, dx, dy, width * scale, height * scale);
    const pixels = small.getImageData(0, 0, SIDE, SIDE).data;
    return Array.from({ length: SIDE }, (_, y) =>
      Array.from({ length: SIDE }, (_, x) => pixels[4 * (y * SIDE + x)] / 255),
    );
  };
  const [x, y] = [(SIDE - width * scale) / 2, (SIDE - height * scale) / 2];
  const [massX, massY] = findCentre(place(x, y));
  return place(x + (SIDE - 1) / 2 - massX, y + (SIDE - 1) / 2 - massY);
}

function findCentre(image) {
  let [mass, x, y] = [0, 0, 0];
  image.forEach((line, row) =>
    line.forEach((value, column) => {
      mass += value;
      x += value * column;
      y += value * row;
    }),
  );
  return [x / mass, y / mass];
}
