import * as format from "./format.js";

const KEYS = ["total", "content", "style", "tv"];
const WIDTHS = { total: 3, content: 2, style: 2, tv: 2 };
/** The share of a line's largest value below which it counts as zero. */
const DEPTH = 1e-9;
/** What stands around the lines on a page of their own, and on a card; sizes in px. */
const LARGE = { font: 14, left: 64, bottom: 50, padding: [12, 26, 0, 0] };
const SMALL = { font: 12, left: 46, bottom: 24, padding: [8, 12, 0, 0] };
const DASHES = { content: [7, 3], style: [], tv: [2, 3] };

/** The losses over the steps: the chart, and the values that are its legend and its text. */
export class LossChart {
  #section;
  #box;
  #looks;
  #records = [];
  #chart = null;
  #library = null;
  #due = false;
  #steps = 0;

  /** @param {HTMLElement} section the element with `data-losses`, which is "small" on a card */
  constructor(section) {
    this.#section = section;
    this.#box = section.querySelector("[data-chart]");
    this.#looks = section.dataset.losses === "small" ? SMALL : LARGE;
    const redraw = () => this.#rebuild();
    // What is drawn before the typeface is here stays in another one.
    document.fonts.ready.then(redraw);
    document.addEventListener("themechange", redraw);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    new ResizeObserver(() => this.#fit()).observe(this.#box);
    this.#load();
  }

  async #load() {
    try {
      this.#library = (await import("../vendor/uplot.js")).default;
    } catch {
      // The table says the same without the library.
      this.#box.hidden = true;
      return;
    }
    this.#rebuild();
  }

  /**
   * @param {object[]} records losses not seen yet, oldest first
   * @param {number} steps how many are to come in all, so that the lines grow into their place; 0 if none are
   */
  add(records, steps) {
    this.#steps = steps;
    for (const record of records) {
      if (record.seq <= (this.#records.at(-1)?.seq ?? 0)) continue;
      // A run that was taken up again from an earlier point paints some steps twice.
      while (this.#records.length && this.#records.at(-1).step >= record.step) this.#records.pop();
      this.#records.push(record);
    }
    // Where nothing has been painted there will be nothing to see.
    if (!this.#records.length) this.#section.hidden = steps === 0;
    if (!this.#records.length || this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      this.#show();
    });
  }

  #show() {
    this.#section.hidden = false;
    const first = this.#records[0];
    const last = this.#records.at(-1);
    for (const element of this.#section.querySelectorAll("[data-first]")) {
      element.textContent = format.loss(first[element.dataset.first]);
    }
    for (const element of this.#section.querySelectorAll("[data-now]")) {
      element.textContent = format.loss(last[element.dataset.now]);
    }
    if (this.#chart) this.#chart.setData(this.#data());
    else this.#rebuild();
  }

  #data() {
    return [this.#records.map(({ step }) => step), ...KEYS.map((key) => drawable(this.#records, key))];
  }

  #colour(selector) {
    return getComputedStyle(this.#section.querySelector(selector)).color;
  }

  #rebuild() {
    // A card that was taken down is drawn no more.
    if (!this.#library || !this.#records.length || !this.#section.isConnected) return;
    this.#chart?.destroy();
    const { font: height, left, bottom, padding } = this.#looks;
    const soft = this.#colour("[data-chart]");
    const line = getComputedStyle(this.#box).borderBlockEndColor;
    const font = `${height}px ${getComputedStyle(this.#section).fontFamily}`;
    const axis = { stroke: soft, font, ticks: { show: false }, border: { show: false } };
    const range = (chart, first, last) => [first, Math.max(last, this.#steps, first + 1)];
    const options = {
      ...this.#size(),
      legend: { show: false },
      cursor: { show: false },
      padding,
      scales: { x: { time: false, range }, y: { distr: 3, range: powers } },
      axes: [
        { ...axis, size: bottom, grid: { show: false }, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] },
        { ...axis, size: left, filter: decades, grid: { stroke: line, width: 1, filter: decades }, values: axisValues },
      ],
      series: [
        {},
        ...KEYS.map((key) => ({
          stroke: this.#colour(`[data-swatch="${key}"]`),
          width: WIDTHS[key],
          dash: DASHES[key],
          spanGaps: true,
          points: { show: isAlone },
        })),
      ],
    };
    this.#chart = new this.#library(options, this.#data(), this.#box);
  }

  #size() {
    return { width: Math.max(120, this.#box.clientWidth), height: this.#box.clientHeight };
  }

  #fit() {
    this.#chart?.setSize(this.#size());
  }
}

/**
 * A logarithm has no place for zero, nor for the rounding errors beside it: a painting that starts
 * from the photograph has no loss of content at first, and its line begins with the next step.
 */
function drawable(records, key) {
  const floor = DEPTH * records.reduce((most, record) => Math.max(most, record[key] ?? 0), 0);
  return records.map(({ [key]: value }) => (value > floor ? value : null));
}

/** The powers of ten around the values; some, where there is nothing to draw. */
function powers(chart, least, most) {
  if (!(least > 0)) return [1, 10];
  const low = 10 ** Math.floor(Math.log10(least));
  const high = 10 ** Math.ceil(Math.log10(most));
  return [low, high > low ? high : 10 * low];
}

/** A first value has no line yet to be seen by. */
function isAlone(chart, series) {
  return chart.data[series].filter((value) => value !== null).length === 1;
}

/** Of the lines of a logarithmic scale the whole powers of ten, or more where there are few of those. */
function decades(chart, splits) {
  const keep = (digits) => splits.map((value) => (digits.includes(value.toExponential()[0]) ? value : null));
  const powers = keep("1");
  return powers.filter((value) => value !== null).length > 1 ? powers : keep("125");
}

function axisValues(chart, splits) {
  return splits.map((value) => (value === null ? null : format.loss(value)));
}
