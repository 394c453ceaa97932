// Keeps the page up to date while somebody looks at it: a look every two seconds, none while it is hidden or paused.
import { showCharts } from "./charts.js";
import { show } from "./dom.js";
import * as files from "./files.js";
import { showInboxes, showTargets } from "./flow.js";
import { midnight, setNow, time } from "./format.js";
import { showHealth, showNoAnswer, showStuck } from "./health.js";
import * as receipt from "./receipt.js";

const pauseButton = document.getElementById("pause");
const beat = 2000;
let overview = null;
let history = { minutes: [], askedAt: 0 };
let lastAnswer = null;
let isPaused = false;
let timer;
let isLooking = false;
let wantsAnother = false;

/** Answers that are no JSON become an error with the daemon's own words. */
async function ask(path) {
  const answer = await fetch(path, { headers: { Accept: "application/json" }, cache: "no-store", signal: AbortSignal.timeout(15000) });
  if (!answer.ok) throw Object.assign(new Error((await answer.text()).trim() || `answer ${answer.status}`), { status: answer.status });
  return answer.json();
}

async function look() {
  // One look at a time; who asks meanwhile gets one more after it.
  if (isLooking) { wantsAnother = true; return; }
  isLooking = true;
  clearTimeout(timer);
  const began = performance.now();
  try {
    const [seen, list] = await Promise.all([ask(`/api/dashboard?since=${midnight()}`), ask(files.address())]);
    // Minutes change slowly.
    if (Date.now() - history.askedAt > 10000) history = { minutes: (await ask("/api/history")).minutes, askedAt: Date.now() };
    overview = seen;
    setNow(overview.now);
    lastAnswer = Date.parse(overview.now);
    showHealth(overview);
    showStuck(overview);
    showInboxes(overview, history.minutes);
    showTargets(overview, history.minutes);
    showCharts(history.minutes);
    files.offerInboxes(overview.inboxes);
    files.showFiles(list, overview);
    await lookAtFile();
    tellUpdated();
  } catch (error) {
    showNoAnswer(error.name === "TimeoutError" ? "it takes longer than 15 s" : error.status ? error.message : "not reached", lastAnswer);
  }
  isLooking = false;
  if (wantsAnother) { wantsAnother = false; return look(); }
  // A daemon that takes long to answer is asked less often.
  if (!isPaused && !document.hidden) timer = setTimeout(look, Math.max(beat, 4 * (performance.now() - began)));
}

async function lookAtFile() {
  const id = receipt.wanted();
  if (!id) return receipt.close();
  try {
    receipt.showFile(await ask(`/api/files/${id}`), overview?.inboxes ?? []);
  } catch (error) {
    if (!error.status) throw error;
    receipt.showMissing(id, error.message);
  }
}

function tellUpdated() {
  show(document.getElementById("updated"), isPaused ? `Paused at ${time(overview.now)}` : `Live, ${time(overview.now)}`);
}

pauseButton.addEventListener("click", () => {
  isPaused = !isPaused;
  pauseButton.setAttribute("aria-pressed", isPaused);
  clearTimeout(timer);
  if (isPaused && overview) tellUpdated(); else look();
});
document.addEventListener("visibilitychange", () => {
  clearTimeout(timer);
  if (!document.hidden && !isPaused) look();
});
addEventListener("hashchange", () => {
  if (location.hash === "#refused") {
    window.history.replaceState(null, "", location.pathname);
    files.showRefused();
    return look();
  }
  return lookAtFile().catch(look);
});
files.listen(look);
// The address says which file is open; without one it is none.
receipt.listen(() => { if (receipt.wanted()) window.history.pushState(null, "", location.pathname); });
look();
