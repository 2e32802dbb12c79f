/** Where it is remembered that the visitor wants to be told. */
const KEY = "notices";

/** What is worth a word to somebody who looks elsewhere; who cancels a painting knows. */
const SENTENCES = {
  done: () => "The painting is finished.",
  failed: (run) => run.error || "The painting could not be finished.",
};

/**
 * Tells by a notice of the browser that a painting has ended while nobody looked at it. Whoever
 * presses a button marked `data-notices` is asked once whether that may be; where it may not, or
 * there are no such notices, nothing else changes.
 */
export class Notices {
  constructor() {
    document.addEventListener("click", (event) => {
      if (event.target.closest("[data-notices]")) this.#press();
    });
    addEventListener("storage", (event) => {
      if (event.key === KEY) this.update();
    });
    this.update();
  }

  /** Show on every button on the page whether the visitor will be told. */
  update() {
    const offered = supported();
    for (const button of document.querySelectorAll("[data-notices]")) {
      button.hidden = !offered;
      button.setAttribute("aria-pressed", String(wanted()));
    }
  }

  /**
   * @param {{id: string, state: string, title: string, error: string|null}} run one that has ended
   * @param {string} address the page to open when the notice is pressed
   */
  tell(run, address) {
    const sentence = SENTENCES[run.state];
    if (!sentence || !wanted() || (document.hasFocus() && !document.hidden)) return;
    try {
      // Of several tabs with the same painting one speaks.
      const notice = new Notification(run.title, { body: sentence(run), tag: run.id });
      notice.onclick = () => {
        notice.close();
        focus();
        if (location.pathname !== address) location.assign(address);
      };
    } catch {
      // Some browsers have the name of it only.
    }
  }

  async #press() {
    if (wanted()) remember(false);
    else remember((await Notification.requestPermission()) === "granted");
    this.update();
  }
}

function supported() {
  if (!("Notification" in globalThis) || Notification.permission === "denied") return false;
  if (Notification.permission === "granted") return true;
  try {
    // Nothing is shown before it is permitted; where it never is, this throws.
    new Notification("");
    return true;
  } catch {
    return false;
  }
}

function wanted() {
  try {
    return globalThis.Notification?.permission === "granted" && localStorage.getItem(KEY) === "yes";
  } catch {
    return false;
  }
}

function remember(yes) {
  try {
    localStorage.setItem(KEY, yes ? "yes" : "no");
  } catch {
    // A browser that stores nothing does not tell, either.
  }
}
