import { Announcer } from "./announcer.js";
import { Chosen } from "./chosen.js";
import { askBeforeSending } from "./confirm.js";
import { ENDED, STATE_WORD } from "./constants.js";
import { Live } from "./live.js";
import { LossChart } from "./losschart.js";
import { Notices } from "./notices.js";
import { RunView } from "./runview.js";
import { Wall } from "./wall.js";

const announcer = new Announcer(document.querySelector("[data-announcer]"));
const live = new Live();
const notices = new Notices();
const root = document.querySelector("[data-wall]");
const chosen = new Chosen(root, (sentence) => announcer.say(sentence));
const wall = new Wall(root, () => {
  followAll();
  chosen.update();
  notices.update();
});
const followed = new WeakSet();

function watcher(card) {
  const view = new RunView(card);
  const chart = new LossChart(card.querySelector("[data-losses]"));
  const take = async (news) => {
    const before = view.run.state;
    if (ENDED.has(news.state)) leaveButtons(card);
    const shown = view.update(news);
    const { state, title, steps } = view.run;
    chart.add(news.losses ?? [], ENDED.has(state) ? 0 : steps);
    if (state !== before) {
      announcer.say(`${title}: ${STATE_WORD[state]}.`);
      notices.tell(view.run, card.querySelector("h3 a").pathname);
    }
    await shown;
    if (ENDED.has(state)) wall.rehang();
  };
  return {
    onSnapshot: take,
    onProgress: (progress) => take({ state: "running", ...progress }),
    onState: (change) => {
      if (!ENDED.has(change.state)) take(change);
    },
    onGone: () => {
      announcer.say(`${view.run.title} has been deleted.`);
      wall.remove(card);
      wall.rehang();
    },
  };
}

/** The buttons of a painting disappear with its end, and would take the focus with them. */
function leaveButtons(card) {
  if (document.activeElement?.closest("form") && card.contains(document.activeElement)) {
    card.querySelector("h3 a").focus({ preventScroll: true });
  }
}

function followAll() {
  const cards = root.querySelectorAll("[data-run]");
  for (const card of cards) {
    if (followed.has(card)) continue;
    followed.add(card);
    // From the first step on, since the page came without those that the chart shows.
    live.follow({ id: card.dataset.run, seq: 0, api: card.dataset.api }, watcher(card));
  }
  if (cards.length) live.start();
}

askBeforeSending();
followAll();
chosen.update();
// A gallery come back to may show what has been deleted or finished meanwhile.
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) wall.rehang();
});
