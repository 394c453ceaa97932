// Is it healthy, and what is stuck and why.
import { h, show, sign } from "./dom.js";
import { bytes, count, counted, duration, now, since, time, until } from "./format.js";

const words = { bad: "Stuck", waiting: "Waiting", note: "Note" };
const place = (id) => document.getElementById(id);

/** The worst of what is in the way; notes are no fault. */
export function level(overview) {
  const worst = overview.troubles[0]?.weight;
  return worst === "bad" || worst === "waiting" ? worst : "well";
}

export function showHealth(overview) {
  const standing = level(overview);
  const troubles = overview.troubles.filter((trouble) => trouble.weight !== "note");
  const { queue } = overview;
  let headline = queue.files === 0 ? "All is well. Nothing waits." : `All is well. ${counted(queue.files, "file")} on the way.`;
  if (troubles.length > 0) {
    headline = troubles[0].title + (troubles.length > 1 ? `, and ${troubles.length - 1} more` : "");
  }
  tell(standing, headline);
  show(place("about"), `${overview.version} · up ${since(overview.startedAt)}`);
  place("about").title = `configuration: ${overview.configuration}`;
  show(place("figures"), figures(overview));
}

/** No answer: nothing that the page shows may pass for how it stands now. */
export function showNoAnswer(reason, last) {
  tell("unknown", `No answer from upsertd${last ? ` for ${duration(now() - last)}; what you see is older` : ""}. Trying again. (${reason})`);
}

function tell(standing, headline) {
  document.body.dataset.level = standing;
  document.title = standing === "well" ? "upsertd" : `${standing === "unknown" ? "no answer" : headline} · upsertd`;
  show(place("sign"), sign(standing));
  show(place("headline"), headline);
}

function figures({ queue, inboxes }) {
  const today = (name) => inboxes.reduce((sum, inbox) => sum + inbox.since[name], 0);
  const refusedIn = today("partial") + today("rejectedFiles");
  return [
    figure("Items waiting", count(queue.items), queue.files === 0 ? "no file on its way"
      : `${counted(queue.files, "file")}, ${bytes(queue.bytes)}`),
    figure("The oldest waits", queue.oldestAt ? since(queue.oldestAt) : "–", queue.oldestAt ? `since ${time(queue.oldestAt)}` : "nothing waits"),
    figure("Accepted today", count(today("accepted")), `items in ${counted(today("files"), "file")}`),
    figure("Refused today", count(today("rejected")),
      refusedIn === 0 ? "every file went through" : `items; ${counted(refusedIn, "file")} to look at`, refusedIn > 0 ? "attention" : null),
  ];
}

function figure(title, number, more, kind) {
  return h("div", { "data-key": title, class: kind }, h("dt", {}, title), h("dd", { class: "number" }, number), h("dd", {}, more));
}

export function showStuck({ troubles }) {
  if (troubles.length === 0) {
    return show(place("stuck"), h("p", { class: "empty" },
      "Nothing is stuck. A target on hold, a file that stays in its inbox, items that are sent again: they appear here, each with its reason."));
  }
  show(place("stuck"), h("ul", { class: "troubles" }, troubles.map((trouble, index) =>
    h("li", { class: trouble.weight, "data-key": `${trouble.title} ${index}` },
      sign(trouble.weight),
      h("div", {},
        h("h3", {}, h("span", { class: "hidden" }, `${words[trouble.weight]}: `), trouble.title),
        h("p", { class: "reason" }, trouble.reason),
        details(trouble),
        h("p", { class: "advice" }, trouble.advice, trouble.command ? [" ", h("code", {}, trouble.command)] : null))))));
}

function details(trouble) {
  const facts = [];
  if (trouble.items > 0) facts.push(`${counted(trouble.items, "item")} ${trouble.items === 1 ? "waits" : "wait"}`);
  if (trouble.oldestAt) facts.push(`the oldest for ${since(trouble.oldestAt)}`);
  if (trouble.nextAt) facts.push(`next attempt ${until(trouble.nextAt)}`);
  const more = trouble.fileCount - trouble.files.length;
  return [
    facts.length > 0 ? h("p", { class: "facts" }, facts.join(", ")) : null,
    trouble.files.length > 0
      ? h("p", { class: "facts names" }, trouble.files.map((name) => [h("span", { class: "name" }, name), " "]), more > 0 ? `and ${count(more)} more` : null)
      : null,
  ];
}
