import { Announcer } from "./announcer.js";
import { askBeforeSending } from "./confirm.js";
import { ENDED, STATE_WORD } from "./constants.js";
import { Live } from "./live.js";
import { RunView } from "./runview.js";

const cards = document.querySelectorAll("[data-run]");
const announcer = new Announcer(document.querySelector("[data-announcer]"));

function watcher(view) {
  const take = (news) => {
    const before = view.run.state;
    const shown = view.update(news);
    const { state, title } = view.run;
    if (state !== before) announcer.say(`${title}: ${STATE_WORD[state]}.`);
    return shown;
  };
  return {
    onSnapshot: take,
    onProgress: (progress) => take({ state: "running", ...progress }),
    onState: (change) => {
      if (!ENDED.has(change.state)) take(change);
    },
  };
}

askBeforeSending();
if (cards.length) {
  const live = new Live();
  for (const card of cards) {
    live.follow(
      { id: card.dataset.run, seq: Number(card.dataset.seq), api: card.dataset.api },
      watcher(new RunView(card)),
    );
  }
  live.start();
}
