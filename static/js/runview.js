import { ENDED } from "./constants.js";
import * as format from "./format.js";
import { Frame } from "./frame.js";

const FIELDS = {
  percent: (run) => run.percent?.toString(),
  step: (run) => run.step?.toString(),
  steps: (run) => run.steps?.toString(),
  scale: (run) => String(run.scale ?? 1),
  scales: (run) => String(run.scales ?? 1),
  queue: (run) => format.queue(run.queue_position),
  wait: (run) => format.wait(run.wait_seconds),
  eta: (run) => format.duration(run.eta_seconds),
  left: (run) => (Number.isFinite(run.eta_seconds) ? `${format.duration(run.eta_seconds)} left` : ""),
  pace: (run) => format.pace(run.seconds_per_step),
  took: (run) => format.duration(run.seconds),
  error: (run) => run.error || "The painting could not be finished.",
};

/** Keeps the part of a page that shows one run, large or as a card, in step with its state. */
export class RunView {
  #root;
  #large;
  #frame;
  #run;
  #told = 0;
  #clock = null;

  /**
   * @param {HTMLElement} root the element with `data-run` and `data-state`
   * @param {boolean} large whether the picture fills the page, and ends in all its detail
   */
  constructor(root, large = false) {
    this.#root = root;
    this.#large = large;
    this.#frame = new Frame(root.querySelector("[data-frame]"));
    this.#run = { state: root.dataset.state, title: root.dataset.title };
  }

  /** What is known about the run by now. */
  get run() {
    return this.#run;
  }

  /**
   * Take over what a snapshot or an event says, and show its picture.
   * @param {object} news
   * @returns {Promise<void>} settles once the picture shows
   */
  async update(news) {
    const { losses, loss, frame, frame_url: live, picture_url: whole, ...rest } = news;
    this.#run = { ...this.#run, ...rest };
    // News without a step in it leave the last one standing.
    if (loss) this.#run.loss = loss;
    const { state, progress } = this.#run;
    if (progress !== undefined) this.#run.percent = Math.floor(100 * progress);
    this.#root.dataset.state = state;
    if ("eta_seconds" in news) this.#told = performance.now();
    this.#keepTime(state === "running");
    if (ENDED.has(state)) this.#frame.describe(this.#run.title);
    this.#write();
    await this.#frame.show(frame ?? (this.#large ? whole : live) ?? null);
  }

  /** The server has the run no longer: only what is on the page is left. */
  leave() {
    this.#keepTime(false);
    this.#run.state = "gone";
    this.#root.dataset.state = "gone";
  }

  /** Between two steps of a large painting, time goes on, too. */
  #keepTime(going) {
    clearInterval(this.#clock);
    this.#clock = null;
    if (going) this.#clock = setInterval(() => (this.#root.isConnected ? this.#write() : this.#keepTime(false)), 1000);
  }

  #left() {
    const { eta_seconds: seconds } = this.#run;
    if (!Number.isFinite(seconds)) return seconds;
    return Math.max(1, seconds - (performance.now() - this.#told) / 1000);
  }

  #write() {
    const run = { ...this.#run, eta_seconds: this.#left() };
    for (const element of this.#root.querySelectorAll("[data-bind]")) {
      const text = FIELDS[element.dataset.bind](run);
      if (text !== undefined && element.textContent !== text) element.textContent = text;
    }
    const bar = this.#root.querySelector("[data-bar]");
    if (bar) bar.value = this.#run.percent ?? 0;
    const scale = this.#root.querySelector("[data-scale]");
    if (scale) scale.hidden = !(this.#run.scales > 1);
    // What can be done with a result has its place, and is not there where a run has ended without one.
    const none = ENDED.has(this.#run.state) && !this.#run.result_url;
    for (const element of this.#root.querySelectorAll("[data-result], [data-go-on]")) {
      element.hidden = none;
    }
  }
}
