import { ACK_TIMEOUT_MS, ENDED, EVENT, INTERRUPTION_MS, POLL_MS, RECONNECT_MAX_MS } from "./constants.js";

/**
 * @typedef {object} Watcher
 * @property {(snapshot: object) => (void|Promise<void>)} onSnapshot the whole state of the run
 * @property {(progress: object) => (void|Promise<void>)} onProgress news; settles once the frame shows
 * @property {(change: object) => void} onState the state or the place in the queue changed
 * @property {(sentence: string) => void} [onGone] the server no longer answers for this run
 */

/**
 * Follows runs over one socket, and by asking every few seconds while there is none. The server's
 * snapshot is the truth and events are hints, so whatever may have made us miss one ends in a snapshot.
 */
export class Live {
  #runs = new Map();
  #socket = null;
  #started = false;
  #poll = null;
  #interruption = null;
  #onInterruption;

  /** @param {(interrupted: boolean) => void} [onInterruption] */
  constructor(onInterruption = () => {}) {
    this.#onInterruption = onInterruption;
  }

  /**
   * Follow a run until it has ended, from now or from the start on.
   * @param {{id: string, seq: number, api: string}} run `seq` is the last recorded step we know
   * @param {Watcher} watcher
   */
  follow({ id, seq, api }, watcher) {
    this.#runs.set(id, { id, seq, api, watcher });
    if (this.#started) this.#wake();
  }

  /** Connect, and stay connected for as long as a run is followed. */
  async start() {
    if (this.#started) return;
    this.#started = true;
    // A socket takes most of a minute to notice by itself.
    addEventListener("offline", () => this.#socket?.disconnect());
    addEventListener("online", () => this.#wake());
    addEventListener("pageshow", ({ persisted }) => persisted && this.#wake());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#wake();
    });
    try {
      const { io } = await import("../vendor/socket.io.js");
      this.#socket = io({ reconnectionDelayMax: RECONNECT_MAX_MS });
    } catch {
      this.#lost();
      return;
    }
    this.#socket.on("connect", () => this.#connected());
    this.#socket.on("connect_error", () => this.#lost());
    this.#socket.on("disconnect", () => this.#lost());
    this.#socket.on(EVENT.progress, (progress, acknowledge) => this.#progress(progress, acknowledge));
    this.#socket.on(EVENT.state, (change) => this.#state(change));
  }

  /** @param {string} id a run that need not be followed any longer */
  leave(id) {
    const run = this.#runs.get(id);
    if (run) this.#release(run);
  }

  #connected() {
    this.#calm();
    for (const run of this.#runs.values()) this.#subscribe(run);
  }

  #calm() {
    clearInterval(this.#poll);
    clearTimeout(this.#interruption);
    this.#poll = this.#interruption = null;
    this.#onInterruption(false);
  }

  #lost() {
    if (!this.#runs.size) return;
    this.#poll ??= setInterval(() => this.#wake(), POLL_MS);
    this.#interruption ??= setTimeout(() => this.#onInterruption(true), INTERRUPTION_MS);
  }

  #wake() {
    if (!this.#runs.size) return;
    if (this.#socket?.connected) {
      for (const run of this.#runs.values()) this.#subscribe(run);
    } else {
      // The library calls again by itself, unless it was the server that hung up.
      if (this.#socket && !this.#socket.active) this.#socket.connect();
      for (const run of this.#runs.values()) this.#ask(run);
    }
  }

  #subscribe(run) {
    const question = Symbol(run.id);
    run.question = question;
    this.#socket
      .timeout(ACK_TIMEOUT_MS)
      .emit(EVENT.subscribe, { run: run.id, since: run.seq }, (error, answer) => {
        // Only the last question counts: an earlier one may have gone down with its connection.
        if (run.question !== question) return;
        if (error) this.#reconnect();
        else if (answer.ok) this.#snapshot(run, answer.run);
        // One connection watches only so many; what is beyond that is as it was when it was opened.
        else if (!answer.full) this.#gone(run, answer.error);
      });
  }

  /** A socket that no longer answers may take a minute to notice by itself. */
  #reconnect() {
    if (this.#socket.connected) this.#socket.disconnect().connect();
  }

  async #ask(run) {
    const url = new URL(run.api, location.href);
    url.searchParams.set("since", run.seq);
    try {
      const response = await fetch(url, { headers: { Accept: "application/json" } });
      if (response.ok) this.#snapshot(run, await response.json());
      else if (response.status === 404) this.#gone(run, "This painting is no longer here.");
    } catch {
      // No network either: the next turn of the clock asks again.
    }
  }

  #snapshot(run, snapshot) {
    const ended = ENDED.has(snapshot.state);
    if (!this.#runs.has(run.id) || (snapshot.seq < run.seq && !ended)) return;
    run.seq = snapshot.seq;
    run.watcher.onSnapshot(snapshot);
    if (ended) this.#release(run);
  }

  async #progress(progress, acknowledge) {
    const run = this.#runs.get(progress.run);
    try {
      if (!run || progress.seq < run.seq) return;
      const missed = progress.losses?.length && progress.losses[0].seq > run.seq + 1;
      if (missed) {
        // The event's own numbers would leave a hole in the chart; the snapshot fills it.
        this.#subscribe(run);
        await run.watcher.onProgress({ ...progress, losses: [] });
        return;
      }
      run.seq = progress.seq;
      await run.watcher.onProgress(progress);
    } finally {
      acknowledge?.();
    }
  }

  #state(change) {
    const run = this.#runs.get(change.run);
    if (!run) return;
    // Should the run be gone by the time we ask, this says why.
    run.farewell = change.error;
    run.watcher.onState(change);
    if (ENDED.has(change.state)) this.#subscribe(run);
  }

  #gone(run, sentence) {
    this.#release(run);
    run.watcher.onGone?.(run.farewell || sentence);
  }

  #release(run) {
    this.#runs.delete(run.id);
    if (this.#socket?.connected) this.#socket.emit(EVENT.unsubscribe, { run: run.id });
    if (this.#runs.size) return;
    this.#calm();
    this.#socket?.disconnect();
  }
}
