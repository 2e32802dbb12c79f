import { STATE_WORD } from "./constants.js";

/** Shows in the tab, by its title and its icon, how far a run is. */
export class TabStatus {
  #title = document.title;
  #icon = document.querySelector("link[rel=icon]");
  #plain = this.#icon?.href;
  #shown = null;

  /** @param {{state: string, percent: number, title: string}} run */
  show(run) {
    const { state, percent = 0 } = run;
    const word = state === "running" ? `${percent} %` : STATE_WORD[state];
    if (word === this.#shown) return;
    this.#shown = word;
    document.title = `${word} · ${this.#title}`;
    if (this.#icon) this.#icon.href = state === "running" ? ring(percent) : this.#plain;
  }
}

function ring(percent) {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
    <circle cx="16" cy="16" r="15" fill="#1d2023"/>
    <circle cx="16" cy="16" r="10" fill="none" stroke="#5d6469" stroke-width="6"/>
    <circle cx="16" cy="16" r="10" fill="none" stroke="#f2f3f3" stroke-width="6" pathLength="100"
      stroke-dasharray="${percent} 100" transform="rotate(-90 16 16)"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
