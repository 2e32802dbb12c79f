/** How pages say numbers. Before scripts run the server says them alike, in `webapp/words.py`. */

/**
 * Say a length of time: "8 s", "1 min 20 s", "2 h 5 min".
 * @param {number|null|undefined} seconds
 * @returns {string}
 */
export function duration(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds > 0 && seconds < 1) return "under 1 s";
  const whole = Math.round(Math.max(0, seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = [Math.floor((whole % 3600) / 60), "min"];
  const parts = hours ? [[hours, "h"], minutes] : [minutes, [whole % 60, "s"]];
  const said = parts.filter(([count]) => count).map(([count, unit]) => `${count} ${unit}`);
  return said.join(" ") || "0 s";
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
