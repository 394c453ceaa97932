// Updates the page every two seconds while it is visible, and not while it is hidden or paused.
import { showCharts } from "./charts.js";
import { show } from "./dom.js";
import * as files from "./files.js";
import { showExpected, showInboxes, showReceivers, showTargets } from "./flow.js";
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

/** An answer with an error status becomes an error with the daemon's message. */
async function ask(path) {
  const answer = await fetch(path, { headers: { Accept: "application/json" }, cache: "no-store", signal: AbortSignal.timeout(15000) });
  if (!answer.ok) throw Object.assign(new Error((await answer.text()).trim() || `answer ${answer.status}`), { status: answer.status });
  return answer.json();
}

async function look() {
  // One update at a time; a request in the meantime causes one more afterwards.
  if (isLooking) { wantsAnother = true; return; }
  isLooking = true;
  clearTimeout(timer);
  const began = performance.now();
  try {
    const [seen, list] = await Promise.all([ask(`/api/dashboard?since=${midnight()}`), ask(files.address())]);
    // The history changes slowly.
    if (Date.now() - history.askedAt > 10000) history = { minutes: (await ask("/api/history")).minutes, askedAt: Date.now() };
    overview = seen;
    setNow(overview.now);
    lastAnswer = Date.parse(overview.now);
    showHealth(overview);
    showStuck(overview);
    showExpected(overview);
    showInboxes(overview, history.minutes);
    showTargets(overview, history.minutes);
    showReceivers(overview);
    showCharts(history.minutes);
    files.offerInboxes(overview.inboxes);
    files.showFiles(list, overview);
    await lookAtFile();
    tellUpdated();
  } catch (error) {
    showNoAnswer(error.name === "TimeoutError" ? "it took longer than 15 s" : error.status ? error.message : "unreachable", lastAnswer);
  }
  isLooking = false;
  if (wantsAnother) { wantsAnother = false; return look(); }
  // A slow daemon is asked less often.
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
  if (location.hash === "#rejects") {
    window.history.replaceState(null, "", location.pathname);
    files.showRejects();
    return look();
  }
  return lookAtFile().catch(look);
});
files.listen(look);
// The address determines which file is open, if any.
receipt.listen(() => { if (receipt.wanted()) window.history.pushState(null, "", location.pathname); });
look();
