// Vectors of N(0, I).

/** Return a draw from N(0, I) (Box and Muller, 1958). */
export const drawNormal = (d) =>
  Array.from({ length: d }, () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random()));

/** Return a point between two vectors along a great circle, so that its length is that of draws from N(0, I). */
export function between(a, b, share) {
  const dot = (u, v) => u.reduce((sum, value, index) => sum + value * v[index], 0);
  const cosine = dot(a, b) / (Math.sqrt(dot(a, a) * dot(b, b)) || 1);
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
  if (Math.sin(angle) < 1e-6) return a.map((value, index) => (1 - share) * value + share * b[index]);
  const [of_a, of_b] = [Math.sin((1 - share) * angle), Math.sin(share * angle)].map((value) => value / Math.sin(angle));
  return a.map((value, index) => of_a * value + of_b * b[index]);
}

export const density = (value) => Math.exp((-value * value) / 2) / Math.sqrt(2 * Math.PI);
