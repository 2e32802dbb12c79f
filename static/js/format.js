const UNITS = [
  ["h", 3600],
  ["min", 60],
  ["s", 1],
];

/**
 * Say a length of time in its two largest units: 80 becomes "1 min 20 s".
 * @param {number|null|undefined} seconds
 * @returns {string}
 */
export function duration(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  let rest = Math.max(0, Math.round(seconds));
  const parts = [];
  for (const [unit, length] of UNITS) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count) parts.push(`${count} ${unit}`);
  }
  return parts.slice(0, 2).join(" ") || "0 s";
}

/** Lengths of time are estimated in multiples of these seconds: up to which length, and the multiple. */
const ROUNDING = [
  [10, 1],
  [60, 5],
  [300, 15],
  [3600, 60],
  [Infinity, 600],
];

/**
 * Say when a run is expected to be taken up.
 * @param {number|null|undefined} seconds null where nothing tells
 * @returns {string}
 */
export function wait(seconds) {
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 1) return "starts in a moment";
  const [, multiple] = ROUNDING.find(([length]) => seconds < length);
  return `starts in about ${duration(Math.max(1, Math.round(seconds / multiple) * multiple))}`;
}

/**
 * Say how long one step takes.
 * @param {number|null|undefined} seconds
 * @returns {string}
 */
export function pace(seconds) {
  return Number.isFinite(seconds) ? `${seconds.toFixed(2)} s` : "–";
}

/**
 * Say a loss with four digits that count.
 * @param {number|null|undefined} value
 * @returns {string}
 */
export function loss(value) {
  if (!Number.isFinite(value)) return "–";
  if (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5)) {
    return value.toExponential(2);
  }
  return String(Number(value.toPrecision(4)));
}

/**
 * Say where in the line a run stands.
 * @param {number|null|undefined} position 1 is next
 * @returns {string}
 */
export function queue(position) {
  if (!position) return "In line";
  return position === 1 ? "Next in line" : `Number ${position} in line`;
}
