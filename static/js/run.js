import { Announcer } from "./announcer.js";
import { Compare } from "./compare.js";
import { askBeforeSending } from "./confirm.js";
import { ENDED, STATE_WORD } from "./constants.js";
import { offerCopies } from "./copy.js";
import * as format from "./format.js";
import { Live } from "./live.js";
import { LossChart } from "./losschart.js";
import { Notices } from "./notices.js";
import { RunView } from "./runview.js";
import { TabStatus } from "./tabstatus.js";

const root = document.querySelector("[data-run]");
const compareBar = root.querySelector("[data-compare]");
const connection = root.querySelector("[data-connection]");
const view = new RunView(root, true);
const chart = new LossChart(root.querySelector("[data-losses]"));
const compare = compareBar && new Compare(compareBar, root.querySelector("[data-frame]"));
const tab = new TabStatus();
const notices = new Notices();
const announcer = new Announcer(root.querySelector("[data-announcer]"));

function tell(before) {
  const { run } = view;
  tab.show(run);
  if (run.state !== before) {
    announcer.say(`${STATE_WORD[run.state]}. ${run.error ?? ""}`);
    notices.tell(run, location.pathname);
  } else if (run.state === "running") {
    announcer.mention(
      `Step ${run.step} of ${run.steps}, ${run.percent} percent, ${format.duration(run.eta_seconds)} left.`,
    );
  } else if (run.state === "queued") {
    announcer.mention([format.queue(run.queue_position), format.wait(run.wait_seconds)].filter(Boolean).join(", "));
  }
}

async function take(news) {
  const before = view.run.state;
  const shown = view.update(news);
  const { state, steps } = view.run;
  chart.add(news.losses ?? [], ENDED.has(state) ? 0 : steps);
  tell(before);
  await shown;
  if (view.run.state === "done") compare?.open();
}

function start() {
  const snapshot = JSON.parse(root.dataset.snapshot);
  take(snapshot);
  if (ENDED.has(snapshot.state)) return;
  const live = new Live((interrupted) => {
    connection.hidden = !interrupted;
  });
  live.follow(
    { id: root.dataset.run, seq: snapshot.seq, api: root.dataset.api },
    {
      onSnapshot: take,
      // An event about a step says by itself that the run is being painted.
      onProgress: (progress) => take({ state: "running", ...progress }),
      // The end is shown from the snapshot that follows, in one go with the final picture.
      onState: (change) => {
        if (!ENDED.has(change.state)) take(change);
      },
      onGone: (sentence) => {
        const hadFocus = root.contains(document.activeElement);
        root.querySelector("[data-gone]").textContent = sentence;
        view.leave();
        tab.show(view.run);
        announcer.say(sentence);
        // The buttons are gone, and the keyboard must not start over from the top.
        if (hadFocus) root.querySelector("[data-away]").focus();
      },
    },
  );
  live.start();
}

/** Let the browser ask for the timelapse, which it does when it is opened: the page comes without. */
function offerTimelapse() {
  const film = root.querySelector(".timelapse [data-src]");
  if (film) film.src = film.dataset.src;
}

askBeforeSending();
offerCopies();
offerTimelapse();
start();
