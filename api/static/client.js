// Requests to the service of this page, and their results.

const [main, message] = [document.getElementById("main"), document.getElementById("message")];
const failures = new Map(); // the last failure of each guarded function
let working = 0;

/** A message for the reader. */
export class Refusal extends Error {}

/** The end of work that was replaced by newer work. */
class Superseded extends Error {}

/** Return the response of the service; throw a Refusal with its message if it refuses or does not answer. */
export async function ask(path, { body, accept = "application/json", mayMiss = false } = {}) {
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
    throw new Refusal("The service does not answer. Is it still running? Start it with `make serve`, then try again.");
  }
  if (mayMiss && response.status === 404) return null;
  if (!response.ok) {
    const { error = "" } = await response.json().catch(() => ({}));
    throw new Refusal(`The service answered ${response.status}: ${error}`);
  }
  return response;
}

export const askJson = async (path, options) => (await ask(path, options))?.json() ?? null;

/** Return the path of a release, or of one of its routes. */
export const at = (release, end = "") =>
  `v1/datasets/${encodeURIComponent(release.name)}${end.replace(/^(?=[^?])/, "/")}`;

/** Return the full address of a path. */
export const address = (path) => new URL(path, document.baseURI).href;

export const decode = async (release, vectors) =>
  (await askJson(at(release, "x/decode"), { body: { vectors } })).inputs;

/** Return the rows of an .npy file or answer, as subarrays: float32, or bytes. */
export async function askRows(path, body) {
  const buffer = await (await ask(path, { body, accept: body ? "application/x-npy" : "*/*" })).arrayBuffer();
  const start = 10 + new DataView(buffer).getUint16(8, true);
  const header = new TextDecoder("latin1").decode(new Uint8Array(buffer, 10, start - 10));
  const [rows, ...shape] = /'shape': \(([^)]*)\)/.exec(header)[1].split(",").filter((part) => part.trim()).map(Number);
  const values = new (header.includes("u1") ? Uint8Array : Float32Array)(buffer.slice(start));
  const width = shape.reduce((product, length) => product * length, 1);
  return Array.from({ length: rows }, (_, row) => values.subarray(row * width, (row + 1) * width));
}

const lists = new Map();

/** Return the kept baselines of a release, and the names of those that predict; asked for once. */
export async function askBaselines(release) {
  if (!lists.has(release.name)) {
    const none = { baselines: [], models: [], null: release.null, floor: release.floor };
    lists.set(release.name, (await askJson(at(release, "baselines"), { mayMiss: true })) ?? none);
  }
  return lists.get(release.name);
}

/**
 * Return a function that runs `work`, and shows what goes wrong until it goes right, or the reader does something else.
 * It returns whether it went right.
 */
export function guard(work) {
  const own = {};
  return async (...values) => {
    setBusy(1);
    try {
      await work(...values);
      failures.delete(own);
      return true;
    } catch (error) {
      if (error instanceof Superseded) return false;
      if (!(error instanceof Refusal)) console.error(error);
      failures.set(own, error instanceof Refusal ? error.message : "Something in this page failed. Load it again.");
      return false;
    } finally {
      setBusy(-1);
      tell();
    }
  };
}

/** Return the result of `guard` for an action of the reader, which clears earlier messages. */
export function act(work) {
  const guarded = guard(work);
  return (...values) => {
    forgive();
    return guarded(...values);
  };
}

export function forgive() {
  failures.clear();
  tell();
}

/** Return a function that runs `work` one call at a time, and always with the newest values. */
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

/**
 * Return a function that begins a turn, which ends the one before. What it returns waits for a promise, and ends the
 * work if its turn is over by then, so that a slow answer never takes the place of a later one.
 */
export function makeTurns() {
  let turn = 0;
  return () => {
    const own = (turn += 1);
    return async (promise) => {
      const value = await promise.catch((error) => {
        throw own === turn ? error : new Superseded();
      });
      if (own !== turn) throw new Superseded();
      return value;
    };
  };
}

function tell() {
  message.hidden = !failures.size;
  message.textContent = [...new Set(failures.values())].join(" ");
}

function setBusy(change) {
  working += change;
  main.setAttribute("aria-busy", working > 0);
}
