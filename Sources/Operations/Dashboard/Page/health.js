// Whether upsertd is healthy, and what is stuck and why.
import { h, show, sign } from "./dom.js";
import { bytes, count, counted, duration, now, since, time, until } from "./format.js";

const words = { bad: "Stuck", waiting: "Waiting", note: "Note" };
const place = (id) => document.getElementById(id);

/** The severity of the worst problem; notes do not count. */
export function level(overview) {
  const worst = overview.stuck[0]?.weight;
  return worst === "bad" || worst === "waiting" ? worst : "well";
}

export function showHealth(overview) {
  const standing = level(overview);
  const matters = overview.stuck.filter((matter) => matter.weight !== "note");
  const { queue } = overview;
  let headline = queue.files === 0 ? "All is well. Nothing is waiting." : `All is well. ${counted(queue.files, "file")} under way.`;
  if (matters.length > 0) {
    headline = matters[0].title + (matters.length > 1 ? `, and ${matters.length - 1} more` : "");
  }
  tell(standing, headline);
  show(place("about"), `${overview.version} · up ${since(overview.startedAt)}`);
  place("about").title = `configuration: ${overview.configuration}`;
  show(place("figures"), figures(overview));
}

/** No answer: the page must not present old data as current. */
export function showNoAnswer(reason, last) {
  tell("unknown", `No answer from upsertd${last ? ` for ${duration(now() - last)}; what you see is older` : ""}. Retrying. (${reason})`);
}

function tell(standing, headline) {
  document.body.dataset.level = standing;
  document.title = standing === "well" ? "upsertd" : `${standing === "unknown" ? "no answer" : headline} · upsertd`;
  show(place("sign"), sign(standing));
  show(place("headline"), headline);
}

function figures({ queue, inboxes }) {
  const today = (name) => inboxes.reduce((sum, inbox) => sum + inbox.since[name], 0);
  // Corrections are subtracted: what was dropped again is counted with the file that it was dropped in.
  const left = today("rejected") - today("droppedAgain");
  const filesLeft = today("partial") + today("rejectedFiles") - today("correctedFiles");
  const again = today("droppedAgain") > 0 ? `; ${count(today("droppedAgain"))} dropped again` : "";
  return [
    figure("Items waiting", count(queue.items), queue.files === 0 ? "no file under way"
      : `${counted(queue.files, "file")}, ${bytes(queue.bytes)}`),
    figure("Oldest waiting for", queue.oldestAt ? since(queue.oldestAt) : "–", queue.oldestAt ? `since ${time(queue.oldestAt)}` : "nothing is waiting"),
    figure("Accepted today", count(today("accepted")), today("files") === 0 ? "no file came in" : `items in ${counted(today("files"), "file")}`),
    figure("Rejected today", count(left),
      filesLeft === 0 ? `nothing to fix${again}` : ["items; ", h("a", { href: "#rejects" }, `${counted(filesLeft, "file")} to look at`), again],
      filesLeft > 0 ? "attention" : null),
  ];
}

function figure(title, number, more, kind) {
  return h("div", { "data-key": title, class: kind }, h("dt", {}, title), h("dd", { class: "number" }, number), h("dd", {}, more));
}

export function showStuck({ stuck }) {
  if (stuck.length === 0) {
    return show(place("stuck"), h("p", { class: "empty" },
      "Nothing is stuck. Targets on hold, files that stay in their inbox and items that are retried appear here, each with the reason."));
  }
  show(place("stuck"), h("ul", { class: "stuck" }, stuck.map((matter, index) =>
    h("li", { class: matter.weight, "data-key": `${matter.title} ${index}` },
      sign(matter.weight),
      h("div", {},
        h("h3", {}, h("span", { class: "hidden" }, `${words[matter.weight]}: `), matter.title),
        h("p", {}, matter.reason), names(matter)),
      h("div", { class: "more" }, facts(matter),
        h("p", {}, matter.advice, matter.command ? [" ", h("code", {}, matter.command)] : null))))));
}

function facts({ items, oldestAt, since: began, nextAt }) {
  const parts = [];
  if (began) parts.push(`since ${time(began)}`);
  if (items > 0) parts.push(`${counted(items, "item")} waiting`);
  if (oldestAt) parts.push(items > 0 ? `the oldest for ${since(oldestAt)}` : `waiting for ${since(oldestAt)}`);
  if (nextAt) parts.push(`next attempt ${until(nextAt)}`);
  return parts.length > 0 ? h("p", { class: "facts" }, parts.join(", ")) : null;
}

function names({ files, fileCount }) {
  if (files.length === 0) return null;
  return h("p", { class: "names" }, files.map((name) => [h("span", { class: "name" }, name), " "]),
    fileCount > files.length ? `and ${count(fileCount - files.length)} more` : null);
}
