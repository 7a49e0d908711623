// Requests to the service that this page comes from, and what they answer.

const [main, message] = [document.getElementById("main"), document.getElementById("message")];
const failures = new Map(); // what each guarded function complained of last
let working = 0;

/** Ask, and return the response; throw an Error with the service's own words if it refuses or is not there. */
export async function ask(path, { body, accept = "application/json" } = {}) {
  const options = { headers: { Accept: accept } };
  if (body !== undefined) {
    options.method = "POST";
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("The service does not answer. Is it still running? Start it with `make serve`, then try again.");
  }
  if (!response.ok) {
    const refusal = await response.json().catch(() => ({}));
    throw new Error(
      refusal.error
        ? `The service answered ${response.status}: ${refusal.error}`
        : `The service answered ${response.status}.`,
    );
  }
  return response;
}

export const askJson = async (path, options) => (await ask(path, options)).json();

/** Return the path of what a release offers. */
export const at = (release, end) => `v1/datasets/${encodeURIComponent(release.name)}/${end}`;

export const decode = async (release, vectors) =>
  (await askJson(at(release, "x/decode"), { body: { vectors } })).inputs;

/** Return float32 rows of an .npy file, as subarrays. */
export async function askRows(path) {
  const buffer = await (await ask(path, { accept: "*/*" })).arrayBuffer();
  const view = new DataView(buffer);
  const start = 10 + view.getUint16(8, true);
  const header = new TextDecoder("latin1").decode(new Uint8Array(buffer, 10, start - 10));
  const [, rows, width] = /'shape': \((\d+), (\d+)\)/.exec(header).map(Number);
  const values = new Float32Array(buffer.slice(start));
  return Array.from({ length: rows }, (_, row) => values.subarray(row * width, (row + 1) * width));
}

/** Return a function that runs `work`, and shows what goes wrong at the top of the page until it goes right.
 *  It returns whether it went right. */
export function guard(work) {
  const own = {};
  return async (...values) => {
    setBusy(1);
    try {
      await work(...values);
      failures.delete(own);
      return true;
    } catch (error) {
      failures.set(own, error.message);
      return false;
    } finally {
      setBusy(-1);
      tell();
    }
  };
}

/** Forget what went wrong: the reader has turned to something else. */
export function forgive() {
  failures.clear();
  tell();
}

function tell() {
  message.hidden = !failures.size;
  message.textContent = [...new Set(failures.values())].join(" ");
}

function setBusy(change) {
  working += change;
  main.setAttribute("aria-busy", working > 0);
}

/** Return a function that runs `work` for the newest values only: one call at a time, those between are left out. */
export function newest(work) {
  let next = null;
  let isRunning = false;
  return async (...values) => {
    next = values;
    if (isRunning) return;
    isRunning = true;
    while (next) {
      const now = next;
      next = null;
      await work(...now);
    }
    isRunning = false;
  };
}
