import { POLL_MS, QUIET_MS } from "./constants.js";

const HANDS = ["pointerdown", "pointermove", "keydown", "focusin"];

/** The paintings of the gallery, hung anew as the server has them when one of them has ended. */
export class Wall {
  #root;
  #onHung;
  #touched = -Infinity;
  #wanted = false;
  #working = false;

  /**
   * @param {HTMLElement} root the element around all the cards
   * @param {() => void} onHung told when cards may have come and gone
   */
  constructor(root, onHung) {
    this.#root = root;
    this.#onHung = onHung;
    for (const name of HANDS) {
      root.addEventListener(name, () => (this.#touched = performance.now()), { passive: true });
    }
  }

  /** Hang anew as soon as nobody is about to press something that would then be elsewhere. */
  async rehang() {
    this.#wanted = true;
    if (this.#working) return;
    this.#working = true;
    while (this.#wanted) {
      await pause(QUIET_MS);
      if (this.#busy) continue;
      this.#wanted = false;
      const fresh = await load();
      // A page of the gallery that is no more, since too few are left, stays as it is.
      if (fresh === undefined) continue;
      if (fresh && !this.#busy) this.#hang(fresh);
      else this.#wanted = true;
      if (!fresh) await pause(POLL_MS);
    }
    this.#working = false;
  }

  /**
   * Take a card down at once.
   * @param {HTMLElement} card
   */
  remove(card) {
    const hadFocus = card.contains(document.activeElement);
    const list = card.parentElement;
    const neighbour = card.nextElementSibling ?? card.previousElementSibling;
    card.remove();
    if (!neighbour) list.closest("section").remove();
    if (hadFocus) focusOn(neighbour);
  }

  get #busy() {
    return performance.now() - this.#touched < QUIET_MS || document.querySelector("dialog[open]") !== null;
  }

  #find(key) {
    return this.#root.querySelector(`[data-key="${CSS.escape(key)}"]`);
  }

  #hang(fresh) {
    const focus = this.#root.contains(document.activeElement) ? document.activeElement : null;
    const key = focus?.closest("[data-key]")?.dataset.key;
    const mark = [...this.#root.querySelectorAll("[data-key]")].find((card) => card.getBoundingClientRect().bottom > 0);
    const before = mark?.getBoundingClientRect().top;
    for (const card of fresh.querySelectorAll("[data-key]")) this.#keep(card);
    this.#root.replaceChildren(...fresh.childNodes);
    // Who looks at a picture further down goes on looking at it.
    if (scrollY > 0 && mark?.isConnected) {
      scrollBy({ top: mark.getBoundingClientRect().top - before, behavior: "instant" });
    }
    this.#onHung();
    if (focus?.isConnected) focus.focus({ preventScroll: true });
    else if (focus) focusOn(key ? this.#find(key) : null);
  }

  /** A card that is the same as before stays the same element, with its picture and its live view. */
  #keep(card) {
    const old = this.#find(card.dataset.key);
    if (!old || old.dataset.run !== card.dataset.run) return;
    const time = old.querySelector("time");
    if (time) time.textContent = card.querySelector("time").textContent;
    card.replaceWith(old);
  }
}

function focusOn(card) {
  (card?.querySelector("h3 a") ?? document.querySelector("main")).focus({ preventScroll: true });
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** The wall of this same page as it is now; null while the server cannot be reached, undefined without one. */
async function load() {
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (response.status >= 500) return null;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    return page.querySelector("[data-wall]") ?? undefined;
  } catch {
    return null;
  }
}
